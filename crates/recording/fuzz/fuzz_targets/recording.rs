//! Opens, reads, verifies and recovers a recording of which one file is arbitrary bytes.
#![no_main]

use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use recording::{Recording, Table};

/// A manifest of state `recording`, whose unnamed parts and journals count.
const MANIFEST: &str = include_str!("manifest.json");

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    for name in ["operations", "events", "journal"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    fs::write(folder.join("manifest.json"), MANIFEST).unwrap();
    let file = match choice % 4 {
        0 => "manifest.json",
        1 => "operations/direct-00001.parquet",
        2 => "journal/operations.direct-00001.arrows",
        _ => "journal/events.events-00001.arrows",
    };
    fs::write(folder.join(file), bytes).unwrap();
    read(&folder);
    let _ = recording::verify(&folder, &mut |_, _| ());
    if recording::recover(&folder).is_ok() {
        // What was recovered is whole.
        assert!(
            recording::verify(&folder, &mut |_, _| ())
                .unwrap()
                .damaged
                .is_empty()
                || *choice % 4 == 0
        );
        read(&folder);
    }
});

/// Everything that a reader looks at.
fn read(folder: &Path) {
    let Ok(recording) = Recording::open(folder) else {
        return;
    };
    let _ = recording.is_being_written();
    for table in Table::ALL {
        let _ = recording.parts(table);
        let _ = recording.whole_parts(table);
        for (index, unsealed) in recording.unsealed(table).into_iter().flatten().enumerate() {
            let path = folder.with_file_name(format!("{index}-{}.parquet", table.as_str()));
            let _ = recording::guarded(|| unsealed.write_parquet(&path));
            let _ = fs::remove_file(path);
        }
    }
}
