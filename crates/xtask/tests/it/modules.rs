//! The modules of a crate form no circle: what one imports never leads back to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::workspace;

/// A crate with fewer modules is not looked at.
const FEW: usize = 5;

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
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
            found.push((module, code));
        }
    }
}

/// The paths of a module's text that begin with `crate`, `super` or one of its own children, those in braces one by one.
fn paths(module: &str, text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join(" ");
    let parent = module
        .rsplit_once("::")
        .map_or(module, |(parent, _)| parent);
    let code = code.replace("super::", &format!("{parent}::"));
    let mut paths = Vec::new();
    for rest in code.split("crate::").skip(1) {
        add_tree("crate::", rest, &mut paths);
    }
    let children = code.split("mod ").skip(1);
    for child in children.filter_map(|rest| Some(rest.split_once(';')?.0)) {
        let start = format!("{child}::");
        for (at, _) in code.match_indices(&start) {
            let is_whole =
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if is_whole {
                add_tree(&format!("{module}::"), &code[at..], &mut paths);
            }
        }
    }
    paths
}

/// Adds the paths of the tree that `text` begins with, such as `a::{b, c::d}`, and returns the tree's length.
fn add_tree(prefix: &str, text: &str, paths: &mut Vec<String>) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut at = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..at]);
    if !text[at..].starts_with('{') {
        paths.push(path);
        return at;
    }
    at += 1;
    loop {
        at += text[at..]
            .find(|c| c != ' ' && c != ',')
            .unwrap_or(text.len() - at);
        match text[at..].chars().next() {
            None => return at,
            Some('}') => return at + 1,
            Some(_) => at += add_tree(&path, &text[at..], paths),
        }
        // Past `as ...`.
        at += text[at..].find([',', '}']).unwrap_or(text.len() - at);
    }
}

fn imports(name: &str) -> Imports {
    let mut found = Vec::new();
    let folder = workspace().join("crates").join(name).join("src");
    modules(&folder, "crate", &mut found);
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
        let named = paths(module, text).into_iter().filter_map(module_of);
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
    let crates = fs::read_dir(workspace().join("crates")).unwrap();
    let names = crates.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut seen = 0;
    for name in names {
        let imports = imports(&name);
        if imports.len() <= FEW {
            continue;
        }
        seen += 1;
        let leads_back = |module: &&String| reachable(&imports, module).contains(module.as_str());
        let circle: Vec<&String> = imports.keys().filter(leads_back).collect();
        assert!(circle.is_empty(), "{name}: {circle:?}");
    }
    assert!(seen >= 4, "{seen} crates were found");
}

#[test]
fn paths_in_braces_and_without() {
    let text =
        "use crate::a::{self, B, c::{D as E, f}, G};\n// crate::comment\nlet x = crate::d::e();";
    assert_eq!(
        paths("crate::x", text),
        [
            "crate::a::self",
            "crate::a::B",
            "crate::a::c::D",
            "crate::a::c::f",
            "crate::a::G",
            "crate::d::e"
        ]
    );
}

#[test]
fn paths_of_a_parent_and_of_a_child() {
    let text = "mod child;\nuse super::a::B;\npub use child::C;\nlet grandchild::D = 1;";
    assert_eq!(
        paths("crate::x::y", text),
        ["crate::x::a::B", "crate::x::y::child::C"]
    );
}
