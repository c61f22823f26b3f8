//! What a downtime is made of, in hand-made recordings with answers known beforehand. Cites `docs/decomposition.md`.

use crate::support::around::{Answer, NEW_WRITER, OLD_AS_READER, OLD_WRITER};
use crate::support::{HandMade, START_US, group, us};
use analyze::summary::{Decomposition, Group, Milestone, PathSummary, Source};
use recording::vocabulary::ErrorClass::{ConnectionLost, ReadOnly, Refused};
use recording::vocabulary::EventKind::{AddressChanged, RoleChanged, ServerRestarted};
use recording::vocabulary::Path;

/// Writes every 100 ms up to 10.0 s, the first failure at 10.3 s, writes again from 16.0 s on; connected to the old writer.
fn failing_over() -> HandMade {
    HandMade::new(60.0)
        .connect(0.05, 2, Some(OLD_WRITER))
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .unknown("update_login", 10.1, 10.3, ConnectionLost)
        .failed("update_login", 12.0, 12.1, Refused)
        .failed("update_login", 15.0, 15.1, ReadOnly)
        .steady("update_login", 16.0, 0.1, 430, 0.005)
}

fn decomposition(path: &PathSummary, of: Group, episode: usize) -> Decomposition {
    let episode = &group(path, of).episodes[episode];
    let decomposition = episode.decomposition.clone().unwrap();
    let sums: i64 = decomposition
        .outages
        .iter()
        .map(|outage| {
            assert_eq!(outage.parts.total_us(), outage.span.length_us());
            outage.parts.total_us()
        })
        .sum();
    assert_eq!(sums, episode.downtime_us, "the parts are the downtime");
    assert_eq!(decomposition.parts.total_us(), episode.downtime_us);
    assert_eq!(
        episode.downtime_us + decomposition.healthy_between_us,
        episode.span.length_us()
    );
    decomposition
}

fn writer(made: HandMade) -> Decomposition {
    decomposition(&made.direct(), Group::Writer, 0)
}

/// (first failure, address, new writer, first success), seconds.
fn parts(decomposition: &Decomposition) -> [Option<f64>; 4] {
    let parts = decomposition.parts;
    [
        parts.first_failure_us,
        parts.address_changed_us,
        parts.new_writer_us,
        Some(parts.first_success_us),
    ]
    .map(|us| us.map(|us| us as f64 / 1e6))
}

fn seen(milestone: Option<Milestone>) -> Option<(f64, Source)> {
    let milestone = milestone?;
    let seconds = (milestone.time.micros() - START_US) as f64 / 1e6;
    Some((seconds, milestone.source))
}

#[test]
fn every_milestone_ends_a_part() {
    let found = writer(
        failing_over()
            .trigger(9.5)
            .connect(11.0, 2, None)
            .connect(13.51, 3, None)
            .connect(15.2, 2, Some(OLD_AS_READER))
            .connect(15.7, 3, Some(NEW_WRITER))
            .connect(15.8, 3, Some(NEW_WRITER)),
    );
    assert_eq!(
        parts(&found),
        [Some(0.3), Some(3.201), Some(2.199), Some(0.3)]
    );
    let outage = &found.outages[0];
    assert_eq!(seen(found.trigger), Some((9.5, Source::Events)));
    assert_eq!(seen(outage.last_success), Some((10.0, Source::Operations)));
    assert_eq!(seen(outage.first_failure), Some((10.3, Source::Operations)));
    // The attempt of 13.51 s began at 13.50 s, and had its address 1 ms later.
    assert_eq!(
        seen(outage.address_changed),
        Some((13.501, Source::Connections))
    );
    assert_eq!(seen(outage.new_writer), Some((15.7, Source::Connections)));
    assert_eq!(seen(outage.first_success), Some((16.0, Source::Operations)));
    assert_eq!(found.trigger_to_last_success_us, Some(us(0.5)));
    assert_eq!(found.before_trigger_us, Some(0));
    assert_eq!(found.to_full_throughput_us, Some(0));
    assert!(!found.open_at_start && !found.open_at_end);
}

#[test]
fn a_last_success_before_the_trigger_is_no_negative_part() {
    let found = writer(failing_over().trigger(10.08));
    assert_eq!(found.trigger_to_last_success_us, Some(0));
    assert_eq!(found.before_trigger_us, Some(us(0.08)));
    assert_eq!(parts(&found), [Some(0.3), None, None, Some(5.7)]);
}

#[test]
fn without_a_trigger_nothing_is_said_of_it() {
    let found = writer(failing_over());
    assert_eq!(found.trigger, None);
    assert_eq!(found.trigger_to_last_success_us, None);
    assert_eq!(found.before_trigger_us, None);
    // One long before it is none either.
    let made = HandMade::new(200.0)
        .trigger(5.0)
        .steady("update_login", 0.1, 0.1, 1_300, 0.005)
        .failed("update_login", 130.1, 130.2, Refused)
        .failed("update_login", 131.1, 131.2, Refused)
        .steady("update_login", 132.0, 0.1, 600, 0.005);
    assert_eq!(writer(made).trigger, None);
}

#[test]
fn the_time_up_to_a_milestone_that_was_not_seen_is_in_the_next_part() {
    let no_address = writer(failing_over().connect(15.7, 2, Some(NEW_WRITER)));
    assert_eq!(parts(&no_address), [Some(0.3), None, Some(5.4), Some(0.3)]);
    let no_writer = writer(failing_over().connect(13.51, 3, None));
    assert_eq!(
        parts(&no_writer),
        [Some(0.3), Some(3.201), None, Some(2.499)]
    );
    // Operations stalled and none failed.
    let no_failure = HandMade::new(60.0)
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .ok("update_login", 10.1, 14.0)
        .ok("update_login", 10.2, 14.0)
        .steady("update_login", 14.1, 0.1, 450, 0.005);
    let found = writer(no_failure);
    assert_eq!(parts(&found), [None, None, None, Some(4.0)]);
    assert_eq!(found.outages[0].first_failure, None);
}

#[test]
fn milestones_out_of_order_take_no_time() {
    // Connected at 12.0 s, and the address of the name changed only then: as recorded they stand, but the part is 0.
    let made = failing_over()
        .connect(12.0, 2, Some(NEW_WRITER))
        .connect(14.01, 3, None);
    let found = writer(made);
    assert_eq!(
        parts(&found),
        [Some(0.3), Some(3.701), Some(0.0), Some(1.999)]
    );
    assert_eq!(
        seen(found.outages[0].new_writer),
        Some((12.0, Source::Connections))
    );
    // Between the trigger and the last success the address changed already.
    let made =
        failing_over()
            .trigger(9.0)
            .connect(9.61, 3, None)
            .connect(15.7, 3, Some(NEW_WRITER));
    let found = writer(made);
    assert_eq!(
        seen(found.outages[0].address_changed),
        Some((9.601, Source::Connections))
    );
    assert_eq!(parts(&found), [Some(0.3), Some(0.0), Some(5.4), Some(0.3)]);
}

#[test]
fn the_first_sign_of_another_address_counts() {
    // Probes look once a second: an attempt that was led elsewhere earlier knows better, also where the probe came after the end.
    for probe in [13.8, 17.5] {
        let made = failing_over()
            .set(|manifest| manifest.probe_interval_us = Some(500_000))
            .connect(13.51, 3, None)
            .told(probe, AddressChanged, "writer.test: 10.0.0.2 -> 10.0.0.3");
        let found = writer(made);
        let address = seen(found.outages[0].address_changed);
        assert_eq!(address, Some((13.501, Source::Connections)), "{probe}");
    }
    // The probe was first.
    let made = failing_over().connect(13.51, 3, None).told(
        12.8,
        AddressChanged,
        "writer.test: 10.0.0.2 -> 10.0.0.3",
    );
    let address = seen(writer(made).outages[0].address_changed);
    assert_eq!(address, Some((12.8, Source::Events)));
    // The probes saw no change: a name with several addresses led to another of them.
    let made = failing_over()
        .set(|manifest| manifest.probe_interval_us = Some(500_000))
        .connect(13.51, 3, None);
    assert_eq!(writer(made).outages[0].address_changed, None);
    // After the end it is none of this outage.
    let made = failing_over().told(17.5, AddressChanged, "writer.test: 10.0.0.2 -> 10.0.0.3");
    assert_eq!(writer(made).outages[0].address_changed, None);
    // Another path's is not this one's.
    let made = failing_over()
        .on(Path::Proxy)
        .steady("update_login", 0.1, 0.1, 590, 0.005)
        .told(12.8, AddressChanged, "writer.test: 10.0.0.2 -> 10.0.0.3");
    assert_eq!(writer(made).outages[0].address_changed, None);
}

#[test]
fn a_writer_that_was_started_again_is_a_new_one_and_a_reader_is_none() {
    let restarted = writer(failing_over().connect(14.0, 2, Some(Answer(2, 12, false))));
    assert_eq!(parts(&restarted), [Some(0.3), None, Some(3.7), Some(2.0)]);
    let same = writer(failing_over().connect(14.0, 2, Some(OLD_WRITER)));
    assert_eq!(same.outages[0].new_writer, None);
    let reader = writer(failing_over().connect(14.0, 2, Some(OLD_AS_READER)));
    assert_eq!(reader.outages[0].new_writer, None);
    // Which server it was before is not known, nor whether it is another.
    let made = HandMade::new(60.0)
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .failed("update_login", 10.1, 10.3, Refused)
        .failed("update_login", 12.0, 12.1, Refused)
        .steady("update_login", 16.0, 0.1, 430, 0.005)
        .connect(15.0, 3, Some(NEW_WRITER));
    assert_eq!(writer(made).outages[0].new_writer, None);
}

#[test]
fn behind_a_proxy_the_address_stays_and_events_tell_of_the_new_writer() {
    let proxied = || {
        HandMade::new(60.0)
            .steady("update_login", 0.1, 0.1, 599, 0.005)
            .on(Path::Proxy)
            .connect_to("10.0.0.1", 0.05, 1, Some(OLD_WRITER))
            .steady("update_login", 0.1, 0.1, 100, 0.005)
            .failed("update_login", 10.1, 10.2, ConnectionLost)
            .failed("update_login", 10.3, 10.4, ConnectionLost)
            .steady("update_login", 13.0, 0.1, 460, 0.005)
    };
    let of = |made: HandMade| decomposition(&made.summary().paths[1], Group::Writer, 0);
    // Sessions that the proxy kept: no new connection.
    let found = of(proxied());
    assert_eq!(parts(&found), [Some(0.2), None, None, Some(2.8)]);
    // A probe's connection sees another server, and before that the old one in its new role, which is no writer.
    let found = of(proxied()
        .told(
            11.5,
            RoleChanged,
            "10.0.0.2:5432 (writer) -> 10.0.0.2:5432 (reader)",
        )
        .told(
            11.5,
            ServerRestarted,
            "10.0.0.2:5432: started 20:00 -> 21:00",
        )
        .told(
            12.4,
            RoleChanged,
            "10.0.0.2:5432 (reader) -> 10.0.0.3:5432 (writer)",
        ));
    assert_eq!(parts(&found), [Some(0.2), None, Some(2.2), Some(0.6)]);
    assert_eq!(
        seen(found.outages[0].new_writer),
        Some((12.4, Source::Events))
    );
    let found = of(proxied().told(
        11.5,
        RoleChanged,
        "10.0.0.2:5432 (writer) -> 10.0.0.3:5432 (writer)",
    ));
    assert_eq!(
        seen(found.outages[0].new_writer),
        Some((11.5, Source::Events))
    );
    let found = of(proxied().told(
        11.7,
        ServerRestarted,
        "10.0.0.2:5432: started 20:00 -> 21:00",
    ));
    assert_eq!(
        seen(found.outages[0].new_writer),
        Some((11.7, Source::Events))
    );
    // A connection that was made anew is better than any of these. An address of digits never leads elsewhere.
    let found = of(proxied()
        .told(
            11.5,
            RoleChanged,
            "10.0.0.2:5432 (writer) -> 10.0.0.3:5432 (writer)",
        )
        .connect_to("10.0.0.1", 12.5, 7, Some(NEW_WRITER)));
    assert_eq!(parts(&found), [Some(0.2), None, Some(2.3), Some(0.5)]);
}

#[test]
fn several_outages_of_an_episode_are_summed_and_the_health_between_is_apart() {
    let made = HandMade::new(60.0)
        .trigger(9.9)
        .connect(0.05, 2, Some(OLD_WRITER))
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .failed("update_login", 10.1, 10.3, Refused)
        .failed("update_login", 11.0, 11.1, Refused)
        .connect(11.9, 2, Some(Answer(2, 11, false)))
        // Health from 12.0 to 12.4 s.
        .steady("update_login", 12.0, 0.1, 5, 0.005)
        .failed("update_login", 12.5, 12.6, Refused)
        .failed("update_login", 13.0, 13.1, Refused)
        .connect(13.31, 3, None)
        .connect(14.1, 3, Some(NEW_WRITER))
        .steady("update_login", 14.4, 0.1, 450, 0.005);
    let path = made.direct();
    let episode = &group(&path, Group::Writer).episodes[0];
    assert_eq!((episode.outages, episode.downtime_us), (2, us(4.0)));
    let found = decomposition(&path, Group::Writer, 0);
    assert_eq!(found.healthy_between_us, us(0.4));
    assert_eq!(
        seen(found.outages[0].new_writer),
        Some((11.9, Source::Connections))
    );
    assert_eq!(
        seen(found.outages[1].new_writer),
        Some((14.1, Source::Connections))
    );
    // 0.3 + 0.2; the address changed in the second only; 1.6 + 0.799; 0.1 + 0.3.
    assert_eq!(
        parts(&found),
        [Some(0.5), Some(0.701), Some(2.399), Some(0.4)]
    );
}

#[test]
fn open_at_the_end_the_last_part_is_a_bound() {
    let made = HandMade::new(20.0)
        .trigger(9.9)
        .connect(0.05, 2, Some(OLD_WRITER))
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .failed("update_login", 10.1, 10.3, Refused)
        .connect(15.01, 3, None)
        .failed("update_login", 19.0, 19.1, Refused);
    let found = writer(made);
    assert!(found.open_at_end && !found.open_at_start);
    assert_eq!(found.outages[0].first_success, None);
    assert_eq!(found.to_full_throughput_us, None);
    assert_eq!(parts(&found), [Some(0.3), Some(4.701), None, Some(4.999)]);
}

#[test]
fn open_at_the_start_there_is_no_last_success() {
    let made = HandMade::new(20.0)
        .trigger(1.0)
        .failed("update_login", 2.0, 2.5, Refused)
        .failed("update_login", 3.0, 3.1, Refused)
        .steady("update_login", 5.0, 0.1, 150, 0.005);
    let found = writer(made);
    assert!(found.open_at_start && !found.open_at_end);
    assert_eq!(found.outages[0].last_success, None);
    assert_eq!(found.trigger_to_last_success_us, None);
    assert_eq!(parts(&found), [Some(2.5), None, None, Some(2.5)]);
}

#[test]
fn reads_of_a_reader_endpoint_go_by_its_connections() {
    let made = || {
        HandMade::new(60.0)
            .set(|manifest| {
                manifest.endpoints = [("writer.test", false), ("reader.test", true)]
                    .map(|(host, reader)| recording::Endpoint {
                        path: Path::Direct,
                        host: host.to_owned(),
                        port: 5432,
                        database: "shop".to_owned(),
                        user: "app".to_owned(),
                        sslmode: "prefer".to_owned(),
                        reader,
                        more_hosts: Vec::new(),
                        target_session_attrs: None,
                        tls_error: None,
                    })
                    .to_vec();
            })
            .connect(0.05, 2, Some(OLD_WRITER))
            .connect_to("reader.test", 0.06, 3, Some(Answer(3, -3_500, true)))
            .steady("user_list", 0.1, 0.1, 100, 0.005)
            .failed("user_list", 10.1, 10.3, Refused)
            .failed("user_list", 12.0, 12.1, Refused)
            .connect(13.0, 4, Some(Answer(4, -3_400, false)))
            .told(12.5, AddressChanged, "reader.test: 10.0.0.3 -> 10.0.0.5")
            .connect_to("reader.test", 14.0, 5, Some(Answer(5, -3_300, true)))
            .steady("user_list", 16.0, 0.1, 430, 0.005)
            .steady("update_login", 0.1, 0.1, 100, 0.005)
            .failed("update_login", 10.1, 10.3, Refused)
            .failed("update_login", 12.0, 12.1, Refused)
            .steady("update_login", 16.0, 0.1, 430, 0.005)
    };
    let path = made().direct();
    // Any server will do for reads; writes need a writer, and are not led by the other name.
    let reads = decomposition(&path, Group::Read, 0);
    assert_eq!(parts(&reads), [Some(0.3), Some(2.2), Some(1.5), Some(2.0)]);
    let writes = decomposition(&path, Group::Writer, 0);
    assert_eq!(
        parts(&writes),
        [Some(0.3), Some(2.691), Some(0.009), Some(3.0)]
    );
    for of in [Group::Write, Group::All] {
        let episode = &group(&path, of).episodes[0];
        assert_eq!(episode.decomposition, None, "no headline is of {of:?}");
    }
}

/// One URL with both hosts for writes, and the same two for reads.
#[test]
fn endpoints_that_share_hosts_are_told_apart_by_the_attempts() {
    let made = HandMade::new(60.0)
        .set(|manifest| {
            manifest.probe_interval_us = Some(500_000);
            manifest.endpoints = [false, true]
                .map(|reader| recording::Endpoint {
                    path: Path::Direct,
                    host: "a.test".to_owned(),
                    port: 5432,
                    database: "shop".to_owned(),
                    user: "app".to_owned(),
                    sslmode: "prefer".to_owned(),
                    reader,
                    more_hosts: vec![recording::MoreHost {
                        host: "b.test".to_owned(),
                        port: 5432,
                    }],
                    target_session_attrs: None,
                    tls_error: None,
                })
                .to_vec();
        })
        .connect_to("a.test", 0.05, 2, Some(OLD_WRITER))
        .connect_to("b.test", 0.06, 3, Some(Answer(3, -3_500, true)))
        .for_reads()
        // The readers' endpoint finds the new writer first: that is not what the writes wait for.
        .connect_to("b.test", 12.0, 3, Some(NEW_WRITER))
        .for_reads()
        .told(13.0, AddressChanged, "a.test: 10.0.0.2 -> 10.0.0.4")
        .connect_to("b.test", 14.0, 3, Some(NEW_WRITER))
        .steady("user_list", 0.1, 0.1, 590, 0.005)
        .steady("update_login", 0.1, 0.1, 100, 0.005)
        .failed("update_login", 10.1, 10.3, Refused)
        .failed("update_login", 12.0, 12.1, Refused)
        .steady("update_login", 16.0, 0.1, 430, 0.005);
    let writes = decomposition(&made.direct(), Group::Writer, 0);
    assert_eq!(parts(&writes), [Some(0.3), Some(2.7), Some(1.0), Some(2.0)]);
}

#[test]
fn a_trigger_belongs_to_the_failover_that_follows_it() {
    // Two triggers 40 s apart: the first brought nothing about, the last success of the outage came just before the second.
    let made = HandMade::new(120.0)
        .trigger(10.0)
        .trigger(50.05)
        .steady("update_login", 0.1, 0.1, 500, 0.005)
        .failed("update_login", 50.1, 50.2, Refused)
        .failed("update_login", 51.1, 51.2, Refused)
        .steady("update_login", 52.0, 0.1, 600, 0.005);
    let path = made.direct();
    let found = decomposition(&path, Group::Writer, 0);
    assert_eq!(seen(found.trigger), Some((50.05, Source::Events)));
    assert_eq!(found.before_trigger_us, Some(us(0.05)));
    assert_eq!(path.impacts[0].window.start.micros(), START_US + us(50.05));
}
