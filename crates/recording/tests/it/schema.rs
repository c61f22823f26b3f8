//! `manifest.schema.json` against the manifest in the code. That it holds for real recordings is tested with a validator, in
//! `crates/xtask/tests/manifest.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;

use crate::support::START_US;
use recording::vocabulary::{OperationType, Path};
use recording::{
    AvailabilitySettings, ConnectionSettings, Endpoint, Failover, LoadSettings, Manifest,
    OperationRecord, PartRecord, Schedule, Server, Timestamp, WorkloadRecord,
};
use serde_json::{Value, json};

fn schema() -> Value {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let bytes = std::fs::read(FilePath::new(&package).join("manifest.schema.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// A manifest in which everything is there. New fields have to be filled in here: the compiler and the tests below ask for them.
fn full(schedule: Schedule) -> Value {
    let manifest = Manifest {
        duration_us: Some(60_000_000),
        requested_duration_us: Some(60_000_000),
        clock: clock(),
        schedule,
        connection: Some(connection()),
        probe_interval_us: Some(500_000),
        availability: Some(AvailabilitySettings {
            interval_us: 50_000,
            limit_us: 1_000_000,
            writes: true,
        }),
        max_tps_per_1000: Some(100_000),
        endpoints: vec![endpoint()],
        servers: vec![Server {
            path: Path::Direct,
            address: Some("127.0.0.2".to_owned()),
            port: Some(5432),
            version: Some("16.1".to_owned()),
            in_recovery: Some(false),
            postmaster_start_time: Some(Timestamp(START_US)),
            timeline: Some(1),
            aurora_instance_identifier: Some("shop-1".to_owned()),
        }],
        baseline: Some(baseline()),
        failover: Some(Failover {
            command: "lab failover".to_owned(),
            after_us: 20_000_000,
            every_us: Some(60_000_000),
            count: Some(10),
            heal_command: Some("lab heal".to_owned()),
            settle_us: Some(30_000_000),
        }),
        load: Some(LoadSettings {
            clients: 10,
            jobs: 2,
            scale: 10,
            mode: "tpc-b".to_owned(),
            warmup_us: 60_000_000,
        }),
        workload: Some(workload()),
        warm_up_us: Some(1_000_000),
        schedule_lag: vec![schedule_lag()],
        parts: vec![PartRecord {
            file: "operations/direct-00001.parquet".to_owned(),
            rows: 1,
            bytes: 2,
            sha256: "00".repeat(32),
        }],
        dropped_rows: BTreeMap::from([("operations".to_owned(), 3)]),
        write_failures: vec![recording::WriteFailure {
            from: Timestamp(START_US),
            until: Some(Timestamp(START_US + 1)),
            error: "manifest.json: No space left on device (os error 28)".to_owned(),
        }],
        ..crate::support::manifest()
    };
    serde_json::to_value(manifest).unwrap()
}

fn workload() -> WorkloadRecord {
    WorkloadRecord {
        name: "bank".to_owned(),
        sha256: "00".repeat(32),
        operations: vec![OperationRecord {
            name: "transfer".to_owned(),
            operation_type: OperationType::Transaction,
            share_percent: 20.0,
            identity: vec!["transfers.number".to_owned()],
        }],
    }
}

fn schedule_lag() -> recording::ScheduleLag {
    recording::ScheduleLag {
        path: Path::Direct,
        operations: 200,
        median_us: 70,
        p99_us: Some(900),
        max_us: 1_100,
    }
}

fn baseline() -> recording::Baseline {
    recording::Baseline {
        token_written: true,
        path_tokens: vec![Path::Direct],
        paths: vec![recording::PathBaseline {
            path: Path::Direct,
            first_user_id: 1,
            last_user_id: 500,
            logins: 49_000,
            first_product_id: 1,
            last_product_id: 100,
            stock: 100_000,
        }],
    }
}

fn clock() -> recording::ClockRecord {
    recording::ClockRecord {
        anchor_time: Timestamp(START_US),
        drift_us: Some(-17),
        offsets: vec![recording::ClockOffset {
            time: Timestamp(START_US),
            path: Path::Direct,
            server_address: Some("127.0.0.2".to_owned()),
            server_port: Some(5432),
            round_trips: 8,
            offset_us: -37_000_000,
            uncertainty_us: 40,
        }],
    }
}

fn connection() -> ConnectionSettings {
    ConnectionSettings {
        tcp_keepalive_idle_us: Some(1),
        tcp_keepalive_interval_us: Some(2),
        tcp_keepalive_count: Some(3),
        tcp_user_timeout_us: Some(4),
        dns_cache_us: Some(10),
        pool_min_idle: 5,
        pool_max_lifetime_us: Some(6),
        pool_idle_check_us: Some(7),
        on_read_only: "reconnect".to_owned(),
        reconnect_backoff_min_us: 8,
        reconnect_backoff_max_us: 9,
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        path: Path::Direct,
        host: "writer.lab.test".to_owned(),
        port: 5432,
        database: "shop".to_owned(),
        user: "app".to_owned(),
        sslmode: "verify-full".to_owned(),
        reader: true,
        more_hosts: vec![recording::MoreHost {
            host: "reader.lab.test".to_owned(),
            port: 5433,
        }],
        target_session_attrs: Some("read-write".to_owned()),
        tls_error: Some("TLS handshake: no".to_owned()),
    }
}

/// Every kind of schedule; a `match` fails to compile where one is added.
fn schedules() -> Vec<Schedule> {
    let schedules = vec![
        Schedule::ClosedLoop {
            min_operation_interval_us: 1,
            max_operation_interval_us: 2,
        },
        Schedule::OpenLoop {
            rate_per_1000_s: 3,
            arrival: recording::Arrival::Poisson,
            ramp_us: 4,
        },
    ];
    let listed = |schedule: &Schedule| match schedule {
        Schedule::ClosedLoop { .. } | Schedule::OpenLoop { .. } => true,
    };
    assert!(schedules.iter().all(listed));
    schedules
}

/// What is compared at one place of the manifest.
struct Check<'a> {
    whole: &'a Value,
    compared: usize,
}

impl Check<'_> {
    /// True where the manifest is still one with another value, or none, at `pointer`.
    fn reads_with(&self, pointer: &str, value: Option<Value>) -> bool {
        self.read_with(pointer, value).is_ok()
    }

    fn read_with(
        &self,
        pointer: &str,
        value: Option<Value>,
    ) -> Result<Manifest, serde_json::Error> {
        let mut changed = self.whole.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match (changed.pointer_mut(parent).unwrap(), value) {
            (Value::Object(object), None) => drop(object.remove(name).unwrap()),
            (_, Some(value)) => *changed.pointer_mut(pointer).unwrap() = value,
            (other, None) => panic!("{parent} is {other}"),
        }
        serde_json::from_value(changed)
    }

    /// Compares the schema of a value with what serde makes and takes.
    fn value(&mut self, pointer: &str, schema: &Value, value: &Value) {
        if let Some(choices) = schema["oneOf"].as_array() {
            let kind = |choice: &&Value| choice["properties"]["kind"]["const"] == value["kind"];
            let choice = choices
                .iter()
                .find(kind)
                .unwrap_or_else(|| panic!("{pointer}: {value}"));
            self.value(pointer, choice, value);
            return;
        }
        let types: BTreeSet<&str> = match &schema["type"] {
            Value::String(one) => BTreeSet::from([one.as_str()]),
            Value::Array(several) => several.iter().map(|one| one.as_str().unwrap()).collect(),
            other => panic!("{pointer}: type {other}"),
        };
        let is = match value {
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Null => "null",
        };
        assert!(types.contains(is), "{pointer} is {is}, not {types:?}");
        assert!(
            schema["description"]
                .as_str()
                .is_some_and(|text| text.ends_with('.')),
            "{pointer} has no description"
        );
        self.compared += 1;
        if pointer.ends_with("_us") {
            let text = schema["description"].as_str().unwrap();
            assert!(text.contains("microseconds"), "{pointer}: {text}");
        }
        match value {
            Value::Object(_) => self.object(pointer, schema, value),
            Value::Array(items) => {
                assert!(
                    !items.is_empty(),
                    "{pointer} is empty in the test's manifest"
                );
                self.value(&format!("{pointer}/0"), &schema["items"], &items[0]);
            }
            Value::String(_) => self.words(pointer, schema),
            _ => {}
        }
    }

    fn object(&mut self, pointer: &str, schema: &Value, value: &Value) {
        let object = value.as_object().unwrap();
        let Some(properties) = schema["properties"].as_object() else {
            assert!(
                !object.is_empty(),
                "{pointer} is empty in the test's manifest"
            );
            for (name, value) in object {
                self.value(
                    &format!("{pointer}/{name}"),
                    &schema["additionalProperties"],
                    value,
                );
            }
            return;
        };
        let in_schema: BTreeSet<&String> = properties.keys().collect();
        let in_code: BTreeSet<&String> = object.keys().collect();
        assert_eq!(in_schema, in_code, "{pointer}");
        let required: BTreeSet<&str> = schema["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        for (name, value) in object {
            let place = format!("{pointer}/{name}");
            assert_eq!(
                required.contains(name.as_str()),
                !self.reads_with(&place, None),
                "{place}: required"
            );
            let kind = &properties[name]["type"];
            let nullable = kind
                .as_array()
                .is_some_and(|kinds| kinds.contains(&json!("null")));
            assert_eq!(
                nullable,
                self.reads_with(&place, Some(Value::Null)),
                "{place}: null"
            );
            self.value(&place, &properties[name], value);
        }
    }

    /// The words that serde takes, from its own message about one that it does not.
    fn words(&self, pointer: &str, schema: &Value) {
        let made_up = "no-such-word";
        let refused = self.read_with(pointer, Some(json!(made_up)));
        let message = refused.map_or_else(|error| error.to_string(), |_| String::new());
        let in_code: Vec<Value> =
            match message.strip_prefix(&format!("unknown variant `{made_up}`")) {
                Some(rest) => rest
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .map(|word| json!(word))
                    .collect(),
                None => Vec::new(),
            };
        match (&schema["enum"], &schema["const"]) {
            (Value::Array(words), _) => assert_eq!(*words, in_code, "{pointer}"),
            (_, Value::String(word)) => assert!(in_code.contains(&json!(word)), "{pointer}"),
            _ => assert_eq!(in_code, Vec::<Value>::new(), "{pointer} has words"),
        }
    }
}

#[test]
fn properties_are_those_of_the_code() {
    let schema = schema();
    for schedule in schedules() {
        let whole = full(schedule);
        let mut check = Check {
            whole: &whole,
            compared: 0,
        };
        check.value("", &schema, &whole);
        assert!(check.compared > 60, "{} values compared", check.compared);
    }
    let kinds = schema["properties"]["schedule"]["oneOf"]
        .as_array()
        .unwrap();
    assert_eq!(kinds.len(), schedules().len());
}

#[test]
fn the_version_is_that_of_the_code() {
    assert_eq!(
        schema()["properties"]["format_version"]["const"],
        json!(recording::FORMAT_VERSION)
    );
}
