//! A user's mistakes: one clear line each, exit code 2, no folder left behind. And set-up and clean-up.

use std::path::PathBuf;
use std::process::Output;

use crate::common::mounts::Mount;
use crate::common::{TestLab, assert_one_line, assert_success, stderr, stdout, words};

/// Runs for a second into the folder `runs` of a disk.
fn run_onto(test: &TestLab, disk: &Mount) -> (Output, PathBuf) {
    let out = disk.path().join("runs");
    let run = ["run", "--duration", "1", "--out", out.to_str().unwrap()];
    (test.recorder(&run), out)
}

/// Tables of these names that another application made are neither filled nor dropped.
#[test]
fn tables_of_another_application_are_left_alone() {
    let test = TestLab::start();
    let make = "create table business_orders (order_no int primary key, customer text); \
                insert into business_orders select n, 'x' from generate_series(1, 500) n; \
                grant all on business_orders to public";
    test.runtime
        .block_on(test.admin().batch_execute(make))
        .unwrap();
    let count = "select count(*)::text from business_orders";
    let text = "business_orders has no column id";
    assert_one_line(&test.recorder(&["setup"]), 2, &[text, "another database"]);
    let cleaned = test.recorder(&["cleanup", "--yes"]);
    assert_one_line(&cleaned, 2, &["nothing was dropped", text, "by hand"]);
    assert_eq!(test.texts(count), ["500"]);
}

#[test]
fn a_full_disk_is_one_line() {
    let Some(disk) = Mount::in_memory() else {
        return;
    };
    let test = TestLab::start_set_up();
    let filler = disk.fill(0);
    let (output, out) = run_onto(&test, &disk);
    let start = format!(
        "--out {}: cannot write there: no storage space; free space",
        out.display()
    );
    assert_one_line(&output, 2, &[&start, "choose another folder"]);
    assert!(!out.exists());
    std::fs::remove_file(filler).unwrap();
    assert_success(&run_onto(&test, &disk).0);
}

/// The last room goes to the recording's own files, and there is none for its log.
#[test]
fn a_recording_that_could_not_begin_leaves_no_folder() {
    // The disk's root; runs, the recording, its three folders, the lock, the manifest.
    let Some(disk) = Mount::in_memory_of_files(8) else {
        return;
    };
    let test = TestLab::start_set_up();
    let (output, out) = run_onto(&test, &disk);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let last = said.lines().last().unwrap();
    let texts = [
        "recorder: --out ",
        "recorder.log: No space left",
        "free space",
    ];
    assert!(texts.iter().all(|text| last.contains(text)), "{said}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "{said}");
}

/// The URL with another piece in place of one.
fn with(url: &str, from: &str, to: &str) -> String {
    assert!(url.contains(from), "{url}");
    url.replace(from, to)
}

fn password(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let (login, _) = rest.split_once('@').unwrap();
    login.split_once(':').unwrap().1.to_owned()
}

#[test]
fn set_up_repeat_top_up_and_clean_up() {
    let test = TestLab::start();
    let runs = test.runs();
    let run = ["run", "--duration", "1", "--out", runs.to_str().unwrap()];
    assert_one_line(
        &test.recorder(&run),
        2,
        &["direct path", "business_users", "recorder setup"],
    );

    let first = test.recorder(&words(
        "setup --users 10 --products 20 --orders 30 --logs 40",
    ));
    assert_success(&first);
    for line in [
        "tables: 5 created, 0 exist already",
        "users: 0 existed, 10 added",
        "logs: 0 existed, 40 added",
    ] {
        assert!(stdout(&first).contains(line), "{}", stdout(&first));
    }
    let again = test.recorder(&words(
        "setup --users 10 --products 25 --orders 5 --logs 40",
    ));
    assert_success(&again);
    for line in [
        "tables: exist already",
        "users: 10 exist, as requested",
        "products: 20 existed, 5 added",
        "orders: 30 exist, more than the 5 requested: not changed",
    ] {
        assert!(stdout(&again).contains(line), "{}", stdout(&again));
    }
    let counts = "select concat_ws(' ', (select count(*) from business_users), (select count(*) from business_products), \
                  (select count(*) from business_orders), (select count(*) from business_logs))";
    assert_eq!(test.texts(counts), ["10 25 30 40"]);
    let odd = "select name from business_products where stock not between 500 and 1500 or price <= 0 or category is null";
    assert_eq!(test.texts(odd), Vec::<String>::new());
    assert_eq!(
        test.texts("select indexname::text from pg_indexes where tablename like 'business%' and indexname not like '%key' order by 1").len(),
        5,
    );

    assert_one_line(&test.recorder(&["cleanup"]), 2, &["--yes"]);
    assert_eq!(test.texts(counts), ["10 25 30 40"]);
    assert_success(&test.recorder(&["cleanup", "--yes"]));
    assert_success(&test.recorder(&["cleanup", "--yes"]));
    assert_eq!(
        test.texts("select relname::text from pg_class where relname like 'business%'")
            .len(),
        0
    );

    // Through the proxy alone.
    let by_proxy = test
        .command(&words("setup --users 2 --products 2 --orders 0 --logs 0"))
        // Empty is not given.
        .env("PGOUTAGE_DIRECT_URL", "")
        .output()
        .unwrap();
    assert_success(&by_proxy);
    assert_eq!(test.texts(counts), ["2 2 0 0"]);
}

/// Runs that make no recording.
struct Mistakes {
    test: TestLab,
    runs: PathBuf,
    direct: String,
    proxy: String,
    /// The passwords of both.
    secrets: [String; 2],
}

impl Mistakes {
    fn start() -> Self {
        let test = TestLab::start_set_up();
        let (direct, proxy) = (test.lab.direct_url(), test.lab.proxy_url());
        Self {
            runs: test.runs(),
            secrets: [password(&direct), password(&proxy)],
            test,
            direct,
            proxy,
        }
    }

    fn run(&self, variables: &[(&str, &str)], flags: &[&str]) -> Output {
        let base = [
            "run",
            "--duration",
            "1",
            "--out",
            self.runs.to_str().unwrap(),
        ];
        let mut command = self.test.command(&[&base[..], flags].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert!(
            !self.runs.exists(),
            "a folder was left: {variables:?} {flags:?}"
        );
        output
    }

    /// One line of exit code 2 that has all `texts`, and no secret.
    fn check(&self, variables: &[(&str, &str)], flags: &[&str], texts: &[&str]) {
        let output = self.run(variables, flags);
        assert_one_line(&output, 2, texts);
        for secret in &self.secrets {
            assert!(!stderr(&output).contains(secret), "{}", stderr(&output));
        }
    }

    fn on_direct(&self, url: &str, texts: &[&str]) {
        self.check(&[("PGOUTAGE_DIRECT_URL", url)], &[], texts);
    }

    fn on_proxy(&self, url: &str, texts: &[&str]) {
        self.check(&[("PGOUTAGE_PROXY_URL", url)], &[], texts);
    }
}

#[test]
fn every_mistake_is_one_line_and_leaves_nothing() {
    let mistakes = Mistakes::start();
    mistakes_of_the_direct_url(&mistakes);
    mistakes_of_the_proxy_url(&mistakes);
    mistakes_of_flags(&mistakes);
    mistakes_before_anything_connects(&mistakes);
}

fn mistakes_of_the_direct_url(mistakes: &Mistakes) {
    let (direct, secrets) = (&mistakes.direct, &mistakes.secrets);
    mistakes.on_direct(
        &with(direct, "writer.lab.test", "nobody.lab.test"),
        &["direct path", "nobody.lab.test: no such name; check"],
    );
    mistakes.on_direct(
        &with(direct, "writer.lab.test", "127.0.0.99"),
        &["direct path", "refused", "--direct-url"],
    );
    mistakes.on_direct(
        &with(direct, &secrets[0], "wrong"),
        &[
            "direct path",
            "password authentication failed",
            "--direct-url",
        ],
    );
    mistakes.on_direct(
        &with(direct, &format!(":{}", secrets[0]), ""),
        &["direct path", "no password found", "PGPASSWORD"],
    );
    mistakes.on_direct(
        &with(direct, "/postgres", "/nosuch"),
        &["direct path", "\"nosuch\" does not exist", "database"],
    );
    mistakes.on_direct("mysql://a:b@c/d", &["--direct-url", "postgres://"]);
    mistakes.on_direct(
        &format!("{direct}&gssencmode=require"),
        &["gssencmode=require", "not supported"],
    );
    mistakes.on_direct(
        &format!("{direct}&connect_timeout=3"),
        &["differ in connect_timeout", "--connect-timeout"],
    );
    // A flag comes before both.
    let nowhere = with(direct, "writer.lab.test", "127.0.0.99");
    mistakes.check(
        &[(
            "PGOUTAGE_DIRECT_URL",
            &format!("{nowhere}&connect_timeout=3"),
        )],
        &["--connect-timeout", "2s"],
        &["direct path", "refused"],
    );
}

fn mistakes_of_the_proxy_url(mistakes: &Mistakes) {
    let (proxy, secrets) = (&mistakes.proxy, &mistakes.secrets);
    let output = mistakes
        .test
        .command(&["cleanup", "--yes"])
        .env("PGOUTAGE_DIRECT_URL", "")
        .env(
            "PGOUTAGE_PROXY_URL",
            format!("{proxy}&options=-cgeqo%3Doff"),
        )
        .output()
        .unwrap();
    assert!(
        stderr(&output).starts_with("warning: proxy path: options pins each session of RDS Proxy"),
        "{}",
        stderr(&output)
    );
    mistakes.on_direct("", &["--direct-url", "PGOUTAGE_DIRECT_URL"]);
    mistakes.on_proxy(
        &with(proxy, &secrets[1], "wrong"),
        &["proxy path", "--proxy-url"],
    );
    mistakes.on_proxy(
        &with(proxy, "/postgres", "/nosuch"),
        &["proxy path", "--proxy-url"],
    );
}

fn mistakes_of_flags(mistakes: &Mistakes) {
    for (flags, texts) in [
        (
            &[
                "--read-weight",
                "0",
                "--write-weight",
                "0",
                "--transaction-weight",
                "0",
            ][..],
            &["all weights are 0"][..],
        ),
        (&["--write-weight", "-1"], &["--write-weight -1"]),
        (&["--read-weight", "NaN"], &["--read-weight NaN"]),
        (
            &["--min-operation-interval", "2"],
            &["--min-operation-interval"],
        ),
        (&["--duration", "0"], &["--duration 0"]),
        (&["--label", "x"], &["key=value"]),
        (&["--label", "ticket="], &["--label ticket", "empty"]),
        (&["--host", ""], &["--host is empty", "leave --host out"]),
        (&["--host", " "], &["--host is empty"]),
        (
            &["--failover-command", "true", "--failover-after", "1s"],
            &["--failover-after"],
        ),
    ] {
        mistakes.check(&[], flags, texts);
    }
    // What clap refuses has its own, longer form.
    for flags in [
        &["--failover-command", "true"][..],
        &["--pgbench-clients", "3"],
        &["--duration", "5 parsecs"],
    ] {
        let output = mistakes.run(&[], flags);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

fn mistakes_before_anything_connects(mistakes: &Mistakes) {
    // Where no folder can be made, nothing is connected to.
    let nowhere = with(&mistakes.direct, "writer.lab.test", "127.0.0.99");
    let output = mistakes
        .test
        .command(&["run", "--duration", "1", "--out", "/proc/no-such-folder"])
        .env("PGOUTAGE_DIRECT_URL", nowhere)
        .output()
        .unwrap();
    assert_one_line(
        &output,
        2,
        &["--out /proc/no-such-folder: ", "choose another folder"],
    );

    // No endpoint at all, and an empty one.
    let none = mistakes
        .test
        .command(&["setup"])
        .env("PGOUTAGE_DIRECT_URL", "")
        .env_remove("PGOUTAGE_PROXY_URL")
        .output()
        .unwrap();
    assert_one_line(
        &none,
        2,
        &["no endpoint", "--direct-url", "PGOUTAGE_PROXY_URL"],
    );

    // A server that takes connections and statements, and does not answer.
    let holder = mistakes.test.admin();
    let lock = holder.batch_execute("begin; lock business_users");
    mistakes.test.runtime.block_on(lock).unwrap();
    let output = mistakes.run(&[], &["--operation-timeout", "700ms"]);
    let texts = ["direct path", "the server did not answer", "700ms"];
    assert_one_line(&output, 3, &texts);
}

#[test]
fn the_password_comes_from_where_it_may_and_is_warned_of_where_it_may_not() {
    let test = TestLab::start();
    let direct = test.lab.direct_url();
    let secret = password(&direct);
    let bare = with(&direct, &format!(":{secret}"), "");
    let cleanup = |setting: &dyn Fn(&mut std::process::Command)| {
        let mut command = test.command(&["cleanup", "--yes"]);
        command.env("PGOUTAGE_DIRECT_URL", &bare);
        setting(&mut command);
        command.output().unwrap()
    };
    assert_success(&cleanup(&|command| {
        command.env("PGPASSWORD", &secret);
    }));
    let file = test.folder.path().join("pgpass");
    std::fs::write(&file, format!("writer.lab.test:*:postgres:app:{secret}\n")).unwrap();
    let from_file = || {
        cleanup(&|command| {
            command.env("PGPASSFILE", &file);
        })
    };
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&file, mode(0o644)).unwrap();
    assert_one_line(&from_file(), 2, &["chmod 0600"]);
    std::fs::set_permissions(&file, mode(0o600)).unwrap();
    assert_success(&from_file());

    // What can't be read of it is named, and hides nothing.
    let line = std::fs::read(&file).unwrap();
    let lines = [b"caf\xe9:*:*:*:never\n".as_slice(), &line].concat();
    std::fs::write(&file, lines).unwrap();
    let output = from_file();
    assert_success(&output);
    let said = stderr(&output);
    assert!(
        said.contains("pgpass: line 1 is not used") && !said.contains("never"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");

    // In a string of keywords, and refused in one line where it has to be quoted.
    let keywords = |password: &str| {
        let (_, host) = direct.split_once('@').unwrap();
        let (host, _) = host.split_once('/').unwrap();
        let (host, port) = host.split_once(':').unwrap();
        let text = format!("host={host} port={port} user=app dbname=postgres password={password}");
        cleanup(&|command| {
            command.env("PGOUTAGE_DIRECT_URL", &text);
        })
    };
    assert_success(&keywords(&format!("'{secret}'")));
    assert_one_line(&keywords("zwei Teile"), 2, &["--direct-url", "quote"]);
    let raw = cleanup(&|command| {
        command.env(
            "PGOUTAGE_DIRECT_URL",
            "postgres://app:pass/w?rd#1@h/d?sslmode=x",
        );
    });
    assert_one_line(&raw, 2, &["--direct-url", "percent-encode", "%2F for /"]);

    let warned = test.recorder(&["--direct-url", &direct, "cleanup", "--yes"]);
    assert_success(&warned);
    assert_eq!(stderr(&warned).lines().count(), 1, "{}", stderr(&warned));
    assert!(stderr(&warned).contains("process list"));
    assert!(!stderr(&warned).contains(&secret) && !stdout(&warned).contains(&secret));
}

/// Somebody's tables of another scale may be the work of hours: they are not made anew.
#[test]
fn pgbench_tables_of_another_scale_are_left_alone() {
    let test = TestLab::start_set_up();
    let out = test.runs();
    let with_scale = |scale: &str| {
        let mut arguments = vec![
            "run",
            "--mode",
            "direct",
            "--duration",
            "1",
            "--out",
            out.to_str().unwrap(),
        ];
        arguments.extend([
            "--enable-pgbench",
            "--warmup-time",
            "0",
            "--pgbench-clients",
            "1",
        ]);
        arguments.extend(["--pgbench-jobs", "1", "--pgbench-scale", scale]);
        test.recorder(&arguments)
    };
    assert_success(&with_scale("1"));
    let refused = with_scale("2");
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("use --pgbench-scale 1"),
        "{}",
        stderr(&refused)
    );
    assert_eq!(
        test.texts("select count(*)::text from pgbench_branches"),
        ["1"]
    );
}
