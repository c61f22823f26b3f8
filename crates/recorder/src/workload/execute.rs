//! The statements of one operation, in the protocol in use; BEGIN, COMMIT and ROLLBACK are simple queries in each.

use recording::vocabulary::ErrorPhase;
use tokio_postgres::Error;

use crate::database::keys::Keys;
use crate::sql::STATEMENTS;
use crate::sql::protocol::Executor;
use crate::sql::statement::{Statement, Value};
use crate::workload::draws::{Draw, OperationName};

/// How far an operation came; it stays readable where the operation is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperationProgress {
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

/// Runs the statements of a draw.
///
/// # Errors
/// The driver's; `progress` tells where.
pub(crate) async fn execute(
    executor: &mut Executor<'_>,
    draw: &Draw,
    context: &Context<'_>,
    progress: &mut OperationProgress,
) -> Result<Served, Error> {
    let sql = &*STATEMENTS;
    progress.phase = ErrorPhase::Statement;
    let user = Value::Int4(context.users.at(draw.user));
    let product = Value::Int4(context.products.at(draw.product));
    let identity = Value::Text(context.identity);
    match draw.name {
        OperationName::UserList => read(executor, &sql.user_list, &[]).await,
        OperationName::OrderStatistics => read(executor, &sql.order_statistics, &[]).await,
        OperationName::ProductSearch => {
            read(executor, &sql.product_search, &[Value::Text(draw.category)]).await
        }
        OperationName::UserOrders => read(executor, &sql.user_orders, &[user]).await,
        OperationName::RecentLogs => read(executor, &sql.recent_logs, &[]).await,
        OperationName::UpdateLogin => write(executor, &sql.update_login, &[user], progress).await,
        OperationName::CreateOrder => {
            let values = [user, identity, Value::Int8(draw.amount_cents)];
            write(executor, &sql.create_order, &values, progress).await
        }
        OperationName::UpdateStock => {
            let values = [Value::Int4(draw.stock_change), product];
            write(executor, &sql.update_stock, &values, progress).await
        }
        OperationName::InsertLog => {
            let [a, b, c, d] = draw.ip_address;
            let address = format!("{a}.{b}.{c}.{d}");
            let values = [
                user,
                Value::Text(draw.action),
                identity,
                Value::Text(&address),
            ];
            write(executor, &sql.insert_log, &values, progress).await
        }
        OperationName::PlaceOrder => {
            place_order(executor, draw, identity, user, product, progress).await
        }
    }
}

async fn read<const N: usize>(
    executor: &mut Executor<'_>,
    statement: &Statement,
    values: &[Value<'_>; N],
) -> Result<Served, Error> {
    let rows = executor.count_rows(statement, values).await?;
    Ok(Served::Done(count(rows)))
}

async fn write<const N: usize>(
    executor: &mut Executor<'_>,
    statement: &Statement,
    values: &[Value<'_>; N],
    progress: &mut OperationProgress,
) -> Result<Served, Error> {
    // Apart: where this fails, the write was never sent.
    executor.prepare(statement, values).await?;
    // A connection known to be closed takes nothing: the write was never sent.
    progress.may_commit = !executor.client.is_closed();
    let changed = executor.execute(statement, values).await?;
    Ok(Served::Done(count(changed)))
}

/// A purchase. The product's row is locked first, so that no two purchases sell the same stock.
async fn place_order(
    executor: &mut Executor<'_>,
    draw: &Draw,
    order_number: Value<'_>,
    user: Value<'_>,
    product: Value<'_>,
    progress: &mut OperationProgress,
) -> Result<Served, Error> {
    let sql = &*STATEMENTS;
    progress.phase = ErrorPhase::Begin;
    progress.in_transaction = true;
    executor.client.batch_execute("BEGIN").await?;
    progress.phase = ErrorPhase::Statement;
    let (stock, price_cents) = match executor.first_row(&sql.lock_product, &[product]).await? {
        Some(row) => (row.int4(0)?.unwrap_or(0), row.int8(1)?.unwrap_or(0)),
        // A product that was deleted meanwhile has no stock.
        None => (0, 0),
    };
    if stock < draw.quantity {
        progress.phase = ErrorPhase::Commit;
        executor.client.batch_execute("ROLLBACK").await?;
        progress.in_transaction = false;
        return Ok(Served::Rejected);
    }
    let amount = Value::Int8(price_cents * i64::from(draw.quantity));
    let order = [user, order_number, amount];
    let stock = [Value::Int4(draw.quantity), product];
    let mut changed = executor.execute(&sql.place_insert_order, &order).await?;
    changed += executor.execute(&sql.place_reduce_stock, &stock).await?;
    changed += executor
        .execute(&sql.place_insert_log, &[user, order_number])
        .await?;
    progress.phase = ErrorPhase::Commit;
    progress.may_commit = !executor.client.is_closed();
    executor.client.batch_execute("COMMIT").await?;
    progress.in_transaction = false;
    Ok(Served::Done(count(changed)))
}

fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
