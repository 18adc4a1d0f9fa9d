//! Every colour and every size that is drawn; nothing else in the view names one.
//!
//! Hues of component types come from OKLCH at one lightness, so that none stands out, and keep away from red and amber,
//! which belong to trouble alone. (Björn Ottosson, "A perceptual color space for image processing", 2020.)

#[cfg(test)]
mod blind;

use std::collections::HashMap;
use std::sync::Arc;

use axonscope_session::names::Names;

pub(crate) use crate::options::Theme;

/// A colour as sRGB bytes: red, green, blue, alpha.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rgba(pub(crate) [u8; 4]);

impl Rgba {
    const fn hex(rgb: u32) -> Self {
        Self([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255])
    }

    pub(crate) const CLEAR: Self = Self([0; 4]);

    /// The same colour, `alpha` times as opaque.
    pub(crate) fn fade(self, alpha: f32) -> Self {
        let [r, g, b, a] = self.0;
        Self([r, g, b, (f32::from(a) * alpha.clamp(0.0, 1.0)).round() as u8])
    }

    pub(crate) fn opaque(self) -> Self {
        let [r, g, b, _] = self.0;
        Self([r, g, b, 255])
    }

    /// As the shader unpacks it.
    pub(crate) fn packed(self) -> u32 {
        u32::from_le_bytes(self.0)
    }

    pub(crate) fn egui(self) -> bevy_egui::egui::Color32 {
        let [r, g, b, a] = self.0;
        bevy_egui::egui::Color32::from_rgba_unmultiplied(r, g, b, a)
    }

    pub(crate) fn bevy(self) -> bevy::color::Color {
        let [r, g, b, a] = self.0;
        bevy::color::Color::srgba_u8(r, g, b, a)
    }
}

/// The colours of a theme, by what they are for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) theme: Theme,
    pub(crate) ground: Rgba,
    pub(crate) hull: Rgba,
    pub(crate) hull_rim: Rgba,
    pub(crate) ring: Rgba,
    pub(crate) ring_rim: Rgba,
    pub(crate) text: Rgba,
    pub(crate) quiet: Rgba,
    pub(crate) faint: Rgba,
    pub(crate) linkage: Rgba,
    pub(crate) usage: Rgba,
    pub(crate) dash: Rgba,
    pub(crate) mark: Rgba,
    pub(crate) alarm: Rgba,
    pub(crate) warning: Rgba,
    pub(crate) accent: Rgba,
    pub(crate) card: Rgba,
    pub(crate) card_rim: Rgba,
    pub(crate) bar: Rgba,
}

const DARK: Palette = Palette {
    theme: Theme::Dark,
    ground: Rgba::hex(0x0b_0e15),
    hull: Rgba::hex(0x11_1621),
    hull_rim: Rgba::hex(0x2a_3650),
    ring: Rgba::hex(0x17_1d29),
    ring_rim: Rgba::hex(0x4a_566b),
    text: Rgba::hex(0xe8_ecf4),
    quiet: Rgba::hex(0x93_9db0),
    faint: Rgba::hex(0x7d_879a),
    linkage: Rgba::hex(0x5d_6c82),
    usage: Rgba::hex(0x4d_5a70),
    dash: Rgba::hex(0xdc_e6f5),
    mark: Rgba::hex(0xf4_f7fc),
    alarm: Rgba::hex(0xf0_5a4f),
    warning: Rgba::hex(0xdf_a03c),
    accent: Rgba::hex(0x8a_b4f8),
    card: Rgba::hex(0x14_1a24),
    card_rim: Rgba::hex(0x26_3040),
    bar: Rgba::hex(0x10_151e),
};

const LIGHT: Palette = Palette {
    theme: Theme::Light,
    ground: Rgba::hex(0xf8_f9fc),
    hull: Rgba::hex(0xee_f2fa),
    hull_rim: Rgba::hex(0xc0_cfea),
    ring: Rgba::hex(0xe6_eaf3),
    ring_rim: Rgba::hex(0xa9_b4c8),
    text: Rgba::hex(0x16_1b26),
    quiet: Rgba::hex(0x59_6375),
    faint: Rgba::hex(0x5d_6677),
    linkage: Rgba::hex(0x9a_a7bb),
    usage: Rgba::hex(0xa3_afc4),
    dash: Rgba::hex(0x22_4f96),
    mark: Rgba::hex(0x14_1a24),
    alarm: Rgba::hex(0xa0_1020),
    warning: Rgba::hex(0x93_5800),
    accent: Rgba::hex(0x20_5bc4),
    card: Rgba::hex(0xff_ffff),
    card_rim: Rgba::hex(0xdb_e1eb),
    bar: Rgba::hex(0xff_ffff),
};

impl Palette {
    pub(crate) const fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }

    /// Fill and rim of a component whose type has this hue.
    pub(crate) fn component(&self, hue: f32) -> (Rgba, Rgba) {
        let lighter = HUES.iter().find(|(known, _)| *known == hue).map_or(0.0, |(_, lighter)| *lighter);
        match self.theme {
            Theme::Dark => (oklch(0.42 + 0.6 * lighter, 0.065, hue), oklch(0.74 + lighter, 0.11, hue)),
            Theme::Light => (oklch(0.90 + 0.4 * lighter, 0.045, hue), oklch(0.64 + lighter, 0.12, hue)),
        }
    }
}

/// Eleven hues in degrees, green to pink, each a little lighter or darker than the rest; red and amber are left out.
///
/// Colour-blind eyes see two hues of one lightness as one, so lightness tells apart what they confuse. The first eight were
/// searched for: the two that are most alike, to whichever eyes, are as far apart as can be (`blind.rs` has the figures).
const HUES: [(f32, f32); 11] = [
    (249.0, 0.06),
    (130.0, 0.06),
    (284.0, 0.0),
    (186.0, 0.0),
    (340.0, -0.06),
    (151.0, -0.03),
    (263.0, -0.06),
    (333.0, 0.06),
    (158.0, 0.06),
    (312.0, -0.06),
    (326.0, 0.0),
];
/// These are given away before the rest.
const FIRST: usize = 8;

/// Gives each component type a hue: the one its name asks for, or the next that is free, the same in every system.
#[derive(Default)]
pub(crate) struct TypeHues {
    of: HashMap<String, f32>,
    taken: u32,
    /// A hue that a person has chosen comes first.
    names: Arc<Names>,
}

impl TypeHues {
    pub(crate) fn new(names: Arc<Names>) -> Self {
        Self { names, ..Self::default() }
    }

    pub(crate) fn hue(&mut self, type_name: &str) -> f32 {
        if let Some(&hue) = self.of.get(type_name) {
            return hue;
        }
        if let Some(hue) = self.names.of(type_name).and_then(|style| style.hue) {
            return hue;
        }
        let wanted = type_name.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) as usize;
        let first = (0..FIRST).map(|step| (wanted + step) % FIRST);
        let slot = first.chain(FIRST..HUES.len()).find(|slot| self.taken & (1 << slot) == 0);
        let slot = slot.unwrap_or(wanted % HUES.len());
        // A program that makes up types without end shares hues and costs no memory here.
        if self.of.len() < 4096 {
            self.taken |= 1 << slot;
            self.of.insert(type_name.to_owned(), HUES[slot].0);
        }
        HUES[slot].0
    }
}

/// OKLCH to sRGB; out-of-gamut channels are clipped.
fn oklch(lightness: f32, chroma: f32, hue_degrees: f32) -> Rgba {
    let (sin, cos) = hue_degrees.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let linear = [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ];
    let [r, g, b] = linear.map(|c| {
        let c = c.clamp(0.0, 1.0);
        let c = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (c * 255.0).round() as u8
    });
    Rgba([r, g, b, 255])
}

/// Sizes of type in points; there are no others.
pub(crate) mod type_size {
    pub(crate) const TITLE: f32 = 20.0;
    pub(crate) const HEADING: f32 = 15.0;
    pub(crate) const BODY: f32 = 13.0;
    pub(crate) const SMALL: f32 = 12.0;
    pub(crate) const TINY: f32 = 11.0;
}

/// Lengths in world units, which are pixels at zoom 1.
pub(crate) mod size {
    /// Between a disc and the ring round whom a problem points at.
    pub(crate) const BLAME_AIR: f32 = 9.0;
    /// A disc of this radius is a hub.
    pub(crate) const HUB: f32 = 28.0;
    /// Radius of an inbox vessel and of an outbox dot.
    pub(crate) const VESSEL: f32 = 7.0;
    pub(crate) const DOT: f32 = 4.0;
    /// How thick rims are.
    pub(crate) const RIM: f32 = 2.0;
    pub(crate) const HAIRLINE: f32 = 1.2;
    pub(crate) const HULL_CORNER: f32 = 64.0;
    /// A linkage without traffic, and what each decade of messages a second adds.
    pub(crate) const LINKAGE: f32 = 1.6;
    pub(crate) const LINKAGE_PER_DECADE: f32 = 0.8;
    pub(crate) const LINKAGE_MAX: f32 = 6.0;
    /// A use, and one of the component that is asked for.
    pub(crate) const USE: f32 = 1.0;
    pub(crate) const USE_ASKED: f32 = 1.5;
    /// From one to the next of the rims behind a component that stands for many.
    pub(crate) const STACK_STEP: f32 = 4.5;
    /// Free air between a selected component and its ring.
    pub(crate) const SELECTION_AIR: f32 = 8.0;
}

/// Durations in seconds.
pub(crate) mod motion {
    pub(crate) const FADE: f32 = 0.8;
    /// How long a component that left stays as a ghost before it fades.
    pub(crate) const GHOST: f32 = 4.0;
    pub(crate) const GLIDE: f32 = 0.35;
}

/// From here on an inbox is filling up, and from there on it is full: shares of its capacity.
pub(crate) mod band {
    pub(crate) const WARNING: f32 = 0.60;
    pub(crate) const ALARM: f32 = 0.85;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(Rgba([r, g, b, _]): Rgba) -> f32 {
        let linear = |c: u8| {
            let c = f32::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Rgba, b: Rgba) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_stands_out_from_whatever_it_is_written_on() {
        for palette in [&DARK, &LIGHT] {
            for back in [palette.ground, palette.hull, palette.ring, palette.card, palette.bar] {
                for front in
                    [palette.text, palette.quiet, palette.faint, palette.alarm, palette.warning, palette.accent]
                {
                    assert!(contrast(front, back) >= 4.5, "{:?} {front:?} on {back:?}", palette.theme);
                }
            }
            for (hue, _) in HUES {
                assert!(contrast(palette.text, palette.component(hue).0) >= 4.5, "{:?} {hue}", palette.theme);
            }
        }
    }

    #[test]
    fn no_type_looks_like_trouble() {
        assert!(HUES.iter().all(|(hue, _)| (105.0..=345.0).contains(hue)));
    }

    #[test]
    fn a_type_keeps_its_hue_and_the_first_of_them_differ() {
        let mut hues = TypeHues::default();
        let first: Vec<f32> = (0..HUES.len()).map(|n| hues.hue(&format!("Type{n}"))).collect();
        let mut sorted = first.clone();
        sorted.sort_by(f32::total_cmp);
        sorted.dedup();
        assert_eq!(sorted.len(), HUES.len());
        assert_eq!(first, (0..HUES.len()).map(|n| hues.hue(&format!("Type{n}"))).collect::<Vec<_>>());
        hues.hue("one more");
    }

    #[test]
    fn oklch_meets_known_colours() {
        assert_eq!(oklch(1.0, 0.0, 0.0), Rgba([255, 255, 255, 255]));
        assert_eq!(oklch(0.0, 0.0, 0.0), Rgba([0, 0, 0, 255]));
        // Pure sRGB red is L 0.628, C 0.2577, h 29.23 degrees.
        let Rgba([r, g, b, _]) = oklch(0.628, 0.2577, 29.23);
        assert!(r >= 253 && g <= 4 && b <= 4, "{r} {g} {b}");
    }
}
