//! How statements reach the server.

use crate::common::{TestLab, assert_success, only_recording, rows};
use recording::Table;

/// The server's own log says how each statement came.
#[test]
fn the_server_sees_the_protocol_that_was_asked_for() {
    let test = TestLab::start_set_up();
    let admin = test.admin();
    for statement in [
        "alter system set log_statement = 'all'",
        "select pg_reload_conf()",
    ] {
        test.runtime
            .block_on(admin.simple_query(statement))
            .unwrap();
    }
    crate::common::wait_until("the setting", || {
        test.texts("show log_statement") == ["all"]
    });
    let log = test
        .lab
        .dir()
        .join("log")
        .join(format!("{}.log", test.lab.writer()));
    let mut seen = 0;
    for word in ["simple", "extended", "prepared"] {
        let runs = test.folder.path().join(word);
        let out = runs.to_str().unwrap();
        let flags = [
            "run",
            "--out",
            out,
            "--mode",
            "direct",
            "--duration",
            "2",
            "--protocol",
            word,
            "--min-operation-interval",
            "10ms",
            "--max-operation-interval",
            "30ms",
            // Neither has to do with the protocol.
            "--skip-check",
            "--probe-interval",
            "0",
            // A check before every operation goes the same way.
            "--pool-idle-check",
            "0",
        ];
        assert_success(&test.recorder(&flags));
        let recording = only_recording(&runs);
        assert_eq!(recording.manifest().protocol, word);
        let operations = rows(&recording, Table::Operations);
        assert!(operations.len() > 50, "{}", operations.len());
        for row in &operations {
            assert!(
                matches!(row["outcome"].as_str(), "ok" | "rejected" | "unfinished"),
                "{row:?}"
            );
        }

        let text = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
        let lines: Vec<&str> = text.lines().skip(seen).collect();
        seen = text.lines().count();
        assert_protocol(word, &lines);
    }
}

/// Every statement came in the protocol `word`.
fn assert_protocol(word: &str, lines: &[&str]) {
    for statement in ["UPDATE business_users", "SELECT 1"] {
        let came: Vec<_> = lines
            .iter()
            .filter(|line| line.ends_with(statement))
            .collect();
        assert!(came.len() > 3, "{word}: {came:?}");
        for line in came {
            let is_so = match word {
                "simple" => line.contains("  statement: "),
                "extended" => line.contains("  execute <unnamed>: "),
                // The driver names them s0, s1, ...
                _ => line.contains("  execute s"),
            };
            assert!(is_so, "{word}: {line}");
        }
    }
}
