//! The page's policy and its colours.

use super::*;

/// The colours of a theme, by the names that the style gives them.
fn colors(theme: &str) -> Vec<(&str, [f64; 3])> {
    let channel = |hex: &str| f64::from(u8::from_str_radix(hex, 16).unwrap()) / 255.0;
    let lines = theme.lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
        let value = value.strip_suffix(';')?;
        let color = [&value[..2], &value[2..4], &value[4..]].map(channel);
        Some((name, color))
    });
    lines.collect()
}

/// WCAG 2's relative luminance.
fn luminance(color: [f64; 3]) -> f64 {
    let linear = color.map(|channel| match channel <= 0.040_45 {
        true => channel / 12.92,
        false => ((channel + 0.055) / 1.055).powf(2.4),
    });
    linear[0] * 0.2126 + linear[1] * 0.7152 + linear[2] * 0.0722
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn contrast_is_wcags() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    let grey = 119.0 / 255.0; // #777777 on white, a known value
    assert!((contrast([grey; 3], [1.0; 3]) - 4.48).abs() < 0.01);
}

/// AA asks for 4.5 of text of any size, and 3 of the outline of what has the focus.
#[test]
fn text_has_the_contrast_of_aa_in_both_themes() {
    let themes: Vec<&str> = STYLE.split(":root {").skip(1).collect();
    assert_eq!(themes.len(), 2);
    for theme in themes {
        let theme = colors(theme.split('}').next().unwrap());
        assert_eq!(theme.len(), 9, "{theme:?}");
        let of = |name| theme.iter().find(|(is, _)| *is == name).unwrap().1;
        for text in ["ink", "dim", "good", "bad", "link"] {
            for behind in ["page", "row"] {
                let ratio = contrast(of(text), of(behind));
                assert!(ratio >= 4.5, "{text} on {behind}: {ratio}");
            }
        }
    }
}

#[test]
fn every_colour_is_of_a_theme() {
    let colors = STYLE.lines().filter(|line| line.contains('#'));
    assert!(
        colors.clone().all(|line| line.trim().starts_with("--")),
        "{:?}",
        colors.collect::<Vec<_>>()
    );
}

/// RFC 4648, which a policy's hashes are in.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut bits = 0_u32;
        for index in 0..3 {
            bits = (bits << 8) | u32::from(three.get(index).copied().unwrap_or(0));
        }
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            text.push(match digit <= three.len() {
                true => char::from(DIGITS[index as usize]),
                false => '=',
            });
        }
    }
    text
}

#[test]
fn the_policy_names_the_style_and_the_script() {
    use sha2::{Digest, Sha256};
    let hash = |text: &str| format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())));
    assert_eq!([STYLE_HASH, SCRIPT_HASH], [hash(STYLE), hash(SCRIPT)]);
}
