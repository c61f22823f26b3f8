use std::path::Path;

use super::*;
use crate::endpoint::environment::Environment;

fn command(text: &str, lifetime: Duration) -> PasswordCommand {
    let url = "postgres://app@db.example.com:6432/shop";
    let endpoint = Endpoint::parse(url, &Environment::of(&[])).unwrap();
    PasswordCommand::new(text, lifetime, &endpoint, &endpoint.hosts[0]).unwrap()
}

const LONG: Duration = Duration::from_secs(600);

async fn password(text: &str) -> Result<String, String> {
    let password = command(text, LONG).password().await;
    password
        .map(|password| password.0)
        .map_err(|error| error.message)
}

#[tokio::test]
async fn the_first_line_is_the_password() {
    assert_eq!(password("echo 'a b='; echo more").await.unwrap(), "a b=");
    assert_eq!(password("printf 'no newline'").await.unwrap(), "no newline");
    assert_eq!(password("printf 'dos\\r\\nmore'").await.unwrap(), "dos");
    let endpoint = r#"echo "$PGUSER@$PGHOST:$PGPORT/$PGDATABASE""#;
    assert_eq!(
        password(endpoint).await.unwrap(),
        "app@db.example.com:6432/shop"
    );
    // A command that prints for ever is cut off, not waited for.
    assert_eq!(password("yes; true").await.unwrap(), "y");
}

#[tokio::test]
async fn a_failure_is_one_line_without_secrets() {
    for (text, reason) in [
        (
            "exit 3",
            "no valid password: the password command exited with code 3",
        ),
        ("true", "printed no password"),
        ("echo; echo more", "printed no password"),
        ("kill -TERM $$", "was killed by signal 15"),
        ("no-such-program", "exited with code 127: "),
        ("printf '\\377\\n'", "not text"),
    ] {
        let error = password(text).await.unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let text = "echo geheim-9; echo 'first geheim-9' >&2; echo 'token=other-8 second' >&2; exit 1";
    let error = password(text).await.unwrap_err();
    assert!(error.contains("first ***; token=*** second"), "{error}");
}

#[test]
fn settings_that_make_no_sense() {
    let endpoint = Endpoint::parse("postgres://a@h/d", &Environment::of(&[])).unwrap();
    let new =
        |text, lifetime| PasswordCommand::new(text, lifetime, &endpoint, &endpoint.hosts[0]).err();
    assert_eq!(new("true", Duration::from_secs(1)), None);
    assert!(new("true", Duration::from_millis(900)).is_some());
    assert!(new(" ", LONG).is_some());
}

/// Appends a line per run to the file, and prints the number of the run.
fn counting(file: &Path) -> String {
    let file = file.display();
    format!("echo run >> {file}; wc -l < {file} | tr -d ' '")
}

#[tokio::test]
async fn one_run_serves_many_connections() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs");
    let command = command(&counting(&file), LONG);
    let all = tokio::join!(command.password(), command.password(), command.password());
    assert_eq!(all.0.unwrap().0, "1");
    assert_eq!(all.1.unwrap().0, "1");
    assert_eq!(all.2.unwrap().0, "1");
    let clone = command.clone();
    drop(command);
    assert_eq!(clone.password().await.unwrap().0, "1");
}

/// The password is never waited for after the first: asked all the time, there is always one.
#[tokio::test]
async fn it_is_made_anew_before_it_runs_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs");
    let command = command(&counting(&file), Duration::from_secs(4));
    let mut last = String::new();
    while last != "3" {
        last = command.password().await.unwrap().0;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_failing_command_is_tried_again_and_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("good");
    std::fs::write(&file, "one\n").unwrap();
    let command = command(&format!("cat {}", file.display()), Duration::from_secs(1));
    let (sender, told) = std::sync::mpsc::channel();
    command.listen(Box::new(move |text| sender.send(text.to_owned()).unwrap()));
    assert_eq!(command.password().await.unwrap().0, "one");
    std::fs::remove_file(&file).unwrap();
    let error = loop {
        match command.password().await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => break error.message,
        }
    };
    assert!(error.contains("the last one has expired"), "{error}");
    std::fs::write(&file, "two\n").unwrap();
    while command.password().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(command.password().await.unwrap().0, "two");
    assert!(
        told.try_recv()
            .unwrap()
            .contains("exited with code 1: cat: ")
    );
    assert_eq!(told.try_recv().unwrap(), "the password command works again");
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("id");
    let text = format!("sleep 300 & echo $! > {}; wait", file.display());
    let limit = Duration::from_secs(2);
    let error = execute::first_line(&text, &[], None, limit)
        .await
        .unwrap_err();
    let told = "the password command did not finish within 2s".to_owned();
    assert_eq!(error, NoPassword::from(told));
    let id = std::fs::read_to_string(file).unwrap();
    let state = || {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).ok()?;
        text.rsplit_once(") ")?.1.chars().next()
    };
    // Gone, or dead and not yet collected by its new parent; of itself it would live for five minutes.
    let gone = async {
        while !matches!(state(), None | Some('Z')) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), gone).await;
    assert!(waited.is_ok(), "{:?}", state());
}
