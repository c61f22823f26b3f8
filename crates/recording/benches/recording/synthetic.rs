//! Operations as a recorder under load hands them over: two paths, an outage, in the order in which they ended.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use recording::vocabulary::{OperationType, Outcome, Path};
use recording::{Operation, Target};

use crate::outage;
use crate::random::Random;

/// The time at the start, UTC microseconds.
pub(crate) const START_US: i64 = 1_795_380_180_000_000;
/// Arrivals per second on each path under load.
const RATE: f64 = 5_000.0;
/// Workers and connections of each path.
pub(crate) const WORKERS: u32 = 64;

const READS: [&str; 5] = [
    "user_list",
    "order_statistics",
    "product_search",
    "user_orders",
    "recent_logs",
];
const WRITES: [&str; 4] = ["update_login", "create_order", "update_stock", "insert_log"];

/// Operations of both paths, endlessly.
pub(crate) struct Operations {
    direct: Source,
    proxy: Source,
}

impl Operations {
    /// So many rows take `rows / 10,000` seconds; the outage begins when 40 % of them are over.
    pub(crate) fn new(rows: u64) -> Self {
        Self::at_rate(rows, RATE, 0.0)
    }

    /// The same with so many arrivals per second on each path. When 70 % are over, a storm begins that takes the share `storm` of them: every
    /// other operation is refused for want of connections.
    pub(crate) fn at_rate(rows: u64, rate: f64, storm: f64) -> Self {
        let duration_us = rows as f64 / (2.0 * rate) * 1e6;
        let source = |path, outage_us: f64| {
            let at = |share: f64| START_US + (duration_us * share) as i64;
            let begin = at(0.4);
            // Short runs have a short outage, so that it weighs no more than in a long one.
            let length = outage_us.min(duration_us * 0.012) as i64;
            Source::new(path, rate, begin..begin + length, at(0.7)..at(0.7 + storm))
        };
        Self {
            direct: source(Path::Direct, 12e6),
            proxy: source(Path::Proxy, 3e6),
        }
    }
}

impl Iterator for Operations {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        let end = |source: &Source| source.first_end();
        if end(&self.direct) <= end(&self.proxy) {
            self.direct.next()
        } else {
            self.proxy.next()
        }
    }
}

/// One path.
struct Source {
    path: Path,
    random: Random,
    rate: f64,
    outage: std::ops::Range<i64>,
    storm: std::ops::Range<i64>,
    /// When the next operation arrives, microseconds.
    arrival: f64,
    last_operation: i64,
    in_flight: BinaryHeap<Reverse<InFlight>>,
    pool: Pool,
}

/// Connections of one path: first in, first out, as the recorder's pool is.
struct Pool {
    idle: VecDeque<i64>,
    /// When each comes back, and which it is.
    in_use: BinaryHeap<Reverse<(i64, i64)>>,
}

impl Pool {
    fn take(&mut self, time: i64) -> i64 {
        while let Some(Reverse((end, connection))) = self.in_use.peek().copied()
            && (end <= time || self.idle.is_empty())
        {
            self.in_use.pop();
            self.idle.push_back(connection);
        }
        // Either an idle one, or the first that came back: there are as many as were put in.
        self.idle.pop_front().unwrap_or_default()
    }
}

/// Ordered by its end, then by its number.
struct InFlight(Operation);

impl InFlight {
    fn key(&self) -> (Option<i64>, i64) {
        (self.0.end_time, self.0.operation_id)
    }
}

impl PartialEq for InFlight {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for InFlight {}

impl PartialOrd for InFlight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InFlight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Source {
    fn new(
        path: Path,
        rate: f64,
        outage: std::ops::Range<i64>,
        storm: std::ops::Range<i64>,
    ) -> Self {
        let mut source = Self {
            path,
            random: Random::new(path as u64 + 1),
            rate,
            outage,
            storm,
            arrival: START_US as f64,
            last_operation: 0,
            in_flight: BinaryHeap::new(),
            pool: Pool {
                idle: (1..=i64::from(WORKERS)).collect(),
                in_use: BinaryHeap::new(),
            },
        };
        source.fill();
        source
    }

    /// Lets operations arrive until none that comes later can end before the first.
    fn fill(&mut self) {
        while self
            .in_flight
            .peek()
            .is_none_or(|first| first.0.0.end_time >= Some(self.arrival as i64))
        {
            self.arrival += self.random.exponential(1e6 / self.rate);
            let arrived = self.arrive();
            self.in_flight.push(Reverse(InFlight(arrived)));
        }
    }

    fn first_end(&self) -> Option<i64> {
        self.in_flight.peek()?.0.0.end_time
    }

    fn next(&mut self) -> Option<Operation> {
        let first = self.in_flight.pop()?.0.0;
        self.fill();
        Some(first)
    }

    fn arrive(&mut self) -> Operation {
        let random = &mut self.random;
        self.last_operation += 1;
        let scheduled_time = self.arrival as i64;
        // A worker is awake some microseconds after the scheduled time.
        let start_time = scheduled_time + random.exponential(25.0) as i64;
        let (operation_type, operation_name, mean_us) = match random.below(10) {
            0..7 => (OperationType::Read, READS[random.below(5) as usize], 800.0),
            7..9 => (
                OperationType::Write,
                WRITES[random.below(4) as usize],
                1_500.0,
            ),
            _ => (OperationType::Transaction, "place_order", 4_000.0),
        };
        let floor_us = match self.path {
            Path::Direct => 150.0,
            Path::Proxy => 350.0,
        };
        let tail = if random.one_in(200) { 8.0 } else { 1.0 };
        let execute_us = (floor_us + random.exponential(mean_us * tail)) as i64;
        let checkout_us = i64::from(2 + random.below(8));
        // After the outage every connection is a new one.
        let generation = i64::from(scheduled_time >= self.outage.end);
        let connection = self.pool.take(start_time);
        let connection_id = connection + generation * 40 * i64::from(WORKERS);
        let mut row = Operation {
            path: self.path,
            worker: i32::try_from(random.below(WORKERS)).ok(),
            operation_id: self.last_operation,
            operation_type,
            operation_name,
            scheduled_time,
            start_time: Some(start_time),
            // Reading the clock and the answer takes its time too.
            end_time: Some(start_time + checkout_us + execute_us + i64::from(random.below(3))),
            checkout_us: Some(checkout_us),
            execute_us: Some(execute_us),
            outcome: Outcome::Ok,
            affected_rows: Some(affected_rows(operation_name, random)),
            target: target(operation_name, random),
            connection_id: Some(connection_id),
            failure: None,
        };
        if operation_type == OperationType::Transaction && random.one_in(100) {
            row.outcome = Outcome::Rejected;
            row.affected_rows = Some(0);
        }
        let is_hit = self.outage.contains(&scheduled_time);
        if is_hit || (row.end_time > Some(self.outage.start) && scheduled_time < self.outage.start)
        {
            outage::fail(&mut row, &self.outage, random);
        } else if self.storm.contains(&scheduled_time) && random.one_in(2) {
            outage::refuse_for_want_of_connections(&mut row, random);
        }
        let end = row.end_time.unwrap_or(start_time);
        self.pool.in_use.push(Reverse((end, connection)));
        row
    }
}

/// What a write works on, of a path's half of 10,000 users and 1,000 products.
fn target(name: &str, random: &mut Random) -> Target {
    let mut target = Target::default();
    if matches!(
        name,
        "update_login" | "create_order" | "insert_log" | "place_order"
    ) {
        target.user_id = Some(1 + random.below(5_000).cast_signed());
    }
    if matches!(name, "update_stock" | "place_order") {
        let most = if name == "place_order" { 3 } else { 15 };
        target.product_id = Some(1 + random.below(500).cast_signed());
        target.quantity = Some(1 + random.below(most).cast_signed());
    }
    target
}

/// Rows that the operation returns or changes.
fn affected_rows(name: &str, random: &mut Random) -> i64 {
    i64::from(match name {
        "user_list" | "recent_logs" => 20,
        "order_statistics" => 1 + random.below(5),
        "product_search" => random.below(21),
        "user_orders" => random.below(11),
        "place_order" => 3,
        _ => 1,
    })
}
