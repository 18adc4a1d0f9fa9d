//! Text of programs as XML can hold it: nothing hidden, nothing that ends what it stands in, no character that XML forbids.

use axonscope_model::display::escape;

/// `text` for between tags and inside double quotes, whatever a program wrote.
pub(super) fn escaped(text: &str) -> String {
    let shown = escape(text);
    let mut safe = String::with_capacity(shown.len() + 8);
    for c in shown.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML knows neither, not even written as numbers.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_it_stands_in() {
        assert_eq!(escaped("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
        assert_eq!(escaped("]]>\u{0}\u{1b}\u{fffe}\u{202e}"), "]]&gt;\\u{0}\\u{1b}\u{fffd}\\u{202e}");
    }
}
