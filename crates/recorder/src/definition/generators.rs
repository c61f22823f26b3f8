//! How a value is drawn, of what the file says of it.

use command_line::duration::{self, micros};
use serde_json::Value as Json;
use toml::Spanned;

use crate::definition::error::DefinitionError;
use crate::definition::model::KeyQuery;
use crate::definition::reader::Reader;
use crate::definition::values::{Generator, Item, zipf};
use crate::definition::written::{Scalar, Value};

/// The greatest first number of a sequence: as many follow as no run can use.
const LAST_FIRST: i64 = i64::MAX / 2;
const LONGEST_TEXT: usize = 1 << 20;
/// A thousand years: so far, every date has four digits for its year.
const MOST_DAYS: i64 = 365_000;
const DAY_US: i64 = 86_400_000_000;

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
            Value::Sequence(first) if *first <= LAST_FIRST => Generator::Sequence(*first),
            Value::Sequence(_) => {
                return self.refuse(
                    place,
                    format!("a sequence begins with {LAST_FIRST} at most, so that its numbers do not end"),
                );
            }
            Value::Keys(name) => Generator::Keys(query(name)?),
            Value::ZipfKeys(of) => Generator::ZipfKeys(query(&of.keys)?, exponent(of.exponent)?),
            Value::Zipf(of) => match zipf(of.to as f64, exponent(of.exponent)?) {
                Some(zipf) if of.to > 0 => Generator::Zipf(zipf, of.to),
                _ => return self.refuse(place, "zipf draws from 1 to a positive number"),
            },
            Value::Uniform(bounds) => match bounds[..] {
                [least, greatest] if least <= greatest => Generator::Uniform(least, greatest),
                _ => return self.refuse(place, "write the least and the greatest: [1, 10]"),
            },
            Value::Text(bounds) => match bounds[..] {
                [least, greatest] if least <= greatest && greatest <= LONGEST_TEXT => {
                    Generator::Text(least, greatest)
                }
                _ => {
                    return self.refuse(
                        place,
                        format!("write the least and the greatest length: [1, 10]; up to {LONGEST_TEXT} letters"),
                    );
                }
            },
            Value::Choice(items) if items.is_empty() => {
                return self.refuse(place, "a choice of nothing: name one or more");
            }
            Value::Choice(items) => Generator::Choice(items.iter().map(item).collect()),
            Value::Timestamp(bounds) => self.timestamp(place, bounds)?,
            Value::Json(members) => {
                let member = |(name, value): (&String, &Value)| {
                    Ok((name.clone(), self.generator(place, value, keys)?))
                };
                Generator::Json(members.iter().map(member).collect::<Result<_, _>>()?)
            }
        })
    }

    fn timestamp(
        &self,
        place: &Spanned<Value>,
        bounds: &[String],
    ) -> Result<Generator, DefinitionError> {
        if let [from, to] = bounds {
            let (from, to) = (self.offset(place, from)?, self.offset(place, to)?);
            if from <= to {
                return Ok(Generator::Timestamp(from, to));
            }
        }
        self.refuse(
            place,
            "write the earliest and the latest time: [\"-30d\", \"0s\"]",
        )
    }

    /// Microseconds from now; negative is before.
    fn offset(&self, place: &Spanned<Value>, text: &str) -> Result<i64, DefinitionError> {
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text),
        };
        // Days are no unit of the command line, and what a business counts in.
        if let Some(days) = length.strip_suffix('d') {
            return match days.parse::<i64>() {
                Ok(days) if (0..=MOST_DAYS).contains(&days) => Ok(sign * days * DAY_US),
                _ => self.refuse(
                    place,
                    format!("{text}: write a whole number of days, up to {MOST_DAYS}d"),
                ),
            };
        }
        match duration::parse(length) {
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
