//! What the narrator says when this and that happens: a few lines of script against the sentences.

use std::collections::HashMap;

use axonscope_model::State;
use axonscope_model::problems::Severity;

use super::seen::{SeenSystem, Who};
use super::*;

const SECOND: u64 = 1_000_000_000;

/// A system of which a script says who is there.
#[derive(Default)]
struct Stage {
    names: Names,
    systems: Vec<(SystemId, SeenSystem)>,
}

impl Stage {
    fn new(title: &str) -> Self {
        let mut stage = Stage::default();
        stage.connect(title);
        stage
    }

    fn connect(&mut self, title: &str) {
        let id = SystemId(self.systems.len() as u64 + 1);
        let system = SeenSystem {
            title: title.to_owned(),
            is_connected: true,
            who: Some(HashMap::new()),
            ..SeenSystem::default()
        };
        self.systems.push((id, system));
    }

    fn system(&mut self) -> &mut SeenSystem {
        &mut self.systems[0].1
    }

    fn who(&mut self, name: &str) -> &mut Who {
        self.system().who.as_mut().unwrap().values_mut().find(|who| who.name == name).unwrap()
    }

    /// Who lives in `parent` if that is not empty; the id is made from the name.
    fn add(&mut self, name: &str, type_name: &str, parent: &str) {
        let id = |name: &str| ComponentId(name.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte)));
        let who = Who {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            parent: (!parent.is_empty()).then(|| id(parent)),
            state: State::Running,
            ..Who::default()
        };
        self.system().who.as_mut().unwrap().insert(id(name), who);
        self.system().count += 1;
    }

    fn remove(&mut self, name: &str) {
        self.system().who.as_mut().unwrap().retain(|_, who| who.name != name);
        self.system().count -= 1;
    }
}

/// Runs through the seconds; `script` changes the stage before each look.
fn check(mut stage: Stage, seconds: u64, script: impl Fn(u64, &mut Stage), expect: &[&str]) {
    let mut narrator = Narrator::new(Arc::new(stage.names.clone()));
    let mut said = Vec::new();
    for second in 0..seconds {
        script(second, &mut stage);
        let now_ns = (second + 100) * SECOND;
        narrator.take(Seen { systems: stage.systems.iter().cloned().collect() }, &[], now_ns);
        said.extend(narrator.next(now_ns).map(|sentence| format!("{second}: {}", sentence.words)));
    }
    assert_eq!(said, expect);
}

#[test]
fn nothing_is_said_while_nothing_happens() {
    let mut stage = Stage::new("chat");
    stage.add("alice", "Handler", "");
    check(stage, 30, |_, _| {}, &[]);
}

#[test]
fn who_joins_together_is_told_together_and_in_friendly_words() {
    let mut stage = Stage::new("chat");
    stage.names = Names::parse("[Handler]\nname = 'listener'").unwrap();
    let script = |second: u64, stage: &mut Stage| match second {
        2 => stage.add("alice", "Handler", ""),
        3 => ["bob", "carol"].map(|name| stage.add(name, "Handler", "")).into_iter().collect(),
        10 => stage.remove("alice"),
        _ => {}
    };
    check(stage, 20, script, &["5: Three listeners joined.", "12: alice left."]);
}

#[test]
fn what_lives_inside_of_what_joins_is_not_told() {
    let script = |second: u64, stage: &mut Stage| {
        if second == 1 {
            stage.add("handler-1", "Handler", "");
            stage.add("reader", "Reader", "handler-1");
            stage.add("writer", "Writer", "handler-1");
        }
    };
    check(Stage::new("chat"), 10, script, &["3: A handler joined."]);
}

#[test]
fn whoever_comes_and_goes_at_once_is_not_told_of() {
    let script = |second: u64, stage: &mut Stage| match second {
        3 => stage.add("visitor", "Handler", ""),
        4 => stage.remove("visitor"),
        _ => {}
    };
    check(Stage::new("chat"), 20, script, &[]);
}

#[test]
fn a_full_inbox_is_told_once_and_when_it_is_over() {
    let mut stage = Stage::new("chat");
    stage.add("logger", "FileLogger", "");
    stage.add("room", "Backplane", "");
    let script = |second: u64, stage: &mut Stage| {
        // The room is full too, because it waits for the logger.
        let is_full = (3..12).contains(&second);
        (stage.who("room").fill, stage.who("room").waits) = (if is_full { 1.0 } else { 0.1 }, is_full);
        stage.who("logger").fill = if is_full { 0.95 } else { 0.1 };
    };
    check(stage, 30, script, &["4: The logger has become slow: its inbox is full.", "13: The logger has caught up."]);
}

#[test]
fn the_most_important_comes_first_and_nothing_floods() {
    let mut stage = Stage::new("chat");
    stage.add("decoder", "Decoder", "");
    let script = |second: u64, stage: &mut Stage| {
        stage.add(&format!("guest {second}"), &format!("Guest{}", second % 3), "");
        if second == 4 {
            stage.who("decoder").state = State::Failed;
        }
    };
    let mut narrator_says = Vec::new();
    let mut narrator = Narrator::new(Arc::default());
    for second in 0..30 {
        script(second, &mut stage);
        let now_ns = (second + 100) * SECOND;
        narrator.take(Seen { systems: stage.systems.iter().cloned().collect() }, &[], now_ns);
        narrator_says.extend(narrator.next(now_ns).map(|sentence| (second, sentence)));
    }
    assert!(narrator_says.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 3), "{narrator_says:?}");
    let failed = narrator_says.iter().position(|(_, said)| said.words == "The decoder has failed.").unwrap();
    assert!(failed <= 1 && narrator_says[failed].1.is_trouble, "{narrator_says:?}");
}

#[test]
fn what_a_lint_finds_is_told_once_and_a_failure_not_twice() {
    let mut stage = Stage::new("chat");
    stage.add("decoder", "Decoder", "");
    let mut narrator = Narrator::new(Arc::default());
    let mut said = Vec::new();
    let found = |kind: &str, sentence: &str, severity| Problem {
        system: SystemId(1),
        kind: kind.into(),
        sentence: sentence.into(),
        severity,
        ..Problem::default()
    };
    for second in 0..20 {
        let mut problems = vec![found("unlinked-inbox", "nobody is linked to mixer.", Severity::Note)];
        if second >= 4 {
            stage.who("decoder").state = State::Failed;
            problems.push(found("failed", "decoder failed.", Severity::Error));
            problems.push(found("deadlock", "alice and bob wait for each other.", Severity::Error));
        }
        let now_ns = (second + 100) * SECOND;
        narrator.take(Seen { systems: stage.systems.iter().cloned().collect() }, &problems, now_ns);
        said.extend(narrator.next(now_ns).map(|sentence| format!("{second}: {}", sentence.words)));
    }
    assert_eq!(said, ["4: The decoder has failed.", "7: alice and bob wait for each other."]);
}

#[test]
fn traffic_that_changes_much_is_told() {
    let script = |second: u64, stage: &mut Stage| {
        stage.system().rate = match second {
            ..15 => 600.0,
            15..30 => 1230.0,
            _ => 0.0,
        };
    };
    let expect = ["16: Messages doubled to 1 200 a second.", "31: No messages flow any more."];
    check(Stage::new("chat"), 60, script, &expect);
}

#[test]
fn of_several_systems_each_is_named() {
    let script = |second: u64, stage: &mut Stage| match second {
        2 => stage.connect("encoder"),
        12 => stage.add("alice", "Handler", ""),
        20 => stage.systems[1].1.is_connected = false,
        _ => {}
    };
    let expect = ["4: encoder has connected.", "14: alice joined chat.", "20: encoder has gone without a word."];
    check(Stage::new("chat"), 40, script, &expect);
}

#[test]
fn what_is_wrong_with_a_system_from_the_start_is_told_once_it_has_settled() {
    let mut stage = Stage::new("chat");
    let mut narrator = Narrator::new(Arc::default());
    let mut said = Vec::new();
    for second in 0..30 {
        if second == 2 {
            stage.connect("mill");
        }
        let circle = Problem {
            system: SystemId(2),
            kind: "deadlock".into(),
            sentence: "alice and bob wait for each other.".into(),
            severity: Severity::Error,
            ..Problem::default()
        };
        let problems = if second >= 3 { vec![circle] } else { Vec::new() };
        let now_ns = (second + 100) * SECOND;
        narrator.take(Seen { systems: stage.systems.iter().cloned().collect() }, &problems, now_ns);
        said.extend(narrator.next(now_ns).map(|sentence| format!("{second}: {}", sentence.words)));
    }
    assert_eq!(said, ["4: mill has connected.", "7: alice and bob wait for each other."]);
}

#[test]
fn due_says_when_to_ask_again() {
    let mut stage = Stage::new("chat");
    let mut narrator = Narrator::new(Arc::default());
    let look = |narrator: &mut Narrator, stage: &Stage, now_ns| {
        narrator.take(Seen { systems: stage.systems.iter().cloned().collect() }, &[], now_ns);
    };
    look(&mut narrator, &stage, SECOND);
    assert_eq!(narrator.due_in(SECOND), None);
    stage.add("alice", "Handler", "");
    look(&mut narrator, &stage, 2 * SECOND);
    let due = narrator.due_in(2 * SECOND).unwrap();
    assert!(narrator.next(2 * SECOND).is_none());
    assert!(narrator.next(2 * SECOND + due.as_nanos() as u64).is_some());
    assert_eq!(narrator.due_in(4 * SECOND), None);
}
