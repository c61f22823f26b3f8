//! What the themes promise, computed: contrast as WCAG 2 defines it, and distances in CIELAB as eyes of each kind see the colours (Machado,
//! Oliveira and Fernandes 2009, severity 1).

use super::*;

/// AA for text of any size.
const AA: f64 = 4.5;

fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    match share <= 0.04045 {
        true => share / 12.92,
        false => ((share + 0.055) / 1.055).powf(2.4),
    }
}

fn channels(color: RGBAColor) -> [f64; 3] {
    [color.0, color.1, color.2].map(linear)
}

fn luminance(color: RGBAColor) -> f64 {
    let [red, green, blue] = channels(color);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: RGBAColor, other: RGBAColor) -> f64 {
    let [one, other] = [one, other].map(luminance);
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

type Eye = [[f64; 3]; 3];

/// Trichromats, protanopes, deuteranopes, tritanopes.
const EYES: [Eye; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
];

fn lab(color: RGBAColor, eye: &Eye) -> [f64; 3] {
    let seen = channels(color);
    let dot = |row: &[f64; 3]| {
        let sum: f64 = row.iter().zip(seen).map(|(factor, of)| factor * of).sum();
        sum.clamp(0.0, 1.0)
    };
    let [red, green, blue] = [dot(&eye[0]), dot(&eye[1]), dot(&eye[2])];
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047;
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883;
    let f = |t: f64| match t > 0.008856 {
        true => t.cbrt(),
        false => 7.787 * t + 16.0 / 116.0,
    };
    let [x, y, z] = [x, y, z].map(f);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The distance of the two that are nearest to any of the eyes.
fn nearest(colors: &[RGBAColor]) -> f64 {
    let mut nearest = f64::INFINITY;
    for eye in &EYES {
        for (index, one) in colors.iter().enumerate() {
            for other in &colors[index + 1..] {
                let (one, other) = (lab(*one, eye), lab(*other, eye));
                let squares = one.iter().zip(other).map(|(a, b)| (a - b).powi(2));
                nearest = nearest.min(squares.sum::<f64>().sqrt());
            }
        }
    }
    nearest
}

#[test]
fn contrast_and_distance_are_those_of_their_definitions() {
    let (black, white) = (rgb(0), rgb(0xff_ff_ff));
    assert!((contrast(black, white) - 21.0).abs() < 1e-9);
    assert!((contrast(rgb(0x77_77_77), white) - 4.478).abs() < 0.001);
    assert!((nearest(&[black, white]) - 100.0).abs() < 0.1);
    // Red and green of one lightness: two colours to most, nearly one to others.
    let pair = [rgb(0xb0_60_30), rgb(0x80_80_20)];
    assert!(nearest(&pair) < 15.0);
}

#[test]
fn every_text_can_be_read() {
    for theme in [&LIGHT, &DARK] {
        let paper = theme.background;
        let mut texts = vec![
            (theme.ink, paper, "ink"),
            (theme.grey, paper, "grey"),
            (theme.down_text, paper, "down"),
            (theme.ink, theme.up, "on up"),
            (theme.ink, theme.unobserved, "on unobserved"),
            (theme.on_down, theme.down, "on down"),
            (theme.on_writer, theme.writer, "on a writer"),
            (theme.on_reader, theme.reader, "on a reader"),
        ];
        for ground in [paper, theme.down_band] {
            texts.extend([
                (theme.direct_text, ground, "direct"),
                (theme.proxy_text, ground, "proxy"),
                (theme.ink, ground, "ink on a band"),
                (theme.down_text, ground, "down on its band"),
            ]);
        }
        for address in theme.addresses {
            texts.push((theme.ink, address, "on an address"));
        }
        for (on, part) in theme.on_parts.into_iter().zip(theme.parts) {
            texts.push((on, part, "on a part"));
        }
        for (text, ground, what) in texts {
            let contrast = contrast(text, ground);
            assert!(
                contrast >= AA,
                "{what}, dark {}: {contrast:.2}",
                theme.is_dark
            );
        }
    }
}

#[test]
fn data_stands_out() {
    for theme in [&LIGHT, &DARK] {
        let data = [
            theme.direct,
            theme.proxy,
            theme.down,
            theme.unknown,
            theme.lost,
            theme.served,
        ];
        for color in data {
            // WCAG's limit for graphics.
            assert!(
                contrast(color, theme.background) >= 3.0,
                "dark {}",
                theme.is_dark
            );
        }
    }
}

#[test]
fn colours_differ_for_every_eye() {
    for theme in [&LIGHT, &DARK] {
        let sets: [(&str, f64, Vec<RGBAColor>); 6] = [
            ("paths", 16.0, vec![theme.direct, theme.proxy]),
            (
                "outcomes",
                15.0,
                vec![theme.direct, theme.proxy, theme.down, theme.unknown],
            ),
            (
                "strips",
                20.0,
                vec![theme.up, theme.down, theme.brownout, theme.paused],
            ),
            ("roles", 40.0, vec![theme.writer, theme.reader]),
            ("parts", 15.0, theme.parts.to_vec()),
            (
                "classes",
                30.0,
                [&theme.classes[..], &[theme.other]].concat(),
            ),
        ];
        for (what, least, colors) in sets {
            let nearest = nearest(&colors);
            assert!(
                nearest >= least,
                "{what}, dark {}: {nearest:.1}",
                theme.is_dark
            );
        }
    }
}
