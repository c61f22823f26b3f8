//! What operation n is: a pure function of the seed and n. Timing, failures and the other path change nothing, so that
//! operation n of one path can be compared with operation n of the other.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use recording::Weights;
use recording::vocabulary::{OperationType, Path};

use crate::sql::CATEGORIES;

/// 2^64 divided by the golden ratio: spreads neighbouring numbers over all bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What `insert_log` writes as its action.
const ACTIONS: [&str; 4] = ["login", "logout", "view_product", "add_to_cart"];

/// One of the ten operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationName {
    /// The users who logged in last.
    UserList,
    /// Orders of the last week by status.
    OrderStatistics,
    /// The cheapest products of a category.
    ProductSearch,
    /// A user's last orders.
    UserOrders,
    /// The logs of the last hour.
    RecentLogs,
    UpdateLogin,
    CreateOrder,
    /// Goods received.
    UpdateStock,
    InsertLog,
    /// A purchase.
    PlaceOrder,
}

impl OperationName {
    const READS: [Self; 5] = [
        Self::UserList,
        Self::OrderStatistics,
        Self::ProductSearch,
        Self::UserOrders,
        Self::RecentLogs,
    ];
    const WRITES: [Self; 4] = [
        Self::UpdateLogin,
        Self::CreateOrder,
        Self::UpdateStock,
        Self::InsertLog,
    ];

    /// The word in a recording.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserList => "user_list",
            Self::OrderStatistics => "order_statistics",
            Self::ProductSearch => "product_search",
            Self::UserOrders => "user_orders",
            Self::RecentLogs => "recent_logs",
            Self::UpdateLogin => "update_login",
            Self::CreateOrder => "create_order",
            Self::UpdateStock => "update_stock",
            Self::InsertLog => "insert_log",
            Self::PlaceOrder => "place_order",
        }
    }

    /// Its type.
    #[must_use]
    pub const fn operation_type(self) -> OperationType {
        match self {
            Self::UserList
            | Self::OrderStatistics
            | Self::ProductSearch
            | Self::UserOrders
            | Self::RecentLogs => OperationType::Read,
            Self::UpdateLogin | Self::CreateOrder | Self::UpdateStock | Self::InsertLog => {
                OperationType::Write
            }
            Self::PlaceOrder => OperationType::Transaction,
        }
    }
}

/// Operation n with all its choices. Every field is drawn for every operation, so that one operation's needs never shift
/// another's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// Which operation.
    pub name: OperationName,
    /// The user, as a fraction of the path's users.
    pub user: f64,
    /// The product, as a fraction of the path's products.
    pub product: f64,
    /// The category that is searched.
    pub category: &'static str,
    /// What is logged.
    pub action: &'static str,
    /// The amount of an order, cents.
    pub amount_cents: i64,
    /// How many are bought.
    pub quantity: i32,
    /// Goods received, pieces. Never fewer than 1: the floor of 0 in the statement then takes nothing away, and an audit can add up.
    pub stock_change: i32,
    /// The client's address in a log, in 10.0.0.0/8.
    pub ip_address: [u8; 4],
}

/// Draws operations.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    base: u64,
    weights: Weights,
}

impl Draws {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64, weights: Weights) -> Self {
        // The seed is mixed first, or the streams of neighbouring seeds would be the same, shifted.
        Self {
            base: Xoshiro256PlusPlus::seed_from_u64(seed).next_u64(),
            weights,
        }
    }

    /// Operation `operation_id`, from 1.
    #[must_use]
    pub fn operation(&self, operation_id: i64) -> Draw {
        let mut random = self.stream(operation_id.cast_unsigned());
        let kind = random.random_range(0.0..100.0);
        let read = OperationName::READS[random.random_range(0..OperationName::READS.len())];
        let write = OperationName::WRITES[random.random_range(0..OperationName::WRITES.len())];
        Draw {
            name: self.choose(kind, read, write),
            user: random.random(),
            product: random.random(),
            category: CATEGORIES[random.random_range(0..CATEGORIES.len())],
            action: ACTIONS[random.random_range(0..ACTIONS.len())],
            amount_cents: random.random_range(100..=50_000),
            quantity: random.random_range(1..=3),
            stock_change: random.random_range(1..=15),
            ip_address: [10, random.random(), random.random(), random.random()],
        }
    }

    /// The numbers of a worker's think times: a stream apart, so that they shift no draw.
    #[must_use]
    pub fn think_times(&self, worker: u32) -> Xoshiro256PlusPlus {
        self.stream(!u64::from(worker))
    }

    /// The numbers of a pool's jitter: a stream apart as well.
    #[must_use]
    pub fn pool(&self, path: Path, is_reader: bool) -> Xoshiro256PlusPlus {
        let path = match path {
            Path::Direct => 0,
            Path::Proxy => 2,
        };
        // Behind those of the workers, whose numbers have 32 bits.
        self.stream(!((1 << 32) + path + u64::from(is_reader)))
    }

    /// The numbers of an open loop's arrivals: a stream apart, behind those of the pools.
    #[must_use]
    pub fn arrivals(&self) -> Xoshiro256PlusPlus {
        self.stream(!((1 << 32) + 4))
    }

    fn stream(&self, number: u64) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.base ^ number.wrapping_mul(GOLDEN))
    }

    /// `kind` is in [0, 100). Rounding of weights must not pick a type of weight 0, so the last type with a weight takes
    /// what is left.
    fn choose(&self, kind: f64, read: OperationName, write: OperationName) -> OperationName {
        let Weights {
            read: reads,
            write: writes,
            transaction: transactions,
        } = self.weights;
        if kind < reads || (writes == 0.0 && transactions == 0.0) {
            read
        } else if kind < reads + writes || transactions == 0.0 {
            write
        } else {
            OperationName::PlaceOrder
        }
    }
}

#[cfg(test)]
mod tests;
