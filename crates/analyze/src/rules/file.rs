//! A file of rules, TOML: `[[rule]]` tables, each with a `rule` and, if it is to have one, a `name`.

use serde::Deserialize;

use crate::rules::grammar::Mistake;
use crate::rules::rule::Rule;

/// What is wrong with a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesFileError {
    #[error("line {line}: {what}")]
    Toml { line: usize, what: String },
    #[error("it holds no rule; write [[rule]], and below it rule = \"lost == 0\"")]
    Empty,
    #[error("rule {number}: {mistake}")]
    Rule {
        /// Counts from 1.
        number: usize,
        mistake: Mistake,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    rule: String,
}

/// Reads the rules of a file, from its text.
///
/// # Errors
/// [`RulesFileError`], its first mistake.
pub fn parse_file(text: &str) -> Result<Vec<Rule>, RulesFileError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        RulesFileError::Toml {
            line: 1 + before.matches('\n').count(),
            what: error.message().to_owned(),
        }
    })?;
    if file.rule.is_empty() {
        return Err(RulesFileError::Empty);
    }
    let rules = file.rule.into_iter().enumerate();
    let read = rules.map(|(index, Entry { name, rule })| {
        Rule::new(name, &rule).map_err(|mistake| RulesFileError::Rule {
            number: index + 1,
            mistake,
        })
    });
    read.collect()
}
