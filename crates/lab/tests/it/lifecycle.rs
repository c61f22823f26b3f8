//! Labs start at the same time, are broken for a known time, and leave nothing, whatever happens.

use std::{net::TcpListener, path::PathBuf, time::Duration};

use crate::common::{LIMIT, connect, processes_in};
use lab::{Lab, LabError, LabOptions, NodeName, READER_NAME, lookup, testing::wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_labs_at_once_and_outages_of_known_length() {
    let (first, second) = tokio::join!(
        Lab::start(LabOptions::default()),
        Lab::start(LabOptions::default())
    );
    let (mut lab, other) = (first.unwrap(), second.unwrap());
    assert_ne!(lab.proxy_url(), other.proxy_url());
    assert_eq!(
        lookup(lab.dns_server(), READER_NAME).unwrap(),
        Some((NodeName::B.address(), 5))
    );
    assert_eq!(
        lookup(lab.dns_server(), "elsewhere.lab.test").unwrap(),
        None
    );
    drop(other);

    // The writer alone, for as long as we like; its address refuses meanwhile.
    let writer = Some(lab.writer().address());
    let app = connect(&lab.direct_url(), writer).await.unwrap();
    app.batch_execute("create table t (i int)").await.unwrap();
    lab.kill_writer().await.unwrap();
    assert!(!lab.is_running());
    assert!(app.batch_execute("select 1").await.is_err());
    assert!(connect(&lab.direct_url(), writer).await.is_err());
    assert!(lab.kill_writer().await.is_err(), "it is dead already");
    lab.restart_writer().await.unwrap();
    assert!(lab.is_running());
    let app = connect(&lab.direct_url(), writer).await.unwrap();
    app.batch_execute("insert into t values (1)").await.unwrap();
    assert!(lab.restart_writer().await.is_err(), "it runs already");

    // The proxy alone: statements wait, and are then answered.
    let proxied = connect(&lab.proxy_url(), None).await.unwrap();
    proxied.batch_execute("select 1").await.unwrap();
    lab.pause_proxy().await.unwrap();
    let mut waiting = Box::pin(proxied.batch_execute("insert into t values (2)"));
    assert!(
        tokio::time::timeout(Duration::from_millis(700), &mut waiting)
            .await
            .is_err(),
        "it has to wait"
    );
    app.batch_execute("insert into t values (3)").await.unwrap();
    lab.resume_proxy().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it is answered")
        .unwrap();
}

#[test]
fn a_panic_leaves_no_process_and_no_folder() {
    let (sender, receiver) = std::sync::mpsc::channel::<PathBuf>();
    let test = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let lab = Lab::start(LabOptions::default()).await.unwrap();
            sender.send(lab.dir().to_owned()).unwrap();
            panic!("as a failing test does");
        });
    });
    let dir = receiver.recv().unwrap();
    assert!(test.join().is_err());
    assert_eq!(processes_in(&dir), Vec::<u32>::new());
    wait_until("the folder's removal", LIMIT, || !dir.exists());
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_option() {
    let holder = TcpListener::bind(("127.0.0.3", 0)).unwrap();
    let taken = holder.local_addr().unwrap();
    let options = LabOptions {
        port: taken.port(),
        ..LabOptions::default()
    };
    let error = Lab::start(options).await.unwrap_err();
    assert!(
        matches!(&error, LabError::PortTaken { address, option: "--port" } if *address == taken),
        "{error}"
    );
    assert_eq!(error.exit_code(), 2);
}

#[tokio::test]
async fn a_lab_that_cannot_start_leaves_nothing_behind() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("not-a-lab");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("thesis.txt"), "years of work").unwrap();
    let options = LabOptions {
        dir: Some(dir.clone()),
        ..LabOptions::default()
    };
    let error = Lab::start(options).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("files that do not belong to a lab"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(dir.join("thesis.txt")).unwrap(),
        "years of work"
    );

    let error = Lab::start(LabOptions {
        ttl: Duration::from_millis(1500),
        ..LabOptions::default()
    })
    .await
    .unwrap_err();
    assert_eq!(error.exit_code(), 2);
}
