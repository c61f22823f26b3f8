//! The modules of a crate form no circle: what one imports never leads back to it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Crates whose modules lie in the folders of the architecture. The others follow.
const CRATES: [&str; 2] = ["analyze", "recording"];

/// Module to the modules whose items it names.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The files below a folder as (module, text); tests are left out, as they may look at everything.
fn modules(folder: &Path, parent: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if stem.ends_with("tests") {
            continue;
        }
        let module = format!("{parent}::{stem}");
        if path.is_dir() {
            modules(&path, &module, found);
        } else if !["lib", "main"].contains(&stem.as_str()) {
            let module = module.trim_end_matches("::mod").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((module, code));
        }
    }
}

/// The paths of a text that begin with `crate`, those in braces one by one.
fn paths(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join(" ");
    let mut paths = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (prefix, rest) = rest.split_at(end);
        match rest.strip_prefix('{').and_then(|list| list.split_once('}')) {
            Some((list, _)) => {
                let items = list.split(',').map(str::trim);
                paths.extend(items.map(|item| format!("crate::{prefix}{item}")));
            }
            None => paths.push(format!("crate::{prefix}")),
        }
    }
    paths
}

fn imports(name: &str) -> Imports {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    modules(&crates.join(name).join("src"), "crate", &mut found);
    let known: BTreeSet<&String> = found.iter().map(|(module, _)| module).collect();
    // The module whose item a path names: the longest that there is.
    let module_of = |path: String| {
        let mut path = path.as_str();
        loop {
            if known.contains(&path.to_owned()) {
                return Some(path.to_owned());
            }
            path = path.rsplit_once("::")?.0;
        }
    };
    let of = |(module, text): &(String, String)| {
        let named = paths(text).into_iter().filter_map(module_of);
        let others = named.filter(|other| other != module).collect();
        (module.clone(), others)
    };
    found.iter().map(of).collect()
}

/// Every module that a module leads to.
fn reachable<'a>(imports: &'a Imports, from: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        let next = imports[module].iter().map(String::as_str);
        open.extend(next.filter(|module| seen.insert(*module)));
    }
    seen
}

#[test]
fn no_module_leads_back_to_itself() {
    for name in CRATES {
        let imports = imports(name);
        assert!(imports.len() > 5, "{name}: {imports:?}");
        let leads_back = |module: &&String| reachable(&imports, module).contains(module.as_str());
        let circle: Vec<&String> = imports.keys().filter(leads_back).collect();
        assert!(circle.is_empty(), "{name}: {circle:?}");
    }
}

#[test]
fn paths_in_braces_and_without() {
    let text = "use crate::a::{self, B, c};\n// crate::comment\nlet x = crate::d::e();";
    assert_eq!(
        paths(text),
        [
            "crate::a::self",
            "crate::a::B",
            "crate::a::c",
            "crate::d::e"
        ]
    );
}
