//! Plain words for types that nobody has named.

use axonscope_model::display::label;

/// `file logger` for `log::FileLogger<File>`: without its path and what it is made of, its words apart, abbreviations as they
/// are; `component` where there is nothing to say.
pub(crate) fn noun_of_type(type_name: &str) -> String {
    let whole = type_name.split('<').next().unwrap_or_default();
    let last = whole.rsplit("::").next().unwrap_or_default().trim();
    let letters: Vec<char> = last.chars().collect();
    let mut words = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1).copied();
        let is_abbreviated = before.is_some_and(char::is_uppercase) || after.is_some_and(char::is_uppercase);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || before.is_some() && after.is_some_and(char::is_lowercase));
        if matches!(letter, '_' | '-' | ' ') {
            words.push(' ');
            continue;
        }
        if begins && !words.ends_with(' ') {
            words.push(' ');
        }
        let is_of_abbreviation = letter.is_uppercase() && is_abbreviated && !after.is_some_and(char::is_lowercase);
        if is_of_abbreviation {
            words.push(letter);
        } else {
            words.extend(letter.to_lowercase());
        }
    }
    let words = words.trim();
    if words.is_empty() { "component".to_owned() } else { label(words, 32).into_owned() }
}

/// By the rules of English; what has another plural is for the file to say.
pub(crate) fn plural(one: &str) -> String {
    let ends = |ending: &str| one.ends_with(ending);
    let before_y = one.chars().rev().nth(1);
    if one.is_empty() {
        String::new()
    } else if ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh") {
        format!("{one}es")
    } else if ends("y") && before_y.is_some_and(|letter| !"aeiou".contains(letter)) {
        format!("{}ies", &one[..one.len() - 1])
    } else {
        format!("{one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_noun() {
        for (type_name, noun) in [
            ("Handler", "handler"),
            ("log::FileLogger<std::fs::File>", "file logger"),
            ("TCPServer", "TCP server"),
            ("UdpSource", "udp source"),
            ("ServeHTTP", "serve HTTP"),
            ("tcp_server", "tcp server"),
            ("reader", "reader"),
            ("X", "x"),
            ("", "component"),
            ("<>", "component"),
        ] {
            assert_eq!(noun_of_type(type_name), noun);
        }
    }

    #[test]
    fn several_have_a_plural() {
        for (one, several) in [("box", "boxes"), ("relay", "relays"), ("entry", "entries"), ("cat", "cats"), ("", "")] {
            assert_eq!(plural(one), several);
        }
    }
}
