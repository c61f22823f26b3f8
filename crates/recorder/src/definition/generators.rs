//! How a value is drawn, of what the file says of it.

use command_line::duration::{self, micros};
use serde_json::Value as Json;
use toml::Spanned;

use crate::definition::error::DefinitionError;
use crate::definition::model::KeyQuery;
use crate::definition::reader::Reader;
use crate::definition::values::{Generator, Item, zipf};
use crate::definition::written::{Scalar, Value};

impl Reader<'_> {
    pub(super) fn generator(
        &self,
        place: &Spanned<Value>,
        value: &Value,
        keys: &[KeyQuery],
    ) -> Result<Generator, DefinitionError> {
        let query = |name: &String| match keys.iter().position(|query| query.name == *name) {
            Some(query) => Ok(query),
            None => self.refuse(
                place,
                format!("no keys are called {name:?}: add their query under [keys]"),
            ),
        };
        let exponent = |exponent: f64| match zipf(2.0, exponent) {
            Some(_) => Ok(exponent),
            None => self.refuse(
                place,
                "the exponent of zipf is 0 or a positive number; 1 is usual",
            ),
        };
        Ok(match value {
            Value::Identity => Generator::Identity,
            Value::Uuid => Generator::Uuid,
            Value::Ip => Generator::Ip,
            Value::Sequence(first) => Generator::Sequence(*first),
            Value::Keys(name) => Generator::Keys(query(name)?),
            Value::ZipfKeys(of) => Generator::ZipfKeys(query(&of.keys)?, exponent(of.exponent)?),
            Value::Zipf(of) => match zipf(of.to as f64, exponent(of.exponent)?) {
                Some(zipf) if of.to > 0 => Generator::Zipf(zipf),
                _ => return self.refuse(place, "zipf draws from 1 to a positive number"),
            },
            Value::Uniform([least, greatest]) if least <= greatest => {
                Generator::Uniform(*least, *greatest)
            }
            Value::Text([least, greatest]) if least <= greatest && *greatest <= 1 << 20 => {
                Generator::Text(*least, *greatest)
            }
            Value::Uniform(_) | Value::Text(_) => {
                return self.refuse(
                    place,
                    "write the least and the greatest: [1, 10]; a text has up to 1048576 letters",
                );
            }
            Value::Choice(items) if items.is_empty() => {
                return self.refuse(place, "a choice of nothing: name one or more");
            }
            Value::Choice(items) => Generator::Choice(items.iter().map(item).collect()),
            Value::Timestamp([from, to]) => {
                let [from, to] = [self.offset(place, from)?, self.offset(place, to)?];
                if from > to {
                    return self.refuse(
                        place,
                        "the first time is later than the second: write [\"-30d\", \"0s\"]",
                    );
                }
                Generator::Timestamp(from, to)
            }
            Value::Json(members) => {
                let member = |(name, value): (&String, &Value)| {
                    Ok((name.clone(), self.generator(place, value, keys)?))
                };
                Generator::Json(members.iter().map(member).collect::<Result<_, _>>()?)
            }
        })
    }

    /// Microseconds from now; negative is before.
    fn offset(&self, place: &Spanned<Value>, text: &str) -> Result<i64, DefinitionError> {
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text),
        };
        // Days are no unit of the command line, and what a business counts in.
        let parsed = match length.strip_suffix('d') {
            Some(days) => duration::parse(days).map(|days| days * 86_400),
            None => duration::parse(length),
        };
        match parsed {
            Ok(length) => Ok(sign * micros(length)),
            Err(error) => self.refuse(place, format!("{text}: {error}")),
        }
    }
}

fn item(scalar: &Scalar) -> Item {
    let json = match scalar {
        Scalar::Boolean(value) => Json::from(*value),
        Scalar::Integer(value) => Json::from(*value),
        Scalar::Float(value) => Json::from(*value),
        Scalar::Text(text) => Json::from(text.as_str()),
    };
    Item {
        text: match scalar {
            Scalar::Text(text) => text.clone(),
            _ => json.to_string(),
        },
        json,
    }
}
