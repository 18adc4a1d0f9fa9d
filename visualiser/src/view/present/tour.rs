//! The tour: which stop is shown, and until when. Pure: it is told the time, in seconds, and says where to go.

use std::collections::VecDeque;

use super::plan::{Stop, Target};

/// How long a stop is looked at once the eye has come there.
const STAY: f64 = 8.0;
/// How long the eye is on its way.
pub(super) const GLIDE: f32 = 2.5;
/// How long a stop is looked at, at least, when something more urgent waits.
const STAY_LEAST: f64 = 3.0;
/// Of what waits to be visited next, as many are kept.
const URGENT_MAX: usize = 4;

/// A round over the stops, again and again.
#[derive(Default)]
pub(super) struct Tour {
    stops: Vec<Stop>,
    at: usize,
    /// What has happened meanwhile, to be visited before the next stop.
    urgent: VecDeque<Stop>,
    /// What is looked at, if it is not the stop.
    detour: Option<Stop>,
    /// When the eye set out for what is looked at.
    left_at: f64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum State {
    #[default]
    Running,
    /// By a key: it goes on from where it is.
    Paused,
    /// A person has moved the eye: it goes on from the beginning.
    Ended,
}

/// What is to be done now.
#[derive(PartialEq, Debug)]
pub(super) enum Step {
    Stay,
    /// To what [`Tour::here`] says.
    Go,
    /// The round is over: the next is planned from what there is by then.
    Plan,
}

impl Tour {
    /// Begins a round at its first stop.
    pub(super) fn begin(&mut self, stops: Vec<Stop>, now: f64) {
        (self.stops, self.at, self.detour, self.left_at) = (stops, 0, None, now);
        self.state = State::Running;
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// What is looked at.
    pub(super) fn here(&self) -> Option<&Stop> {
        self.detour.as_ref().or_else(|| self.stops.get(self.at))
    }

    /// When the eye set out for what is looked at.
    pub(super) fn left_at(&self) -> f64 {
        self.left_at
    }

    /// Where in the round it is, from 1, and how many stops there are.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.at + 1, self.stops.len())
    }

    /// Goes on by itself when it is time.
    pub(super) fn tick(&mut self, now: f64) -> Step {
        if self.next_at().is_none_or(|at| now < at) {
            return Step::Stay;
        }
        if let Some(stop) = self.urgent.pop_front() {
            (self.detour, self.left_at) = (Some(stop), now);
            return Step::Go;
        }
        self.detour = None;
        if self.at + 1 >= self.stops.len() {
            return Step::Plan;
        }
        (self.at, self.left_at) = (self.at + 1, now);
        Step::Go
    }

    /// When it goes on by itself, unless something happens.
    pub(super) fn next_at(&self) -> Option<f64> {
        let stay = if self.urgent.is_empty() { STAY } else { STAY_LEAST };
        let is_due = self.state == State::Running && !self.stops.is_empty();
        is_due.then_some(self.left_at + f64::from(GLIDE) + stay)
    }

    /// Visits this next. What is looked at already, or waits, is not visited twice.
    pub(super) fn visit(&mut self, stop: Stop) {
        let is_known = |other: &Stop| other.target == stop.target;
        if self.here().is_some_and(is_known) || self.urgent.iter().any(is_known) || self.urgent.len() >= URGENT_MAX {
            return;
        }
        self.urgent.push_back(stop);
    }

    /// To the next stop or to the one before, round and round, paused or not.
    pub(super) fn step(&mut self, forward: bool, now: f64) {
        let count = self.stops.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
        (self.detour, self.left_at) = (None, now);
        if self.state == State::Ended {
            self.state = State::Paused;
        }
    }

    /// Pauses, or goes on.
    pub(super) fn pause(&mut self, now: f64) {
        self.state = match self.state {
            State::Running => State::Paused,
            State::Paused | State::Ended => {
                self.left_at = now;
                State::Running
            }
        };
    }

    /// Somebody else moves the eye now.
    pub(super) fn end(&mut self) {
        self.state = State::Ended;
        self.urgent.clear();
    }

    /// Forgets stops of what is no more.
    pub(super) fn keep(&mut self, is_there: impl Fn(Target) -> bool) {
        self.urgent.retain(|stop| is_there(stop.target));
        if self.detour.as_ref().is_some_and(|stop| !is_there(stop.target)) {
            self.detour = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use axonscope_model::{ComponentId, SystemId};

    use super::*;

    fn stop(number: u64) -> Stop {
        let target = Target::Part((SystemId(1), ComponentId(number)));
        Stop { target, reason: number.to_string(), is_trouble: false }
    }

    fn tour(count: u64) -> Tour {
        let mut tour = Tour::default();
        tour.begin((0..count).map(stop).collect(), 0.0);
        tour
    }

    fn here(tour: &Tour) -> &str {
        tour.here().map_or("", |stop| &stop.reason)
    }

    #[test]
    fn each_stop_is_looked_at_for_a_while_and_then_a_new_round_is_planned() {
        let mut tour = tour(2);
        assert_eq!((tour.tick(10.4), here(&tour)), (Step::Stay, "0"));
        assert_eq!((tour.tick(10.5), here(&tour)), (Step::Go, "1"));
        assert_eq!((tour.tick(20.9), here(&tour)), (Step::Stay, "1"));
        assert_eq!(tour.tick(21.0), Step::Plan);
    }

    #[test]
    fn what_happens_is_visited_next_and_once() {
        let mut tour = tour(3);
        tour.visit(stop(9));
        tour.visit(stop(9));
        tour.visit(stop(0));
        assert_eq!((tour.tick(5.4), here(&tour)), (Step::Stay, "0"));
        assert_eq!((tour.tick(5.5), here(&tour)), (Step::Go, "9"));
        tour.visit(stop(9));
        assert_eq!((tour.tick(16.0), here(&tour)), (Step::Go, "1"));
        (0..100).for_each(|number| tour.visit(stop(100 + number)));
        assert!(tour.urgent.len() <= URGENT_MAX);
    }

    #[test]
    fn it_pauses_and_steps_by_hand() {
        let mut tour = tour(3);
        tour.pause(1.0);
        assert_eq!((tour.next_at(), tour.tick(100.0)), (None, Step::Stay));
        tour.step(true, 101.0);
        assert_eq!(here(&tour), "1");
        tour.step(false, 102.0);
        tour.step(false, 103.0);
        assert_eq!((here(&tour), tour.place()), ("2", (3, 3)));
        tour.pause(200.0);
        assert_eq!(tour.next_at(), Some(210.5));
    }

    #[test]
    fn a_person_who_moves_the_eye_ends_it_until_asked() {
        let mut tour = tour(3);
        tour.end();
        assert_eq!((tour.state(), tour.tick(100.0)), (State::Ended, Step::Stay));
        tour.step(true, 101.0);
        assert_eq!((tour.state(), here(&tour)), (State::Paused, "1"));
        tour.end();
        tour.pause(110.0);
        assert_eq!(tour.state(), State::Running);
    }

    #[test]
    fn a_tour_of_nothing_stays() {
        let mut tour = Tour::default();
        assert_eq!((tour.tick(100.0), tour.next_at()), (Step::Stay, None));
        tour.step(true, 1.0);
        assert!(tour.here().is_none());
    }

    #[test]
    fn what_has_gone_is_not_visited() {
        let mut tour = tour(1);
        tour.visit(stop(8));
        tour.keep(|_| false);
        assert_eq!(tour.next_at(), Some(10.5));
    }
}
