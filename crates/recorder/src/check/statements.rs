//! Every statement of the workload, planned and not done (EXPLAIN), with parameters of the types that a run sends. No named statement
//! is made: behind a pooler it would stay on a connection that others get.

use tokio_postgres::Error;

use crate::check::row::Sizing;
use crate::connect::Session;
use crate::sql::STATEMENTS;
use crate::sql::protocol::{Executor, Protocol};
use crate::sql::question::is_refused;
use crate::sql::statement::{Statement, Value};

/// A statement that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatementCheck {
    /// The operation that it belongs to.
    pub(super) name: &'static str,
    /// How the names of its tables begin.
    pub(super) table: &'static str,
}

/// The first statement that the server refuses to plan, and what it says.
///
/// # Errors
/// The driver's, where it is no refusal.
pub(super) async fn first_refused(
    session: &Session,
    sizing: Sizing,
) -> Result<Option<(StatementCheck, Error)>, Error> {
    let protocol = match sizing.protocol {
        Protocol::Simple => Protocol::Simple,
        Protocol::Extended | Protocol::Prepared => Protocol::Extended,
    };
    let mut planner = Planner {
        session,
        protocol,
        text: String::new(),
    };
    let refused = match planner.all(sizing).await {
        Ok(()) => return Ok(None),
        Err(refused) => refused,
    };
    match is_refused(&refused.1) {
        true => Ok(Some(refused)),
        false => Err(refused.1),
    }
}

struct Planner<'a> {
    session: &'a Session,
    protocol: Protocol,
    text: String,
}

impl Planner<'_> {
    /// As `execute` sends them.
    async fn all(&mut self, sizing: Sizing) -> Result<(), (StatementCheck, Error)> {
        let sql = &*STATEMENTS;
        let (id, text) = (Value::Int4(1), Value::Text("x"));
        self.plan("user_list", "business_users", &sql.user_list, &[])
            .await?;
        let orders = "business_orders";
        self.plan("order_statistics", orders, &sql.order_statistics, &[])
            .await?;
        let products = "business_products";
        self.plan("product_search", products, &sql.product_search, &[text])
            .await?;
        self.plan("user_orders", "business_", &sql.user_orders, &[id])
            .await?;
        self.plan("recent_logs", "business_", &sql.recent_logs, &[])
            .await?;
        if !sizing.writes {
            return Ok(());
        }
        self.plan("update_login", "business_users", &sql.update_login, &[id])
            .await?;
        let order = [id, text, Value::Int8(100)];
        self.plan("create_order", orders, &sql.create_order, &order)
            .await?;
        self.plan("update_stock", products, &sql.update_stock, &[id, id])
            .await?;
        let log = [id, text, text, Value::Text("10.0.0.1")];
        self.plan("insert_log", "business_logs", &sql.insert_log, &log)
            .await?;
        let place = "place_order";
        self.plan(place, products, &sql.lock_product, &[id]).await?;
        self.plan(place, orders, &sql.place_insert_order, &order)
            .await?;
        self.plan(place, products, &sql.place_reduce_stock, &[id, id])
            .await?;
        let log = [id, text];
        self.plan(place, "business_logs", &sql.place_insert_log, &log)
            .await
    }

    async fn plan<const N: usize>(
        &mut self,
        name: &'static str,
        table: &'static str,
        statement: &Statement,
        values: &[Value<'_>; N],
    ) -> Result<(), (StatementCheck, Error)> {
        let explained = Statement::new(format!("EXPLAIN {}", statement.text));
        let mut executor = Executor {
            client: &self.session.client,
            protocol: self.protocol,
            text: &mut self.text,
        };
        let planned = executor.count_rows(&explained, values).await;
        planned
            .map(drop)
            .map_err(|error| (StatementCheck { name, table }, error))
    }
}
