//! Chances of several tests at once: of many true nulls some look significant.

/// The chances adjusted by Benjamini and Hochberg (1995), in the order given: where those below 5 % are called different, at most
/// 5 % of what is called different is expected not to be.
#[must_use]
pub(crate) fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*b].total_cmp(&p_values[*a]));
    let mut adjusted = vec![1.0_f64; p_values.len()];
    let mut least = 1.0_f64;
    for (from_the_largest, place) in order.into_iter().enumerate() {
        let rank = p_values.len() - from_the_largest;
        least = least.min(p_values[place] * p_values.len() as f64 / rank as f64);
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.false_discovery_control(p, method="bh")` of scipy 1.17.1, and by hand.
    #[test]
    fn it_is_the_one_of_scipy() {
        let p = [0.01, 0.5, 0.02, 0.04, 0.03];
        let expected = [0.05, 0.5, 0.05, 0.05, 0.05];
        for (adjusted, expected) in benjamini_hochberg(&p).into_iter().zip(expected) {
            assert!(
                (adjusted - expected).abs() < 1e-12,
                "{adjusted} is not {expected}"
            );
        }
        assert!(benjamini_hochberg(&[]).is_empty());
        assert_eq!(benjamini_hochberg(&[0.03]), [0.03]);
    }
}
