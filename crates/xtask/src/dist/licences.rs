//! The licences of everything that is linked into the binaries, as one text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::dist::programs::{PROGRAMS, output_of, text_of};
use crate::python::Environment;
use crate::shell::workspace;

/// How the name of a file with a licence begins, in small letters.
const NAMES: [&str; 6] = [
    "license",
    "licence",
    "copying",
    "notice",
    "copyright",
    "unlicense",
];
/// Folders of a package that are not linked.
const NOT_LINKED: [&str; 6] = [
    "tests", "test", "examples", "programs", "contrib", "benches",
];
/// Packages that were published without the text of their licence, and where that is: in another package of the same authors, or in this
/// workspace (Apache 2.0, one text for all).
const ELSEWHERE: [(&str, &str); 4] = [
    ("alloc-stdlib", "alloc-no-stdlib"),
    ("flatbuffers", APACHE),
    ("maud", APACHE),
    ("polars-parquet-format", APACHE),
];
const APACHE: &str = "LICENSE-APACHE";

/// Something that is linked.
struct Part {
    name: String,
    version: String,
    expression: String,
    texts: Vec<String>,
}

/// The whole text: a list, then each licence once, with the parts that it belongs to.
pub(super) fn text(metadata: &Value, zig: &Environment) -> Result<String> {
    let mut parts = packages(metadata)?;
    parts.push(standard_library()?);
    parts.push(zigs_runtime(zig)?);
    parts.push(font()?);
    let mut text = String::from(
        "The programs contain the parts below, under their licences. The text of each follows.\n\n",
    );
    let mut by_text: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for part in &parts {
        let name = format!("{} {}", part.name, part.version);
        writeln!(text, "{name}: {}", part.expression)?;
        for licence in &part.texts {
            by_text.entry(licence).or_default().insert(name.clone());
        }
    }
    let mut sections: Vec<_> = by_text.into_iter().collect();
    sections.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.cmp(b.0)));
    for (licence, names) in sections {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        write!(text, "\n{}\n{names}\n\n{licence}\n", "=".repeat(80))?;
    }
    Ok(text)
}

/// The packages from which the programs are linked. What only runs while they are built is left out.
fn packages(metadata: &Value) -> Result<Vec<Part>> {
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let id = |value: &Value| text_of(value).map(str::to_owned);
    let mut packages = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        packages.insert(id(&package["id"])?, package);
    }
    let mut dependencies = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let linked = list(&node["deps"]).into_iter().filter(|dependency| {
            let kinds = list(&dependency["dep_kinds"]);
            kinds.iter().any(|kind| kind["kind"].is_null())
        });
        let linked = linked.map(|dependency| id(&dependency["pkg"]));
        dependencies.insert(id(&node["id"])?, linked.collect::<Result<Vec<_>>>()?);
    }
    let is_program = |package: &Value| {
        package["source"].is_null() && PROGRAMS.iter().any(|program| package["name"] == *program)
    };
    let roots = packages.iter().filter(|(_, package)| is_program(package));
    let mut next: Vec<String> = roots.map(|(id, _)| id.clone()).collect();
    let mut linked = BTreeMap::new();
    while let Some(id) = next.pop() {
        let package = packages
            .get(&id)
            .with_context(|| format!("no package {id}"))?;
        let kinds = list(&package["targets"]);
        let is_macro = kinds.iter().any(|target| target["kind"][0] == "proc-macro");
        let name = (text_of(&package["name"])?, text_of(&package["version"])?);
        if !is_macro && linked.insert(name, package).is_none() {
            next.extend(dependencies.get(&id).into_iter().flatten().cloned());
        }
    }
    let foreign = linked
        .values()
        .filter(|package| !package["source"].is_null());
    foreign.map(|package| part(package, &linked)).collect()
}

fn part(package: &Value, linked: &BTreeMap<(&str, &str), &Value>) -> Result<Part> {
    let name = text_of(&package["name"])?;
    let expression = text_of(&package["license"])
        .with_context(|| format!("the package {name} names no licence"))?;
    let mut texts = texts_below(&folder_of(package)?, 0)?;
    let elsewhere = ELSEWHERE.iter().find(|(package, _)| *package == name);
    match elsewhere {
        Some((_, APACHE)) => texts.push(read(&workspace()?.join(APACHE))?),
        Some((_, other)) => {
            let other = linked.iter().find(|((name, _), _)| name == other);
            let (_, other) = other.with_context(|| format!("{name}: its licence is missing"))?;
            texts.extend(texts_below(&folder_of(other)?, 0)?);
        }
        None => {}
    }
    if texts.is_empty() {
        bail!("the package {name} ({expression}) has no text of its licence: add it to ELSEWHERE");
    }
    Ok(Part {
        name: name.to_owned(),
        version: text_of(&package["version"])?.to_owned(),
        expression: expression.to_owned(),
        texts,
    })
}

fn folder_of(package: &Value) -> Result<PathBuf> {
    let manifest = Path::new(text_of(&package["manifest_path"])?);
    Ok(manifest.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// The licences in a folder and the ones in it: libraries in C have their own.
fn texts_below(folder: &Path, depth: usize) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_lowercase();
        if path.is_dir() {
            if depth < 4 && !NOT_LINKED.contains(&name.as_str()) {
                texts.extend(texts_below(&path, depth + 1)?);
            }
        } else if NAMES.iter().any(|start| name.starts_with(start)) && !name.ends_with(".rs") {
            texts.push(read(&path)?);
        }
    }
    Ok(texts)
}

/// The page about the standard library's own parts, which goes into the archive too.
pub(super) const LIBRARY_PAGE: &str = "RUST-STANDARD-LIBRARY.html";

/// What Rust says of its standard library's parts.
pub(super) fn library_page() -> Result<PathBuf> {
    Ok(rust_pages()?.join("COPYRIGHT-library.html"))
}

fn rust_pages() -> Result<PathBuf> {
    let root = output_of(rustc().args(["--print", "sysroot"]))?;
    Ok(Path::new(root.trim()).join("share/doc/rust"))
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Rust's standard library.
fn standard_library() -> Result<Part> {
    let version = output_of(rustc().arg("--version"))?;
    let licences = rust_pages()?.join("licenses");
    Ok(Part {
        name: "Rust's standard library".to_owned(),
        version: version.split(' ').nth(1).unwrap_or_default().to_owned(),
        expression: format!("MIT OR Apache-2.0; its parts: {LIBRARY_PAGE}"),
        texts: vec![
            read(&licences.join("MIT.txt"))?,
            read(&licences.join("Apache-2.0.txt"))?,
        ],
    })
}

/// What zig links: unwinding, and the start of a program.
fn zigs_runtime(zig: &Environment) -> Result<Part> {
    let mut python = Command::new(zig.interpreter());
    python.args(["-c", "import ziglang; print(ziglang.__path__[0])"]);
    let folder = PathBuf::from(output_of(&mut python)?.trim());
    Ok(Part {
        name: "zig, LLVM's libunwind".to_owned(),
        version: output_of(Command::new(folder.join("zig")).arg("version"))?
            .trim()
            .to_owned(),
        expression: "MIT, Apache-2.0 WITH LLVM-exception".to_owned(),
        texts: vec![
            read(&folder.join("LICENSE"))?,
            read(&folder.join("lib/libunwind/LICENSE.TXT"))?,
        ],
    })
}

/// The font of the charts.
fn font() -> Result<Part> {
    Ok(Part {
        name: "DejaVu Sans".to_owned(),
        version: "(a subset)".to_owned(),
        expression: "Bitstream Vera and Arev licences".to_owned(),
        texts: vec![read(&workspace()?.join("crates/analyze/fonts/LICENSE"))?],
    })
}

fn read(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    Ok(text.trim().to_owned())
}
