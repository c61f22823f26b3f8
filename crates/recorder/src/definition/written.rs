//! A workload file as it is written, with the place of what can be wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) setup: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) keys: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(rename = "operation")]
    pub(super) operations: Spanned<Vec<Operation>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    pub(super) name: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) operation_type: Spanned<Type>,
    pub(super) weight: Spanned<f64>,
    #[serde(default)]
    pub(super) values: BTreeMap<Spanned<String>, Spanned<Value>>,
    #[serde(default)]
    pub(super) identity: Vec<Spanned<String>>,
    #[serde(rename = "statement")]
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Type {
    Read,
    Write,
    Transaction,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    pub(super) sql: Spanned<String>,
    #[serde(default)]
    pub(super) parameters: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) results: Vec<Spanned<String>>,
    pub(super) expect: Option<Expect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expect {
    Rows,
}

/// How a value is made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Value {
    Identity,
    Uuid,
    Ip,
    Keys(String),
    ZipfKeys(ZipfKeys),
    Uniform(Vec<i64>),
    Zipf(Zipf),
    Sequence(i64),
    Choice(Vec<Scalar>),
    Text(Vec<usize>),
    Timestamp(Vec<String>),
    Json(BTreeMap<String, Value>),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZipfKeys {
    pub(super) keys: String,
    pub(super) exponent: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zipf {
    pub(super) to: i64,
    pub(super) exponent: f64,
}

/// One of a choice.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}
