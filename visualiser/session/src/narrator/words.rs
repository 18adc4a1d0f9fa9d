//! Facts as sentences for people who do not program.

use axonscope_model::display;

use super::fact::{Crowd, Fact, NAMED_MAX, Named, What};
use super::seen::Seen;
use crate::names::Names;

/// One plain sentence; nothing where there is nothing left to tell.
pub(super) fn sentence(fact: &Fact, seen: &Seen, names: &Names) -> Option<String> {
    let system = seen.systems.get(&fact.system);
    let title = system.map_or("the system", |system| system.title.as_str());
    let has_others = seen.connected() > 1;
    let place = |preposition: &str| if has_others { format!(" {preposition} {title}") } else { String::new() };
    Some(match &fact.what {
        What::Connected => match system.map_or(0, |system| system.count) {
            0 => format!("{title} has connected."),
            count => format!("{title} has connected, with {}.", counted(count, "component", "components")),
        },
        What::Gone { said_farewell: true } => format!("{title} has ended."),
        What::Gone { said_farewell: false } => format!("{title} has gone without a word."),
        What::Joined { who, .. } | What::Left { who, .. } if who.count == 0 => return None,
        What::Joined { type_name, who } if has_others => {
            format!("{} joined {title}.", subject(type_name, who, names))
        }
        What::Joined { type_name, who } => format!("{} joined.", subject(type_name, who, names)),
        What::Left { type_name, who } => {
            format!(
                "{} left{}.",
                subject(type_name, who, names),
                if has_others { format!(" {title}") } else { String::new() }
            )
        }
        What::Grew { by } => format!("{} joined{}.", capital(&counted(*by, "component", "components")), place("in")),
        What::Shrank { by } => format!("{} left{}.", capital(&counted(*by, "component", "components")), place("in")),
        What::Failed(named) => format!("{}{} has failed.", whom(named, names), place("in")),
        What::Restarted(named) => format!("{}{} was started again.", whom(named, names), place("in")),
        What::Finished(named) => format!("{}{} has finished.", whom(named, names), place("in")),
        What::Slow(named) => {
            format!("{}{} has become slow: its inbox is full.", whom(named, names), place("in"))
        }
        What::CaughtUp(named) => format!("{}{} has caught up.", whom(named, names), place("in")),
        What::Rate { from, to } => rate(*from, *to, &place("in")),
        What::Problem { sentence, .. } => sentence.clone(),
    })
}

/// "Three listeners", "alice and bob", "A listener".
fn subject(type_name: &str, who: &Crowd, names: &Names) -> String {
    let (one, many) = names.noun(type_name);
    let is_nameless = |named: &Named| is_generic(&named.name, type_name, &one);
    match who.count {
        1 => match who.first.first() {
            Some(named) if is_nameless(named) => capital(&format!("{} {one}", article(&one))),
            Some(named) => named.name.clone(),
            None => capital(&format!("{} {one}", article(&one))),
        },
        2 if who.first.len() == NAMED_MAX && !who.first.iter().any(is_nameless) => {
            format!("{} and {}", who.first[0].name, who.first[1].name)
        }
        count => capital(&counted(count, &one, &many)),
    }
}

/// "The logger" where the name is what it is, "alice" where it is a name.
fn whom(named: &Named, names: &Names) -> String {
    let (one, _) = names.noun(&named.type_name);
    let is_role = named.name.chars().all(|letter| letter.is_alphabetic() || letter == '_');
    if is_role && is_generic(&named.name, &named.type_name, &one) {
        format!("The {}", named.name.replace('_', " "))
    } else {
        named.name.clone()
    }
}

/// A name that says no more than the type does, such as `handler 3` of a Handler.
fn is_generic(name: &str, type_name: &str, noun: &str) -> bool {
    let letters =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect() };
    let name = letters(name);
    name.is_empty() || name.chars().count() > 2 && (letters(type_name).contains(&name) || letters(noun) == name)
}

fn rate(from: f64, to: f64, place: &str) -> String {
    let figure = figure(to);
    if to < 0.1 {
        return format!("No messages flow{place} any more.");
    }
    if from < 0.1 {
        return format!("Messages have begun to flow{place}: {figure} a second.");
    }
    let verb = match to / from {
        ..0.4 => "fell",
        ..1.0 => "halved",
        ..2.6 => "doubled",
        ..3.6 => "tripled",
        _ => "rose",
    };
    format!("Messages{place} {verb} to {figure} a second.")
}

/// A rate to two digits, which is as exact as anybody reads while it moves: `1 200`.
pub fn figure(rate: f64) -> String {
    if rate < 9.95 {
        return format!("{rate:.1}").trim_end_matches(".0").to_owned();
    }
    let unit = 10f64.powi(rate.log10().floor() as i32 - 1);
    display::count(((rate / unit).round() * unit) as u64)
}

/// `three listeners`, `1 200 listeners`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let noun = if count == 1 { one } else { many };
    match WORDS.get(count) {
        Some(word) => format!("{word} {noun}"),
        None => format!("{} {noun}", display::count(count as u64)),
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an" } else { "a" }
}

/// The first letter of a sentence.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_told_as_one_would_say_them() {
        let say = |from: f64, to: f64| rate(from, to, "");
        assert_eq!(say(600.0, 1237.0), "Messages doubled to 1 200 a second.");
        assert_eq!(say(600.0, 1837.0), "Messages tripled to 1 800 a second.");
        assert_eq!(say(10.0, 96_400.0), "Messages rose to 96 000 a second.");
        assert_eq!(say(100.0, 48.0), "Messages halved to 48 a second.");
        assert_eq!(say(100.0, 3.0), "Messages fell to 3 a second.");
        assert_eq!(say(100.0, 0.0), "No messages flow any more.");
        assert_eq!(rate(0.0, 12.0, " in chat"), "Messages have begun to flow in chat: 12 a second.");
    }

    #[test]
    fn few_are_words_and_many_are_figures() {
        assert_eq!(counted(1, "box", "boxes"), "one box");
        assert_eq!(counted(12, "box", "boxes"), "twelve boxes");
        assert_eq!(counted(1300, "box", "boxes"), "1 300 boxes");
        assert_eq!(article("entry"), "an");
    }

    #[test]
    fn a_name_that_only_says_the_type_is_no_name() {
        assert!(is_generic("handler-3", "Handler", "listener") && is_generic("logger", "FileLogger", "file logger"));
        assert!(!is_generic("alice", "Handler", "listener") && !is_generic("a", "Handler", "listener"));
    }
}
