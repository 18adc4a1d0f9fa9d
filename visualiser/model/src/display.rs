//! How texts and numbers of observed programs are shown, in terminals and in the window alike.
//!
//! Texts come from programs that nobody need trust: a name may try to move the cursor, to reverse its neighbours or to
//! look like another one.

use std::borrow::Cow;

/// `text` with everything that is not seen, or that changes how its neighbours are seen, written out: control characters,
/// line separators, bidirectional marks, zero-width and other format characters.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push(&mut shown, character);
    }
    Cow::Owned(shown)
}

/// `text` escaped, on one line and of at most `max_chars` characters, the last of them an ellipsis where something is
/// left out; "(no name)" where there is nothing to see.
pub fn label(text: &str, max_chars: usize) -> Cow<'_, str> {
    if text.trim().is_empty() {
        return Cow::Borrowed("(no name)");
    }
    if text.len() <= max_chars && !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    let mut length = 0;
    // Where to go back to, should the rest not fit.
    let mut cut = 0;
    for character in text.chars() {
        let start = shown.len();
        push(&mut shown, character);
        length += shown[start..].chars().count();
        if length > max_chars {
            shown.truncate(cut);
            if max_chars > 0 {
                shown.push('…');
            }
            break;
        }
        if length < max_chars {
            cut = shown.len();
        }
    }
    Cow::Owned(shown)
}

/// `8 412`, in full.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// `8 412 /s`, `1.2 M/s`, `0.4 /s`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate.is_nan() || rate <= 0.0 => "0 /s".to_owned(),
        rate if rate < 0.05 => "< 0.1 /s".to_owned(),
        rate if rate < 9.95 => format!("{rate:.1} /s"),
        rate if rate < 999_999.5 => format!("{} /s", count(rate.round() as u64)),
        rate if rate < 999.95e6 => format!("{:.1} M/s", rate / 1e6),
        rate => format!("{:.1} G/s", rate / 1e9),
    }
}

/// `80 ns`, `3 ms`, `41 s`, `12 min 04 s`, `3 h 07 min`, `2 d 05 h`; rounded down.
pub fn duration_ns(ns: u64) -> String {
    let secs = ns / 1_000_000_000;
    match ns {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", ns / 1_000),
        1_000_000..1_000_000_000 => format!("{} ms", ns / 1_000_000),
        _ => match secs {
            0..60 => format!("{secs} s"),
            60..3_600 => format!("{} min {:02} s", secs / 60, secs % 60),
            3_600..86_400 => format!("{} h {:02} min", secs / 3_600, secs / 60 % 60),
            _ => format!("{} d {:02} h", secs / 86_400, secs / 3_600 % 24),
        },
    }
}

/// `98 %` of 0.98. Only nothing is `0 %` and only everything is `100 %`.
pub fn share(share: f32) -> String {
    match f64::from(share) * 100.0 {
        percent if percent.is_nan() || percent <= 0.0 => "0 %".to_owned(),
        percent if percent < 1.0 => "< 1 %".to_owned(),
        percent if percent >= 100.0 => "100 %".to_owned(),
        percent if percent > 99.0 => "> 99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// `512 B`, `1.5 KiB`, `12 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would be written as 1024 is one of the next unit.
    while amount >= 1023.5 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if amount < 9.95 { format!("{amount:.1} {}", UNITS[unit]) } else { format!("{amount:.0} {}", UNITS[unit]) }
}

fn push(shown: &mut String, character: char) {
    if is_hidden(character) {
        shown.extend(character.escape_default());
    } else {
        shown.push(character);
    }
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Soft hyphen, grapheme joiner, Arabic letter mark, Hangul fillers, Khmer inherent vowels, Mongolian marks.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            // Zero widths, directional marks, separators, embeddings and overrides.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            // Joiners, invisible operators, isolates and deprecated formats.
            | '\u{2060}'..='\u{206f}'
            // Hangul fillers, byte order mark, interlinear annotation.
            | '\u{3164}' | '\u{ffa0}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            // Shorthand and musical format controls, tags and the variation selectors beyond the basic plane.
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<T: Copy>(show: impl Fn(T) -> String, cases: &[(T, &str)]) {
        let shown: Vec<String> = cases.iter().map(|(value, _)| show(*value)).collect();
        let expected: Vec<&str> = cases.iter().map(|(_, expected)| *expected).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_hides_is_written_out() {
        check(
            |text: &str| escape(text).into_owned(),
            &[
                ("alice", "alice"),
                ("Zoë 日本 🦀", "Zoë 日本 🦀"),
                ("\u{1b}[31mred", "\\u{1b}[31mred"),
                ("a\nb\tc\r", "a\\nb\\tc\\r"),
                ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
                ("ad\u{200b}min\u{feff}", "ad\\u{200b}min\\u{feff}"),
                ("\u{9b}31m", "\\u{9b}31m"),
                ("<b>&amp;</b>", "<b>&amp;</b>"),
            ],
        );
        assert!(matches!(escape("alice"), Cow::Borrowed(_)));
    }

    #[test]
    fn labels_are_short_and_never_empty() {
        let cases = [
            ("alice", 5, "alice"),
            ("alices", 5, "alic…"),
            ("日本日本日本", 4, "日本日…"),
            ("日本", 2, "日本"),
            ("a\u{202e}bcdef", 6, "a…"),
            ("", 5, "(no name)"),
            (" \t\n", 5, "(no name)"),
            ("alice", 1, "…"),
            ("alice", 0, ""),
        ];
        for (text, max_chars, expected) in cases {
            assert_eq!(label(text, max_chars), expected, "{text:?} in {max_chars}");
        }
    }

    #[test]
    fn numbers_read_well() {
        check(count, &[(0, "0"), (999, "999"), (1_000, "1 000"), (1_234_567, "1 234 567")]);
        assert_eq!(count(u64::MAX), "18 446 744 073 709 551 615");
        check(
            rate,
            &[
                (0.0, "0 /s"),
                (-1.0, "0 /s"),
                (f64::NAN, "0 /s"),
                (0.01, "< 0.1 /s"),
                (0.44, "0.4 /s"),
                (9.96, "10 /s"),
                (8412.4, "8 412 /s"),
                (999_999.4, "999 999 /s"),
                (999_999.6, "1.0 M/s"),
                (1_240_000.0, "1.2 M/s"),
                (3.21e9, "3.2 G/s"),
            ],
        );
        check(
            share,
            &[(0.0, "0 %"), (0.004, "< 1 %"), (0.98, "98 %"), (0.999, "> 99 %"), (1.0, "100 %"), (f32::NAN, "0 %")],
        );
        check(
            bytes,
            &[
                (0, "0 B"),
                (1023, "1023 B"),
                (1536, "1.5 KiB"),
                (1_048_575, "1.0 MiB"),
                (12 << 20, "12 MiB"),
                (u64::MAX, "16 EiB"),
            ],
        );
    }

    #[test]
    fn durations_read_well() {
        const SECOND: u64 = 1_000_000_000;
        check(
            duration_ns,
            &[
                (0, "0 s"),
                (80, "80 ns"),
                (999_999, "999 µs"),
                (3_999_999, "3 ms"),
                (41 * SECOND, "41 s"),
                (724 * SECOND, "12 min 04 s"),
                (3 * 3600 * SECOND + 420 * SECOND, "3 h 07 min"),
                (53 * 3600 * SECOND, "2 d 05 h"),
            ],
        );
    }

    proptest! {
        #[test]
        fn nothing_hidden_comes_through(text in any::<String>(), max_chars in 0usize..40) {
            prop_assert!(!escape(&text).contains(is_hidden));
            let label = label(&text, max_chars);
            prop_assert!(!label.contains(is_hidden));
            prop_assert!(label.chars().count() <= max_chars || label == "(no name)");
        }
    }
}
