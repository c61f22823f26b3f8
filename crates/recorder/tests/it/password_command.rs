//! Passwords from a command, during a run against a real server whose password changes.

use std::path::PathBuf;

use crate::common::{
    BUSY, Row, Running, TestLab, assert_one_line, assert_success, rows, wait_until,
};
use recording::Table;

const RUN: [&str; 4] = ["--mode", "direct", "--duration", "300"];

/// A lab, the file whose first line the command prints, and that command.
struct Setting {
    test: TestLab,
    file: PathBuf,
    command: String,
}

impl Setting {
    fn start() -> Self {
        let test = TestLab::start_set_up();
        let file = test.folder.path().join("token");
        let command = format!("cat {}", file.display());
        let setting = Self {
            test,
            file,
            command,
        };
        setting.change_password("first-geheim");
        setting
    }

    /// The direct path's URL, without a password.
    fn url(&self) -> String {
        let url = self.test.lab.direct_url();
        let (_, host) = url.split_once('@').unwrap();
        format!("postgres://app@{host}")
    }

    fn change_password(&self, password: &str) {
        let change = format!("alter role app password '{password}'");
        let admin = self.test.admin();
        self.test
            .runtime
            .block_on(admin.batch_execute(&change))
            .unwrap();
        std::fs::write(&self.file, format!("{password}\nmore\n")).unwrap();
    }

    fn spawn(&self, lifetime: &str) -> Running {
        let runs = self.test.runs();
        let flags = [&RUN[..], &BUSY, &["--password-lifetime", lifetime]].concat();
        let arguments = self.test.run_arguments(&flags, runs.to_str().unwrap());
        let mut command = self.test.command(&arguments);
        command
            .env("PGOUTAGE_DIRECT_URL", self.url())
            .env("PGOUTAGE_PASSWORD_COMMAND", &self.command)
            // The command comes before it.
            .env("PGPASSWORD", "wrong");
        let running = Running::spawn(&mut command);
        self.test.wait_for_recording();
        self.wait_for_new_connections();
        running
    }

    /// Waits until the recorder has connections that did not exist before, and works on them.
    fn wait_for_new_connections(&self) {
        let begun = self.test.texts("select now()::text").remove(0);
        let new = format!(
            "select pid::text from pg_stat_activity where usename = 'app' and backend_start > '{begun}' and query like '%business_%'"
        );
        wait_until("new connections", || {
            self.cut();
            std::thread::sleep(std::time::Duration::from_millis(300));
            !self.test.texts(&new).is_empty()
        });
    }

    /// Ends the recorder's connections.
    fn cut(&self) {
        let cut =
            "select pg_terminate_backend(pid)::text from pg_stat_activity where usename = 'app'";
        self.test.texts(cut);
    }

    /// What the recorder's log says so far.
    fn log(&self) -> String {
        let recording = self.test.recording();
        std::fs::read_to_string(recording.folder().join("logs/recorder.log")).unwrap()
    }
}

fn of_class<'a>(rows: &'a [Row], class: &str) -> Vec<&'a Row> {
    let is_of_class = |row: &&Row| row.get("error_class").is_some_and(|found| found == class);
    rows.iter().filter(is_of_class).collect()
}

#[test]
fn a_password_that_changes_in_the_server() {
    let setting = Setting::start();
    let running = setting.spawn("2s");
    for password in ["second-geheim", "third-geheim"] {
        setting.change_password(password);
        setting.wait_for_new_connections();
    }
    running.signal("INT");
    let output = running.output();
    assert_success(&output);
    assert!(!crate::common::stderr(&output).contains("geheim"));
    assert!(!setting.log().contains("geheim"));
}

#[test]
fn a_command_that_fails_is_a_failure_of_connecting() {
    let setting = Setting::start();
    let running = setting.spawn("1s");
    // The last password runs out, and no connection can be made.
    std::fs::remove_file(&setting.file).unwrap();
    wait_until("a refused attempt", || {
        setting.cut();
        std::thread::sleep(std::time::Duration::from_millis(100));
        setting.log().contains("no valid password")
    });
    setting.change_password("second-geheim");
    setting.wait_for_new_connections();
    running.signal("INT");
    assert_success(&running.output());

    let recording = setting.test.recording();
    let connections = rows(&recording, Table::Connections);
    let refused = of_class(&connections, "auth");
    let ran_out = "no valid password: the last one has expired: the password command exited with code 1: cat: ";
    assert!(
        refused
            .iter()
            .any(|row| row["error_message"].starts_with(ran_out)),
        "{refused:?}"
    );
    for row in refused {
        assert_eq!(row["error_phase"], "startup", "{row:?}");
    }
    let operations = rows(&recording, Table::Operations);
    let failed = of_class(&operations, "auth");
    assert!(!failed.is_empty());
    for row in failed {
        assert_eq!(row["outcome"], "failed", "{row:?}");
        assert_eq!(row["error_phase"], "checkout", "{row:?}");
    }
    let log = setting.log();
    assert!(
        log.contains("direct: the password command exited with code"),
        "{log}"
    );
    assert!(
        log.contains("direct: the password command works again"),
        "{log}"
    );
}

#[test]
fn a_command_that_never_works_is_the_users_mistake() {
    let setting = Setting::start();
    let cleanup = |command: &str, more: &[&str]| {
        let flags = ["--password-command", command];
        let mut cleanup = setting
            .test
            .command(&[&flags, more, &["cleanup", "--yes"]].concat());
        cleanup
            .env("PGOUTAGE_DIRECT_URL", setting.url())
            .output()
            .unwrap()
    };
    let failing = cleanup("echo so-geheim; echo why so-geheim >&2; exit 4", &[]);
    assert_one_line(
        &failing,
        2,
        &["code 4: why ***", "check --password-command"],
    );
    assert!(!crate::common::stderr(&failing).contains("geheim"));
    assert_one_line(
        &cleanup("echo wrong", &[]),
        2,
        &["password authentication failed"],
    );
    let short = ["--password-lifetime", "10ms"];
    assert_one_line(&cleanup("true", &short), 2, &["--password-lifetime", "1s"]);
    assert_one_line(&cleanup(" ", &[]), 2, &["--password-command is empty"]);
    // It is told where it leads.
    let told = r#"test "$PGUSER $PGHOST" = 'app writer.lab.test' && head -1 "#;
    let told = format!("{told} {}", setting.file.display());
    assert_success(&cleanup(&told, &[]));
}
