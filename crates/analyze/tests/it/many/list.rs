//! `analyze list`.

use super::*;
use recording::Manifest;

fn pgx(manifest: &mut Manifest) {
    manifest
        .labels
        .insert("driver".to_owned(), "pgx".to_owned());
    manifest
        .labels
        .insert("dns-after".to_owned(), "20s".to_owned());
}

fn jdbc(manifest: &mut Manifest) {
    manifest
        .labels
        .insert("driver".to_owned(), "jdbc".to_owned());
}

/// A complete, a damaged, an unreadable, an empty and a killed recording, one in progress, and rows without a manifest.
fn folder() -> (
    tempfile::TempDir,
    recording::RecordingWriter,
    crate::support::Made,
) {
    let root = tempfile::tempdir().unwrap();
    let runs = root.path().join("runs");
    write_all(
        &runs,
        [
            run(0, 5.0, 2.0).set(pgx),
            run(1, 7.0, 1.5).set(jdbc),
            run(2, 6.0, 0.0).set(pgx),
        ],
    );
    // Cut in the middle.
    let part = runs.join("run-1/operations/direct-00001.parquet");
    let whole = fs::read(&part).unwrap();
    fs::write(&part, &whole[..whole.len() / 2]).unwrap();
    fs::create_dir(runs.join("empty")).unwrap();
    fs::create_dir(runs.join("other-manifest")).unwrap();
    fs::write(runs.join("other-manifest/manifest.json"), "{}").unwrap();
    fs::create_dir_all(runs.join("broken-copy/operations")).unwrap();
    // Its recorder lives; a copy of it is what a killed one leaves.
    let (made, writer) = run(3, 4.0, 0.0).begin();
    let is_flushed = || {
        let loaded = analyze::load::Loaded::open(&made.folder).ok()?;
        let summary = analyze::summarize(&loaded, analyze::summary::Thresholds::default()).ok()?;
        // Every row of both paths.
        (summary.recording.journal_rows > 2_600).then_some(())
    };
    let mut waited = (0..1_000).map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        is_flushed()
    });
    waited.find(Option::is_some).unwrap();
    for name in ["in-progress", "killed"] {
        let to = runs.join(name);
        if name == "killed" {
            let copied = Command::new("cp")
                .arg("-r")
                .arg(&made.folder)
                .arg(&to)
                .status();
            assert!(copied.unwrap().success());
        } else {
            std::os::unix::fs::symlink(&made.folder, &to).unwrap();
        }
    }
    (root, writer, made)
}

/// Sizes of files change with the encoder.
fn without_sizes(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let mut kept: Vec<&str> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let is_size = words.get(index + 1) == Some(&"bytes,");
        let is_stated = index > 0 && words[index - 1] == "says";
        kept.push(match (is_size, is_stated) {
            (true, _) => "N",
            (_, true) => "N;",
            _ => word,
        });
    }
    kept.join(" ")
}

#[test]
fn every_recording_is_listed_and_what_cannot_be_read_with_the_reason() {
    let (root, writer, _made) = folder();
    let text = without_sizes(&printed(&["list", "runs"], root.path()));
    insta::assert_snapshot!(text, @r"
    Recordings
    ================================

      recording       started (UTC)        length  failovers  path    downtime                               audit        state        labels
      run-0           2026-11-22 20:43:00    90 s          1  direct  writes down 5.00 s (-0.25 s)           not audited  complete     dns-after=20s, driver=pgx
                                                              proxy   writes down 2.00 s (-0.25 s)
      run-1           2026-11-22 20:53:00       -          -  -       -                                      -            unreadable   driver=jdbc
        operations/direct-00001.parquet: damaged part: it has N bytes, the manifest says N; with --allow-damaged the rest is analyzed without it
      run-2           2026-11-22 21:03:00    90 s          1  direct  writes down 6.00 s (-0.25 s)           not audited  complete     dns-after=20s, driver=pgx
                                                              proxy   no outage found
      in-progress     2026-11-22 21:13:00    90 s          1  direct  writes down at least 4.00 s (-0.25 s)  not audited  in progress
                                                              proxy   writes down at least 0.00 s
      killed          2026-11-22 21:13:00    90 s          1  direct  writes down at least 4.00 s (-0.25 s)  not audited  killed
                                                              proxy   writes down at least 0.00 s
      broken-copy     -                         -          -  -       -                                      -            unreadable
        it holds rows but no manifest.json, so it is left out; copy it again
      empty           -                         -          -  -       -                                      -            unreadable
        the folder is empty
      other-manifest  -                         -          -  -       -                                      -            unreadable
        manifest.json: the manifest can't be read: missing field `format_version`
      8 listed, 4 of them unreadable.
      direct, proxy: the worse downtime of reads and writes, with its resolution. killed: without an end,
        and no recorder on this machine writes it.
      Definitions: version 2, see docs/definitions.md.
    ");
    let zh = ["list", "runs", "--lang", "zh", "--label", "driver=pgx"];
    let output = analyze(&zh, root.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("3 without a manifest that can be read are left out"),
        "{said}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!(text, @r"
    录制列表
    ================================

      录制   开始 (UTC)           时长  故障转移  路径    停机时间                   审计    状态  标签
      run-0  2026-11-22 20:43:00  90秒         1  Direct  写入停机 5.00秒 (-0.25秒)  未审计  完成  dns-after=20s, driver=pgx
                                                  Proxy   写入停机 2.00秒 (-0.25秒)
      run-2  2026-11-22 21:03:00  90秒         1  Direct  写入停机 6.00秒 (-0.25秒)  未审计  完成  dns-after=20s, driver=pgx
                                                  Proxy   未发现停机
      共 2 个。
      各路径: 读与写中较长的停机时间及其分辨率。被终止: 没有结束, 且本机没有录制程序在写。
      指标定义: 第 2 版, 见 docs/definitions.md.
    ");
    drop(writer);
}

#[test]
fn it_is_sorted_and_filtered() {
    let (root, _writer, _made) = folder();
    let folders = |more: &[&str]| -> Vec<String> {
        let mut arguments = vec!["list", "runs", "--json"];
        arguments.extend(more);
        let output = analyze(&arguments, root.path());
        assert_eq!(output.status.code(), Some(0));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let listed = json["recordings"].as_array().unwrap().iter();
        listed
            .map(|listed| listed["folder"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        folders(&["--sort", "downtime", "--reverse"])[..3],
        ["run-2", "run-0", "in-progress"]
    );
    assert_eq!(
        folders(&["--sort", "date", "--reverse"])[..3],
        ["in-progress", "killed", "run-2"]
    );
    assert_eq!(folders(&[])[..3], ["run-0", "run-1", "run-2"]);
    assert_eq!(folders(&["--sort", "folder"])[0], "broken-copy");
    assert_eq!(folders(&["--label", "driver=jdbc"]), ["run-1"]);
    assert_eq!(
        folders(&["--label", "driver=pgx", "--label", "dns-after=20s"]),
        ["run-0", "run-2"]
    );
    assert!(folders(&["--label", "driver=pgx", "--label", "dns-after=6s"]).is_empty());
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["list", "runs", "--json"], root.path())).unwrap();
    let damaged = &json["recordings"][1];
    assert_eq!(damaged["labels"]["driver"], "jdbc");
    assert!(
        damaged["error"].as_str().unwrap().contains("damaged part"),
        "{damaged}"
    );
    assert_eq!(
        json["recordings"][0]["paths"][0]["headline"]["downtime_us"],
        us(5.0)
    );
    assert_eq!(json["recordings"][0]["audit"]["state"], "not_audited");
}

#[test]
fn with_allow_damaged_the_rest_is_analyzed() {
    let (root, _writer, _made) = folder();
    let arguments = ["list", "runs", "--allow-damaged", "--label", "driver=jdbc"];
    let text = String::from_utf8(analyze(&arguments, root.path()).stdout).unwrap();
    assert!(
        text.contains("at least") || text.contains("1.50 s"),
        "{text}"
    );
    assert!(text.contains("1 listed."), "{text}");
}

#[test]
fn what_is_no_folder_of_recordings_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (folder, words) in [("missing", "no such folder"), (".", "the folder is empty")] {
        let output = analyze(&["list", folder], root.path());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    }
    let output = analyze(&["list", ".", "--label", "driver"], root.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("KEY=VALUE")
    );
}
