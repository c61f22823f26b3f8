//! Names that are near a misspelt one.

/// So many are named.
const NAMED: usize = 3;
/// A longer one is no name that was misspelt.
const LONGEST: usize = 100;

/// The names that are nearest to `name`, the nearest first. One that lacks its path is near.
pub(super) fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let letters: Vec<char> = name.chars().take(LONGEST + 1).collect();
    if letters.len() > LONGEST {
        return Vec::new();
    }
    let most = (letters.len() / 3).max(2);
    let distance = |other: &str| {
        let ends_so = other
            .strip_suffix(name)
            .is_some_and(|path| path.ends_with('.'));
        match ends_so {
            true => 1,
            false => edits(&letters, &other.chars().collect::<Vec<char>>()),
        }
    };
    let mut near: Vec<(usize, &str)> = names
        .map(|other| (distance(other), other))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    let names = near.into_iter().map(|(_, name)| name);
    names.take(NAMED).collect()
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, another) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != another);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let of = |one: &str, other: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<char>>();
            edits(&letters(one), &letters(other))
        };
        assert_eq!(of("", ""), 0);
        assert_eq!(of("", "abc"), 3);
        assert_eq!(of("kitten", "sitting"), 3);
        assert_eq!(of("saturday", "sunday"), 3);
        assert_eq!(of("p99", "p99"), 0);
        assert_eq!(of("延迟", "延"), 1);
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
