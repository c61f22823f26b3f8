use recording::vocabulary::ErrorPhase;

use super::*;

const START: i64 = 1_795_380_180_000_000;

fn operation(
    operation_type: OperationType,
    outcome: Outcome,
    at_us: i64,
    response_us: i64,
) -> Operation {
    let finished = outcome != Outcome::Unfinished;
    Operation {
        path: Path::Direct,
        worker: Some(0),
        operation_id: 1,
        operation_type,
        operation_name: "test",
        scheduled_time: START + at_us - response_us,
        start_time: Some(START + at_us - response_us),
        end_time: finished.then_some(START + at_us),
        checkout_us: None,
        execute_us: None,
        outcome,
        affected_rows: None,
        target: recording::Target::default(),
        connection_id: None,
        failure: None,
    }
}

fn failure(
    operation_type: OperationType,
    class: ErrorClass,
    sqlstate: Option<&str>,
    at_us: i64,
) -> Operation {
    let failure = Failure {
        phase: ErrorPhase::Statement,
        class,
        sqlstate: sqlstate.map(str::to_owned),
        message: String::new(),
    };
    Operation {
        failure: Some(Box::new(failure)),
        ..operation(operation_type, Outcome::Failed, at_us, 1000)
    }
}

fn view(state: &PathState, at_us: i64) -> Snapshot {
    state.snapshot(Path::Direct, START, START + at_us)
}

#[test]
fn totals_are_the_rows() {
    let mut state = PathState::default();
    for outcome in [
        Outcome::Ok,
        Outcome::Ok,
        Outcome::Rejected,
        Outcome::Failed,
        Outcome::Unknown,
        Outcome::Unfinished,
    ] {
        state.operation(&operation(OperationType::Write, outcome, 1, 1));
    }
    let totals = state.totals();
    assert_eq!(
        totals,
        Totals {
            operations: 6,
            succeeded: 3,
            failed: 1,
            unknown: 1,
            unfinished: 1,
            not_begun: 0,
            rejected: 1,
            shortages: 0,
        }
    );
    assert_eq!(totals.success_rate(), Some(60.0));
    assert_eq!(Totals::default().success_rate(), None);
}

#[test]
fn down_after_two_failures_since_the_last_success_of_the_group() {
    let mut state = PathState::default();
    assert_eq!(view(&state, 500_000).writes, None);
    assert_eq!(
        format!("{:.1}", view(&state, 500_000).succeeded_per_s),
        "0.0"
    );
    state.operation(&operation(OperationType::Read, Outcome::Ok, 1_000_000, 1));
    state.operation(&operation(OperationType::Write, Outcome::Ok, 1_000_000, 1));
    state.operation(&failure(
        OperationType::Write,
        ErrorClass::ReadOnly,
        Some("25006"),
        1_200_000,
    ));
    assert_eq!(
        view(&state, 2_000_000).writes,
        Some(GroupView {
            gap_us: 1_000_000,
            down_since_us: None
        })
    );
    state.operation(&failure(
        OperationType::Transaction,
        ErrorClass::ReadOnly,
        Some("25006"),
        1_300_000,
    ));
    let seen = view(&state, 2_000_000);
    assert_eq!(
        seen.writes,
        Some(GroupView {
            gap_us: 1_000_000,
            down_since_us: Some(START + 1_000_000)
        })
    );
    assert_eq!(seen.reads.unwrap().down_since_us, None);
    let (error, ago_us) = seen.last_error.unwrap();
    assert_eq!((error.class, ago_us), (ErrorClass::ReadOnly, 700_000));
    assert_eq!(error.sqlstate.as_deref(), Some("25006"));
    assert_eq!(error.text, None, "the class says it");
    state.operation(&operation(
        OperationType::Transaction,
        Outcome::Rejected,
        2_100_000,
        1,
    ));
    assert_eq!(
        view(&state, 2_200_000).writes,
        Some(GroupView {
            gap_us: 100_000,
            down_since_us: None
        })
    );
}

#[test]
fn down_from_the_start() {
    let mut state = PathState::default();
    state.operation(&failure(
        OperationType::Read,
        ErrorClass::Refused,
        None,
        100,
    ));
    state.operation(&failure(OperationType::Read, ErrorClass::Other, None, 200));
    assert_eq!(
        view(&state, 3_000_000).reads,
        Some(GroupView {
            gap_us: 3_000_000,
            down_since_us: Some(START)
        })
    );
}

#[test]
fn neither_the_business_nor_a_wrong_statement_is_an_outage() {
    let mut state = PathState::default();
    for (class, sqlstate) in [
        (ErrorClass::Conflict, Some("40001")),
        (ErrorClass::Constraint, Some("23505")),
        (ErrorClass::StatementTimeout, Some("57014")),
        (ErrorClass::Client, None),
        (ErrorClass::Other, Some("42P01")),
        (ErrorClass::Other, Some("22003")),
    ] {
        state.operation(&failure(OperationType::Read, class, sqlstate, 1000));
    }
    assert_eq!(view(&state, 2000).reads.unwrap().down_since_us, None);
    assert_eq!(state.totals().failed, 6);
}

#[test]
fn rates_over_the_last_whole_seconds_and_p99_of_the_last_thirty() {
    let mut state = PathState::default();
    // Second n (from 0) has n + 1 successes of n + 1 ms; the last, running one must not count in the rate.
    for second in 0..12 {
        for _ in 0..=second {
            state.operation(&operation(
                OperationType::Read,
                Outcome::Ok,
                second * 1_000_000 + 500_000,
                (second + 1) * 1000,
            ));
        }
    }
    state.operation(&failure(
        OperationType::Read,
        ErrorClass::Refused,
        None,
        10_500_000,
    ));
    let seen = view(&state, 11_700_000);
    assert_eq!(seen.history.len(), 10);
    assert!((seen.succeeded_per_s - (7 + 8 + 9 + 10 + 11) as f64 / 5.0).abs() < 1e-9);
    assert!((seen.failed_per_s - 0.2).abs() < 1e-9);
    assert_eq!(seen.p99_us, None, "78 samples have no p99");
    for _ in 0..30 {
        state.operation(&operation(
            OperationType::Read,
            Outcome::Ok,
            11_600_000,
            1_000,
        ));
    }
    assert!((12_000..12_400).contains(&view(&state, 11_700_000).p99_us.unwrap()));
    assert_eq!(view(&state, 45_000_000).p99_us, None);
}

#[test]
fn history_is_a_ring() {
    let mut state = PathState::default();
    for second in 1..200 {
        state.operation(&operation(
            OperationType::Read,
            Outcome::Ok,
            second * 1_000_000,
            1,
        ));
    }
    // Long past: its slot is another second's.
    state.operation(&operation(OperationType::Read, Outcome::Ok, 5_000_000, 1));
    let history = view(&state, 200_000_000).history;
    assert_eq!(history.len(), HISTORY - 1);
    assert!(history.iter().all(|second| *second
        == Second {
            succeeded: 1,
            failed: 0
        }));
    assert_eq!(
        view(&state, 230_000_000)
            .history
            .iter()
            .filter(|second| second.succeeded > 0)
            .count(),
        HISTORY - 1 - 30
    );
}

/// An open loop leaves rows of what no worker took.
#[test]
fn what_never_began_is_counted_apart() {
    let mut state = PathState::default();
    let running = operation(OperationType::Write, Outcome::Unfinished, 1, 1);
    state.operation(&running);
    state.operation(&Operation {
        start_time: None,
        ..running
    });
    let totals = state.totals();
    assert_eq!((totals.unfinished, totals.not_begun), (2, 1));
}

#[test]
fn no_time_after_the_end_is_without_a_success() {
    let mut state = PathState::default();
    let mut read = |at_us| state.operation(&operation(OperationType::Read, Outcome::Ok, at_us, 1));
    read(1_000_000);
    read(1_500_000);
    let longest_us = |state: &PathState| {
        let [reads, _] = state.served(START, START + 30_000_000);
        reads.unwrap().longest_gap_us
    };
    assert_eq!(longest_us(&state), 28_500_000);
    state.end(START + 3_000_000);
    assert_eq!(longest_us(&state), 1_500_000);
    // It was answered while the recorder ended.
    state.operation(&operation(OperationType::Read, Outcome::Ok, 3_400_000, 1));
    assert_eq!(longest_us(&state), 1_500_000);
}
