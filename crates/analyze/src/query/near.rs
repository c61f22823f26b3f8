//! Names that were perhaps meant.

/// So many are named.
const MOST: usize = 3;

/// The known names that are nearest to a name, nearest first; none where none is near.
pub(crate) fn near<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let name = name.to_lowercase();
    let farthest = (name.chars().count() / 3).max(2);
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let other = known.to_lowercase();
            let is_part = name.len() > 2 && (other.contains(&name) || name.contains(&other));
            let distance = distance(&name, &other);
            (distance <= farthest || is_part).then_some((distance, known))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
        .into_iter()
        .take(MOST)
        .map(|(_, known)| known)
        .collect()
}

/// How many letters have to be changed, added or taken away (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, found) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *found);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near() {
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
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "ab", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }
}
