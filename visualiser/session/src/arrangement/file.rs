//! The arrangement as a file: what of it is written, within bounds, and what of a file is believed.

use serde::{Deserialize, Serialize};

use super::{Arrangement, Desk, MARKS_PER_SYSTEM, Mark};
use crate::keeper::Wrong;

/// Its name in the folder of settings.
pub(crate) const FILE: &str = "arrangement.toml";

/// Of the form; a file of a newer one is left alone.
const VERSION: i64 = 1;
/// So many systems are kept, those that were changed last.
const SYSTEMS: usize = 256;
/// A file is no longer than this, in bytes; systems beyond it are not kept.
const BYTES: usize = 4 << 20;
/// No path and no name is longer than this, in bytes.
const LONGEST: usize = 8 << 10;
/// No coordinate is further away than this.
const FAR: f64 = 1.0e7;

#[derive(Serialize)]
struct Written<'a> {
    version: i64,
    system: &'a [KeptSystem],
}

/// What a person arranged in one system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptSystem {
    name: String,
    #[serde(default = "first")]
    ordinal: u32,
    /// When it was changed last, in seconds since 1970.
    #[serde(default)]
    touched: u64,
    #[serde(default, skip_serializing_if = "is_nowhere")]
    shift: [f64; 2],
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    component: Vec<KeptMark>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptMark {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<[f64; 3]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<bool>,
}

fn first() -> u32 {
    1
}

fn is_nowhere(shift: &[f64; 2]) -> bool {
    *shift == [0.0; 2]
}

/// Tenths of a world unit are finer than anybody sees.
fn rounded<const N: usize>(at: [f32; N]) -> [f64; N] {
    at.map(|side| (f64::from(side) * 10.0).round() / 10.0)
}

fn is_sane<const N: usize>(at: &[f64; N]) -> bool {
    at.iter().all(|side| side.is_finite() && side.abs() <= FAR)
}

impl KeptSystem {
    fn of(name: &super::Name, desk: &Desk) -> KeptSystem {
        let marks = desk.marks.iter().filter(|mark| mark.path.len() <= LONGEST);
        KeptSystem {
            name: name.0.clone(),
            ordinal: name.1,
            touched: desk.touched_secs,
            shift: rounded(desk.shift),
            component: marks
                .map(|mark| KeptMark { path: mark.path.clone(), pin: mark.pin.map(rounded), closed: mark.fold })
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        is_nowhere(&self.shift) && self.component.is_empty()
    }

    fn is(&self, other: &KeptSystem) -> bool {
        (&self.name, self.ordinal) == (&other.name, other.ordinal)
    }

    /// Without what nobody could have arranged.
    fn into_desk(self) -> (super::Name, Desk) {
        let marks = self.component.into_iter().filter(|mark| mark.path.len() <= LONGEST).map(|mark| Mark {
            path: mark.path,
            holder: None,
            pin: mark.pin.filter(is_sane).map(|at| at.map(|side| side as f32)),
            fold: mark.closed,
        });
        let shift = if is_sane(&self.shift) { self.shift } else { [0.0; 2] };
        let desk = Desk {
            marks: marks.filter(|mark| !mark.is_empty()).take(MARKS_PER_SYSTEM).collect(),
            shift: shift.map(|side| side as f32),
            version: 1,
            touched_secs: self.touched,
            is_unsaved: false,
        };
        ((self.name, self.ordinal), desk)
    }
}

/// The systems that a file tells of, and what is wrong with the rest of it.
pub(crate) fn parse(text: &str) -> (Vec<KeptSystem>, Option<Wrong>) {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return (Vec::new(), Some(Wrong::Broken(error.to_string()))),
    };
    match table.get("version").and_then(toml::Value::as_integer) {
        Some(version) if version > VERSION => return (Vec::new(), Some(Wrong::Newer)),
        Some(_) => {}
        None if table.is_empty() => return (Vec::new(), None),
        None => return (Vec::new(), Some(Wrong::Broken("it states no version".to_owned()))),
    }
    let (mut systems, mut wrong) = (Vec::new(), None);
    let entries = table.get("system").and_then(toml::Value::as_array).into_iter().flatten();
    for (entry, number) in entries.zip(1..) {
        match entry.clone().try_into::<KeptSystem>() {
            Ok(system) if system.name.len() > LONGEST => {}
            Ok(system) => systems.push(system),
            Err(error) => wrong = Some(Wrong::Broken(format!("system {number}: {error}"))),
        }
    }
    (systems, wrong)
}

/// The file's text when `ours` have been changed since it was written; `theirs`, what others wrote, stays.
pub(crate) fn merged(theirs: Vec<KeptSystem>, ours: &[KeptSystem]) -> String {
    let others = theirs.into_iter().filter(|system| !ours.iter().any(|own| own.is(system)));
    let mut all: Vec<KeptSystem> = others.chain(ours.iter().cloned()).filter(|system| !system.is_empty()).collect();
    all.sort_by(|a, b| b.touched.cmp(&a.touched).then_with(|| (&a.name, a.ordinal).cmp(&(&b.name, b.ordinal))));
    all.truncate(SYSTEMS);
    loop {
        let text = toml::to_string(&Written { version: VERSION, system: &all }).unwrap_or_default();
        if text.len() <= BYTES || all.is_empty() {
            return text;
        }
        all.truncate(all.len() / 2);
    }
}

impl Arrangement {
    /// Takes in what a file told of, when the session begins.
    pub(crate) fn take_in(&mut self, systems: Vec<KeptSystem>, is_unsaved: bool) {
        let desks = systems.into_iter().take(SYSTEMS).map(KeptSystem::into_desk);
        self.desks.extend(desks.map(|(name, desk)| (name, Desk { is_unsaved, ..desk })));
    }

    /// Whether the file lacks anything.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.desks.values().any(|desk| desk.is_unsaved)
    }

    /// What the file does not have yet; from now on it counts as there.
    pub(crate) fn take_unsaved(&mut self) -> Vec<KeptSystem> {
        let unsaved = self.desks.iter_mut().filter(|(_, desk)| desk.is_unsaved);
        unsaved
            .map(|(name, desk)| {
                desk.is_unsaved = false;
                KeptSystem::of(name, desk)
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn kept(name: &str, touched: u64, marks: usize) -> KeptSystem {
        let mark = |number: usize| KeptMark {
            path: format!("group / stage {number}"),
            pin: Some([number as f64, -0.5, 0.0]),
            closed: (number % 2 == 1).then_some(true),
        };
        let component = (0..marks).map(mark).collect();
        KeptSystem { name: name.to_owned(), ordinal: 1, touched, shift: [3.0, 0.0], component }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let systems = vec![kept("chat \"server\"\n", 9, 3), kept("plain", 4, 0)];
        let text = merged(Vec::new(), &systems);
        assert_eq!(parse(&text), (systems, None), "{text}");
    }

    #[test]
    fn others_keep_theirs_and_ours_replace_what_was_there() {
        let theirs = vec![kept("a", 1, 2), kept("b", 2, 2)];
        let text = merged(theirs, &[kept("b", 5, 1)]);
        assert_eq!(parse(&text).0, [kept("b", 5, 1), kept("a", 1, 2)]);
        let nothing = KeptSystem { shift: [0.0; 2], ..kept("b", 6, 0) };
        assert_eq!(parse(&merged(parse(&text).0, &[nothing])).0, [kept("a", 1, 2)]);
    }

    #[test]
    fn what_was_changed_long_ago_goes_first() {
        let many: Vec<KeptSystem> = (0..300).map(|number| kept(&number.to_string(), number, 1)).collect();
        let (left, wrong) = parse(&merged(many, &[]));
        assert_eq!((left.len(), wrong), (SYSTEMS, None));
        assert!(left.iter().all(|system| system.touched >= 300 - SYSTEMS as u64));
        let large: Vec<KeptSystem> = (0..40).map(|number| kept(&number.to_string(), number, 4000)).collect();
        assert!(merged(large, &[]).len() <= BYTES);
    }

    #[test]
    fn one_broken_system_loses_nothing_else() {
        let text = merged(vec![kept("a", 1, 2)], &[]) + "\n[[system]]\nname = 7\n\n[[system]]\nname = \"b\"\n";
        let (systems, wrong) = parse(&text);
        assert_eq!(systems.iter().map(|system| &system.name[..]).collect::<Vec<_>>(), ["a", "b"]);
        assert!(matches!(wrong, Some(Wrong::Broken(reason)) if reason.contains("system 2")));
    }

    #[test]
    fn what_is_no_arrangement_is_wrong_and_a_newer_one_is_left_alone() {
        for text in ["versio", "a = 1", "version = \"x\"", "\u{0}"] {
            assert!(matches!(parse(text), (systems, Some(Wrong::Broken(_))) if systems.is_empty()), "{text}");
        }
        assert_eq!(parse("version = 2"), (Vec::new(), Some(Wrong::Newer)));
        assert_eq!(parse(""), (Vec::new(), None));
    }

    #[test]
    fn no_place_is_taken_that_is_none() {
        let text = "version = 1\n[[system]]\nname = \"a\"\nshift = [nan, 0.0]\n\
                    [[system.component]]\npath = \"b\"\npin = [inf, 0.0, 0.0]\nclosed = true\n";
        let (_, desk) = parse(text).0.remove(0).into_desk();
        assert_eq!((desk.shift, desk.marks.len(), desk.marks[0].pin), ([0.0; 2], 1, None));
    }
}
