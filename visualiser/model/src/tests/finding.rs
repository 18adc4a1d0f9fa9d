//! Filters and walks on systems written as scripts.

use proptest::prelude::*;

use super::script::change;
use super::*;
use crate::finding::{Filter, Sense, Sift, path, steps};
use crate::{ComponentId, System};

/// A server with two handlers in it, a room that both send to, a logger behind it, and one that listens to nobody.
const CHAT: &str = "
    add 1 ConnectedServer type ConnectedServer
    add 2 alice in 1 type Handler
    add 3 bob in 1 type Handler
    add 4 room type Backplane
    add 5 logger type FileLogger failed
    add 6 idle type Ticker
    in 10 inbox of 1
    out 11 outbox of 1
    in 20 inbox of 2
    out 21 outbox of 2
    in 30 inbox of 3 cap 10
    out 31 outbox of 3
    in 40 inbox of 4
    out 41 outbox of 4
    in 50 inbox of 5
    out 60 signal of 6
    in 51 control of 5
    link 100 21 11 outward
    link 101 31 40
    link 102 11 40
    link 103 41 50
    link 104 10 20 inward
    link 105 41 10
    link 106 60 51
    end";

fn system_of(script: &str) -> (Model, SystemId) {
    let (mut model, id) = model_with_one();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let _ = model.apply(id, change(&line.split(' ').collect::<Vec<_>>()));
    }
    (model, id)
}

fn names(system: &System, slots: impl IntoIterator<Item = u32>) -> String {
    let names = slots.into_iter().filter_map(|slot| system.component_at(slot)).map(|component| component.name());
    names.collect::<Vec<_>>().join(" ")
}

fn sift(system: &System, filter: &str, before: Option<&Sift>, beat: bool) -> Sift {
    let filter = Filter::parse(filter).unwrap().unwrap();
    let mut sift = Sift::default();
    assert!(sift.look(system, &filter, before, beat, || true));
    sift
}

#[track_caller]
fn finds(filter: &str, meant: &str) {
    let (model, id) = system_of(CHAT);
    let system = model.system(id).unwrap();
    assert_eq!(names(system, sift(system, filter, None, false).meant.iter()), meant, "{filter}");
}

#[test]
fn filters_find_what_they_say() {
    finds("type:Handler", "alice bob");
    finds("handler", "alice bob");
    finds("type:\"handler\" -bob", "alice");
    finds("*o*", "ConnectedServer bob room logger");
    finds("state:failed or idle", "logger idle");
    finds("system:chat name:lo*", "logger");
    finds("system:\"cha\"", "");
    finds("con/bo", "bob");
    finds("rate>0", "");
    finds("not (type:handler or room or state:failed)", "ConnectedServer idle");
    finds("fill<50%", "bob");
    finds("nobody", "");
}

#[test]
fn composites_are_kept_for_what_is_in_them_and_the_best_come_first() {
    let (model, id) = system_of(CHAT);
    let system = model.system(id).unwrap();
    let found = sift(system, "bob", None, false);
    assert_eq!(names(system, found.kept.iter()), "ConnectedServer bob");
    assert_eq!(found.count, 1);
    let found = sift(system, "o", None, false);
    let best: Vec<&str> = found.best.iter().map(|best| system.component(best.component).unwrap().name()).collect();
    assert_eq!(best, ["bob", "room", "logger", "ConnectedServer"]);
}

#[test]
fn what_hovers_about_a_bound_does_not_flicker() {
    let (mut model, id) = system_of(CHAT);
    let mut found = Sift::default();
    let mut fills = |depth: &str, beat: bool| {
        let _ = model.apply(id, change(&["pass", "30", "0", "depth", depth]));
        let system = model.system(id).unwrap();
        found = sift(system, "fill>60%", Some(&found), beat);
        found.count
    };
    assert_eq!(fills("6", true), 0);
    assert_eq!(fills("7", true), 1);
    assert_eq!(fills("5", true), 1, "not so much less that it would be lost");
    assert_eq!(fills("2", true), 1, "a beat of grace");
    assert_eq!(fills("2", false), 1, "time has not passed");
    assert_eq!(fills("2", true), 1);
    assert_eq!(fills("2", true), 0);
    assert_eq!(fills("6", true), 0, "it has to be found anew");
}

#[test]
fn steps_pass_composites_and_stop_nobody() {
    let (model, id) = system_of(CHAT);
    let system = model.system(id).unwrap();
    let near = |component: u64, up: u32, down: u32| {
        let (slots, count) = steps(system.component(ComponentId(component)).unwrap(), up, down);
        format!("{count}: {}", names(system, slots.iter()))
    };
    assert_eq!(near(2, 0, 1), "1: ConnectedServer alice room");
    assert_eq!(near(3, 0, 1), "1: ConnectedServer bob room");
    assert_eq!(near(3, 0, 2), "3: ConnectedServer alice bob room logger");
    assert_eq!(near(5, 1, 0), "1: room logger");
    assert_eq!(near(5, 2, 9), "3: ConnectedServer alice bob room logger");
    assert_eq!(near(1, 1, 0), "1: ConnectedServer alice bob room");
    assert_eq!(near(6, 9, 9), "0: idle");
}

#[test]
fn paths_are_the_shortest() {
    let (model, id) = system_of(CHAT);
    let system = model.system(id).unwrap();
    let way = |from: u64, to: u64| {
        let path = path(system, ComponentId(from), ComponentId(to))?;
        let [components, linkages] = [
            path.components.iter().map(|id| id.0).collect::<Vec<_>>(),
            path.linkages.iter().map(|id| id.0).collect::<Vec<_>>(),
        ];
        Some(format!("{:?} {components:?} {linkages:?}", path.sense))
    };
    assert_eq!(way(2, 5).unwrap(), "Down [2, 4, 5] [100, 102, 103]");
    assert_eq!(way(5, 3).unwrap(), "Up [5, 4, 3] [103, 101]");
    assert_eq!(way(3, 2).unwrap(), "Down [3, 4, 2] [101, 105, 104]");
    assert_eq!(way(3, 1).unwrap(), "Down [3, 4, 1] [101, 105]");
    assert_eq!(way(2, 2).unwrap(), "Down [2] []");
    assert_eq!(way(6, 5), None, "what stops is no way");
}

proptest! {
    /// Against the distances that are found by going along linkages again and again.
    #[test]
    fn paths_are_as_long_as_the_distances_say(joins in prop::collection::vec((1u64..9, 1u64..9), 0..20)) {
        let mut script = String::new();
        for id in 1..9 {
            script += &format!("add {id} c{id}\nin {id}0 inbox of {id}\nout {id}1 outbox of {id}\n");
        }
        for (number, (from, to)) in joins.iter().enumerate() {
            script += &format!("link {} {from}1 {to}0\n", 100 + number);
        }
        let (model, id) = system_of(&script);
        let system = model.system(id).unwrap();
        for from in 1..9 {
            let mut distances = [None; 9];
            distances[from as usize] = Some(0);
            for _ in 0..9 {
                for &(source, sink) in &joins {
                    if let Some(distance) = distances[source as usize] {
                        let known = distances[sink as usize].unwrap_or(u32::MAX);
                        distances[sink as usize] = Some(known.min(distance + 1));
                    }
                }
            }
            for to in 1..9 {
                let way = path(system, ComponentId(from), ComponentId(to)).filter(|path| path.sense == Sense::Down);
                prop_assert_eq!(way.as_ref().map(|path| path.linkages.len() as u32), distances[to as usize]);
                let ends = way.map(|path| (path.components[0].0, path.components[path.components.len() - 1].0));
                prop_assert!(ends.is_none_or(|ends| ends == (from, to)));
            }
            for most in 0..4 {
                let (_, count) = steps(system.component(ComponentId(from)).unwrap(), 0, most);
                let within = distances.iter().flatten().filter(|distance| (1..=most).contains(*distance)).count();
                prop_assert_eq!(count, within);
            }
        }
    }
}
