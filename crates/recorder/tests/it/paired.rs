//! Operation n is the same draw on both paths, whatever happens to one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::{Row, TestLab, assert_success, identity, rows, words};
use recording::{Recording, Table};

/// 100 users: the direct path has the first half, the proxy path the second.
const HALF: i32 = 50;

#[test]
fn an_outage_on_one_path_shifts_no_draw() {
    let test = TestLab::start_set_up();
    let flags = words(
        "--seed 11 --duration 60 --operation-timeout 3s --read-weight 30 --write-weight 50 --transaction-weight 20 --min-operation-interval 10ms --max-operation-interval 40ms",
    );
    let running = test.spawn_run(&flags);
    test.wait_for_recording();
    std::thread::sleep(Duration::from_secs(1));
    test.runtime.block_on(test.lab.pause_proxy()).unwrap();
    std::thread::sleep(Duration::from_secs(7));
    test.runtime.block_on(test.lab.resume_proxy()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    running.signal("INT");
    assert_success(&running.output());

    let recording = test.recording();
    assert_eq!(recording.manifest().seed, 11);
    let operations = rows(&recording, Table::Operations);
    let of_path = |path: &str| -> BTreeMap<i64, &Row> {
        operations
            .iter()
            .filter(|row| row["path"] == path)
            .map(|row| (row["operation_id"].parse().unwrap(), row))
            .collect()
    };
    let (direct, proxy) = (of_path("direct"), of_path("proxy"));
    check_outage(&direct, &proxy);

    for (id, row) in &proxy {
        for column in ["operation_type", "operation_name"] {
            assert_eq!(row[column], direct[id][column], "operation {id}");
        }
    }

    // What they wrote: the same user of the path's own half, and the same choices.
    let stored = Stored::read(&test);
    let (mut orders, mut logs) = (0, 0);
    for (id, row) in &proxy {
        let identities = [direct[id], *row].map(|row| identity(&recording, row));
        for (table, count) in [(&stored.orders, &mut orders), (&stored.logs, &mut logs)] {
            let [Some(one), Some(other)] = identities.each_ref().map(|name| table.get(name)) else {
                continue;
            };
            assert!((1..=HALF).contains(&one.0), "{one:?}");
            assert_eq!(other.0, one.0 + HALF, "operation {id}");
            // A purchase costs what its product costs, and products differ between the halves.
            if row["operation_name"] != "place_order" {
                assert_eq!(other.1, one.1, "operation {id}");
            }
            *count += 1;
        }
    }
    assert!(orders > 20 && logs > 20, "{orders} {logs}");
    check_replay(&recording, &direct);
}

/// On the proxy path alone, with operations after it.
fn check_outage(direct: &BTreeMap<i64, &Row>, proxy: &BTreeMap<i64, &Row>) {
    let failed = |rows: &BTreeMap<i64, &Row>| {
        let availability = |row: &&&Row| matches!(row["outcome"].as_str(), "failed" | "unknown");
        rows.values().filter(availability).count()
    };
    assert_eq!(failed(direct), 0, "an outage on the proxy path only");
    assert!(failed(proxy) >= 3, "{}", failed(proxy));
    // The direct path came further meanwhile.
    assert!(
        direct.len() > proxy.len() + 20,
        "{} {}",
        direct.len(),
        proxy.len()
    );
    let last_failed = proxy
        .iter()
        .rev()
        .find(|(_, row)| row["outcome"] == "failed")
        .unwrap();
    assert!(
        *last_failed.0 + 20 < proxy.len() as i64,
        "and operations after it"
    );
}

/// User and choices, by the identity of the operation.
struct Stored {
    orders: BTreeMap<String, (i32, String)>,
    logs: BTreeMap<String, (i32, String)>,
}

impl Stored {
    fn read(test: &TestLab) -> Self {
        let table = |statement: &str| {
            let rows = test.texts(statement).into_iter().map(|text| {
                let mut fields = text.splitn(3, ' ');
                let mut next = || fields.next().unwrap().to_owned();
                (next(), (next().parse().unwrap(), next()))
            });
            rows.collect()
        };
        Self {
            orders: table(
                "select concat_ws(' ', order_number, user_id, amount, status) from business_orders",
            ),
            logs: table(
                "select concat_ws(' ', details, user_id, action, ip_address) from business_logs where details ~ '-[dp]-[0-9]+$'",
            ),
        }
    }
}

/// The recording is what its seed draws.
fn check_replay(recording: &Recording, direct: &BTreeMap<i64, &Row>) {
    let manifest = recording.manifest();
    let shop = recorder::definition::Definition::shop();
    let draws = recorder::workload::draws::Draws::new(manifest.seed, shop, manifest.weights);
    for (id, row) in direct {
        assert_eq!(
            draws.operation_name(*id),
            row["operation_name"],
            "operation {id}"
        );
    }
}
