//! What is wrong with a wiring, and at which line and column.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

/// Bytes of the text, from the first to before the last.
pub(super) type Span = Range<usize>;

/// All that is wrong with a wiring, in the order of the text. Each problem is shown in a line of its own, as
/// `FILE:LINE:COLUMN: what is wrong`.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub struct WiringError {
    /// At least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file, as it was named to [`Wiring::parse`](super::Wiring::parse).
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what there is instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl fmt::Display for WiringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// A text and its name, to say where in it something is.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) file: Arc<str>,
    pub(super) text: Arc<str>,
}

impl Source {
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.before(at).matches('\n').count()
    }

    /// All of `findings` as an error, in the order of the text and each once.
    pub(super) fn error(&self, mut findings: Findings) -> WiringError {
        findings.sort_by_key(|(span, _)| span.start);
        findings.dedup();
        WiringError { problems: findings.into_iter().map(|(span, message)| self.problem(&span, message)).collect() }
    }

    /// Where `part` is inside `span`, which contains it unless it was written with escapes.
    pub(super) fn part(&self, span: &Span, part: &str, last: bool) -> Span {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let found = if last { text.rfind(part) } else { text.find(part) };
        match found {
            Some(offset) => span.start + offset..span.start + offset + part.len(),
            None => span.clone(),
        }
    }

    fn problem(&self, span: &Span, message: String) -> Problem {
        let before = self.before(span.start);
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        // A problem is a line, whatever the file has in its names.
        let message = message.replace(|c: char| c.is_control(), "\u{fffd}");
        Problem { file: self.file.clone(), line: self.line(span.start), column, message }
    }

    fn before(&self, at: usize) -> &str {
        self.text.get(..at).unwrap_or(&self.text)
    }
}

/// What has been found so far.
pub(super) type Findings = Vec<(Span, String)>;

/// `; did you mean …` if something is near to `wanted`, and otherwise all there is, after `lead`.
pub(super) fn instead<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>, lead: &str) -> String {
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort_unstable();
    let mut near: Vec<_> = known
        .iter()
        .map(|name| (distance(wanted, name), *name))
        .filter(|(distance, name)| *distance <= (wanted.len().max(name.len()) / 3).max(1))
        .collect();
    near.sort_unstable();
    let nearest = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= nearest + 1);
    match (near.as_slice(), known.as_slice()) {
        ([], []) => format!("; {lead} none"),
        ([], known) => format!("; {lead} {}", quoted(known)),
        (near, _) => {
            let near: Vec<_> = near.iter().take(3).map(|(_, name)| *name).collect();
            format!("; did you mean {}?", quoted(&near).replace(", ", " or "))
        }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters have to be changed, left out, put in or swapped with the next to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    // Names are short; what is not a name is not near to one.
    const LONGEST: usize = 64;
    if one.len() > LONGEST || other.len() > LONGEST {
        return usize::MAX;
    }
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let changed = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        for (one, other, expected) in
            [("", "", 0), ("shout", "shout", 0), ("shuot", "shout", 1), ("uper-caes", "upper-case", 2), ("a", "", 1)]
        {
            assert_eq!(distance(one, other), expected);
            assert_eq!(distance(other, one), expected);
        }
    }

    #[test]
    fn what_is_near_comes_first() {
        assert_eq!(instead("tiker", ["ticker", "console-in"], "there is"), "; did you mean `ticker`?");
        assert_eq!(instead("fish", ["b", "a"], "there is"), "; there is `a`, `b`");
        assert_eq!(instead("fish", [], "there is"), "; there is none");
    }
}
