//! A workload file of the recorder as scripts of pgbench: the same statements, shares and ranges.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use toml::{Table, Value};

/// Of the 1,000 users and products that `recorder setup` makes, the half of the direct path.
const KEY: &str = "random(1, 500)";
/// In place of run, path and operation: as unique, and nearly as long.
const IDENTITY: &str = "random(1000000000000000000, 9000000000000000000)";
/// In place of one at random: pgbench draws numbers only.
const ADDRESS: &str = "10.117.201.44";
/// In a result that has to have a row: it had none. No result of the workloads is negative.
const NO_ROW: &str = "-1";

/// What pgbench is given for a workload.
#[derive(Debug)]
pub(crate) struct Scripts {
    /// `--file` and `--define`.
    pub(crate) arguments: Vec<String>,
}

/// A script, and how often it runs.
#[derive(Debug, PartialEq, Eq)]
struct Script {
    name: String,
    text: String,
    weight: usize,
}

/// What is used of a workload file.
#[derive(Deserialize)]
struct Workload {
    operation: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    name: String,
    r#type: String,
    weight: usize,
    #[serde(default)]
    values: Table,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    sql: String,
    #[serde(default)]
    parameters: Vec<String>,
    #[serde(default)]
    results: Vec<String>,
    expect: Option<String>,
}

/// What pgbench has for a value.
enum Draw {
    /// An expression of `\set`.
    Number(String),
    /// One of these, by a script for each.
    Texts(Vec<String>),
}

impl Scripts {
    /// Those of a workload file, written into `folder`.
    pub(crate) fn write(workload: &Path, folder: &Path) -> Result<Self> {
        let named = || workload.display().to_string();
        let text = fs::read_to_string(workload).with_context(named)?;
        let (scripts, texts) = scripts(&text).with_context(named)?;
        let mut arguments = Vec::new();
        for script in scripts {
            let path = folder.join(format!("{}.sql", script.name));
            fs::write(&path, &script.text).with_context(|| path.display().to_string())?;
            arguments.push(format!("--file={}@{}", path.display(), script.weight));
        }
        for (name, text) in texts {
            arguments.push(format!("--define={name}={text}"));
        }
        Ok(Self { arguments })
    }
}

/// The scripts, and the texts that they use by name.
fn scripts(workload: &str) -> Result<(Vec<Script>, BTreeMap<String, String>)> {
    let workload: Workload = toml::from_str(workload)?;
    let mut scripts = Vec::new();
    let mut texts = BTreeMap::new();
    for operation in &workload.operation {
        let of = || operation.name.clone();
        scripts.extend(operation.scripts(&mut texts).with_context(of)?);
    }
    // Shares of pgbench are whole numbers.
    let parts: Vec<usize> = scripts.iter().map(|(_, parts)| *parts).collect();
    let all = parts.iter().max().copied().unwrap_or(1);
    for (script, parts) in &mut scripts {
        ensure!(
            all.is_multiple_of(*parts),
            "{}: {parts} of {all}",
            script.name
        );
        script.weight = script.weight * all / *parts;
    }
    Ok((
        scripts.into_iter().map(|(script, _)| script).collect(),
        texts,
    ))
}

impl Operation {
    /// A script for each of its texts, each with the weight of the operation, and how many they are.
    fn scripts(&self, texts: &mut BTreeMap<String, String>) -> Result<Vec<(Script, usize)>> {
        let mut set = String::new();
        // The value that is one of several texts, and their variables: a script for each.
        let mut choice = (String::new(), vec![String::new()]);
        for (name, value) in &self.values {
            match draw(value).with_context(|| name.clone())? {
                Draw::Number(expression) => set += &format!("\\set {name} {expression}\n"),
                Draw::Texts(of) => {
                    let variables = variables(name, of.len());
                    for (variable, text) in variables.iter().zip(of) {
                        let old = texts.insert(variable.clone(), text.clone());
                        ensure!(old.is_none_or(|old| old == text), "another {variable}");
                    }
                    if variables.len() > 1 {
                        ensure!(choice.0.is_empty(), "a second choice of texts");
                        choice = (name.clone(), variables);
                    }
                }
            }
        }
        let (value, variables) = choice;
        let mut scripts = Vec::new();
        for (at, variable) in variables.iter().enumerate() {
            let script = Script {
                name: format!("{}_{at}", self.name),
                text: set.clone() + &self.body(&value, variable)?,
                weight: self.weight,
            };
            scripts.push((script, variables.len()));
        }
        Ok(scripts)
    }

    /// Its statements, with `variable` in place of `value`.
    fn body(&self, value: &str, variable: &str) -> Result<String> {
        let (mut before, mut body, mut after) = (String::new(), String::new(), String::new());
        for statement in &self.statement {
            let names = statement.parameters.iter().map(|name| match name == value {
                true => variable,
                false => name.as_str(),
            });
            let sql = with_parameters(statement.sql.trim(), &names.collect::<Vec<_>>())?;
            match (&statement.results[..], statement.expect.as_deref()) {
                ([], None) => body += &format!("{sql};\n"),
                ([result, ..], Some("rows")) if self.r#type == "transaction" => {
                    before += &format!("\\set {result} {NO_ROW}\n");
                    body +=
                        &format!("{sql} \\aset\n\\if :{result} = {NO_ROW}\nROLLBACK;\n\\else\n");
                    after += "\\endif\n";
                }
                _ => bail!("pgbench has no match for: {sql}"),
            }
        }
        Ok(match self.r#type.as_str() {
            "transaction" => format!("{before}BEGIN;\n{body}COMMIT;\n{after}"),
            _ => body,
        })
    }
}

/// The names under which scripts find the texts of a value.
fn variables(name: &str, count: usize) -> Vec<String> {
    match count {
        1 => vec![name.to_owned()],
        _ => (0..count).map(|at| format!("{name}_{at}")).collect(),
    }
}

fn draw(value: &Value) -> Result<Draw> {
    let number = |text: &str| Ok(Draw::Number(text.to_owned()));
    match value.as_str() {
        Some("identity") => return number(IDENTITY),
        Some("ip") => return Ok(Draw::Texts(vec![ADDRESS.to_owned()])),
        _ => {}
    }
    if value.get("keys").is_some() {
        return number(KEY);
    }
    if let Some([from, to]) = value
        .get("uniform")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        return number(&format!("random({from}, {to})"));
    }
    let choice = value.get("choice").and_then(Value::as_array);
    let texts = choice.with_context(|| format!("pgbench has no match for {value}"))?;
    let texts = texts.iter().map(|text| text.as_str().map(str::to_owned));
    let texts: Option<Vec<String>> = texts.collect();
    Ok(Draw::Texts(texts.context("not all are texts")?))
}

/// `$1`, `$2`, ... by the variables of these names; pgbench makes parameters of them again.
fn with_parameters(statement: &str, names: &[&str]) -> Result<String> {
    let mut text = statement.to_owned();
    for (at, name) in names.iter().enumerate().rev() {
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

    const POINT_READ: &str = include_str!("point_read.toml");

    fn shop() -> (Vec<Script>, BTreeMap<String, String>) {
        scripts(include_str!("../../../../sql/shop.toml")).unwrap()
    }

    #[test]
    fn the_shares_are_those_of_the_default_load() {
        let (scripts, _) = shop();
        let weight = |name: &str| -> usize {
            let of = |script: &&Script| script.name.starts_with(name);
            scripts.iter().filter(of).map(|script| script.weight).sum()
        };
        let all: usize = scripts.iter().map(|script| script.weight).sum();
        assert_eq!(all, 100 * 8);
        for (name, percent) in [
            ("user_list", 14),
            ("product_search", 14),
            ("update_login", 5),
            ("insert_log", 5),
            ("place_order", 10),
        ] {
            assert_eq!(weight(name) * 100, percent * all, "{name}");
        }
        // A script for each category and each action.
        assert_eq!(scripts.len(), 8 + 8 + 4);
    }

    #[test]
    fn a_workload_is_these_scripts() {
        let (point_read, texts) = scripts(POINT_READ).unwrap();
        assert!(texts.is_empty());
        let expected = Script {
            name: "user_0".to_owned(),
            text: "\\set user_id random(1, 500)\n\
                   SELECT username, email, last_login FROM business_users WHERE id = :user_id;\n"
                .to_owned(),
            weight: 1,
        };
        assert_eq!(point_read, [expected]);
        let (shop, texts) = shop();
        let purchase = shop.iter().find(|script| script.name == "place_order_0");
        let text = &purchase.unwrap().text;
        for (before, after) in [
            ("\\set amount -1\nBEGIN;\nSELECT price", "FOR UPDATE \\aset"),
            (
                "\\aset\n\\if :amount = -1\nROLLBACK;\n\\else\nINSERT",
                "COMMIT;\n\\endif\n",
            ),
        ] {
            let (_, rest) = text.split_once(before).unwrap();
            assert!(rest.contains(after), "{text}");
        }
        assert_eq!(texts["category_7"], "toys");
        assert_eq!(texts["address"], ADDRESS);
    }

    #[test]
    fn every_variable_is_set() {
        let (scripts, given) = shop();
        for Script { name, text, .. } in scripts {
            assert!(!text.contains("--") && !text.contains('$'), "{text}");
            for (at, _) in text.match_indices(':') {
                let variable: String = text[at + 1..]
                    .chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                    .collect();
                let is_cast = variable.is_empty() || text[..at].ends_with(':');
                let is_set =
                    text.contains(&format!("\\set {variable} ")) || given.contains_key(&variable);
                assert!(is_cast || is_set, "{name}: {variable}");
            }
        }
    }

    #[test]
    fn what_pgbench_has_no_match_for_is_an_error() {
        assert!(with_parameters("SELECT $1", &[]).is_err());
        assert!(with_parameters("SELECT 1", &["user"]).is_err());
        let eleven = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
        let statement = "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text";
        let text = with_parameters(statement, &eleven).unwrap();
        assert!(text.ends_with(":i, :j, :k::text"), "{text}");
        let drawn = POINT_READ.replace("{ keys = \"users\" }", "\"uuid\"");
        assert!(scripts(&drawn).is_err());
        let fed = POINT_READ.to_owned() + "results = [\"email\"]\n";
        assert!(scripts(&fed).is_err());
    }
}
