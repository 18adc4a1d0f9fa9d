//! How colours look to colour-blind eyes, and a test that what differs to others differs to them.
//!
//! Simulated after Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
//! Deficiency" (2009), at full severity; distances are of OKLab.

use super::*;

type Matrix = [[f32; 3]; 3];

const USUAL: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const PROTANOPIA: Matrix =
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]];
const DEUTERANOPIA: Matrix =
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_82, 0.042_94, 0.968_881]];
const TRITANOPIA: Matrix =
    [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_9]];
const EYES: [(&str, Matrix); 4] =
    [("usual", USUAL), ("protanopia", PROTANOPIA), ("deuteranopia", DEUTERANOPIA), ("tritanopia", TRITANOPIA)];

/// About twice what can just be told apart side by side.
const TYPES_APART: f32 = 0.04;
const TROUBLE_APART: f32 = 0.06;

fn times(matrix: Matrix, v: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn oklab(Rgba([r, g, b, _]): Rgba, eyes: Matrix) -> [f32; 3] {
    let linear = [r, g, b].map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let seen = times(eyes, linear).map(|c| c.clamp(0.0, 1.0));
    let cones = times(
        [
            [0.412_221_46, 0.536_332_55, 0.051_445_995],
            [0.211_903_5, 0.680_699_5, 0.107_396_96],
            [0.088_302_46, 0.281_718_85, 0.629_978_7],
        ],
        seen,
    );
    times(
        [
            [0.210_454_26, 0.793_617_8, -0.004_072_047],
            [1.977_998_5, -2.428_592_2, 0.450_593_7],
            [0.025_904_037, 0.782_771_77, -0.808_675_77],
        ],
        cones.map(f32::cbrt),
    )
}

fn apart(a: Rgba, b: Rgba, eyes: Matrix) -> f32 {
    let (a, b) = (oklab(a, eyes), oklab(b, eyes));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

#[test]
fn oklab_meets_known_colours() {
    let [l, a, b] = oklab(Rgba::hex(0xff_ffff), USUAL);
    assert!((l - 1.0).abs() < 1e-3 && a.abs() < 1e-3 && b.abs() < 1e-3);
    // Red and green of one lightness are nearly one colour to eyes without the middle cones.
    let (red, green) = (oklch(0.65, 0.12, 30.0), oklch(0.65, 0.12, 115.0));
    assert!(apart(red, green, DEUTERANOPIA) < 0.5 * apart(red, green, USUAL));
}

#[test]
fn the_first_types_differ_to_all_eyes_in_both_themes() {
    for palette in [&DARK, &LIGHT] {
        let rims: Vec<Rgba> = HUES[..FIRST].iter().map(|(hue, _)| palette.component(*hue).1).collect();
        for (name, eyes) in EYES {
            for (place, one) in rims.iter().enumerate() {
                for other in &rims[..place] {
                    let apart = apart(*one, *other, eyes);
                    assert!(apart >= TYPES_APART, "{:?}, {name}: {one:?} {other:?} {apart}", palette.theme);
                }
            }
        }
    }
}

#[test]
fn trouble_looks_like_no_type_to_any_eyes() {
    for palette in [&DARK, &LIGHT] {
        for (name, eyes) in EYES {
            for trouble in [palette.alarm, palette.warning] {
                for (hue, _) in HUES {
                    let apart = apart(palette.component(hue).1, trouble, eyes);
                    assert!(apart >= TROUBLE_APART, "{:?}, {name}: {hue} {apart}", palette.theme);
                }
            }
            let apart = apart(palette.alarm, palette.warning, eyes);
            assert!(apart >= TROUBLE_APART, "{:?}, {name}: alarm and warning {apart}", palette.theme);
        }
    }
}
