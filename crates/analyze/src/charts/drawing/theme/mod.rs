//! The colours of a chart, light or dark.

use plotters::style::RGBAColor;
use recording::vocabulary::Outcome;

/// Which colours charts have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// For documents.
    #[default]
    Light,
    /// For dark pages and slides.
    Dark,
}

impl Theme {
    pub(crate) const fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

/// The colours of a theme. Every text has a contrast of 4.5 at least to what it stands on, and the data's colours differ with the common
/// kinds of colour blindness too: `tests.rs` computes both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Palette {
    pub(crate) is_dark: bool,
    pub(crate) background: RGBAColor,
    /// Text.
    pub(crate) ink: RGBAColor,
    /// Text of the second rank.
    pub(crate) grey: RGBAColor,
    pub(crate) frame: RGBAColor,
    /// Main grid lines.
    pub(crate) grid: RGBAColor,
    /// Grid lines between them.
    pub(crate) faint_grid: RGBAColor,
    /// The data of the paths, and the same for text.
    pub(crate) direct: RGBAColor,
    pub(crate) proxy: RGBAColor,
    pub(crate) direct_text: RGBAColor,
    pub(crate) proxy_text: RGBAColor,
    /// Failures, and what is down.
    pub(crate) down: RGBAColor,
    /// Text on it, and text in its colour.
    pub(crate) on_down: RGBAColor,
    pub(crate) down_text: RGBAColor,
    /// A band behind data while the path was down.
    pub(crate) down_band: RGBAColor,
    /// Edges of that band.
    pub(crate) down_edge: RGBAColor,
    pub(crate) brownout: RGBAColor,
    /// What is up.
    pub(crate) up: RGBAColor,
    /// Unobserved time.
    pub(crate) unobserved: RGBAColor,
    /// Pauses of the recorder, in a strip.
    pub(crate) paused: RGBAColor,
    /// A band behind data while the recorder was paused.
    pub(crate) paused_band: RGBAColor,
    /// Acknowledged writes that were lost.
    pub(crate) lost: RGBAColor,
    /// The moment from which a client that connects anew was served.
    pub(crate) served: RGBAColor,
    pub(crate) unknown: RGBAColor,
    /// A server that answered as a writer, one that answered as a reader, and text on them.
    pub(crate) writer: RGBAColor,
    pub(crate) reader: RGBAColor,
    pub(crate) on_writer: RGBAColor,
    pub(crate) on_reader: RGBAColor,
    /// Addresses that a name led to, in turn.
    pub(crate) addresses: [RGBAColor; 2],
    /// Things that are told apart by colour alone, such as error classes, and what is left of them.
    pub(crate) classes: [RGBAColor; 8],
    pub(crate) other: RGBAColor,
    /// The parts of a downtime, in their order, and text on each.
    pub(crate) parts: [RGBAColor; 5],
    pub(crate) on_parts: [RGBAColor; 5],
}

impl Palette {
    /// The colour of a path's data.
    pub(crate) fn path(&self, path: &str) -> RGBAColor {
        match is_proxy(path) {
            true => self.proxy,
            false => self.direct,
        }
    }

    /// The colour of a path's texts.
    pub(crate) fn path_text(&self, path: &str) -> RGBAColor {
        match is_proxy(path) {
            true => self.proxy_text,
            false => self.direct_text,
        }
    }

    /// The colour of what did not succeed.
    pub(crate) const fn outcome(&self, outcome: Outcome) -> RGBAColor {
        match outcome {
            Outcome::Unknown => self.unknown,
            Outcome::Unfinished => self.ink,
            Outcome::Failed | Outcome::Ok | Outcome::Rejected => self.down,
        }
    }

    /// A colour over the background, `share` of it.
    pub(crate) fn tint(&self, color: RGBAColor, share: f64) -> RGBAColor {
        between(self.background, color, share)
    }
}

pub(crate) fn is_proxy(path: &str) -> bool {
    path == recording::vocabulary::Path::Proxy.as_str()
}

/// A colour between two: `share` 0 is the first, 1 the second.
pub(crate) fn between(from: RGBAColor, to: RGBAColor, share: f64) -> RGBAColor {
    let channel = |from: u8, to: u8| {
        (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8
    };
    RGBAColor(
        channel(from.0, to.0),
        channel(from.1, to.1),
        channel(from.2, to.2),
        1.0,
    )
}

/// The same colour, seen through.
pub(crate) const fn translucent(color: RGBAColor, alpha: f64) -> RGBAColor {
    RGBAColor(color.0, color.1, color.2, alpha)
}

/// `0xRRGGBB`
const fn rgb(hex: u32) -> RGBAColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    RGBAColor(red, green, blue, 1.0)
}

const LIGHT: Palette = Palette {
    is_dark: false,
    background: rgb(0xff_ff_ff),
    ink: rgb(0x22_26_2b),
    grey: rgb(0x5c_64_6e),
    frame: rgb(0x9a_a2_ab),
    grid: rgb(0xdf_e3_e7),
    faint_grid: rgb(0xf0_f2_f4),
    // Those of Okabe and Ito.
    direct: rgb(0x00_72_b2),
    proxy: rgb(0x00_9e_73),
    direct_text: rgb(0x00_5f_96),
    proxy_text: rgb(0x00_70_4f),
    down: rgb(0xd5_3e_00),
    on_down: rgb(0xff_ff_ff),
    down_text: rgb(0xb2_33_00),
    down_band: rgb(0xfb_e0_d4),
    down_edge: rgb(0xee_a6_86),
    brownout: rgb(0xe6_9f_00),
    up: rgb(0xb9_df_d2),
    unobserved: rgb(0xec_ee_f0),
    paused: rgb(0x8d_86_ae),
    paused_band: rgb(0xdc_d8_ea),
    lost: rgb(0x3b_1f_8f),
    served: rgb(0x7a_6a_00),
    unknown: rgb(0xa8_3a_82),
    writer: rgb(0x3f_5f_7f),
    reader: rgb(0xf0_d4_8a),
    on_writer: rgb(0xff_ff_ff),
    on_reader: rgb(0x22_26_2b),
    addresses: [rgb(0xdd_e4_ec), rgb(0xb4_c0_cf)],
    classes: [
        rgb(0xbb_33_00),
        rgb(0xee_aa_00),
        rgb(0x22_cc_ff),
        rgb(0x33_00_33),
        rgb(0xbb_11_ff),
        rgb(0xcc_cc_88),
        rgb(0x11_00_77),
        rgb(0x66_11_11),
    ],
    other: rgb(0x70_78_80),
    parts: [
        rgb(0x1f_3a_5f),
        rgb(0xe6_9f_00),
        rgb(0x56_b4_e9),
        rgb(0xb0_50_8f),
        rgb(0xc9_ce_d4),
    ],
    on_parts: [
        rgb(0xff_ff_ff),
        rgb(0x22_26_2b),
        rgb(0x22_26_2b),
        rgb(0xff_ff_ff),
        rgb(0x22_26_2b),
    ],
};

const DARK: Palette = Palette {
    is_dark: true,
    background: rgb(0x16_1a_1f),
    ink: rgb(0xe8_ea_ed),
    grey: rgb(0xa8_b0_ba),
    frame: rgb(0x6b_73_7d),
    grid: rgb(0x2f_36_3e),
    faint_grid: rgb(0x21_26_2c),
    direct: rgb(0x4a_90_ff),
    proxy: rgb(0x2f_c7_96),
    direct_text: rgb(0x7f_b8_ff),
    proxy_text: rgb(0x45_d6_a6),
    down: rgb(0xff_6a_33),
    on_down: rgb(0x16_1a_1f),
    down_text: rgb(0xff_8f_63),
    down_band: rgb(0x3d_22_18),
    down_edge: rgb(0x8a_44_26),
    brownout: rgb(0xf0_c0_00),
    up: rgb(0x24_59_4a),
    unobserved: rgb(0x30_36_3d),
    paused: rgb(0x8f_86_bd),
    paused_band: rgb(0x2f_2b_48),
    lost: rgb(0xb3_9b_ff),
    served: rgb(0xd8_c5_4a),
    unknown: rgb(0xe0_7c_c0),
    writer: rgb(0x9f_c3_e6),
    reader: rgb(0x7a_5a_14),
    on_writer: rgb(0x16_1a_1f),
    on_reader: rgb(0xff_ff_ff),
    addresses: [rgb(0x3a_45_52), rgb(0x5d_6b_7d)],
    classes: [
        rgb(0xff_cc_00),
        rgb(0xee_33_11),
        rgb(0x55_dd_77),
        rgb(0xee_66_ff),
        rgb(0xff_ff_ee),
        rgb(0x99_33_33),
        rgb(0x66_00_ff),
        rgb(0x77_44_88),
    ],
    other: rgb(0x9a_a2_ab),
    parts: [
        rgb(0x3f_51_b5),
        rgb(0xf0_c0_00),
        rgb(0x7f_d0_ff),
        rgb(0xd8_6f_b6),
        rgb(0x5a_62_6c),
    ],
    on_parts: [
        rgb(0xff_ff_ff),
        rgb(0x16_1a_1f),
        rgb(0x16_1a_1f),
        rgb(0x16_1a_1f),
        rgb(0xff_ff_ff),
    ],
};

#[cfg(test)]
mod tests;
