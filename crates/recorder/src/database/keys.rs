//! The keys of users and products that a path works on.

use recording::vocabulary::Path;

/// The keys of a path's half.
pub(crate) struct PathKeys {
    pub(crate) users: Keys,
    pub(crate) products: Keys,
}

/// The keys of one path: its own half, or row locks on one path would delay the other.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    ids: Vec<i32>,
}

impl Keys {
    /// The half of a path; `None` where there are fewer than two keys. `ids` are all keys in their order.
    #[must_use]
    pub(crate) fn of_path(mut ids: Vec<i32>, path: Path) -> Option<Self> {
        let half = ids.len() / 2;
        let ids = match path {
            Path::Direct => {
                ids.truncate(half);
                ids
            }
            Path::Proxy => ids.split_off(ids.len() - half),
        };
        (half > 0).then_some(Self { ids })
    }

    /// The least and the greatest key.
    #[must_use]
    pub(crate) fn bounds(&self) -> (i32, i32) {
        (self.ids[0], self.ids[self.ids.len() - 1])
    }

    /// The key at a fraction of [0, 1).
    #[must_use]
    pub(crate) fn at(&self, fraction: f64) -> i32 {
        let index = (fraction * self.ids.len() as f64) as usize;
        self.ids[index.min(self.ids.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_halves_of_the_paths_are_apart_and_shifted(count in 2_i32..500, fraction in 0.0..1.0) {
            let ids: Vec<i32> = (0..count).map(|n| n * 3 + 1).collect();
            let direct = Keys::of_path(ids.clone(), Path::Direct).unwrap();
            let proxy = Keys::of_path(ids.clone(), Path::Proxy).unwrap();
            prop_assert_eq!(direct.ids.len(), proxy.ids.len());
            prop_assert!(direct.ids.iter().all(|id| !proxy.ids.contains(id)));
            let place = |keys: &Keys| keys.ids.iter().position(|id| *id == keys.at(fraction));
            prop_assert_eq!(place(&direct), place(&proxy));
        }
    }

    #[test]
    fn one_key_is_too_few() {
        assert!(Keys::of_path(vec![1], Path::Direct).is_none());
        assert!(Keys::of_path(vec![], Path::Proxy).is_none());
        assert_eq!(
            Keys::of_path(vec![7, 9], Path::Proxy)
                .unwrap()
                .at(0.999_999),
            9
        );
    }
}
