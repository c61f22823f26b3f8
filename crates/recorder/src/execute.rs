//! The statements of one operation: unnamed ones (one round trip, no trace in a proxy's session), BEGIN, COMMIT and ROLLBACK
//! as simple queries.

use recording::vocabulary::ErrorPhase;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use crate::draw::{Draw, Keys, OperationName};
use crate::sql::STATEMENTS;

/// How far an operation came; it stays readable where the operation is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Where it is.
    pub phase: ErrorPhase,
    /// COMMIT, or an autocommitted write, was handed to the connection.
    pub may_commit: bool,
    /// BEGIN was sent, and neither COMMIT nor ROLLBACK was answered.
    pub in_transaction: bool,
}

/// An operation that the database served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// All of it; the rows returned or changed.
    Done(i64),
    /// Not enough stock; nothing changed.
    Rejected,
}

/// What an operation works on.
pub(crate) struct Context<'a> {
    /// The path's users.
    pub users: &'a Keys,
    /// The path's products.
    pub products: &'a Keys,
    /// `run-path-number`: goes into every row that is inserted, the evidence of an audit.
    pub identity: &'a str,
}

type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// Runs the statements of a draw.
///
/// # Errors
/// The driver's; `progress` tells where.
pub(crate) async fn execute(
    client: &Client,
    draw: &Draw,
    context: &Context<'_>,
    progress: &mut Progress,
) -> Result<Served, Error> {
    let sql = &*STATEMENTS;
    progress.phase = ErrorPhase::Statement;
    let user = context.users.at(draw.user);
    let product = context.products.at(draw.product);
    match draw.name {
        OperationName::UserList => read(client, &sql.user_list, &[]).await,
        OperationName::OrderStatistics => read(client, &sql.order_statistics, &[]).await,
        OperationName::ProductSearch => {
            read(client, &sql.product_search, &[(&draw.category, Type::TEXT)]).await
        }
        OperationName::UserOrders => read(client, &sql.user_orders, &[(&user, Type::INT4)]).await,
        OperationName::RecentLogs => read(client, &sql.recent_logs, &[]).await,
        OperationName::UpdateLogin => {
            write(client, &sql.update_login, &[(&user, Type::INT4)], progress).await
        }
        OperationName::CreateOrder => {
            let params: [Param<'_>; 3] = [
                (&user, Type::INT4),
                (&context.identity, Type::TEXT),
                (&draw.amount_cents, Type::INT8),
            ];
            write(client, &sql.create_order, &params, progress).await
        }
        OperationName::UpdateStock => {
            let params: [Param<'_>; 2] = [(&draw.stock_change, Type::INT4), (&product, Type::INT4)];
            write(client, &sql.update_stock, &params, progress).await
        }
        OperationName::InsertLog => {
            let [a, b, c, d] = draw.ip_address;
            let params: [Param<'_>; 4] = [
                (&user, Type::INT4),
                (&draw.action, Type::TEXT),
                (&context.identity, Type::TEXT),
                (&format!("{a}.{b}.{c}.{d}"), Type::TEXT),
            ];
            write(client, &sql.insert_log, &params, progress).await
        }
        OperationName::PlaceOrder => {
            place_order(client, draw, context.identity, user, product, progress).await
        }
    }
}

async fn read(client: &Client, statement: &str, params: &[Param<'_>]) -> Result<Served, Error> {
    let rows = client.query_typed(statement, params).await?;
    Ok(Served::Done(count(rows.len() as u64)))
}

async fn write(
    client: &Client,
    statement: &str,
    params: &[Param<'_>],
    progress: &mut Progress,
) -> Result<Served, Error> {
    // A connection known to be closed takes nothing: the write was never sent.
    progress.may_commit = !client.is_closed();
    Ok(Served::Done(count(
        client.execute_typed(statement, params).await?,
    )))
}

/// A purchase. The product's row is locked first, so that no two purchases sell the same stock.
async fn place_order(
    client: &Client,
    draw: &Draw,
    order_number: &str,
    user: i32,
    product: i32,
    progress: &mut Progress,
) -> Result<Served, Error> {
    let sql = &*STATEMENTS;
    progress.phase = ErrorPhase::Begin;
    progress.in_transaction = true;
    client.batch_execute("BEGIN").await?;
    progress.phase = ErrorPhase::Statement;
    let rows = client
        .query_typed(&sql.lock_product, &[(&product, Type::INT4)])
        .await?;
    let (stock, price_cents) = match rows.first() {
        Some(row) => (
            row.try_get::<_, Option<i32>>(0)?.unwrap_or(0),
            row.try_get::<_, i64>(1)?,
        ),
        // A product that was deleted meanwhile has no stock.
        None => (0, 0),
    };
    if stock < draw.quantity {
        progress.phase = ErrorPhase::Commit;
        client.batch_execute("ROLLBACK").await?;
        progress.in_transaction = false;
        return Ok(Served::Rejected);
    }
    let amount_cents = price_cents * i64::from(draw.quantity);
    let order: [Param<'_>; 3] = [
        (&user, Type::INT4),
        (&order_number, Type::TEXT),
        (&amount_cents, Type::INT8),
    ];
    let mut changed = client
        .execute_typed(&sql.place_insert_order, &order)
        .await?;
    let stock: [Param<'_>; 2] = [(&draw.quantity, Type::INT4), (&product, Type::INT4)];
    changed += client
        .execute_typed(&sql.place_reduce_stock, &stock)
        .await?;
    let log: [Param<'_>; 2] = [(&user, Type::INT4), (&order_number, Type::TEXT)];
    changed += client.execute_typed(&sql.place_insert_log, &log).await?;
    progress.phase = ErrorPhase::Commit;
    progress.may_commit = !client.is_closed();
    client.batch_execute("COMMIT").await?;
    progress.in_transaction = false;
    Ok(Served::Done(count(changed)))
}

fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
