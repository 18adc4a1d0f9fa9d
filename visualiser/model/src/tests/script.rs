//! The lines that tests are written in. Times are milliseconds.
//!
//! ```text
//! snap | end                          a snapshot begins, ends
//! add 2 bob [in 1] [type T] [failed]  a component; again with the same words is the same change
//! in 20 inbox of 2 [cap 8]            an inbox; `out` is an outbox
//! link 200 21 20 [inward|outward]
//! state 2 failed why it failed
//! del 2 | unbox 20 | unlink 200
//! work 2 busy 500 [since 900] [restarts 3] [polls 9]  totals; `since` is what goes on now
//! pass 20 70 [depth 3] [waited 500] [since 900] [dropped 4] [waiting]
//! flow 200 30
//! at 1000                             a sample
//! gap | lost 3 | merged 4
//! show                                the whole picture
//! show 2 busy | show 20 | show 200 | show rates
//! ```

use std::fmt::Write as _;

use super::{assert_invariants, model_with_one};
use crate::*;

const MS: u64 = 1_000_000;

/// What the script showed.
pub(super) fn run(script: &str) -> String {
    let (mut model, id) = model_with_one();
    let mut shown = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "show" {
            show(model.system(id).unwrap(), &words[1..], &mut shown);
            continue;
        }
        let applied = model.apply(id, change(&words));
        if let Some(anomaly) = applied.anomaly {
            writeln!(shown, "! {anomaly}").unwrap();
        }
        assert_invariants(&model);
    }
    shown
}

pub(crate) fn change(words: &[&str]) -> Change {
    let number = |place: usize| words[place].parse::<u64>().unwrap();
    let after = |word: &str| words.iter().position(|other| *other == word).map(|place| words[place + 1]);
    let number_after = |word: &str| after(word).map_or(0, |number| number.parse::<u64>().unwrap());
    match words[0] {
        "snap" => Change::SnapshotBegan,
        "end" => Change::SnapshotEnded,
        "add" => Change::ComponentAdded(NewComponent {
            id: ComponentId(number(1)),
            parent: after("in").map(|parent| ComponentId(parent.parse().unwrap())),
            name: words[2].to_owned(),
            type_name: after("type").unwrap_or_default().to_owned(),
            state: if words.contains(&"failed") { State::Failed } else { State::Running },
            ..NewComponent::default()
        }),
        "in" | "out" => Change::PostboxAdded(NewPostbox {
            id: PostboxId(number(1)),
            owner: ComponentId(number_after("of")),
            name: words[2].to_owned(),
            kind: if words[0] == "in" { PostboxKind::Inbox } else { PostboxKind::Outbox },
            message_type: String::new(),
            capacity: number_after("cap") as u32,
            description: String::new(),
        }),
        "link" => Change::Linked(NewLinkage {
            id: LinkageId(number(1)),
            source: PostboxId(number(2)),
            sink: PostboxId(number(3)),
            kind: match words.get(4) {
                Some(&"inward") => LinkageKind::Inward,
                Some(&"outward") => LinkageKind::Outward,
                _ => LinkageKind::Direct,
            },
        }),
        "state" => Change::StateChanged {
            component: ComponentId(number(1)),
            state: if words[2] == "failed" { State::Failed } else { State::Finished },
            detail: words[3..].join(" "),
        },
        "del" => Change::ComponentRemoved(ComponentId(number(1))),
        "unbox" => Change::PostboxRemoved(PostboxId(number(1))),
        "unlink" => Change::Unlinked(LinkageId(number(1))),
        "work" => Change::ComponentActivity(ComponentActivity {
            component: ComponentId(number(1)),
            busy_ns: number_after("busy") * MS,
            poll_started_at: number_after("since") * MS,
            restarts: number_after("restarts") as u32,
            polls: number_after("polls"),
            ..ComponentActivity::default()
        }),
        "pass" => Change::PostboxActivity(PostboxActivity {
            postbox: PostboxId(number(1)),
            messages: number(2),
            depth: number_after("depth") as u32,
            blocked_ns: number_after("waited") * MS,
            blocked_since: number_after("since") * MS,
            dropped: number_after("dropped"),
            waiting: words.contains(&"waiting"),
            ..PostboxActivity::default()
        }),
        "flow" => Change::LinkageActivity { linkage: LinkageId(number(1)), messages: number(2) },
        "at" => Change::Sampled { at: number(1) * MS },
        "gap" => Change::Refused(Anomaly::Gap { expected: 7, got: 9 }),
        "lost" => Change::Lost(number(1)),
        "merged" => Change::Merged(number(1)),
        other => panic!("no such line: {other}"),
    }
}

fn show(system: &System, words: &[&str], shown: &mut String) {
    let Some(id) = words.first() else { return show_all(system, shown) };
    if *id == "rates" {
        let [messages, changes] = [system.messages_per_second(), system.changes_per_second()];
        return writeln!(shown, "{messages:.0} messages/s {changes:.0} changes/s").unwrap();
    }
    let id = id.parse().unwrap();
    if let (Some(component), Some(_)) = (system.component(ComponentId(id)), words.get(1)) {
        writeln!(shown, "{id} busy {:.0} %", component.busy_share() * 100.0).unwrap();
    } else if let Some(postbox) = system.postbox(PostboxId(id)) {
        write!(shown, "{id} {} messages {:.0}/s", postbox.messages(), postbox.rate()).unwrap();
        if postbox.blocked_ns() > 0 || postbox.blocked_since() > 0 {
            write!(shown, " blocked {:.0} %", postbox.blocked_share() * 100.0).unwrap();
        }
        if let Some(fill) = postbox.fill() {
            write!(shown, " fill {:.0} %", fill * 100.0).unwrap();
        }
        shown.push('\n');
    } else if let Some(linkage) = system.linkage(LinkageId(id)) {
        let shared = if linkage.is_shared() { " shared" } else { "" };
        writeln!(shown, "{id} {} messages {:.0}/s{shared}", linkage.messages(), linkage.rate()).unwrap();
    } else {
        writeln!(shown, "no {id}").unwrap();
    }
}

/// The tree, with boxes under their owners and linkages at their sources.
fn show_all(system: &System, shown: &mut String) {
    let flag = |has: bool| if has { " !" } else { "" };
    for component in system.tree() {
        let indent = "  ".repeat(component.depth());
        write!(shown, "{indent}{} {}", component.id(), component.name()).unwrap();
        if component.state() != State::Running {
            write!(shown, " {}", component.state()).unwrap();
        }
        if !component.state_detail().is_empty() {
            write!(shown, ": {}", component.state_detail()).unwrap();
        }
        writeln!(shown, "{}", flag(component.has_anomaly())).unwrap();
        for postbox in component.postboxes() {
            let kind = if postbox.kind() == PostboxKind::Inbox { "in" } else { "out" };
            write!(shown, "{indent}  {kind} {} {}", postbox.id(), postbox.name()).unwrap();
            for linkage in postbox.linkages_out() {
                write!(shown, " -{}-> {}", linkage.id(), linkage.sink().id()).unwrap();
            }
            writeln!(shown, "{}", flag(postbox.has_anomaly())).unwrap();
        }
    }
    if let Status::Stale(why) = system.status() {
        writeln!(shown, "stale: {why}").unwrap();
    }
}
