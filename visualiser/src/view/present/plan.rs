//! Plans a round of the tour: where to look, and why. Pure: from a picture and what is wrong in it.

use axonscope_model::SystemId;
use axonscope_session::narrator::{counted, figure};
use axonscope_session::{Problem, Severity};
use bevy::math::{Rect, Vec2};

use super::super::picture::{Node, NodeKey, Picture};

/// Somewhere to look at for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stop {
    pub(super) target: Target,
    /// In a sentence.
    pub(super) reason: String,
    pub(super) is_trouble: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    All,
    System(SystemId),
    /// A component with those that it is linked to.
    Part(NodeKey),
}

/// Systems in a round, what is busy in each of them, and problems: so that a round is a few minutes at most.
const SYSTEMS_MAX: usize = 6;
const BUSY_MAX: usize = 2;
const PROBLEMS_MAX: usize = 3;
/// Messages a second that are worth a stop.
const RATE_MIN: f64 = 0.5;
/// How much of a picture is seen round a part, in world units: no less, and nobody further away.
const PART_LEAST: Vec2 = Vec2::new(560.0, 380.0);
const NEIGHBOUR_REACH: f32 = 700.0;
const PART_AIR: f32 = 70.0;

/// Everything, then each system with what is busiest in it, and what is wrong.
pub(super) fn plan(picture: &Picture, problems: &[Problem]) -> Vec<Stop> {
    let mut stops = vec![Stop { target: Target::All, reason: overview(picture), is_trouble: false }];
    let systems: Vec<SystemId> = picture
        .systems
        .iter()
        .filter(|hull| !hull.gone && !hull.rect.is_empty())
        .map(|hull| hull.system)
        .take(SYSTEMS_MAX)
        .collect();
    for problem in problems.iter().filter(|problem| problem.severity >= Severity::Warning).take(PROBLEMS_MAX) {
        let culprit = problem.components.first().map(|component| (problem.system, *component));
        let target = match culprit.filter(|key| picture.node(*key).is_some()) {
            Some(key) => Target::Part(key),
            None => Target::System(problem.system),
        };
        if !stops.iter().any(|stop| stop.target == target) && rect_of(target, picture).is_some() {
            stops.push(Stop { target, reason: problem.sentence.clone(), is_trouble: true });
        }
    }
    for &system in &systems {
        if systems.len() > 1 {
            stops.push(of_system(picture, system));
        }
        for stop in busiest(picture, system) {
            if !stops.iter().any(|known| known.target == stop.target) {
                stops.push(stop);
            }
        }
    }
    stops
}

/// Where a stop is; nothing if that is no more.
pub(super) fn rect_of(target: Target, picture: &Picture) -> Option<Rect> {
    match target {
        Target::All => picture.bounds(None),
        Target::System(system) => picture.bounds(Some(&[system])),
        Target::Part(key) => {
            let &number = picture.index.get(&key)?;
            let node = &picture.nodes[number as usize];
            let round = |node: &Node| {
                Rect::from_center_half_size(node.position.truncate(), Vec2::splat(node.radius + PART_AIR))
            };
            let is_near = |other: &&Node| other.position.distance(node.position) < NEIGHBOUR_REACH;
            let all =
                neighbours(picture, number).filter(is_near).fold(round(node), |all, other| all.union(round(other)));
            let half = all.half_size().max(PART_LEAST / 2.0);
            Some(Rect::from_center_half_size(all.center(), half))
        }
    }
}

fn neighbours(picture: &Picture, number: u32) -> impl Iterator<Item = &Node> {
    picture.links.iter().filter_map(move |link| {
        let [from, to] = [link.from, link.to].map(|dock| picture.boxes[dock as usize].node);
        let other = if from == number {
            to
        } else if to == number {
            from
        } else {
            return None;
        };
        Some(&picture.nodes[other as usize])
    })
}

/// "Two systems with 18 components."
pub(super) fn overview(picture: &Picture) -> String {
    let there: Vec<_> = picture.systems.iter().filter(|hull| !hull.gone).collect();
    let count = picture.nodes.iter().filter(|node| !node.gone).count();
    let components = counted(count, "component", "components");
    match there[..] {
        [] => "Nothing is connected.".to_owned(),
        [hull] => format!("{} has {components}.", hull.title),
        _ => {
            let systems = counted(there.len(), "system", "systems");
            let mut letters = systems.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            format!("{first}{} with {components}.", letters.as_str())
        }
    }
}

fn of_system(picture: &Picture, system: SystemId) -> Stop {
    let title = picture.systems.iter().find(|hull| hull.system == system).map_or("", |hull| &hull.title);
    let of_it = || picture.nodes.iter().filter(|node| node.key.0 == system);
    let components = counted(of_it().count(), "component", "components");
    let rate: f64 = of_it().filter(|node| !node.is_composite()).map(|node| node.rate_in).sum();
    let reason = if rate >= RATE_MIN {
        format!("{title}: {components}, {} messages a second.", figure(rate))
    } else {
        format!("{title}: {components}, at rest.")
    };
    Stop { target: Target::System(system), reason, is_trouble: false }
}

/// Where most messages pass.
fn busiest(picture: &Picture, system: SystemId) -> impl Iterator<Item = Stop> {
    let rate = |node: &Node| node.rate_in + node.rate_out;
    let mut busy: Vec<&Node> = picture
        .nodes
        .iter()
        .filter(|node| node.key.0 == system && !node.is_composite() && rate(node) >= RATE_MIN)
        .collect();
    busy.sort_by(|a, b| rate(b).total_cmp(&rate(a)).then(a.key.1.cmp(&b.key.1)));
    busy.truncate(BUSY_MAX);
    busy.into_iter().enumerate().map(move |(place, node)| {
        let name = picture.word(node.name);
        let messages = figure(node.rate_in.max(node.rate_out));
        let reason = match place {
            0 => format!("Most messages pass through {name}: {messages} a second."),
            _ => format!("{name} handles {messages} messages a second."),
        };
        Stop { target: Target::Part(node.key), reason, is_trouble: false }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_model::ComponentId;

    use super::super::super::picture::Hull;
    use super::super::super::sample;
    use super::*;

    /// Three components in a system, the second the busiest.
    fn busy() -> Picture {
        let places = [(None, 0.0, 0.0, 24.0), (None, 200.0, 0.0, 24.0), (None, 5000.0, 0.0, 24.0)];
        let mut picture = sample::picture(&places, &[(0, 1, 3.0), (1, 2, 0.0)]);
        (picture.nodes[0].rate_out, picture.nodes[1].rate_in) = (3.0, 40.0);
        let system = picture.nodes[0].key.0;
        picture.systems = vec![Hull {
            since_ns: None,
            stale: false,
            system,
            title: "chat".into(),
            facts: String::new(),
            word: None,
            gone: false,
            rect: Rect::new(-100.0, -100.0, 5100.0, 100.0),
        }];
        picture
    }

    #[test]
    fn a_round_shows_everything_and_then_what_is_busiest() {
        let stops = plan(&busy(), &[]);
        let reasons: Vec<&str> = stops.iter().map(|stop| stop.reason.as_str()).collect();
        assert!(reasons[0].starts_with("chat has three components"), "{reasons:?}");
        assert!(reasons[1].starts_with("Most messages pass through") && reasons[1].ends_with("40 a second."));
        assert_eq!(stops.len(), 3, "nobody visits who has nothing to do: {reasons:?}");
    }

    #[test]
    fn problems_are_visited_before_what_is_merely_busy_and_once() {
        let picture = busy();
        let problem = Problem {
            system: picture.nodes[1].key.0,
            severity: Severity::Error,
            sentence: "it failed.".to_owned(),
            components: vec![picture.nodes[1].key.1],
            ..Problem::default()
        };
        let note = Problem { severity: Severity::Note, ..problem.clone() };
        let unknown = Problem { system: SystemId(99), components: vec![ComponentId(99)], ..problem.clone() };
        let stops = plan(&picture, &[note, problem, unknown]);
        assert_eq!(stops[1].target, Target::Part(picture.nodes[1].key));
        assert!(stops[1].is_trouble && stops.len() == 3, "{stops:?}");
    }

    #[test]
    fn a_part_is_seen_with_whom_it_is_linked_to_unless_that_is_far_away() {
        let picture = busy();
        let rect = rect_of(Target::Part(picture.nodes[1].key), &picture).unwrap();
        assert!(rect.contains(Vec2::ZERO) && rect.contains(Vec2::new(200.0, 0.0)));
        assert!(!rect.contains(Vec2::new(5000.0, 0.0)));
        assert!(rect.width() >= PART_LEAST.x && rect.height() >= PART_LEAST.y);
        assert_eq!(rect_of(Target::Part((SystemId(9), ComponentId(9))), &picture), None);
    }
}
