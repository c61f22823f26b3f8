//! Who answered, and where names led: under the strips of each path.

use analyze::charts::{ChartOptions, svg_all};
use analyze::summary::series::{EndpointSeries, PathSeries};
use recording::vocabulary::OperationType::{Read, Write};
use recording::vocabulary::ProbeKind;
use recording::{DnsAnswer, Probe};

use crate::support::around::{Answer, NEW_WRITER, OLD_WRITER};
use crate::support::{HandMade, START_US, us};

/// Reads all through. The writer fails at 10 s, and is back as a reader from 14 s on; the name leads to the new one from 16 s on.
fn failing_over() -> HandMade {
    let Answer(byte, started, _) = OLD_WRITER;
    HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .served(Read, (0.0, 10.0), OLD_WRITER)
        .served(Write, (0.0, 10.0), OLD_WRITER)
        .turned_away(Read, (10.0, 14.0))
        .turned_away(Write, (10.0, 16.0))
        .served(Read, (14.0, 16.0), Answer(byte, started, true))
        .served(Read, (16.0, 30.0), NEW_WRITER)
        .served(Write, (16.0, 30.0), NEW_WRITER)
}

fn seconds(us: i64) -> f64 {
    (us - START_US) as f64 / 1e6
}

fn servers(endpoint: &EndpointSeries) -> Vec<(i64, i64, &str, bool)> {
    let spans = endpoint.servers.iter();
    let span = spans.map(|found| {
        let [from, to] = [found.span.start, found.span.end].map(|time| seconds(time.micros()));
        let server = found.server.as_str();
        (
            from.round() as i64,
            to.round() as i64,
            server,
            found.in_recovery.unwrap(),
        )
    });
    span.collect()
}

fn path(made: HandMade) -> PathSeries {
    made.write().analyze().series.paths.remove(0)
}

#[test]
fn roles_are_those_of_the_answers() {
    let path = path(failing_over());
    let [endpoint] = path.endpoints.as_slice() else {
        panic!("{:?}", path.endpoints);
    };
    assert!(!endpoint.reader);
    let Answer(old, ..) = OLD_WRITER;
    let Answer(new, ..) = NEW_WRITER;
    let [old, new] = [old, new].map(|byte| format!("10.0.0.{byte}:5432"));
    assert_eq!(
        servers(endpoint),
        [
            (0, 10, old.as_str(), false),
            (14, 16, old.as_str(), true),
            (16, 30, new.as_str(), false)
        ]
    );
}

/// The name server's answers where there are any: a kept connection does not follow the name.
#[test]
fn addresses_are_those_of_the_name() {
    let answers = (0..60).map(|index| {
        let at = 0.5 * f64::from(index);
        let addresses = if at < 20.0 { "10.0.0.2" } else { "10.0.0.3" };
        Probe {
            path: recording::vocabulary::Path::Direct,
            time: START_US + us(at),
            kind: ProbeKind::Dns,
            target: "writer.lab.test".to_owned(),
            reader: false,
            duration_us: 1_000,
            server: None,
            replication_lag_us: None,
            dns: Some(DnsAnswer {
                addresses: addresses.to_owned(),
                ttl_s: Some(5),
            }),
            failure: None,
        }
    });
    let made = answers.fold(failing_over(), HandMade::probed);
    let path = path(made);
    let spans = path.endpoints[0].addresses.iter().map(|found| {
        let [from, to] = [found.span.start, found.span.end].map(|time| seconds(time.micros()));
        (from, to, found.address.as_str())
    });
    let expected = [(0.0, 19.501, "10.0.0.2"), (20.0, 30.0, "10.0.0.3")];
    assert_eq!(spans.collect::<Vec<_>>(), expected);
}

#[test]
fn the_lanes_say_who_and_in_which_role() {
    let analysis = failing_over().write().analyze();
    let charts = svg_all(
        &analysis.summary,
        &analysis.series,
        &ChartOptions::default(),
    );
    let charts = charts.unwrap();
    let (_, svg) = charts
        .iter()
        .find(|(name, _)| *name == "availability")
        .unwrap();
    for said in [
        "A writer",
        "B writer",
        "a writer answered",
        "a reader answered",
    ] {
        assert!(svg.contains(&format!(">\n{said}\n")), "{said}");
    }
    assert!(
        svg.contains("servers: A 10.0.0.2:5432 · B 10.0.0.3:5432"),
        "{svg}"
    );
}

/// Where no probe was on its way nothing is known of the service, and it is not drawn as up.
#[test]
fn a_service_that_was_not_asked_is_unknown() {
    let made = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .served(Read, (0.0, 10.0), OLD_WRITER)
        .served(Read, (20.0, 30.0), OLD_WRITER);
    let analysis = made.write().analyze();
    let strips = &analysis.series.paths[0].strips;
    let service = strips
        .iter()
        .find_map(|strip| strip.service.as_ref())
        .unwrap();
    let unknown: Vec<(i64, i64)> = service
        .unobserved
        .iter()
        .map(|span| {
            let [from, to] = [span.start, span.end].map(|time| seconds(time.micros()));
            (from.round() as i64, to.round() as i64)
        })
        .collect();
    assert_eq!(unknown, [(10, 20)]);
    let charts = svg_all(
        &analysis.summary,
        &analysis.series,
        &ChartOptions::default(),
    )
    .unwrap();
    let (_, svg) = charts
        .iter()
        .find(|(name, _)| *name == "availability")
        .unwrap();
    assert!(svg.contains("no data: the group was not asked"));
}
