//! What a wiring's table says about one component, asked for by name by whoever makes it.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::document::{Found, Part, Value};
use super::problem::{Findings, instead};

/// The options of one component. Each method asks for one; what nobody asked for is an unknown option. What is wrong
/// is remembered, and told with its line when all have been asked for: a factory goes on with whatever it gets.
pub struct Options<'a> {
    part: &'a Part,
    kind: &'a str,
    asked: RefCell<Vec<OptionInfo>>,
    findings: RefCell<Findings>,
}

/// An option that a kind has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionInfo {
    /// Its name.
    pub name: String,
    /// What it must be, in words.
    pub wanted: String,
    /// Whether it has to be there.
    pub needed: bool,
}

impl<'a> Options<'a> {
    pub(super) fn new(part: &'a Part, kind: &'a str) -> Self {
        Self { part, kind, asked: RefCell::default(), findings: RefCell::default() }
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key, "a text", |value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// A text that must be there; empty if it is not, and then nothing is made of it.
    pub fn needed_text(&self, key: &str) -> String {
        if !self.part.options.iter().any(|(name, ..)| name == key) {
            let message = format!("`{}` needs the option `{key}`, a text", self.part.name);
            self.findings.borrow_mut().push((self.part.span.clone(), message));
        }
        let text = self.text(key).unwrap_or_default();
        if let Some(asked) = self.asked.borrow_mut().last_mut() {
            asked.needed = true;
        }
        text
    }

    /// A whole number between two others.
    pub fn integer(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.get(key, &wanted, |value| match value {
            Value::Integer(integer) => Some(*integer).filter(|integer| range.contains(integer)),
            _ => None,
        })
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key, "a number", |value| match value {
            Value::Number(number) => Some(*number).filter(|number| number.is_finite()),
            #[allow(clippy::cast_precision_loss, reason = "a number as large as that is not meant to the last digit")]
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub fn truth(&self, key: &str) -> Option<bool> {
        self.get(key, "`true` or `false`", |value| match value {
            Value::Truth(truth) => Some(*truth),
            _ => None,
        })
    }

    /// A time, written as a number and its unit: `"250ms"`, `"1.5s"`, `"10min"`, `"1h"`.
    pub fn duration(&self, key: &str) -> Option<Duration> {
        self.get(key, "a time such as \"250ms\", \"1.5s\", \"10min\" or \"1h\"", |value| match value {
            Value::Text(text) => duration(text),
            _ => None,
        })
    }

    /// A list of texts.
    pub fn texts(&self, key: &str) -> Option<Vec<String>> {
        let text = |found: &Found| match &found.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.get(key, "a list of texts", |value| match value {
            Value::List(list) => list.iter().map(text).collect(),
            _ => None,
        })
    }

    /// `capacity`: how many messages wait in the component's inbox before senders do.
    pub fn capacity(&self) -> Option<u32> {
        self.integer("capacity", 1..=1_000_000).and_then(|capacity| u32::try_from(capacity).ok())
    }

    /// Says why the value of an option will not do.
    pub fn refuse(&self, key: &str, why: impl Into<String>) {
        let value = self.part.options.iter().find(|(name, ..)| name == key);
        let span = value.map_or(&self.part.span, |(_, _, found)| &found.span);
        self.findings.borrow_mut().push((span.clone(), format!("`{key}`: {}", why.into())));
    }

    fn get<T>(&self, key: &str, wanted: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let asked = OptionInfo { name: key.to_owned(), wanted: wanted.to_owned(), needed: false };
        self.asked.borrow_mut().push(asked);
        let (_, _, found) = self.part.options.iter().find(|(name, ..)| name == key)?;
        let value = read(&found.value);
        if value.is_none() {
            let message = format!("`{key}` must be {wanted}, not {}", describe(&found.value));
            self.findings.borrow_mut().push((found.span.clone(), message));
        }
        value
    }

    /// All that was asked for so far.
    pub(super) fn asked(&self) -> Vec<OptionInfo> {
        self.asked.borrow().clone()
    }

    /// What was wrong, with the options that nobody asked for; and whether all that was asked for was in order.
    pub(super) fn finish(self) -> (Findings, bool) {
        let mut findings = self.findings.into_inner();
        let fits = findings.is_empty();
        let asked = self.asked.into_inner();
        let names: Vec<_> = asked.iter().map(|option| option.name.as_str()).collect();
        for (key, span, _) in self.part.options.iter().filter(|(key, ..)| !names.contains(&key.as_str())) {
            let instead = instead(key, names.iter().copied(), "it has");
            findings.push((span.clone(), format!("`{}` has no option `{key}`{instead}", self.kind)));
        }
        (findings, fits)
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Text(text) if text.chars().count() <= 40 => format!("\"{text}\""),
        Value::Text(_) => "that text".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Truth(truth) => format!("`{truth}`"),
        Value::List(_) => "a list".to_owned(),
        Value::Other => "this".to_owned(),
    }
}

fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit.trim() {
        "us" | "\u{b5}s" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        for (text, millis) in [("250ms", 250), ("1.5s", 1500), ("2 min", 120_000), ("1h", 3_600_000), ("0s", 0)] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.2.3s", "1 fortnight", "99999999999999999999999h"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
