//! The version that a binary prints, with the commit that it was built from.
//!
//! A macro, and not a build script: a build script that looks at git runs after each commit, and cargo then compiles the whole package
//! and its tests again, minutes for `analyze`. The macro stands in `main.rs`, and only that is compiled again.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro::TokenStream;

/// What a binary is built from. The pages and the data do not go into it.
const SOURCES: [&str; 4] = [":/crates", ":/sql", ":/Cargo.toml", ":/Cargo.lock"];

/// A text such as `0.1.0 (4b72a2a 2026-11-30)`: version, commit, date of the commit; with `, modified` in the brackets where sources
/// differ from the commit. The version alone where the package is not a checkout, or git is not there.
#[proc_macro]
pub fn with_commit(_: TokenStream) -> TokenStream {
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let code = match commit(&package) {
        None => format!("{version:?}"),
        Some(commit) => format!(
            "{{ {} {:?} }}",
            head(&package).map_or_else(String::new, |head| watch(&head)),
            format!("{version} ({commit})")
        ),
    };
    // Only literals, quoted by `Debug`.
    code.parse().unwrap_or_default()
}

fn commit(package: &Path) -> Option<String> {
    // A copy of the package in another project's repository is not of its commit.
    git(package, &["ls-files", "--error-unmatch", "src/main.rs"])?;
    let text = git(package, &["log", "-1", "--format=%H %cs"])?;
    let (hash, date) = text.split_once(' ')?;
    let changes = [
        &["status", "--porcelain", "--untracked-files=no", "--"],
        &SOURCES[..],
    ];
    let is_modified = !git(package, &changes.concat())?.is_empty();
    // Always as many digits: how many git finds enough depends on what else a clone holds.
    let hash = hash.get(..7)?;
    Some(format!(
        "{hash} {date}{}",
        if is_modified { ", modified" } else { "" }
    ))
}

/// A file that changes with each commit and each checkout.
fn head(package: &Path) -> Option<PathBuf> {
    let file = |name| Some(package.join(git(package, &["rev-parse", "--git-path", name])?));
    let mut files = ["logs/HEAD", "HEAD"].into_iter().filter_map(file);
    files.find(|file| file.is_file())
}

/// Makes rustc name the file to cargo, which compiles again when it changes.
fn watch(file: &Path) -> String {
    file.to_str().map_or_else(String::new, |file| {
        format!("const _: &[u8] = include_bytes!({file:?});")
    })
}

fn git(package: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(package)
        // A hook of another repository sets these.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
