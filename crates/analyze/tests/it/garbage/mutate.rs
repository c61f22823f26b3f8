//! What is done to a recording: a number decides, so that it can be done again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::refit::checksum;

/// A word that stands in no recording.
pub(crate) const SECRET: &str = "what_lies_outside";

/// A recording's files by their paths in its folder.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

/// A recording to be damaged.
pub(crate) struct Mutant<'s> {
    files: Files,
    links: Vec<(PathBuf, PathBuf)>,
    secret: &'s Path,
}

impl<'s> Mutant<'s> {
    pub(crate) fn new(original: &Files, secret: &'s Path) -> Self {
        Self {
            files: original.clone(),
            links: Vec::new(),
            secret,
        }
    }

    pub(crate) fn write(&self, folder: &Path) {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        for (name, target) in &self.links {
            let path = folder.join(name);
            // A recording of open parts only has no folder of a table.
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.is_dir() {
                fs::remove_dir_all(&path).unwrap();
            } else {
                let _ = fs::remove_file(&path);
            }
            std::os::unix::fs::symlink(target, path).unwrap();
        }
    }

    /// Does mutation `number`, and says what it was.
    pub(crate) fn mutate(&mut self, number: u64) -> String {
        let mut random = Random(number.wrapping_mul(0x1234_5678_9abc_def1));
        match random.below(10) {
            0..=5 => self.damage_file(&mut random),
            6..=8 => self.damage_manifest(&mut random),
            _ => self.lead_outside(&mut random),
        }
    }

    /// Parts, journals, and an audit with its findings.
    fn data_files(&self) -> Vec<PathBuf> {
        let is_data = |name: &&PathBuf| {
            name.extension()
                .is_some_and(|ending| ending == "parquet" || ending == "arrows")
                || name.ends_with("audit.json")
        };
        self.files.keys().filter(is_data).cloned().collect()
    }

    fn damage_file(&mut self, random: &mut Random) -> String {
        let names = self.data_files();
        let name = random.one(&names).clone();
        let other = self.files[random.one(&names)].clone();
        let told = damage(self.files.get_mut(&name).unwrap(), &other, random);
        // Three in four with a manifest that fits, so that the decoders meet them.
        let fits = random.below(4) > 0;
        if fits {
            self.fit(&name);
        }
        format!("{}: {told}, fits: {fits}", name.display())
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&self.files[Path::new("manifest.json")]).unwrap()
    }

    fn set_manifest(&mut self, manifest: &Value) {
        let bytes = serde_json::to_vec(manifest).unwrap();
        self.files.insert("manifest.json".into(), bytes);
    }

    /// Has the manifest state the size, the checksum and the rows that a file has.
    fn fit(&mut self, name: &Path) {
        let bytes = &self.files[name];
        let (size, sum, rows) = (bytes.len(), checksum(bytes), rows_of(bytes));
        let mut manifest = self.manifest();
        for part in manifest["parts"].as_array_mut().unwrap() {
            if part["file"] == json!(name.to_string_lossy()) {
                part["bytes"] = json!(size);
                part["sha256"] = json!(sum);
                if let Some(rows) = rows {
                    part["rows"] = json!(rows);
                }
            }
        }
        self.set_manifest(&manifest);
        self.fit_audit(name);
    }

    /// Has the audit state the checksum that its findings have.
    fn fit_audit(&mut self, name: &Path) {
        let sum = checksum(&self.files[name]);
        let place = Path::new("audit.json");
        if !name.ends_with("findings.parquet") || !self.files.contains_key(place) {
            return;
        }
        let mut audit: Value = serde_json::from_slice(&self.files[place]).unwrap();
        audit["findings_sha256"] = json!(sum);
        self.files
            .insert(place.to_path_buf(), serde_json::to_vec(&audit).unwrap());
    }

    fn damage_manifest(&mut self, random: &mut Random) -> String {
        if random.below(4) == 0 {
            let other = self.files.values().next().unwrap().clone();
            let manifest = self.files.get_mut(Path::new("manifest.json")).unwrap();
            return format!("manifest: {}", damage(manifest, &other, random));
        }
        let mut manifest = self.manifest();
        let mut told = Vec::new();
        for _ in 0..=random.below(2) {
            told.push(hostile_field(&mut manifest, random));
        }
        self.set_manifest(&manifest);
        if random.below(10) == 0 {
            let depth = *random.one(&[100, 130, 100_000]);
            let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let text = String::from_utf8(self.files[Path::new("manifest.json")].clone()).unwrap();
            let deep = format!("{{\"deep\":{nested},{}", &text[1..]);
            self.files.insert("manifest.json".into(), deep.into_bytes());
            told.push(format!("nested {depth} deep"));
        }
        format!("manifest: {}", told.join(", "))
    }

    /// Names and links that lead to a whole part outside of the recording.
    fn lead_outside(&mut self, random: &mut Random) -> String {
        let bytes = fs::read(self.secret).unwrap();
        let absolute = self.secret.to_string_lossy().into_owned();
        let names = [
            "../secret.parquet",
            "operations/../../secret.parquet",
            "operations/./../../secret.parquet",
            "operations//../../secret.parquet",
            "operations\\..\\..\\secret.parquet",
            "operations/direct-00009.parquet",
            "operations/direct-00009.parquet",
            "operations/proxy-00009.parquet",
            absolute.as_str(),
        ];
        let name = (*random.one(&names)).to_owned();
        let mut manifest = self.manifest();
        manifest["parts"].as_array_mut().unwrap().push(json!({
            "file": name,
            "rows": rows_of(&bytes),
            "bytes": bytes.len(),
            "sha256": checksum(&bytes),
        }));
        self.set_manifest(&manifest);
        let outside = self.secret.parent().unwrap().to_path_buf();
        let link = match random.below(6) {
            0..=2 => ("operations/direct-00009.parquet", self.secret.to_path_buf()),
            3 => (
                "operations/proxy-00009.parquet",
                "../../secret.parquet".into(),
            ),
            4 => ("operations", outside),
            _ => ("journal", outside),
        };
        let told = format!("names {name}, links {} to {}", link.0, link.1.display());
        self.links.push((link.0.into(), link.1));
        told
    }
}

/// Rows that a Parquet file's footer states, as far as it can be read.
fn rows_of(bytes: &[u8]) -> Option<u64> {
    use polars::prelude::{ParquetReader, SerReader};
    let read = || {
        let mut reader = ParquetReader::new(std::io::Cursor::new(bytes));
        reader.num_rows().ok().map(|rows| rows as u64)
    };
    recording::guarded(read).ok().flatten()
}

fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) -> String {
    let length = bytes.len();
    // A Parquet file ends in its footer, the footer's length and the magic; most of what can go wrong is there.
    let footer = length.saturating_sub(8 + 4_000.min(length / 2));
    match random.below(9) {
        0 => {
            let to = *random.one(&[0, 1, 3, 4, 8, length / 2, length.saturating_sub(1)]);
            bytes.truncate(to);
            format!("truncated to {to} of {length}")
        }
        1 => {
            let to = random.below(length);
            bytes.truncate(to);
            format!("truncated to {to} of {length}")
        }
        kind @ 2..=4 => {
            let from = if kind == 2 { 0 } else { footer };
            let flips = 1 + random.below(if kind == 4 { 32 } else { 4 });
            for _ in 0..flips {
                let at = from + random.below(length - from);
                bytes[at] ^= 1 << random.below(8);
            }
            format!("{flips} bits flipped from {from} on")
        }
        5 => {
            *bytes = other.to_vec();
            "another file in its place".to_owned()
        }
        6 => {
            let from = random.below(length);
            let to = (from + 1 + random.below(64)).min(length);
            let byte = *random.one(&[0_u8, 0x7f, 0x80, 0xff]);
            bytes[from..to].fill(byte);
            format!("{from} to {to} are {byte}")
        }
        7 => {
            let from = random.below(length);
            let to = (from + 1 + random.below(200)).min(length);
            bytes.drain(from..to);
            format!("{from} to {to} cut out")
        }
        _ => {
            let at = random.below(length);
            let byte = random.next() as u8;
            bytes[at] = byte;
            format!("byte {at} is {byte}")
        }
    }
}

/// Replaces, removes or doubles one thing of a manifest.
fn hostile_field(manifest: &mut Value, random: &mut Random) -> String {
    let values = [
        json!(null),
        json!(-1),
        json!(0),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.5),
        json!(i64::MAX / 1_000),
        json!("NaN"),
        json!(""),
        json!("..\n\u{1b}[2J"),
        json!("9999-12-31T23:59:59.999999Z"),
        json!("-262143-01-01T00:00:00Z"),
        json!("0000-01-01T00:00:00Z"),
        json!([]),
        json!({}),
        json!(true),
        json!(366_u64 * 86_400 * 1_000_000 + 1),
        json!("x".repeat(100_000)),
    ];
    let mut pointers = Vec::new();
    collect(manifest, String::new(), &mut pointers);
    let pointer = random.one(&pointers).clone();
    if random.below(6) == 0
        && let Some(parts) = manifest["parts"].as_array_mut()
    {
        let doubled = parts.clone();
        parts.extend(doubled);
        return "parts doubled".to_owned();
    }
    if random.below(4) == 0 {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        if let Some(object) = manifest.pointer_mut(parent).and_then(Value::as_object_mut) {
            object.remove(key);
        }
        return format!("{pointer} removed");
    }
    let value = random.one(&values).clone();
    let told: String = value.to_string().chars().take(40).collect();
    *manifest.pointer_mut(&pointer).unwrap() = value;
    format!("{pointer} is {told}")
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    if !at.is_empty() {
        pointers.push(at.clone());
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect(value, format!("{at}/{key}"), pointers);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                collect(value, format!("{at}/{index}"), pointers);
            }
        }
        _ => {}
    }
}
