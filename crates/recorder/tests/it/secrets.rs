//! No secret leaves the recorder: not in a recording, a log, an error, a process list, nor the environment of a child.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use crate::common::{Running, TestLab, assert_success, files, rows};
use recording::{Recording, Table};

/// The token that a command gives, with characters that mean something in URLs, shells and password files.
const TOKEN: &str = "tok-geheim:1/+=&%41'x";
/// In the recorder's environment, where others find what they ask for before they come to it.
const UNUSED: &str = "unused-geheim-2";
const WRONG: &str = "wrong-geheim-3";

/// Who was started, and what of them anybody can read who has their user's rights.
#[derive(Default)]
struct Seen {
    /// Command lines of the recorder and of all below it.
    command_lines: BTreeSet<Vec<u8>>,
    /// Environments of all below it, by command line.
    environments: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
}

impl Seen {
    /// Looks at the processes of this moment.
    fn look(&mut self, recorder: u32) {
        let own = command_line(recorder);
        if !contains(&own, "--failover-command") {
            // It is still to become the recorder, or has just ended.
            return;
        }
        let mut parents = BTreeMap::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(process) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            if let Some(parent) = parent(process) {
                parents.insert(process, parent);
            }
        }
        for process in parents.keys() {
            let ancestors =
                std::iter::successors(Some(*process), |process| parents.get(process).copied());
            if !ancestors.take(64).any(|ancestor| ancestor == recorder) {
                continue;
            }
            let command_line = command_line(*process);
            // A child that is still to become another program is the recorder, environment and all.
            if *process != recorder && command_line != own {
                let environments = self.environments.entry(command_line.clone()).or_default();
                environments.insert(environment(*process));
            }
            self.command_lines.insert(command_line);
        }
    }

    /// The environments of those whose command line holds the text.
    fn environments_of(&self, text: &str) -> Vec<&Vec<u8>> {
        let of_them = self
            .environments
            .iter()
            .filter(|(line, _)| contains(line, text));
        let all = of_them.flat_map(|(_, environments)| environments);
        all.filter(|environment| !environment.is_empty()).collect()
    }
}

fn command_line(process: u32) -> Vec<u8> {
    fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default()
}

fn environment(process: u32) -> Vec<u8> {
    fs::read(format!("/proc/{process}/environ")).unwrap_or_default()
}

fn parent(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold anything.
    let (_, after) = text.rsplit_once(')')?;
    after.split_whitespace().nth(1)?.parse().ok()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The secret as it is, and as a URL or a password file write it.
fn forms(secret: &str) -> [String; 3] {
    let escaped: String = secret
        .bytes()
        .map(
            |byte| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            },
        )
        .collect();
    [secret.to_owned(), escaped, secret.replace(':', "\\:")]
}

fn assert_clean(what: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        for form in forms(secret) {
            assert!(
                !contains(bytes, &form),
                "{form:?} is in {what}: {}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}

fn assert_output_clean(what: &str, output: &Output, secrets: &[&str]) {
    assert_clean(&format!("stdout of {what}"), &output.stdout, secrets);
    assert_clean(&format!("stderr of {what}"), &output.stderr, secrets);
}

fn password(url: &str) -> String {
    let (login, _) = url.split_once('@').unwrap();
    login.rsplit_once(':').unwrap().1.to_owned()
}

/// A user of his own for the direct path, whose password is [`TOKEN`]; the file that holds it.
fn make_token(test: &TestLab) -> String {
    let quoted = TOKEN.replace('\'', "''");
    let make = format!(
        "create role token_user login password '{quoted}' in role app; alter role token_user set role app"
    );
    test.runtime
        .block_on(test.admin().batch_execute(&make))
        .unwrap();
    let file = test.folder.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

fn token_url(test: &TestLab) -> String {
    let url = test.lab.direct_url();
    let (_, host) = url.split_once('@').unwrap();
    format!("postgres://token_user@{host}")
}

#[test]
fn a_run_keeps_them() {
    let test = TestLab::start_set_up();
    let proxy = test.lab.proxy_url();
    let of_url = password(&proxy);
    let file = make_token(&test);
    let secrets = [of_url.as_str(), TOKEN, UNUSED, WRONG];
    let command = format!("sleep 0.4 && cat {file} # of the test");
    let runs = test.runs();
    let flags = [
        "--duration",
        "8",
        "--password-command",
        &command,
        "--password-lifetime",
        "2s",
        "--failover-after",
        "2s",
        // What it prints goes to a log.
        "--failover-command",
        "env && sleep 0.4 && exit 3",
        "--enable-pgbench",
        "--pgbench-scale",
        "1",
        "--pgbench-clients",
        "1",
        "--warmup-time",
        "0",
    ];
    let mut run = test.command(&test.run_arguments(&flags, runs.to_str().unwrap()));
    run.env("PGOUTAGE_DIRECT_URL", token_url(&test))
        .env("PGOUTAGE_PROXY_URL", &proxy)
        .env("PGOUTAGE_DIRECT_READER_URL", token_url(&test))
        .env("PGOUTAGE_PROXY_READER_URL", &proxy)
        .env("PGPASSWORD", UNUSED);
    let mut running = Running::spawn(&mut run);
    let mut seen = Seen::default();
    // Its own environment holds them, which only its user can read: this is how a leak would look.
    let mut is_found = false;
    while running.is_running() {
        seen.look(running.id());
        let own = environment(running.id());
        is_found |= contains(&own, &of_url) && contains(&own, UNUSED);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(is_found);
    let output = running.output();
    assert_success(&output);
    assert_output_clean("the run", &output, &secrets);

    for line in &seen.command_lines {
        assert_clean("a command line", line, &secrets);
    }
    check_environments(&seen, &secrets);
    let recording = test.recording();
    check_recording(recording.folder(), &secrets);
    let log = fs::read_to_string(recording.folder().join("logs/failover-command.log")).unwrap();
    assert!(log.contains("PATH="), "{log}");
    check_rows(&recording, &secrets);
}

fn check_rows(recording: &Recording, secrets: &[&str]) {
    // Part files are compressed: what is in them shows in their rows only.
    for table in [
        Table::Operations,
        Table::Connections,
        Table::Events,
        Table::Load,
    ] {
        let rows = rows(recording, table);
        assert!(!rows.is_empty(), "{table:?}");
        for row in rows {
            assert_clean(
                &format!("{table:?}"),
                format!("{row:?}").as_bytes(),
                secrets,
            );
        }
    }
}

fn check_environments(seen: &Seen, secrets: &[&str]) {
    for child in ["of the test", "exit 3", "pgbench"] {
        let environments = seen.environments_of(child);
        assert!(!environments.is_empty(), "{child} was not seen");
        for environment in environments {
            assert_clean(&format!("the environment of {child}"), environment, secrets);
        }
    }
}

fn check_recording(folder: &Path, secrets: &[&str]) {
    let files = files(folder);
    assert!(files.iter().any(|file| file.ends_with("manifest.json")));
    assert!(files.iter().any(|file| file.ends_with("logs/recorder.log")));
    assert!(
        files
            .iter()
            .any(|file| file.ends_with("logs/pgbench-direct.log"))
    );
    for file in files {
        let name = file.display().to_string();
        assert_clean(&name, name.as_bytes(), secrets);
        assert_clean(&name, &fs::read(&file).unwrap(), secrets);
    }
}

#[test]
fn errors_keep_them() {
    let test = TestLab::start();
    let direct = test.lab.direct_url();
    let of_url = password(&direct);
    let file = make_token(&test);
    let secrets = [of_url.as_str(), TOKEN, UNUSED, WRONG];
    let wrong = direct.replace(&of_url, WRONG);
    let no_host = format!("postgres://app:{WRONG}@/shop");
    let no_tls = format!("{direct}&sslmode=require");
    let token_url = token_url(&test);
    let printing = format!("cat {file}; cat {file} >&2; echo 'PGPASSWORD={UNUSED}' >&2; exit 1");
    let shouting = format!("cat {file} >&2; echo {WRONG}");
    // The endpoint, the password command, and what the error must say so that it is the one that was meant.
    for (url, command, reason) in [
        (wrong.as_str(), "", "password authentication failed"),
        (no_host.as_str(), "", "has no host"),
        (no_tls.as_str(), "", "has no TLS"),
        (token_url.as_str(), printing.as_str(), "exited with code 1"),
        (
            token_url.as_str(),
            shouting.as_str(),
            "password authentication failed",
        ),
    ] {
        let output = test
            .command(&["cleanup", "--yes"])
            .env("PGOUTAGE_DIRECT_URL", url)
            .env("PGOUTAGE_PASSWORD_COMMAND", command)
            .env("PGPASSWORD", UNUSED)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = crate::common::stderr(&output);
        assert!(text.contains(reason), "{reason}: {text}");
        assert_output_clean(reason, &output, &secrets);
    }
    // Help shows where values come from, and not the values.
    let help = test
        .command(&["run", "--help"])
        .env("PGOUTAGE_PASSWORD_COMMAND", format!("echo {WRONG}"))
        .output()
        .unwrap();
    assert_success(&help);
    assert!(crate::common::stdout(&help).contains("PGOUTAGE_PASSWORD_COMMAND"));
    assert_output_clean("the help", &help, &secrets);
}
