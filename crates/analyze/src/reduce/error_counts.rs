//! Failures, counted by class and SQLSTATE, each with its commonest text.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use recording::Timestamp;

use crate::summary::ErrorCount;

/// A failure as it is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted<'f> {
    pub(crate) class: &'f str,
    /// The server's code, where one came.
    pub(crate) sqlstate: Option<&'f str>,
    pub(crate) end_us: i64,
    pub(crate) message: Option<&'f str>,
    /// The server of its connection.
    pub(crate) server: Option<&'f str>,
}

/// Most frequent first.
pub(crate) fn of_each<'f>(failures: impl Iterator<Item = Counted<'f>>) -> Vec<ErrorCount> {
    let mut kinds: BTreeMap<_, Vec<Counted<'f>>> = BTreeMap::new();
    for failure in failures {
        let kind = (failure.class, failure.sqlstate);
        kinds.entry(kind).or_default().push(failure);
    }
    let counted = kinds.into_values().filter_map(of_kind);
    let mut counts: Vec<ErrorCount> = counted.collect();
    counts.sort_by_key(|count| Reverse(count.count));
    counts
}

/// Those of one kind; `None` where there is none.
fn of_kind(mut failures: Vec<Counted<'_>>) -> Option<ErrorCount> {
    failures.sort_by_key(|failure| failure.end_us);
    let (first, last) = (failures.first()?, failures.last()?);
    let mut texts: BTreeMap<&str, (u64, Reverse<i64>)> = BTreeMap::new();
    let mut servers: Vec<String> = Vec::new();
    for failure in &failures {
        if let Some(text) = failure.message.filter(|text| !text.is_empty()) {
            let text = texts.entry(text);
            text.or_insert((0, Reverse(failure.end_us))).0 += 1;
        }
        if let Some(server) = failure.server
            && !servers.iter().any(|known| known == server)
        {
            servers.push(server.to_owned());
        }
    }
    // Of those that came equally often, the one that came first.
    let commonest = texts.iter().max_by_key(|(_, times)| **times);
    let (message, message_count) = commonest.map_or(("", 0), |(text, (count, _))| (*text, *count));
    Some(ErrorCount {
        class: first.class.to_owned(),
        sqlstate: first.sqlstate.map(str::to_owned),
        count: failures.len() as u64,
        first: Timestamp(first.end_us),
        last: Timestamp(last.end_us),
        message: message.to_owned(),
        message_count,
        other_messages: texts.len().saturating_sub(1) as u64,
        servers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_with_its_commonest_text_and_its_servers() {
        let failure = |class, end_us, message, server| Counted {
            class,
            sqlstate: None,
            end_us,
            message,
            server,
        };
        let found = of_each(
            [
                failure("refused", 7, None, None),
                failure("read_only", 9, Some("b"), Some("10.0.0.3:5432")),
                failure("read_only", 2, Some("a"), Some("10.0.0.2:5432")),
                failure("read_only", 5, Some("a"), Some("10.0.0.2:5432")),
                failure("read_only", 1, Some("b"), None),
                failure("read_only", 4, Some(""), None),
            ]
            .into_iter(),
        );
        let [read_only, refused] = found.as_slice() else {
            panic!("{found:?}")
        };
        // Twice each: the one that came first.
        let text = (read_only.message.as_str(), read_only.message_count);
        assert_eq!(
            (read_only.count, text, read_only.other_messages),
            (5, ("b", 2), 1)
        );
        assert_eq!(
            (read_only.first, read_only.last),
            (Timestamp(1), Timestamp(9))
        );
        assert_eq!(read_only.servers, ["10.0.0.2:5432", "10.0.0.3:5432"]);
        assert_eq!(
            (refused.class.as_str(), refused.message_count),
            ("refused", 0)
        );
        assert!(refused.servers.is_empty());
    }
}
