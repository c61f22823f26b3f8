//! The parts add up to the downtime, whatever a recording holds and in whatever order.

use std::sync::Arc;

use analyze::metrics::decomposition::{Observations, decompose};
use analyze::reduce::attempts::{Attempt, Identity};
use analyze::reduce::availability::Question;
use analyze::summary::{Episode, EpisodeKind, EventSummary, Group, Outage, Span};
use proptest::prelude::*;
use recording::vocabulary::{EventKind, OperationType, Outcome};
use recording::{Endpoint, Timestamp, vocabulary::Path};

/// Lengths of health and outage, and when in it the first failure came, if ever; milliseconds.
type Drawn = (i64, i64, Option<i64>);

fn outages(drawn: &[Drawn], open: (bool, bool)) -> Vec<Outage> {
    let mut at = 1_000_000;
    let last = drawn.len() - 1;
    let outage = |(index, (health, length, failure)): (usize, &Drawn)| {
        let start = at + health * 1_000;
        let end = start + length * 1_000;
        at = end;
        Outage {
            span: Span::new(start, end),
            downtime_us: end - start,
            resolution_us: 0,
            paused_us: 0,
            open_at_start: index == 0 && open.0,
            open_at_end: index == last && open.1,
            first_failure: failure.map(|after| Timestamp((start + after * 1_000).min(end))),
            evidence: 2,
            errors: Vec::new(),
        }
    };
    drawn.iter().enumerate().map(outage).collect()
}

fn episode(outages: &[Outage], full: Option<i64>) -> Episode {
    let span = Span {
        start: outages[0].span.start,
        end: outages[outages.len() - 1].span.end,
    };
    Episode {
        span,
        downtime_us: outages.iter().map(|outage| outage.downtime_us).sum(),
        resolution_us: 0,
        paused_us: 0,
        outages: outages.len(),
        kind: EpisodeKind::Failover,
        at_least: false,
        baseline_tps: None,
        baseline_p99_us: None,
        time_to_full_throughput_us: full.map(|after| span.length_us() + after),
        time_to_normal_latency_us: None,
        decomposition: None,
    }
}

fn event() -> impl Strategy<Value = EventSummary> {
    let kind = proptest::sample::select(vec![
        EventKind::AddressChanged,
        EventKind::RoleChanged,
        EventKind::ServerRestarted,
        EventKind::Mark,
    ]);
    let path = proptest::option::of(proptest::sample::select(vec!["direct", "proxy"]));
    let detail = proptest::sample::select(vec![
        "",
        "a (writer) -> a (reader)",
        "a (reader) -> b (writer)",
    ]);
    (0..12_000_i64, kind, path, detail).prop_map(|(at, kind, path, detail)| EventSummary {
        time: Timestamp(at * 1_000),
        path: path.map(str::to_owned),
        event: kind.as_str().to_owned(),
        duration_us: None,
        status: None,
        detail: detail.to_owned(),
    })
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let host = proptest::option::of(proptest::sample::select(vec!["w.test", "r.test", "::1"]));
    let server = proptest::option::of((0..3_u8, proptest::option::of(0..3_i64)));
    let role = proptest::option::of(any::<bool>());
    let for_reads = proptest::option::of(any::<bool>());
    (
        0..12_000_i64,
        0..900_i64,
        host,
        0..3_u8,
        server,
        role,
        for_reads,
    )
        .prop_map(
            |(at, took, host, led_to, server, in_recovery, for_reads)| Attempt {
                connection: None,
                endpoint: (host.map(str::to_owned), Some(5432)),
                resolved_us: at * 1_000,
                end_us: (at + took) * 1_000,
                address: Some(format!("10.0.0.{led_to}")),
                server: server.map(|(address, start_us)| Identity {
                    address: Some(format!("10.0.0.{address}")),
                    port: Some(5432),
                    start_us,
                    aurora_instance: None,
                }),
                in_recovery,
                for_reads,
            },
        )
}

fn question() -> impl Strategy<Value = Question> {
    let server = proptest::option::of((0..3_u8, proptest::option::of(0..3_i64)));
    let role = proptest::option::of(any::<bool>());
    let is = any::<(bool, bool, bool, bool)>();
    (0..12_000_i64, 0..900_i64, 0..3_u8, server, role, is).prop_map(
        |(at, took, led_to, server, in_recovery, (is_read, reader, fresh, is_ok))| Question {
            time_us: at * 1_000,
            end_us: (at + took) * 1_000,
            connect_us: 0,
            kind: match is_read {
                true => OperationType::Read,
                false => OperationType::Write,
            },
            reader,
            fresh,
            outcome: if is_ok { Outcome::Ok } else { Outcome::Failed },
            error: None,
            address: Some(format!("10.0.0.{led_to}").into()),
            server: server.map(|(address, start_us)| {
                Arc::new(Identity {
                    address: Some(format!("10.0.0.{address}")),
                    port: Some(5432),
                    start_us,
                    aurora_instance: None,
                })
            }),
            in_recovery,
            sync_rep_waits: None,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_parts_are_the_downtime(
        drawn in prop::collection::vec(
            (1..900_i64, 100..4_000_i64, proptest::option::of(0..5_000_i64)), 1..5),
        open in any::<(bool, bool)>(),
        mut events in prop::collection::vec(event(), 0..12),
        mut attempts in prop::collection::vec(attempt(), 0..25),
        mut questions in prop::collection::vec(question(), 0..40),
        service in prop::collection::vec(
            (1..900_i64, 100..2_000_i64, proptest::option::of(0..5_000_i64)), 1..5),
        trigger in proptest::option::of(0..15_000_i64),
        full in proptest::option::of(0..60_000_000_i64),
        group in proptest::sample::select(vec![Group::Read, Group::Writer]),
        (is_probed, has_reader, has_writer) in any::<(bool, bool, bool)>(),
    ) {
        events.sort_by_key(|event| event.time);
        attempts.sort_by_key(|attempt| attempt.end_us);
        questions.sort_by_key(|question| question.time_us);
        let reader = Endpoint {
            path: Path::Direct,
            host: "r.test".to_owned(),
            port: 5432,
            database: String::new(),
            user: String::new(),
            sslmode: String::new(),
            reader: true,
            more_hosts: Vec::new(),
            target_session_attrs: None,
            tls_error: None,
        };
        let writer = Endpoint { host: "w.test".to_owned(), reader: false, ..reader.clone() };
        let service_outages = outages(&service, open);
        let observations = Observations {
            path: "direct",
            events: &events,
            attempts: &attempts,
            reader: has_reader.then_some(&reader),
            writer: has_writer.then_some(&writer),
            is_probed,
            questions: &questions,
            service_outages: &service_outages,
        };
        let outages = outages(&drawn, open);
        let episode = episode(&outages, full);
        let trigger = trigger.map(|at| at * 1_000).filter(|at| *at <= episode.span.end.micros());
        let found = decompose(&episode, &outages, group, trigger, None, &observations);

        prop_assert_eq!(found.parts.total_us(), episode.downtime_us);
        prop_assert_eq!(
            found.parts.total_us() + found.healthy_between_us,
            episode.span.length_us()
        );
        prop_assert!(found.healthy_between_us >= 0);
        prop_assert_eq!(found.to_full_throughput_us, full);
        prop_assert!(found.trigger_to_last_success_us.is_none_or(|us| us >= 0));
        prop_assert!(found.before_trigger_us.is_none_or(|us| us >= 0));
        prop_assert_eq!(found.outages.len(), outages.len());
        for (found, outage) in found.outages.iter().zip(&outages) {
            let parts = found.parts;
            prop_assert_eq!(parts.total_us(), outage.downtime_us);
            let of = [
                parts.first_failure_us,
                parts.address_changed_us,
                parts.new_writer_us,
                parts.fresh_client_served_us,
            ];
            prop_assert!(of.iter().flatten().all(|us| *us >= 0));
            prop_assert!(parts.first_success_us >= 0);
            // A part is there exactly where its milestone is, and no milestone is from after the outage.
            let milestones = [
                found.first_failure,
                found.address_changed,
                found.new_writer,
                found.fresh_client_served,
            ];
            for (milestone, part) in milestones.iter().zip(of) {
                prop_assert_eq!(milestone.is_some(), part.is_some());
                prop_assert!(milestone.is_none_or(|at| at.time <= outage.span.end));
            }
        }
    }
}
