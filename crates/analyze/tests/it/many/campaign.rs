//! `analyze report` of several recordings.

use super::*;
use analyze::campaign::{Campaign, Distribution, Measured, Paired, TogetherBy};
use analyze::summary::{Group, Summary, Thresholds};
use recording::vocabulary::EventKind::RoleChanged;

const DIRECT: [f64; 5] = [5.0, 6.0, 4.0, 7.0, 5.5];
const PROXY: [f64; 5] = [2.0, 1.5, 2.5, 0.0, 6.0];

fn five() -> Vec<HandMade> {
    let runs = DIRECT.into_iter().zip(PROXY).enumerate();
    runs.map(|(number, (direct, proxy))| run(number, direct, proxy))
        .collect()
}

fn campaign(runs: Vec<HandMade>) -> Campaign {
    let summaries: Vec<Summary> = runs.into_iter().map(HandMade::summary).collect();
    Campaign::new(&summaries, Thresholds::default())
}

fn figure<'c>(campaign: &'c Campaign, path: &str, measured: Measured) -> &'c Distribution {
    let mut figures = campaign.figures.iter();
    let is_it = |of: &&Distribution| {
        (of.path.as_str(), of.group, of.measured) == (path, Group::Writer, measured)
    };
    figures.find(is_it).unwrap()
}

fn paired(campaign: &Campaign, measured: Measured) -> &Paired {
    let mut paired = campaign.paired.iter();
    paired
        .find(|of| (of.group, of.measured) == (Group::Writer, measured))
        .unwrap()
}

#[test]
fn five_runs_of_one_failover_have_medians_ranges_and_intervals() {
    let campaign = campaign(five());
    assert_eq!(campaign.runs.len(), 5);
    assert!(campaign.runs.iter().all(|run| run.together_by.is_none()));
    assert_eq!(campaign.failovers.len(), 5);
    let direct = figure(&campaign, "direct", Measured::Downtime);
    let spread = direct.spread.unwrap();
    assert_eq!((spread.n, spread.median_us), (5, us(5.5)));
    assert_eq!((spread.min_us, spread.max_us), (us(4.0), us(7.0)));
    // Of five the interval of the median is the range: the smallest is the median of a sample with probability 0.058.
    let interval = spread.interval.unwrap();
    assert_eq!((interval.low_us, interval.high_us), (us(4.0), us(7.0)));
    let proxy = figure(&campaign, "proxy", Measured::Downtime);
    let spread = proxy.spread.unwrap();
    // One failover went unnoticed: 0 1.5 2 2.5 6.
    assert_eq!((spread.n, spread.median_us, spread.min_us), (5, us(2.0), 0));
    assert_eq!((proxy.without_episode, proxy.left_out), (1, 0));
    // 3, 4.5, 1.5, 7, -0.5.
    let differences = paired(&campaign, Measured::Downtime);
    assert_eq!((differences.spread.n, differences.unpaired), (5, 0));
    assert_eq!(differences.spread.median_us, us(3.0));
    assert_eq!(
        (differences.spread.min_us, differences.spread.max_us),
        (us(-0.5), us(7.0))
    );
    assert_eq!(differences.proxy_shorter, 4);
}

#[test]
fn detection_is_from_the_trigger_and_recovery_from_the_outage_on() {
    let campaign = campaign(five());
    // The first failure ends 0.1 s after the outage began, 0.05 s after the trigger.
    let found = figure(&campaign, "direct", Measured::TriggerToFirstFailure);
    let spread = found.spread.unwrap();
    assert_eq!(
        (spread.n, spread.min_us, spread.max_us),
        (5, us(0.15), us(0.15))
    );
    // What went unnoticed has no first failure, and is not missing one.
    let found = figure(&campaign, "proxy", Measured::TriggerToFirstFailure);
    assert_eq!((found.spread.unwrap().n, found.left_out), (4, 0));
    // As the reports of the recordings have it.
    let of_reports = five().into_iter().map(|made| {
        let path = made.direct();
        let group = crate::support::group(&path, Group::Writer);
        group.episodes[0].time_to_full_throughput_us.unwrap()
    });
    let mut of_reports: Vec<i64> = of_reports.collect();
    of_reports.sort_unstable();
    let spread = figure(&campaign, "direct", Measured::FullThroughput)
        .spread
        .unwrap();
    assert_eq!((spread.n, spread.median_us), (5, of_reports[2]));
    assert_eq!(
        (spread.min_us, spread.max_us),
        (of_reports[0], of_reports[4])
    );
    // No probes: no new writer was seen, no service was asked.
    let measured = |measured| campaign.figures.iter().any(|of| of.measured == measured);
    assert!(!measured(Measured::TriggerToNewWriter) && !measured(Measured::ServiceDowntime));
}

#[test]
fn runs_have_the_figures_that_one_recording_of_all_failovers_has() {
    let single = run(0, 5.0, 2.0).summary();
    let campaign = Campaign::new(std::slice::from_ref(&single), Thresholds::default());
    let [direct, _] = single.failovers.downtime.as_slice() else {
        panic!("two paths");
    };
    let spread = figure(&campaign, "direct", Measured::Downtime)
        .spread
        .unwrap();
    assert_eq!((spread.n, spread.median_us), (direct.n, direct.median_us));
    assert_eq!(spread.interval, None, "n = 1");
    let difference = single.failovers.paired.as_ref().unwrap();
    let of_campaign = paired(&campaign, Measured::Downtime);
    assert_eq!(of_campaign.spread.median_us, difference.median_us);
    assert_eq!(of_campaign.proxy_shorter, difference.proxy_shorter);
}

/// A host of a fleet: its clock is ahead, and that was measured. Only the first triggers the failover; the others see the writer change.
fn host(name: &'static str, ahead_us: i64, down: f64, triggers: bool) -> HandMade {
    let run_id: &'static str = format!("20261122T204300Z-{name}").leak();
    let mut made = HandMade::new(90.0);
    if triggers {
        made = made.trigger(29.95);
    } else {
        made = made
            .on(Direct)
            .told(32.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)");
    }
    let made = writes(reads(made, Direct), Direct, down);
    made.on_host(name, run_id, ahead_us)
        .measured(Direct, -1.0, -ahead_us, 80)
}

fn fleet() -> Vec<HandMade> {
    vec![
        host("app-1", us(37.0), 5.0, true),
        host("app-2", -us(12.0), 5.4, false),
        host("app-3", 250, 4.8, false),
    ]
}

#[test]
fn three_hosts_of_one_run_count_once_with_the_worst_of_each_figure() {
    let campaign = campaign(fleet());
    let [run] = campaign.runs.as_slice() else {
        panic!("one run");
    };
    assert_eq!(
        (run.recordings.len(), run.together_by),
        (3, Some(TogetherBy::Servers))
    );
    let [failover] = campaign.failovers.as_slice() else {
        panic!("one failover");
    };
    assert_eq!((failover.hosts, failover.hosts_recording), (3, 3));
    // On the server's clock, 37 s before that of the host that triggered it.
    assert_eq!(
        failover.trigger.unwrap().micros(),
        crate::support::START_US + us(29.95)
    );
    let downtime = failover
        .figure("direct", Group::Writer, Measured::Downtime)
        .unwrap();
    assert_eq!(
        (downtime.us, downtime.host.as_str()),
        (Some(us(5.4)), "app-2")
    );
    assert_eq!((downtime.hosts, downtime.at_least), (3, false));
    let spread = figure(&campaign, "direct", Measured::Downtime)
        .spread
        .unwrap();
    assert_eq!((spread.n, spread.interval), (1, None));
    // Another host's trigger, by the server's clock.
    let found = failover
        .figure("direct", Group::Writer, Measured::TriggerToFirstFailure)
        .unwrap();
    assert_eq!((found.us, found.hosts), (Some(us(0.15)), 3));
}

#[test]
fn a_host_that_did_not_see_the_end_makes_it_a_bound() {
    let mut runs = fleet();
    runs[1] = HandMade::new(90.0)
        .steady("update_login", 0.1, 0.1, 300, 0.005)
        .failed("update_login", 30.05, 30.1, Refused)
        .failed("update_login", 60.0, 60.1, Refused)
        .on(Direct)
        .told(32.0, RoleChanged, "10.0.0.2 (writer) -> 10.0.0.3 (writer)")
        .on_host("app-2", "20261122T204300Z-open", 0)
        .measured(Direct, -1.0, 0, 80);
    let campaign = campaign(runs);
    let downtime = campaign.failovers[0]
        .figure("direct", Group::Writer, Measured::Downtime)
        .unwrap();
    assert_eq!((downtime.us, downtime.at_least), (Some(us(60.0)), true));
    let found = figure(&campaign, "direct", Measured::Downtime);
    assert_eq!((found.spread, found.left_out), (None, 1));
}

#[test]
fn what_makes_recordings_one_run() {
    let runs = |runs: Vec<HandMade>| {
        let sizes = campaign(runs)
            .runs
            .into_iter()
            .map(|run| run.recordings.len());
        sizes.collect::<Vec<_>>()
    };
    assert_eq!(runs(fleet()), [3]);
    let label = |made: HandMade, set: fn(&mut recording::Manifest)| made.set(set);
    // A label that both have decides instead of the servers.
    let [first, second, third]: [HandMade; 3] = fleet().try_into().ok().unwrap();
    let one =
        |manifest: &mut recording::Manifest| drop(manifest.labels.insert("run".into(), "1".into()));
    let two =
        |manifest: &mut recording::Manifest| drop(manifest.labels.insert("run".into(), "2".into()));
    assert_eq!(
        runs(vec![
            label(first, one),
            label(second, two),
            label(third, one)
        ]),
        [2, 1]
    );
    // Without a server in common they are of different clusters.
    let unmeasured =
        |number| run(number, 5.0, 2.0).on_host("bastion-2", format!("run-{number}").leak(), 0);
    assert_eq!(runs(vec![unmeasured(1), unmeasured(2)]), [1, 1]);
    let named = |manifest: &mut recording::Manifest| {
        manifest.endpoints.push(recording::Endpoint {
            path: Direct,
            host: "writer.lab.test".to_owned(),
            port: 5432,
            database: "shop".to_owned(),
            user: "shop".to_owned(),
            sslmode: "disable".to_owned(),
            reader: false,
            more_hosts: Vec::new(),
            target_session_attrs: None,
            tls_error: None,
        });
    };
    assert_eq!(
        runs(vec![unmeasured(1).set(named), unmeasured(2).set(named)]),
        [2]
    );
    // One after the other on the same servers.
    let later = |ahead| {
        host("app-1", ahead, 5.0, true)
            .measured(Direct, -1.0, 0, 80)
            .set(named)
    };
    let after = later(us(50.0))
        .on_host("app-1", "later", us(600.0))
        .measured(Direct, -2.0, 0, 10);
    assert_eq!(runs(vec![later(0), after]), [1, 1]);
}

#[test]
fn a_report_of_a_folder_is_of_all_recordings_in_it() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("runs"), five());
    let report = printed(&["report", "runs"], root.path());
    insta::assert_snapshot!(report, @r"");
    // As named one by one, and as JSON.
    let named = [
        "report",
        "runs/run-0",
        "runs/run-1",
        "runs/run-2",
        "runs/run-3",
        "runs/run-4",
    ];
    assert_eq!(printed(&named, root.path()), report);
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["report", "runs", "--json"], root.path())).unwrap();
    assert_eq!(json["figures"][1]["median_us"], us(5.5));
    assert_eq!(json["failovers"].as_array().unwrap().len(), 5);
}

#[test]
fn a_fleet_reads_well_in_both_languages() {
    let root = tempfile::tempdir().unwrap();
    for (name, made) in ["app-1", "app-2", "app-3"].into_iter().zip(fleet()) {
        write_all(&root.path().join(name), [made]);
    }
    insta::assert_snapshot!(printed(&["report", "."], root.path()), @r"");
    insta::assert_snapshot!(printed(&["report", ".", "--lang", "zh"], root.path()), @r"");
}

#[test]
fn a_folder_with_one_recording_is_that_recording() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("runs"), [run(0, 5.0, 2.0)]);
    let of_folder = printed(&["report", "runs"], root.path());
    assert_eq!(of_folder, printed(&["report", "runs/run-0"], root.path()));
    assert!(of_folder.contains("Test configuration"));
}

#[test]
fn what_cannot_be_read_is_one_line_and_the_rest_is_reported() {
    let root = tempfile::tempdir().unwrap();
    write_all(&root.path().join("runs"), five());
    let part = root
        .path()
        .join("runs/run-2/operations/direct-00001.parquet");
    fs::write(&part, "damaged").unwrap();
    let output = analyze(&["report", "runs"], root.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("run-2") && said.contains("--allow-damaged"),
        "{said}"
    );
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("median of 4 failovers"), "{report}");
}

#[test]
fn without_a_failover_there_is_no_figure() {
    let root = tempfile::tempdir().unwrap();
    let quiet = |number: usize| {
        let made = writes(HandMade::new(90.0), Direct, 0.0);
        made.on_host(
            "bastion-1",
            format!("quiet-{number}").leak(),
            us(600.0) * number as i64,
        )
    };
    write_all(&root.path().join("runs"), [quiet(0), quiet(1)]);
    let report = printed(&["report", "runs"], root.path());
    assert!(
        report.contains("No failover was seen in any recording."),
        "{report}"
    );
    assert!(!report.contains("Over all failovers"));
}
