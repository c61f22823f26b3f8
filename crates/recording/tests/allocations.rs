//! Handing over the row of a success allocates nothing on the worker's side.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "it/support/mod.rs"]
mod support;

use allocation_counter::measure;
use recording::vocabulary::{ErrorClass, ErrorPhase, Outcome, Path};
use recording::{Failure, Operation, RecordingWriter, WriterOptions};
use support::{done, manifest, operation};

#[test]
fn a_success_is_handed_over_without_an_allocation() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    let writer = RecordingWriter::create(&folder, manifest(), WriterOptions::default()).unwrap();
    let handle = writer.handle();
    let slot = handle.slot();
    // Only what this thread allocates is counted: the writer's thread is at work meanwhile.
    let counted = measure(|| {
        for id in 1..=1_000 {
            let row = operation(Path::Direct, id);
            slot.begin(&row);
            slot.end(row);
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");

    // A failure has its text: if this were not counted, nothing would be.
    let counted = measure(|| {
        handle.operation(Operation {
            outcome: Outcome::Failed,
            failure: Some(Box::new(Failure {
                phase: ErrorPhase::Statement,
                class: ErrorClass::Other,
                sqlstate: None,
                message: "a text".to_owned(),
            })),
            ..operation(Path::Direct, 1_001)
        });
    });
    assert_eq!(counted.count_total, 2, "{counted:?}");
    assert!(writer.finish(done()).unwrap().is_complete());
}
