//! Waits for a synchronous standby, as the reads tell of them.

use std::time::Duration;

use super::{now_us, probes, since, wait_for_standby};
use crate::common::{BUSY, Row, TestLab, assert_success, number, wait_until};

/// Those that ended before a moment.
fn ended_before(rows: &[Row], time_us: i64) -> Vec<Row> {
    let end_us = |row: &Row| number(row, "time").unwrap() + number(row, "duration_us").unwrap();
    let is_before = |row: &&Row| end_us(row) < time_us;
    rows.iter().filter(is_before).cloned().collect()
}

fn sessions(rows: &[Row]) -> Vec<i64> {
    let stated = rows.iter().filter_map(|row| number(row, "sync_rep_waits"));
    stated.collect()
}

/// On both paths: the proxy's sessions are of the same role.
#[test]
fn the_reads_state_how_many_sessions_wait_for_a_standby_that_is_absent() {
    let test = TestLab::start_set_up();
    wait_for_standby(&test, "");
    // While writes hang each second tick logs in anew: at the default interval that is all that pgbouncer can do on a busy machine.
    let flags = ["--duration", "120", "--availability-interval", "250ms"];
    let running = test.spawn_run(&[&BUSY[..], &flags].concat());
    test.wait_for_operation();
    std::thread::sleep(Duration::from_millis(1_500));
    let before_us = now_us();
    wait_for_standby(&test, "absent");
    // Long enough for the server to count them.
    let waiting = "select count(*)::text from pg_stat_activity where usename = 'app' and wait_event = 'SyncRep' \
                   and query like 'UPDATE business_availability%' and query like '%PATH%' \
                   and query_start < clock_timestamp() - interval '700 ms'";
    wait_until("writes of both paths to wait", || {
        let waits = |path| test.texts(&waiting.replace("PATH", path))[0] != "0";
        waits("direct") && waits("proxy")
    });
    std::thread::sleep(Duration::from_millis(1_500));
    let until_us = now_us();
    wait_for_standby(&test, "");
    let held =
        "select pid::text from pg_stat_activity where usename = 'app' and wait_event = 'SyncRep'";
    wait_until("no session to wait", || test.texts(held).is_empty());
    let after_us = now_us();
    std::thread::sleep(Duration::from_secs(3));
    running.signal("INT");
    assert_success(&running.output());

    let recording = test.recording();
    for path in ["direct", "proxy"] {
        let reads = probes(&recording, (path, "read"));
        let before = sessions(&ended_before(&reads, before_us));
        assert!(
            !before.is_empty() && before.iter().all(|waits| *waits == 0),
            "{path}: {before:?}"
        );
        // Until its connections to the server are all held by such writes the proxy answers reads.
        let asked = sessions(&ended_before(&since(&reads, before_us), until_us));
        let during: Vec<i64> = asked.into_iter().skip_while(|waits| *waits == 0).collect();
        assert!(
            !during.is_empty() && during.iter().all(|waits| *waits > 0),
            "{path}: {during:?}"
        );
        let after = sessions(&since(&reads, after_us));
        assert!(
            !after.is_empty() && after.iter().all(|waits| *waits == 0),
            "{path}: {after:?}"
        );
        // Asked for by few of the reads, and by no write.
        let stated: Vec<&Row> = reads
            .iter()
            .filter(|row| row.contains_key("sync_rep_waits"))
            .collect();
        let time = |row: Option<&&Row>| number(row.unwrap(), "time").unwrap();
        let asked_us = time(stated.last()) - time(stated.first());
        // A question may go out up to a second after its time.
        assert!(
            (stated.len() as i64 - 3) * 500_000 <= asked_us,
            "{path}: {} in {asked_us}",
            stated.len()
        );
        assert_eq!(
            sessions(&probes(&recording, (path, "write"))),
            Vec::<i64>::new()
        );
    }
}
