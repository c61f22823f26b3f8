//! How the values of an operation are made.

use std::borrow::Cow;
use std::fmt::Write as _;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Zipf};
use recording::Clock;
use recording::vocabulary::Path;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::definition::keys::PathKeys;

/// Letters of a random text.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz      ";

/// Of a long choice, so many are planned: each is a round trip.
const MOST_EXAMPLES: usize = 10;

/// How a value is made. All but the identity, the UUID and the sequence are the same on both paths, as far as keys go by their place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Generator {
    /// `run-path-number`: an audit finds the write by it.
    Identity,
    /// A UUID of version 4 that no other operation gets.
    Uuid,
    /// An address in 10.0.0.0/8.
    Ip,
    /// One of the path's keys: of which query.
    Keys(usize),
    /// One of the path's keys, the first ones more often.
    ZipfKeys(usize, f64),
    /// A whole number between the two.
    Uniform(i64, i64),
    /// A whole number from 1 to this one, small ones more often.
    Zipf(Zipf<f64>, i64),
    /// From this number on, one that no other operation of the run gets.
    Sequence(i64),
    /// One of these.
    Choice(Vec<Item>),
    /// Letters and spaces; the least and the greatest length.
    Text(usize, usize),
    /// Between so many microseconds before and after now; negative is before.
    Timestamp(i64, i64),
    /// An object of values.
    Json(Vec<(String, Self)>),
}

/// One of a choice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) json: Json,
}

/// What the values of an operation depend on, besides what is drawn.
pub(crate) struct Place<'a> {
    pub(crate) path: Path,
    pub(crate) operation_id: i64,
    /// The keys of the path.
    pub(crate) keys: &'a PathKeys,
    /// `run-path-number`.
    pub(crate) identity: &'a str,
    pub(crate) clock: Clock,
}

impl Generator {
    /// Appends the value as text.
    pub(crate) fn write(
        &self,
        random: &mut Xoshiro256PlusPlus,
        place: &Place<'_>,
        out: &mut String,
    ) {
        // Writing to a String can't fail.
        let _ = match self {
            Self::Identity => {
                out.push_str(place.identity);
                Ok(())
            }
            Self::Uuid => {
                // Drawn all the same: what follows must not depend on what this is made of.
                let bits = u128::from_be_bytes(uuid(place.identity, random.next_u64()));
                let hex = format!("{bits:032x}");
                write!(
                    out,
                    "{}-{}-{}-{}-{}",
                    &hex[..8],
                    &hex[8..12],
                    &hex[12..16],
                    &hex[16..20],
                    &hex[20..]
                )
            }
            Self::Ip => {
                let [a, b, c]: [u8; 3] = [random.random(), random.random(), random.random()];
                write!(out, "10.{a}.{b}.{c}")
            }
            Self::Keys(query) => place.keys.write(*query, random.random(), out),
            Self::ZipfKeys(query, exponent) => {
                let count = place.keys.count(*query);
                let rank = zipf(count as f64, *exponent).map_or(1.0, |zipf| zipf.sample(random));
                place.keys.write(*query, (rank - 0.5) / count as f64, out)
            }
            Self::Uniform(least, greatest) => {
                write!(out, "{}", random.random_range(*least..=*greatest))
            }
            Self::Zipf(zipf, _) => write!(out, "{}", zipf.sample(random) as i64),
            Self::Sequence(first) => {
                let number = (place.operation_id - 1) * 2 + i64::from(place.path == Path::Proxy);
                write!(out, "{}", first.saturating_add(number))
            }
            Self::Choice(items) => {
                out.push_str(&items[random.random_range(0..items.len())].text);
                Ok(())
            }
            Self::Text(least, greatest) => {
                let length = random.random_range(*least..=*greatest);
                out.extend(
                    (0..length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])),
                );
                Ok(())
            }
            Self::Timestamp(from, to) => {
                let us = place
                    .clock
                    .now_us()
                    .saturating_add(random.random_range(*from..=*to));
                let time = chrono::DateTime::from_timestamp_micros(us).unwrap_or_default();
                write!(out, "{}", time.format("%Y-%m-%d %H:%M:%S%.6f+00"))
            }
            Self::Json(_) => write!(out, "{}", self.json(random, place)),
        };
    }

    /// Values of this kind for a plan, those that are most likely to be refused; keys, whose type is not known here, have none.
    pub(crate) fn examples(&self) -> Vec<Cow<'_, str>> {
        let number = |number: &i64| Cow::from(number.to_string());
        match self {
            Self::Identity => vec!["x".into()],
            Self::Uuid => vec!["00000000-0000-4000-8000-000000000000".into()],
            Self::Ip => vec!["10.0.0.1".into()],
            Self::Keys(_) | Self::ZipfKeys(..) => vec![],
            Self::Uniform(least, greatest) => vec![number(least), number(greatest)],
            Self::Zipf(_, to) => vec!["1".into(), number(to)],
            Self::Sequence(first) => vec![number(first)],
            Self::Choice(items) => {
                let items = items.iter().take(MOST_EXAMPLES);
                items.map(|item| item.text.as_str().into()).collect()
            }
            Self::Text(least, greatest) => {
                vec!["x".repeat(*least).into(), "x".repeat(*greatest).into()]
            }
            Self::Timestamp(..) => vec!["2026-01-01 00:00:00+00".into()],
            Self::Json(_) => vec!["{}".into()],
        }
    }

    /// The value as JSON: numbers stay numbers.
    fn json(&self, random: &mut Xoshiro256PlusPlus, place: &Place<'_>) -> Json {
        match self {
            Self::Json(members) => {
                let member = |(name, generator): &(String, Self)| {
                    (name.clone(), generator.json(random, place))
                };
                Json::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
            Self::Choice(items) => items[random.random_range(0..items.len())].json.clone(),
            Self::Keys(_)
            | Self::ZipfKeys(..)
            | Self::Uniform(..)
            | Self::Zipf(..)
            | Self::Sequence(_) => {
                let text = self.text(random, place);
                text.parse::<i64>().map_or(Json::String(text), Json::from)
            }
            _ => Json::String(self.text(random, place)),
        }
    }

    fn text(&self, random: &mut Xoshiro256PlusPlus, place: &Place<'_>) -> String {
        let mut text = String::new();
        self.write(random, place, &mut text);
        text
    }
}

/// Zipf's distribution over 1 to `count`; `None` where there is none.
pub(crate) fn zipf(count: f64, exponent: f64) -> Option<Zipf<f64>> {
    Zipf::new(count, exponent).ok()
}

/// Version 4 in its form; made of the identity, which no other operation has, in any run.
fn uuid(identity: &str, random: u64) -> [u8; 16] {
    let mut digest = Sha256::new();
    digest.update(random.to_be_bytes());
    digest.update(identity);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}
