//! The shop as scripts of pgbench: the statements of `sql/operations` with the weights and the ranges of the recorder's draws
//! (`crates/recorder/src/workload/draws`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

const CATEGORIES: [&str; 8] = [
    "books",
    "clothing",
    "electronics",
    "garden",
    "groceries",
    "home",
    "sports",
    "toys",
];
const ACTIONS: [&str; 4] = ["login", "logout", "view_product", "add_to_cart"];
/// An operation's share of the default load in 400: 70 % are five reads, 20 % four writes, 10 % the purchase.
const READ: usize = 56;
const WRITE: usize = 20;
const PURCHASE: usize = 40;

/// What pgbench draws for a parameter. Of the 1,000 users and products that `recorder setup` makes, the half of the direct path.
const USER: (&str, &str) = ("user", "random(1, 500)");
const PRODUCT: (&str, &str) = ("product", "random(1, 500)");
/// In place of run, path and operation: as unique, and nearly as long.
const IDENTITY: (&str, &str) = (
    "identity",
    "random(1000000000000000000, 9000000000000000000)",
);
const AMOUNT: (&str, &str) = ("amount", "random(100, 50000)");
const QUANTITY: (&str, &str) = ("quantity", "random(1, 3)");
const STOCK_CHANGE: (&str, &str) = ("stock_change", "random(1, 15)");

/// A script, and how often it runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    name: String,
    text: String,
    weight: usize,
}

/// Texts that scripts use; pgbench draws numbers only.
pub(crate) fn variables() -> Vec<String> {
    let numbered = |name: &'static str, texts: &'static [&str]| {
        let texts = texts.iter().enumerate();
        texts.map(move |(at, text)| format!("{name}_{at}={text}"))
    };
    numbered("category", &CATEGORIES)
        .chain(numbered("action", &ACTIONS))
        .chain(["address=10.117.201.44".to_owned()])
        .collect()
}

/// Writes the scripts into `folder`; the arguments that have pgbench run them.
pub(crate) fn write(scripts: &[Script], folder: &Path) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    for script in scripts {
        let path: PathBuf = folder.join(format!("{}.sql", script.name));
        fs::write(&path, &script.text).with_context(|| path.display().to_string())?;
        arguments.push(format!("--file={}@{}", path.display(), script.weight));
    }
    Ok(arguments)
}

/// An operation of one statement: its file, its share, and what stands for `$1`, `$2` and so on.
struct Operation {
    name: &'static str,
    weight: usize,
    draws: &'static [(&'static str, &'static str)],
    parameters: &'static [&'static str],
    /// There are so many scripts of it, one for each text: in its parameters, `text` is the first of these, or the next.
    texts: (&'static str, usize),
}

const NO_TEXT: (&str, usize) = ("", 1);

const OPERATIONS: [Operation; 9] = [
    operation("user_list", READ, &[], &[], NO_TEXT),
    operation("order_statistics", READ, &[], &[], NO_TEXT),
    operation(
        "product_search",
        READ,
        &[],
        &["text"],
        ("category", CATEGORIES.len()),
    ),
    operation("user_orders", READ, &[USER], &["user"], NO_TEXT),
    operation("recent_logs", READ, &[], &[], NO_TEXT),
    operation("update_login", WRITE, &[USER], &["user"], NO_TEXT),
    operation(
        "create_order",
        WRITE,
        &[USER, IDENTITY, AMOUNT],
        &["user", "identity", "amount"],
        NO_TEXT,
    ),
    operation(
        "update_stock",
        WRITE,
        &[STOCK_CHANGE, PRODUCT],
        &["stock_change", "product"],
        NO_TEXT,
    ),
    operation(
        "insert_log",
        WRITE,
        &[USER, IDENTITY],
        &["user", "text", "identity", "address"],
        ("action", ACTIONS.len()),
    ),
];

const fn operation(
    name: &'static str,
    weight: usize,
    draws: &'static [(&'static str, &'static str)],
    parameters: &'static [&'static str],
    texts: (&'static str, usize),
) -> Operation {
    Operation {
        name,
        weight,
        draws,
        parameters,
        texts,
    }
}

/// The recorder's default load, from the files in `operations`.
pub(crate) fn shop(operations: &Path) -> Result<Vec<Script>> {
    let file = |name: &str| {
        let path = operations.join(format!("{name}.sql"));
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let mut scripts = vec![purchase(&file("place_order")?)?];
    for operation in OPERATIONS {
        let statement = bare(&file(operation.name)?);
        let (text, count) = operation.texts;
        for at in 0..count {
            let text = format!("{text}_{at}");
            let parameters = operation.parameters.iter().map(|name| match *name {
                "text" => text.as_str(),
                name => name,
            });
            let statement = with_parameters(&statement, &parameters.collect::<Vec<_>>())?;
            scripts.push(Script {
                name: format!("{}_{at}", operation.name),
                text: format!("{}{statement};\n", set(operation.draws)),
                weight: operation.weight / count,
            });
        }
    }
    Ok(scripts)
}

/// The transaction: the recorder looks at the stock, and rolls back where it does not suffice.
fn purchase(file: &str) -> Result<Script> {
    let statement = |name: &str, parameters: &[&str]| {
        let marker = format!("-- statement: {name}\n");
        let (_, rest) = file
            .split_once(&marker)
            .with_context(|| format!("place_order.sql has no {name}"))?;
        let text = rest
            .split_once("-- statement:")
            .map_or(rest, |(text, _)| text);
        with_parameters(&bare(text), parameters)
    };
    let lock = statement("lock_product", &["product"])?;
    let order = statement("insert_order", &["user", "identity", "amount"])?;
    let stock = statement("reduce_stock", &["quantity", "product"])?;
    let log = statement("insert_log", &["user", "identity"])?;
    Ok(Script {
        name: "place_order".to_owned(),
        text: format!(
            "{}BEGIN;\n{lock} \\gset\n\\if :stock < :quantity\nROLLBACK;\n\\else\n\
             \\set amount :price_cents * :quantity\n{order};\n{stock};\n{log};\nCOMMIT;\n\\endif\n",
            set(&[USER, PRODUCT, IDENTITY, QUANTITY]),
        ),
        weight: PURCHASE,
    })
}

fn set(draws: &[(&str, &str)]) -> String {
    draws
        .iter()
        .map(|(name, draw)| format!("\\set {name} {draw}\n"))
        .collect()
}

/// One statement without comment lines and final semicolon, as the recorder sends it.
fn bare(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.trim_start().starts_with("--"))
        .collect();
    lines.join("\n").trim_end_matches(';').to_owned()
}

/// `$1`, `$2`, ... by the variables of these names; pgbench makes parameters of them again.
fn with_parameters(statement: &str, names: &[&str]) -> Result<String> {
    let mut text = statement.to_owned();
    for (at, name) in names.iter().enumerate() {
        let parameter = format!("${}", at + 1);
        ensure!(text.contains(&parameter), "no {parameter} in: {statement}");
        text = text.replace(&parameter, &format!(":{name}"));
    }
    ensure!(
        !text.contains('$'),
        "more parameters than known in: {statement}"
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Vec<Script> {
        shop(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sql/operations")).unwrap()
    }

    #[test]
    fn the_weights_are_those_of_the_default_load() {
        let scripts = shipped();
        let weight = |names: &[&str]| -> usize {
            let of = |script: &&Script| names.iter().any(|name| script.name.starts_with(name));
            scripts.iter().filter(of).map(|script| script.weight).sum()
        };
        let reads = [
            "user_list",
            "order_statistics",
            "product_search",
            "user_orders",
            "recent_logs",
        ];
        let writes = ["update_login", "create_order", "update_stock", "insert_log"];
        assert_eq!(weight(&reads), 280);
        assert_eq!(weight(&writes), 80);
        assert_eq!(weight(&["place_order"]), 40);
        for name in reads {
            assert_eq!(weight(&[name]), 56, "{name}");
        }
        assert_eq!(weight(&["insert_log"]), weight(&["create_order"]));
        assert_eq!(
            scripts.iter().map(|script| script.weight).sum::<usize>(),
            400
        );
    }

    #[test]
    fn every_variable_is_set() {
        let given = variables();
        for Script { name, text, .. } in shipped() {
            assert!(!text.contains("--") && !text.contains('$'), "{text}");
            for (at, _) in text.match_indices(':') {
                let variable: String = text[at + 1..]
                    .chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                    .collect();
                let is_cast = variable.is_empty() || text[..at].ends_with(':');
                let is_set = text.contains(&format!("\\set {variable} "))
                    || given.iter().any(|text| text.starts_with(&format!("{variable}=")))
                    // \gset makes one of each column.
                    || text.contains(&format!(" AS {variable}"));
                assert!(is_cast || is_set, "{name}: {variable}");
            }
        }
    }

    #[test]
    fn a_statement_with_other_parameters_is_an_error() {
        assert!(with_parameters("SELECT $1", &[]).is_err());
        assert!(with_parameters("SELECT 1", &["user"]).is_err());
        assert_eq!(
            with_parameters("SELECT $1::text", &["user"]).unwrap(),
            "SELECT :user::text"
        );
    }
}
