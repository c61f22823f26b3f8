//! The failures of a path by kind, each with its commonest text.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use recording::Timestamp;

use crate::reduce::scan::{ErrorCounts, ErrorKey};
use crate::summary::ErrorSummary;

/// The failures of one class, SQLSTATE and text.
struct Alike<'f> {
    /// `None` where no text came.
    text: Option<&'f str>,
    count: u64,
    first_us: Option<i64>,
    last_us: Option<i64>,
}

/// Failures by class and SQLSTATE, most frequent first.
pub(crate) fn errors(counted: &BTreeMap<ErrorKey, ErrorCounts>) -> Vec<ErrorSummary> {
    let mut kinds: BTreeMap<_, Vec<Alike<'_>>> = BTreeMap::new();
    for ((class, code, text), counts) in counted {
        let kind = (class.as_str(), code.as_deref());
        kinds.entry(kind).or_default().push(Alike {
            text: text.as_deref().filter(|text| !text.is_empty()),
            count: counts.count,
            first_us: counts.first_us,
            last_us: counts.last_us,
        });
    }
    let mut errors: Vec<_> = kinds
        .into_iter()
        .map(|((class, code), alike)| summary(class, code, &alike))
        .collect();
    errors.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.first.cmp(&b.first)));
    errors
}

fn summary(class: &str, sqlstate: Option<&str>, alike: &[Alike<'_>]) -> ErrorSummary {
    let with_text = || alike.iter().filter(|alike| alike.text.is_some());
    // Of those that came equally often, the one that came first.
    let commonest =
        with_text().max_by_key(|alike| (alike.count, Reverse((alike.first_us, alike.text))));
    let first_us = alike.iter().filter_map(|alike| alike.first_us).min();
    let last_us = alike.iter().filter_map(|alike| alike.last_us).max();
    ErrorSummary {
        class: class.to_owned(),
        sqlstate: sqlstate.map(str::to_owned),
        count: alike.iter().map(|alike| alike.count).sum(),
        first: Timestamp(first_us.unwrap_or_default()),
        last: Timestamp(last_us.unwrap_or_default()),
        message: commonest
            .and_then(|alike| alike.text)
            .unwrap_or_default()
            .to_owned(),
        message_count: commonest.map_or(0, |alike| alike.count),
        other_messages: with_text().count().saturating_sub(1) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(text: Option<&str>, count: u64, first_us: i64) -> Alike<'_> {
        Alike {
            text,
            count,
            first_us: Some(first_us),
            last_us: Some(first_us + 10),
        }
    }

    #[test]
    fn the_commonest_text_stands_for_its_kind() {
        let found = summary(
            "other",
            Some("XX000"),
            &[
                alike(Some("cache lookup failed"), 13, 5),
                alike(None, 400, 1),
                alike(Some("could not open relation"), 150, 9),
                alike(Some("a third"), 150, 20),
            ],
        );
        assert_eq!(found.message, "could not open relation");
        assert_eq!(
            (found.count, found.message_count, found.other_messages),
            (713, 150, 2)
        );
        assert_eq!((found.first, found.last), (Timestamp(1), Timestamp(30)));
    }

    #[test]
    fn without_any_text_there_is_none() {
        let found = summary("other", None, &[alike(None, 2, 3)]);
        assert_eq!(found.message, "");
        assert_eq!(
            (found.count, found.message_count, found.other_messages),
            (2, 0, 0)
        );
    }
}
