//! Presenting: panels gone, everything larger, a title above the picture and one line below it that says what is happening,
//! and a slow tour over the systems and their busiest parts.

mod plan;
mod screen;
mod there;
mod tour;

use std::sync::Arc;
use std::time::Duration;

use axonscope_model::display;
use axonscope_session::narrator::{Narrator, Sentence};
use axonscope_session::{Problem, Session, Versions};
use bevy::prelude::*;
use bevy::window::{MonitorSelection, PrimaryWindow, WindowMode};
use bevy_egui::EguiPrimaryContextPass;
use serde_json::json;

use super::VisualiserSystems;
use super::camera::Eye;
use super::keys::{Does, Pressed};
use super::naming::Naming;
use super::picture::NodeKey;
use super::report::Said;
use super::stage::{Look, Stage, Watched};
use super::{labels, pick};
use crate::settings::{SCALES, Settings};
use plan::{Stop, Target, plan, rect_of};
use there::There;
use tour::{GLIDE, State, Step, Tour};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Presenting>()
        .add_systems(Update, keep_room.run_if(is_presenting).in_set(VisualiserSystems::Arrange))
        .add_systems(EguiPrimaryContextPass, screen::show_screen.run_if(is_presenting).after(labels::paint_all_labels));
}

/// Keys, the tour and the words, which only a window has.
pub(super) fn hands_plugin(app: &mut App) {
    let systems = (act_on_keys, lead_tour.run_if(is_presenting), narrate.run_if(is_presenting), report).chain();
    app.add_systems(Update, systems.before(pick::press_keys).in_set(VisualiserSystems::Arrange));
}

/// Panels are shown while this is false.
pub(crate) fn is_presenting(presenting: Res<Presenting>) -> bool {
    presenting.is_on
}

/// What is presented, and how.
#[derive(Resource)]
pub(crate) struct Presenting {
    is_on: bool,
    /// Begins as soon as there is a window.
    is_asked: bool,
    /// Instead of the names of the systems.
    title: Option<String>,
    /// How many times as large as usual type and lines are.
    scale: f32,
    tour: Tour,
    /// How often a person had moved the eye when the tour moved it last.
    moves: u64,
    /// A person has asked for the stop that the tour is at.
    is_stepped: bool,
    /// When the eye was aimed last.
    aimed_at: f64,
    narrator: Option<Narrator>,
    /// What the narrator said last, and when.
    said: Option<(Sentence, f64)>,
    line: Line,
    there: There,
    problems: Arc<Vec<Problem>>,
    /// When the narrator looked, and at what.
    looked: Option<(f64, Versions)>,
}

/// What is written below the picture.
#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    words: String,
    is_trouble: bool,
    since: f64,
}

const SCALE_STEP: f32 = 1.1;
/// How long a sentence stands if nothing else is said, in seconds.
const STANDS: f64 = 8.0;
/// How long it is told why the eye goes where it goes, from when it sets out, before anything else but trouble is told.
const ARRIVES: f64 = 5.0;
/// How often the narrator looks while anything happens, in seconds.
const LOOK: f64 = 1.0;
/// How far the eye may be off what it shows, in logical pixels: less than the air round that.
const OFF: f32 = 24.0;
/// How long a new line takes to appear, in seconds.
const APPEAR: f64 = 0.4;
const TITLE_CHARS: usize = 80;

impl Default for Presenting {
    fn default() -> Self {
        Presenting {
            is_on: false,
            is_asked: false,
            title: None,
            scale: Settings::default().presenting_scale,
            tour: Tour::default(),
            moves: 0,
            is_stepped: false,
            aimed_at: 0.0,
            narrator: None,
            said: None,
            line: Line::default(),
            there: There::default(),
            problems: Arc::default(),
            looked: None,
        }
    }
}

impl Presenting {
    /// One that begins with the window if `is_asked`; `title` is a person's own text, `scale` how many times as large as
    /// usual type is.
    pub(crate) fn new(is_asked: bool, title: Option<&str>, scale: f32) -> Self {
        let title = title.map(|title| display::label(title, TITLE_CHARS).into_owned());
        Presenting { is_asked, title, scale, ..Presenting::default() }
    }

    /// How many times as large as usual type and lines are.
    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    /// Shows a picture as it is presented, without a tour. Without a window nothing happens that could be told of: the line
    /// says what is wrong, or what there is.
    pub(crate) fn show_still(&mut self, look: &mut Look, problems: Vec<Problem>) {
        self.is_on = true;
        self.problems = Arc::new(problems);
        look.scale = self.scale;
        look.chrome = false;
    }

    /// The component that the tour is at.
    pub(crate) fn part(&self) -> Option<NodeKey> {
        match self.tour.here().filter(|_| self.is_on && self.tour.state() != State::Ended)?.target {
            Target::Part(key) => Some(key),
            Target::All | Target::System(_) => None,
        }
    }

    /// How soon something changes here by itself.
    pub(crate) fn wakes_in(&self, now: f64, session: &Session) -> Option<Duration> {
        if !self.is_on {
            return None;
        }
        let secs = |at: f64| Duration::from_secs_f64((at - now).max(0.0));
        let tour = self.tour.next_at().map(secs);
        let narrator = self.narrator.as_ref().and_then(|narrator| narrator.due_in(session.now_ns()));
        let arrived_at = self.tour.left_at() + ARRIVES;
        let line = self.said.as_ref().map(|(_, at)| secs(if now < arrived_at { arrived_at } else { at + STANDS }));
        let look = self.looked.filter(|(_, seen)| *seen != session.versions()).map(|(at, _)| secs(at + LOOK));
        let appearing = (now - self.line.since < APPEAR).then_some(Duration::ZERO);
        [tour, narrator, line, look, appearing].into_iter().flatten().min()
    }

    fn begin(&mut self, names: &Naming) {
        let (is_asked, title, scale) = (false, self.title.take(), self.scale);
        *self = Presenting { is_on: true, is_asked, title, scale, ..Presenting::default() };
        self.narrator = Some(Narrator::new(names.0.clone()));
    }

    /// Why the eye has just come to where it is, or the sentence said last while it stands.
    fn line_now(&self, now: f64) -> (String, bool) {
        let arrives = self.tour.state() != State::Ended && now - self.tour.left_at() < ARRIVES;
        let stands = |said: &&(Sentence, f64)| now - said.1 < STANDS && (said.0.is_trouble || !arrives);
        let said = self.said.as_ref().filter(stands);
        match (said, self.tour.here(), self.problems.first()) {
            (Some((said, _)), ..) => (said.words.clone(), said.is_trouble),
            (None, Some(stop), _) if self.tour.state() != State::Ended => (stop.reason.clone(), stop.is_trouble),
            (None, None, Some(problem)) => (problem.sentence.clone(), true),
            _ => (self.there.overview.clone(), false),
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn act_on_keys(
    mut presenting: ResMut<Presenting>,
    mut pressed: ResMut<Pressed>,
    mut look: ResMut<Look>,
    mut eye: ResMut<Eye>,
    names: Res<Naming>,
    mut window: Query<&mut Window, With<PrimaryWindow>>,
    time: Res<Time<Real>>,
) {
    let is_wanted = match presenting.is_on {
        false => presenting.is_asked || pressed.is(Does::Present),
        true => !pressed.is(Does::Present) && !pressed.take(Does::Leave),
    };
    if is_wanted != presenting.is_on {
        if is_wanted {
            presenting.begin(&names);
        } else {
            presenting.is_on = false;
        }
        pressed.is_presenting = is_wanted;
        (look.chrome, look.scale) = (!is_wanted, if is_wanted { presenting.scale } else { 1.0 });
        eye.set_room(is_wanted.then(|| screen::room(look.scale)), look.scale);
        if let Ok(mut window) = window.single_mut() {
            window.mode = match is_wanted {
                true => WindowMode::BorderlessFullscreen(MonitorSelection::Current),
                false => WindowMode::Windowed,
            };
        }
        if !is_wanted {
            // What the tour went close to is not where a person left the eye.
            pressed.ask(Does::Fit);
        }
    }
    if !presenting.is_on {
        return;
    }
    let now = time.elapsed_secs_f64();
    let keys: Vec<Does> = pressed.iter().collect();
    for does in keys {
        match does {
            Does::TourPause => {
                presenting.tour.pause(now);
                presenting.is_stepped |= presenting.tour.state() == State::Running;
            }
            Does::TourNext | Does::TourBack => {
                presenting.tour.step(does == Does::TourNext, now);
                // Whoever steps wants to read why the eye is there.
                presenting.said = None;
                presenting.is_stepped = true;
            }
            Does::Larger | Does::Smaller => {
                let factor = if does == Does::Larger { SCALE_STEP } else { 1.0 / SCALE_STEP };
                presenting.scale = (presenting.scale * factor).clamp(*SCALES.start(), *SCALES.end());
                look.scale = presenting.scale;
                eye.set_room(Some(screen::room(look.scale)), look.scale);
            }
            _ => {}
        }
    }
}

/// Panels left no room of their own, and what is written above and below needs some.
fn keep_room(look: Res<Look>, mut eye: ResMut<Eye>) {
    let room = screen::room(look.scale);
    if !eye.has_room(room) {
        eye.set_room(Some(room), look.scale);
    }
}

fn lead_tour(
    mut presenting: ResMut<Presenting>,
    mut eye: ResMut<Eye>,
    stage: Res<Stage>,
    watched: Res<Watched>,
    time: Res<Time<Real>>,
) {
    let picture = &stage.picture;
    let now = time.elapsed_secs_f64();
    if picture.bounds(None).is_none() {
        return;
    }
    let tour = &presenting.tour;
    let step = match tour.here() {
        None => Step::Plan,
        Some(_) if presenting.is_stepped => Step::Go,
        Some(_) if tour.state() != State::Ended && presenting.moves != eye.moved_by_hand() => {
            presenting.tour.end();
            return;
        }
        Some(_) if tour.next_at().is_some_and(|at| now < at) || tour.state() != State::Running => Step::Stay,
        Some(_) => {
            presenting.tour.keep(|target| rect_of(target, picture).is_some());
            presenting.tour.tick(now)
        }
    };
    match step {
        Step::Stay => {
            // What is looked at moves as things come and go.
            if tour_is_ended(&presenting) || eye.is_gliding() || now - presenting.aimed_at < LOOK {
                return;
            }
            presenting.aimed_at = now;
            let rect = presenting.tour.here().and_then(|stop| rect_of(stop.target, picture));
            if !rect.is_some_and(|rect| eye.is_off(rect, OFF)) {
                return;
            }
        }
        Step::Go => {}
        Step::Plan => {
            let problems = watched.0.latest_problems();
            let stops = plan(picture, &problems);
            presenting.problems = problems;
            presenting.tour.begin(stops, now);
        }
    }
    presenting.aimed_at = now;
    (presenting.moves, presenting.is_stepped) = (eye.moved_by_hand(), false);
    let Some(stop) = presenting.tour.here() else { return };
    // What has gone meanwhile is passed over at the next tick; and nothing is drawn for the sake of staying.
    if let Some(rect) = rect_of(stop.target, picture).filter(|rect| !eye.is_at(*rect)) {
        eye.show_slowly(rect, GLIDE);
    }
}

fn tour_is_ended(presenting: &Presenting) -> bool {
    presenting.tour.state() == State::Ended
}

fn narrate(mut presenting: ResMut<Presenting>, watched: Res<Watched>, stage: Res<Stage>, time: Res<Time<Real>>) {
    let now = time.elapsed_secs_f64();
    let session = &watched.0;
    let versions = session.versions();
    let is_due = presenting.looked.is_none_or(|(at, seen)| seen != versions && now - at >= LOOK);
    if is_due {
        let problems = session.latest_problems();
        let now_ns = session.now_ns();
        if let Some(narrator) = &mut presenting.narrator {
            session.read(|model| narrator.look(model, &problems, now_ns));
        }
        (presenting.looked, presenting.problems) = (Some((now, versions)), problems);
    }
    let sentence = presenting.narrator.as_mut().and_then(|narrator| narrator.next(session.now_ns()));
    if let Some(sentence) = sentence {
        if sentence.is_trouble {
            let target = match sentence.component {
                Some(component) => Target::Part((sentence.system, component)),
                None => Target::System(sentence.system),
            };
            presenting.tour.visit(Stop { target, reason: sentence.words.clone(), is_trouble: true });
        }
        presenting.said = Some((sentence, now));
    }
    if presenting.said.as_ref().is_some_and(|(_, at)| now - at >= STANDS) {
        presenting.said = None;
    }
    if is_due || presenting.there.version.is_none() {
        presenting.there.sum_up(&stage, session);
    }
    let (words, is_trouble) = presenting.line_now(now);
    if presenting.line.words != words {
        presenting.line = Line { words, is_trouble, since: now };
    }
}

/// For tests of the window.
fn report(presenting: Res<Presenting>, mut said: ResMut<Said>) {
    let of = if presenting.is_on {
        let target = presenting.tour.here().map(|stop| format!("{:?}", stop.target));
        json!({
            "title": presenting.title, "scale": presenting.scale, "line": presenting.line.words,
            "tour": format!("{:?}", presenting.tour.state()), "stop": presenting.tour.place().0, "target": target,
        })
    } else {
        serde_json::Value::Null
    };
    if said.0.get("presenting") != Some(&of) {
        said.0.insert("presenting".to_owned(), of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_of_a_persons_own_is_one_line() {
        let presenting = Presenting::new(true, Some("a\u{202e}b\n"), 2.0);
        assert!(presenting.title.is_some_and(|title| !title.contains(['\u{202e}', '\n'])));
    }
}
