//! Names that were perhaps meant.

use strsim::levenshtein;

/// So many are named.
const MOST: usize = 3;
/// A longer one is no name that was misspelt.
const LONGEST: usize = 100;

/// The known names that are nearest to a name, nearest first; none where none is near. One that it is a part of, or that is a part of it, is near.
pub(crate) fn near<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    if name.chars().count() > LONGEST {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let farthest = (name.chars().count() / 3).max(2);
    let distance = |known: &str| {
        let known = known.to_lowercase();
        let is_part = name.len() > 2 && (known.contains(&name) || name.contains(&known));
        let distance = levenshtein(&name, &known);
        match is_part {
            true if known.ends_with(&name) => distance.min(1),
            true => distance.min(2),
            false => distance,
        }
    };
    let mut found: Vec<(usize, &str)> = known
        .map(|known| (distance(known), known))
        .filter(|(distance, _)| *distance <= farthest)
        .collect();
    found.sort_unstable();
    found.dedup();
    let found = found.into_iter().map(|(_, known)| known);
    found.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns() {
        let known = [
            "response_time_us",
            "path",
            "outcome",
            "operations",
            "sqlstate",
        ];
        let near = |name| near(name, known.into_iter());
        assert_eq!(near("respons_time_us"), ["response_time_us"]);
        assert_eq!(near("PATH"), ["path"]);
        assert_eq!(near("operation"), ["operations"]);
        assert_eq!(near("response"), ["response_time_us"]);
        assert_eq!(near("zzz"), [""; 0]);
        assert_eq!(near(""), [""; 0]);
    }

    #[test]
    fn the_nearest_come_first_and_what_lacks_its_path_is_near() {
        let names = [
            "proxy.writer.downtime",
            "direct.writer.downtime",
            "lost",
            "pauses",
            "paused",
        ];
        let of = |name: &str| near(name, names.into_iter());
        assert_eq!(
            of("proxy.writer.downtme"),
            ["proxy.writer.downtime", "direct.writer.downtime"]
        );
        assert_eq!(
            of("writer.downtime"),
            ["direct.writer.downtime", "proxy.writer.downtime"]
        );
        assert_eq!(of("lots"), ["lost"]);
        assert_eq!(of("pause"), ["paused", "pauses"]);
        assert!(of("something.else.entirely").is_empty());
        assert!(of(&"x".repeat(1_000_000)).is_empty());
    }
}
