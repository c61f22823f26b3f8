//! What makes the cases that were made for version 2 of the definitions.

use recording::Operation;
use recording::vocabulary::ErrorClass::{
    Client, Conflict, ConnectTimeout, ConnectionLost, Constraint, OperationTimeout, Other,
    PoolTimeout, Refused, StatementTimeout, Unreachable,
};

use crate::support::{HandMade, us};

/// The client waited for a connection, in its back-off, and asked nothing meanwhile.
pub(super) fn backoff() -> HandMade {
    HandMade::new(5.0)
        .steady("user_list", 0.06, 0.04, 2, 0.005)
        .failed("user_list", 0.11, 0.111, Refused)
        .failed("user_list", 0.7, 0.701, Refused)
        .failed("user_list", 1.3, 1.301, Refused)
        .ok("user_list", 1.4, 2.3)
        .but(|row| waits(row, 0.899))
        .steady("user_list", 2.4, 0.1, 26, 0.005)
}

fn waits(row: &mut Operation, seconds: f64) {
    let wall = row.end_time.unwrap() - row.scheduled_time;
    row.checkout_us = Some(us(seconds));
    row.execute_us = Some(wall - us(seconds));
}

pub(super) fn writes() -> HandMade {
    HandMade::new(30.0).steady("update_login", 0.2, 0.2, 50, 0.005)
}

/// A table is locked for 5 s, and the session's `lock_timeout` is 200 ms.
pub(super) fn lock() -> HandMade {
    let refused = (0..24).fold(writes(), |made, number| {
        let at = 10.1 + f64::from(number) * 0.2;
        made.failed_with("update_login", (at, at + 0.2), Conflict, "55P03")
            .but(|row| row.checkout_us = Some(0))
    });
    refused.steady("update_login", 15.0, 0.2, 75, 0.005)
}

/// A privilege is revoked for 6 s: every statement fails at once.
pub(super) fn revoke() -> HandMade {
    let reads_and_writes = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("update_login", 0.11, 0.1, 100, 0.005);
    let refused = (0..60).fold(reads_and_writes, |made, number| {
        let at = 10.05 + f64::from(number) * 0.1;
        made.failed_with("user_list", (at, at + 0.01), Other, "42501")
            .failed_with("update_login", (at + 0.02, at + 0.03), Other, "42501")
    });
    refused.steady("user_list", 16.05, 0.1, 130, 0.005).steady(
        "update_login",
        16.06,
        0.1,
        130,
        0.005,
    )
}

/// Refusals next to two refused connections: they count, and give no moment.
pub(super) fn refused_and_worse() -> HandMade {
    let refused = (0..20).fold(writes(), |made, number| {
        let at = 10.1 + f64::from(number) * 0.2;
        made.failed_with("update_login", (at, at + 0.01), Other, "42P01")
    });
    refused
        .failed("update_login", 10.5, 10.51, Refused)
        .failed("update_login", 11.0, 11.01, Refused)
        .steady("update_login", 15.0, 0.2, 75, 0.005)
}

/// Five duplicate keys in a row: the server did the work.
pub(super) fn constraint() -> HandMade {
    let slow = HandMade::new(30.0).steady("update_login", 0.5, 0.5, 20, 0.005);
    let refused = (0..5).fold(slow, |made, number| {
        let at = 10.5 + f64::from(number) * 0.5;
        made.failed_with("update_login", (at - 0.005, at), Constraint, "23505")
    });
    refused.steady("update_login", 13.0, 0.5, 34, 0.005)
}

/// Dead for a second; then three writes, tried again, that had been committed.
pub(super) fn constraint_after() -> HandMade {
    let dead = HandMade::new(30.0)
        .steady("update_login", 0.5, 0.5, 20, 0.005)
        .failed("update_login", 10.1, 10.2, Refused)
        .failed("update_login", 10.8, 11.0, Refused);
    let refused = (0..3).fold(dead, |made, number| {
        let at = 11.1 + f64::from(number) * 0.5;
        made.failed_with("update_login", (at - 0.005, at), Constraint, "23505")
    });
    refused.steady("update_login", 12.5, 0.5, 35, 0.005)
}

/// The recorder's own host has no descriptors left.
pub(super) fn client() -> HandMade {
    let refused = (0..5).fold(writes(), |made, number| {
        let at = 10.1 + f64::from(number) * 0.25;
        made.failed("update_login", at, at + 0.001, Client)
    });
    refused.steady("update_login", 11.4, 0.2, 93, 0.005)
}

/// The table of one statement is missing, and no purchase is due meanwhile.
pub(super) fn one_statement() -> HandMade {
    let with_purchases = writes().steady("place_order", 4.0, 4.0, 2, 0.02);
    let refused = (0..6).fold(with_purchases, |made, number| {
        let at = 10.1 + f64::from(number) * 0.3;
        made.failed_with("insert_log", (at, at + 0.002), Other, "42P01")
    });
    refused
        .steady("update_login", 12.0, 0.2, 90, 0.005)
        .steady("place_order", 16.0, 4.0, 3, 0.02)
}

/// Storage hangs; two workers, each statement cancelled by the server after a second.
pub(super) fn cancelled() -> HandMade {
    let refused = [10.05, 10.1, 11.06, 11.12].into_iter();
    refused
        .fold(writes(), |made, at| {
            made.failed_with("update_login", (at, at + 1.0), StatementTimeout, "57014")
        })
        .steady("update_login", 12.2, 0.2, 89, 0.005)
}

fn reads_refused(made: HandMade, from: f64, count: i32) -> HandMade {
    (0..count).fold(made, |made, number| {
        let at = from + f64::from(number) * 0.1;
        made.failed("user_list", at, at + 0.002, Refused)
    })
}

/// Down from 10 to 13 s, and the recorder stopped from 11 to 12.5 s.
pub(super) fn pause_within() -> HandMade {
    let made = HandMade::new(30.0).steady("user_list", 0.1, 0.1, 100, 0.005);
    let made = reads_refused(made, 10.1, 9).paused(11.0, 12.5);
    reads_refused(made, 12.6, 4).steady("user_list", 13.0, 0.1, 170, 0.005)
}

/// Down from 10 to 11.5 s, and the recorder stopped from 11 to 14 s.
pub(super) fn pause_at_the_end() -> HandMade {
    let made = HandMade::new(30.0).steady("user_list", 0.1, 0.1, 100, 0.005);
    reads_refused(made, 10.05, 10)
        .paused(11.0, 14.0)
        .steady("user_list", 14.1, 0.1, 159, 0.005)
}

/// The service was well. At waking, two reads are found past their limit.
pub(super) fn pause_alone() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 109, 0.005)
        .paused(11.0, 14.0)
        .failed("user_list", 10.99, 14.001, OperationTimeout)
        .failed("user_list", 10.995, 14.002, OperationTimeout)
        .steady("user_list", 14.1, 0.1, 159, 0.005)
}

/// At a rate: three workers hang in COMMIT, and reads wait in the schedule's queue.
pub(super) fn workers_hang() -> HandMade {
    let hung = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("place_order", 0.9, 1.0, 10, 0.02)
        .ok("place_order", 10.02, 14.0)
        .ok("place_order", 10.03, 14.01)
        .ok("place_order", 10.04, 14.02);
    let waiting = (0..30).fold(hung, |made, number| {
        let at = 10.05 + f64::from(number) * 0.1;
        let end = 14.05 + f64::from(number) * 0.001;
        made.ok("user_list", at, end).but(|row| {
            row.start_time = row.end_time.map(|end| end - 5_000);
            row.checkout_us = Some(0);
            row.execute_us = Some(5_000);
        })
    });
    waiting
        .steady("user_list", 14.2, 0.1, 158, 0.005)
        .steady("place_order", 14.9, 1.0, 15, 0.02)
}

pub(super) fn probes_answered() -> HandMade {
    (1..30).fold(workers_hang(), |made, second| {
        made.answered(f64::from(second) + 0.5)
    })
}

pub(super) fn probes_failed() -> HandMade {
    let before = (1..12).fold(workers_hang(), |made, second| {
        made.answered(f64::from(second) + 0.5)
    });
    let failed = before.probe(12.0, Refused);
    (13..30).fold(failed, |made, second| {
        made.answered(f64::from(second) + 0.5)
    })
}

/// A connection that an earlier operation had used tells of itself when it goes; one made anew tells of the service.
pub(super) fn used_connections() -> HandMade {
    writes()
        .failed("update_login", 10.1, 10.5, ConnectionLost)
        .anew()
        .failed("update_login", 10.2, 13.0, ConnectionLost)
        .failed("update_login", 10.3, 13.1, OperationTimeout)
        .steady("update_login", 14.0, 0.2, 80, 0.005)
}

/// Of two hosts the first is silent: an attempt waits for it until its limit, and asks nothing meanwhile.
pub(super) fn silent_host() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 10.1, 15.0, ConnectTimeout)
        .anew()
        .failed("user_list", 10.1, 15.0, ConnectTimeout)
        .anew()
        .ok("user_list", 10.2, 15.0)
        .but(|row| waits(row, 4.795))
        .steady("user_list", 15.1, 0.1, 149, 0.005)
}

fn cut(row: &mut Operation) {
    row.connection_id = None;
    row.checkout_us = row.end_time.map(|end| end - row.scheduled_time);
    row.execute_us = None;
}

/// The same where the network says at last that there is no way.
pub(super) fn unreachable() -> HandMade {
    let before = HandMade::new(30.0).steady("user_list", 0.1, 0.1, 100, 0.005);
    let cut_off = (1..4).fold(before, |made, number| {
        let at = 10.0 + f64::from(number) * 0.1;
        made.failed("user_list", at, at + 2.0, Unreachable).but(cut)
    });
    cut_off.steady("user_list", 12.5, 0.1, 175, 0.005)
}

/// Two reads wait in the pool. One ends the outage; the other sends its first statement after that, and is slow.
pub(super) fn served_later() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .ok("user_list", 10.0, 13.1)
        .but(|row| waits(row, 3.098))
        .ok("user_list", 10.0, 13.85)
        .but(|row| waits(row, 3.115))
        .steady("user_list", 13.2, 0.1, 168, 0.005)
}

/// All workers hang in COMMIT while reads wait for the pool in vain: nothing but `pool_timeout`, and no refusal.
pub(super) fn pool_timeouts() -> HandMade {
    let hung = (0..3).fold(
        HandMade::new(30.0)
            .steady("user_list", 0.1, 0.1, 100, 0.005)
            .steady("place_order", 0.9, 1.0, 10, 0.02),
        |made, number| made.ok("place_order", 10.02 + f64::from(number) * 0.01, 14.0),
    );
    let waited = (1..6).fold(hung, |made, number| {
        let at = 10.0 + f64::from(number) * 0.1;
        made.failed("user_list", at, at + 3.0, PoolTimeout).but(cut)
    });
    let probed = (1..30).fold(waited, |made, second| {
        made.answered(f64::from(second) + 0.5)
    });
    probed
        .steady("user_list", 14.2, 0.1, 158, 0.005)
        .steady("place_order", 14.9, 1.0, 15, 0.02)
}

/// The connection was used by an operation that began later, and sent its first statement earlier.
pub(super) fn used_while_waiting() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 99, 0.005)
        .ok("user_list", 9.88, 9.895)
        .but(|row| row.connection_id = Some(7))
        .failed("user_list", 9.87, 11.0, ConnectionLost)
        .but(|row| {
            waits(row, 1.0);
            row.connection_id = Some(7);
        })
        .failed("user_list", 10.0, 10.01, Refused)
        .anew()
        .steady("user_list", 12.5, 0.1, 175, 0.005)
}

/// At a rate, a pause leaves a queue: what was asked after it was not served in it. Then the service goes.
pub(super) fn pause_then_queue() -> HandMade {
    let made = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .paused(10.0, 12.0);
    let queued = (0..20).fold(made, |made, number| {
        let at = 10.02 + f64::from(number) * 0.1;
        let end = 12.003 + f64::from(number) * 0.002;
        made.ok("user_list", at, end).but(|row| {
            row.start_time = row.end_time.map(|end| end - 2_000);
            row.checkout_us = Some(0);
            row.execute_us = Some(2_000);
        })
    });
    reads_refused(queued, 12.1, 10).steady("user_list", 13.2, 0.1, 168, 0.005)
}

/// Of seven writes that waited for a lock in vain, one ended after the gap.
pub(super) fn refused_after() -> HandMade {
    let asked = |row: &mut Operation| row.checkout_us = Some(0);
    let last = writes()
        .failed_with("update_login", (10.0, 13.5), Conflict, "55P03")
        .but(asked);
    let refused = (0..6).fold(last, |made, number| {
        let at = 10.5 + f64::from(number) * 0.1;
        made.failed_with("update_login", (at, at + 0.8), Conflict, "55P03")
            .but(asked)
    });
    refused.steady("update_login", 12.5, 0.2, 87, 0.005)
}

/// A limit of the client's own, on a used connection, with a pause in it: it hung, and its limit tells nothing.
pub(super) fn pause_in_a_limit() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .paused(11.0, 12.0)
        .failed("user_list", 10.5, 14.5, OperationTimeout)
        .but(|row| row.checkout_us = Some(0))
        .failed("user_list", 10.1, 10.11, Refused)
        .anew()
        .steady("user_list", 14.7, 0.1, 153, 0.005)
}

/// An attempt to connect hangs on a silent host and is cut at last: it had asked when it began.
pub(super) fn silent_host_cut() -> HandMade {
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .failed("user_list", 10.1, 14.9, ConnectionLost)
        .but(cut)
        .failed("user_list", 10.2, 14.9, ConnectionLost)
        .but(cut)
        .steady("user_list", 15.0, 0.1, 150, 0.005)
}
