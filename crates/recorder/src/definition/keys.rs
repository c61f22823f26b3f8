//! The keys that a path works on: what the queries of a workload's `keys` return.

use std::fmt;
use std::fmt::Write as _;

use recording::vocabulary::Path;

/// The keys of a path, in the order of the workload's queries.
#[derive(Debug, Clone)]
pub(crate) struct PathKeys {
    sets: Vec<Keys>,
}

impl PathKeys {
    pub(crate) const fn new(sets: Vec<Keys>) -> Self {
        Self { sets }
    }

    /// How many keys a query gave this path.
    #[must_use]
    pub(crate) fn count(&self, query: usize) -> usize {
        self.sets[query].ids.len()
    }

    /// Appends the key at a fraction of [0, 1).
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn write(&self, query: usize, fraction: f64, out: &mut String) -> fmt::Result {
        self.sets[query].write(fraction, out)
    }

    /// The least and the greatest key of a query.
    #[must_use]
    pub(crate) fn bounds(&self, query: usize) -> Option<(i32, i32)> {
        let Ids::Integers(ids) = &self.sets.get(query)?.ids else {
            return None;
        };
        let bound = |id: Option<&i64>| i32::try_from(*id?).ok();
        Some((bound(ids.first())?, bound(ids.last())?))
    }
}

/// All keys of a query, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ids {
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

impl Ids {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integers(ids) => ids.len(),
            Self::Texts(ids) => ids.len(),
        }
    }
}

/// The keys of one path: its own half, or row locks on one path would delay the other.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    ids: Ids,
}

impl Keys {
    /// The half of a path; `None` where there are fewer than two keys.
    #[must_use]
    pub(crate) fn of_path(ids: Ids, path: Path) -> Option<Self> {
        let ids = match ids {
            Ids::Integers(ids) => Ids::Integers(half(ids, path)),
            Ids::Texts(ids) => Ids::Texts(half(ids, path)),
        };
        (ids.len() > 0).then_some(Self { ids })
    }

    fn write(&self, fraction: f64, out: &mut String) -> fmt::Result {
        let index = (fraction * self.ids.len() as f64) as usize;
        let index = index.min(self.ids.len() - 1);
        match &self.ids {
            Ids::Integers(ids) => write!(out, "{}", ids[index]),
            Ids::Texts(ids) => out.write_str(&ids[index]),
        }
    }
}

fn half<T>(mut ids: Vec<T>, path: Path) -> Vec<T> {
    let half = ids.len() / 2;
    match path {
        Path::Direct => {
            ids.truncate(half);
            ids
        }
        Path::Proxy => ids.split_off(ids.len() - half),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(keys: &Keys, fraction: f64) -> i64 {
        let mut text = String::new();
        keys.write(fraction, &mut text).unwrap();
        text.parse().unwrap()
    }

    fn of_path(ids: &[i64], path: Path) -> Option<Keys> {
        Keys::of_path(Ids::Integers(ids.to_vec()), path)
    }

    proptest! {
        #[test]
        fn the_halves_of_the_paths_are_apart_and_shifted(count in 2_i64..500, fraction in 0.0..1.0) {
            let ids: Vec<i64> = (0..count).map(|n| n * 3 + 1).collect();
            let direct = of_path(&ids, Path::Direct).unwrap();
            let proxy = of_path(&ids, Path::Proxy).unwrap();
            let [Ids::Integers(of_direct), Ids::Integers(of_proxy)] = [&direct.ids, &proxy.ids] else {
                unreachable!()
            };
            prop_assert_eq!(of_direct.len(), of_proxy.len());
            prop_assert!(of_direct.iter().all(|id| !of_proxy.contains(id)));
            let place = |ids: &Vec<i64>, keys: &Keys| ids.iter().position(|id| *id == at(keys, fraction));
            prop_assert_eq!(place(of_direct, &direct), place(of_proxy, &proxy));
        }
    }

    #[test]
    fn one_key_is_too_few() {
        assert!(of_path(&[1], Path::Direct).is_none());
        assert!(of_path(&[], Path::Proxy).is_none());
        assert_eq!(at(&of_path(&[7, 9], Path::Proxy).unwrap(), 0.999_999), 9);
    }

    #[test]
    fn keys_may_be_texts() {
        let ids = Ids::Texts(["a", "b", "c", "d"].map(str::to_owned).to_vec());
        let keys = PathKeys::new(vec![Keys::of_path(ids, Path::Proxy).unwrap()]);
        let mut text = String::new();
        keys.write(0, 0.0, &mut text).unwrap();
        assert_eq!(
            (text.as_str(), keys.count(0), keys.bounds(0)),
            ("c", 2, None)
        );
    }
}
