//! How wide words are, without a font at hand: the widths of Inter's letters.

/// In hundredths of the size of the type, from the space to the tilde.
type Widths = [u8; 95];

const REGULAR: Widths = [
    28, 28, 40, 63, 64, 81, 64, 22, 36, 36, 50, 66, 28, 46, 28, 36, 65, 65, 65, 65, 65, 65, 65, 65, 65, 65, 28, 28, 66,
    66, 66, 51, 94, 68, 65, 73, 72, 60, 59, 74, 74, 26, 54, 65, 56, 89, 75, 76, 63, 76, 64, 64, 64, 74, 68, 95, 64, 66,
    62, 36, 36, 36, 47, 45, 50, 56, 62, 56, 62, 58, 36, 61, 59, 24, 24, 54, 24, 87, 59, 60, 61, 61, 37, 52, 36, 58, 56,
    81, 54, 56, 54, 36, 33, 36, 66,
];
const STRONG: Widths = [
    25, 31, 40, 64, 65, 84, 66, 21, 39, 39, 54, 67, 30, 47, 29, 38, 67, 67, 67, 67, 67, 67, 67, 67, 67, 67, 29, 30, 67,
    67, 67, 54, 100, 72, 66, 74, 72, 61, 59, 75, 74, 27, 56, 68, 57, 91, 74, 77, 64, 78, 65, 65, 66, 73, 72, 101, 69,
    70, 65, 39, 38, 39, 48, 47, 50, 57, 63, 58, 63, 59, 38, 63, 61, 26, 26, 57, 26, 90, 61, 61, 62, 62, 40, 55, 38, 61,
    58, 84, 56, 58, 56, 39, 36, 39, 67,
];
/// Of letters beyond these, and of those that are as wide as high.
const OTHER: u8 = 68;
const SQUARE: u8 = 100;

/// The height of a line of type of size 1, and how much of it lies above the baseline.
pub(super) const LINE: f32 = 1.21;
pub(super) const ASCENT: f32 = 0.969;

/// How wide `text` is in type of this size, in the same unit; a little too wide rather than too narrow where it is not known.
pub(super) fn width(text: &str, size: f32, strong: bool) -> f32 {
    let widths = if strong { &STRONG } else { &REGULAR };
    let of = |c: char| match c {
        ' '..='~' => widths[c as usize - 0x20],
        '·' => 29,
        '…' => 82,
        '→' => 95,
        // Chinese, Japanese, Korean and pictures.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' => SQUARE,
        '\u{1f000}'.. => SQUARE,
        _ => OTHER,
    };
    text.chars().map(|c| f32::from(of(c))).sum::<f32>() * size / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_wide_as_their_letters() {
        assert_eq!(width("", 13.0, false), 0.0);
        assert!((width("logger", 10.0, false) - (2.4 + 6.0 + 6.1 * 2.0 + 5.8 + 3.7)).abs() < 1e-3);
        assert!(width("logger", 10.0, true) > width("logger", 10.0, false));
        assert_eq!(width("日本", 10.0, false), 20.0);
    }
}
