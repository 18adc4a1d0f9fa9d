//! The handle: starts the threads, answers questions, and ends the threads with the last of its clones.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axonscope_ingest::answers::{Answers as _, Summary, SystemLayout};
use axonscope_ingest::queue::Receiver;
use axonscope_ingest::{Ingest, Listen, StartError, queue};
use axonscope_model::problems::{Diagnosis, Problem};
use axonscope_model::wiring::Wiring;
use axonscope_model::{Change, Hello, Limits, LinkageId, Model, Refusal, SystemId};

use crate::answering::Answering;
use crate::finding::{self, Findings, Wanted};
use crate::history::{History, Subject, Trace};
use crate::keeper::Keeper;
use crate::places::Places;
use crate::shared::{Counters, Shared, Versions};
use crate::summary::summary;
use crate::trail::{Latency, News};
use crate::{core_thread, layout_thread};
use axonscope_layout::Style;

/// How a session is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen, at one place or at several.
    pub listen: Vec<Listen>,
    /// Decides where things go that could as well go elsewhere.
    pub seed: u64,
    /// How much is kept.
    pub limits: Limits,
    /// Whether anything is given a place. Without, nothing can be drawn: this is for measuring what the layout costs.
    pub lays_out: bool,
    /// How systems are expected to be wired, by their names; what is otherwise is a problem.
    pub expected: Vec<Wiring>,
    /// How everything is arranged at first.
    pub style: Style,
    /// The folder where what a person arranges is kept; without one it is forgotten at the end.
    pub keep_in: Option<PathBuf>,
}

/// Listens on `127.0.0.1:7420`.
impl Default for Options {
    fn default() -> Self {
        Options {
            listen: vec![(Ipv4Addr::LOCALHOST, 7420).into()],
            seed: 1,
            limits: Limits::default(),
            lays_out: true,
            expected: Vec::new(),
            style: Style::Force,
            keep_in: None,
        }
    }
}

/// Ingest, model and layout at work. A clone is another handle to the same; the threads end with the last of them, or on
/// [`Session::shutdown`].
#[derive(Clone)]
pub struct Session {
    works: Arc<Works>,
}

struct Works {
    shared: Arc<Shared>,
    addresses: Vec<Listen>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    ingest: Option<Ingest>,
    threads: Vec<JoinHandle<()>>,
}

impl Session {
    /// Listens, and starts all threads.
    ///
    /// # Errors
    /// [`StartError`], of which each kind says in one line what to do.
    pub fn start(options: Options) -> Result<Session, StartError> {
        let (sink, receiver) = queue();
        let keeper = options.keep_in.map(Keeper::start).transpose().map_err(StartError::Thread)?;
        let shared = Arc::new(Shared::new(Model::new(options.limits), options.expected, receiver.nudge(), keeper));
        let (desk, wishes) = (Arc::new(Answering(shared.clone())), shared.wishes.clone());
        let ingest = Ingest::start(&options.listen, sink, desk, wishes)?;
        let session = Session::new(shared, ingest.addresses().to_vec());
        session.works.running().ingest = Some(ingest);
        session.set_style(options.style);
        if session.shared().arrangement().is_unsaved() {
            session.shared().keep_arrangement();
        }
        session.run(receiver, true, options.lays_out.then_some(options.seed))?;
        Ok(session)
    }

    /// A session around a model that was filled elsewhere, for exports and tests: listens nowhere, lays out, and time
    /// stands still for the model.
    pub fn from_model(model: Model) -> Session {
        Session::still(model, None)
    }

    /// The same with everything where it was elsewhere: `layouts` name the systems by their ids in `model`. If anything
    /// in the model has no place there, all is laid out anew.
    pub fn from_model_and_places(model: Model, layouts: &[SystemLayout]) -> Session {
        let places = Places::of_all(&model, layouts);
        Session::still(model, places)
    }

    /// Arranges everything anew in that way. What is pinned in `layouts`, which name the systems by their ids in `model`,
    /// is pinned in the same place of its system.
    pub fn from_model_and_pins(model: Model, layouts: &[SystemLayout], style: Style) -> Session {
        let session = Session::still(model, None);
        session.set_style(style);
        for layout in layouts {
            for place in layout.places.iter().filter(|place| place.pinned) {
                session.pin(layout.system, place.component, Some(place.position));
            }
        }
        session
    }

    fn still(model: Model, places: Option<Places>) -> Session {
        let (_, receiver) = queue();
        let session = Session::new(Arc::new(Shared::new(model, Vec::new(), receiver.nudge(), None)), Vec::new());
        let seed = places.is_none().then_some(Options::default().seed);
        if let Some(places) = places {
            session.works.shared.stir.rest();
            session.works.shared.publish(places);
        }
        if let Err(error) = session.run(receiver, false, seed) {
            // What is known can still be asked.
            tracing::error!(%error, "nothing will be laid out");
        }
        session
    }

    fn new(shared: Arc<Shared>, addresses: Vec<Listen>) -> Session {
        Session { works: Arc::new(Works { shared, addresses, running: Mutex::default() }) }
    }

    fn run(&self, receiver: Receiver, keeps_time: bool, seed: Option<u64>) -> Result<(), StartError> {
        let mut running = self.works.running();
        let shared = self.works.shared.clone();
        running.threads.push(spawn("axonscope-core", move || core_thread::run(shared, receiver, keeps_time))?);
        let finding = self.works.shared.clone();
        running.threads.push(spawn("axonscope-finding", move || finding::run(finding))?);
        if let Some(seed) = seed {
            let shared = self.works.shared.clone();
            running.threads.push(spawn("axonscope-layout", move || layout_thread::run(shared, seed))?);
        }
        Ok(())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.works.shared
    }

    // === impl questions ===

    /// The first network address it listens at, with the port that was found; none if it does not.
    pub fn address(&self) -> Option<SocketAddr> {
        self.works.addresses.iter().find_map(|listen| match listen {
            Listen::Tcp(address) => Some(*address),
            Listen::Unix(_) => None,
        })
    }

    /// Everywhere it listens, in the order asked for.
    pub fn addresses(&self) -> &[Listen] {
        &self.works.addresses
    }

    /// Asks the model. Nothing is told to it meanwhile: be quick, and do not ask from within a question.
    pub fn read<R>(&self, question: impl FnOnce(&Model) -> R) -> R {
        self.works.shared.read(question)
    }

    /// Whether anything has changed since: cheap enough for every frame.
    pub fn versions(&self) -> Versions {
        self.works.shared.versions()
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.works.shared.totals.read()
    }

    /// Where everything is, as last published.
    pub fn places(&self) -> Arc<Places> {
        self.works.shared.places()
    }

    /// The time that the model's own times are of, in nanoseconds.
    pub fn now_ns(&self) -> u64 {
        self.works.shared.now_ns()
    }

    /// The systems in a line each, in order of first appearance.
    pub fn list(&self) -> Vec<Summary> {
        let now_ns = self.now_ns();
        self.read(|model| model.systems().map(|system| summary(system, now_ns)).collect())
    }

    /// What is wrong, worst first, as of about a second ago: cheap enough for every frame. [`Versions::problems`] rises
    /// when it changes.
    pub fn latest_problems(&self) -> Arc<Vec<Problem>> {
        self.works.shared.problems.latest()
    }

    /// What is wrong, as somebody else has found it: for a session around a model that was filled elsewhere.
    pub fn tell_problems(&self, problems: Vec<Problem>) {
        self.works.shared.problems.look(|_| Diagnosis { problems, ripens: false });
    }

    /// What is wrong now, worst first, in one system or in all; looks at everything.
    pub fn problems(&self, system: Option<SystemId>) -> Vec<Problem> {
        Answering(self.works.shared.clone()).problems(system)
    }

    /// Whether the layout has nothing left to do.
    pub fn is_settled(&self) -> bool {
        self.works.shared.stir.is_at_rest()
    }

    /// Waits, at most this long, until the layout has nothing left to do, and hurries it. False when the time was up.
    pub fn settle(&self, at_most: Duration) -> bool {
        self.works.shared.stir.wait_for_rest(at_most)
    }

    // === impl changes ===

    /// A system appears, as if a probe had said Hello. For tests and scripts, as the two after it.
    ///
    /// # Errors
    /// When there are too many.
    pub fn connect(&self, hello: Hello) -> Result<SystemId, Refusal> {
        self.works.shared.connect(hello)
    }

    /// Tells the model, as if a probe had.
    pub fn apply(&self, system: SystemId, changes: impl IntoIterator<Item = Change>) {
        self.works.shared.apply(system, changes);
    }

    /// A system's stream ends; with a farewell if it said one.
    pub fn disconnect(&self, system: SystemId, farewell: Option<String>) {
        self.works.shared.disconnect(system, farewell);
    }

    // === impl looking ===

    /// Whether a window shows the systems now: while nobody looks, probes are asked to tell less often.
    pub fn set_looked_at(&self, is_looked_at: bool) {
        let shared = &self.works.shared;
        shared.keeps_history.fetch_or(is_looked_at, Ordering::Relaxed);
        if shared.attention.set_window(is_looked_at) {
            shared.set_cadences();
        }
    }

    /// Asks a program to show messages of a linkage, or no longer. What it shows is told by the model, and by nobody to
    /// readers. False where the linkage is not known, and where as many are tapped as may be.
    pub fn tap(&self, system: SystemId, linkage: LinkageId, on: bool) -> bool {
        self.works.shared.tap(system, linkage, on)
    }

    // === impl finding ===

    /// Asks for something to be found, instead of what was asked before. It is looked for aside, and again whenever it may
    /// have changed; the versions do not tell of that, but the waker does.
    pub fn find(&self, wanted: Wanted) {
        self.works.shared.finding.ask(wanted);
    }

    /// What is asked for at present.
    pub fn wanted(&self) -> Arc<Wanted> {
        self.works.shared.finding.wanted()
    }

    /// What was found last: the same `Arc` for as long as nothing else is.
    pub fn findings(&self) -> Arc<Findings> {
        self.works.shared.finding.findings()
    }

    // === impl past ===

    /// What is kept of the past whatever else happens: what a person has selected.
    pub fn select_past(&self, selected: impl IntoIterator<Item = (SystemId, Subject)>) {
        self.works.history().select(selected);
    }

    /// The last two minutes of something; none where it did nothing. May be asked while the model is read.
    pub fn past(&self, system: SystemId, subject: Subject) -> Option<Trace> {
        self.works.history().trace((system, subject), self.works.shared.second())
    }

    // === impl measuring ===

    /// Follows news from programs to the screen from now on, or no longer. Costs nothing while it does not.
    pub fn set_measured(&self, is_measured: bool) {
        self.works.shared.trail.set_on(is_measured);
    }

    /// Whether news is followed.
    pub fn is_measured(&self) -> bool {
        self.works.shared.trail.is_on()
    }

    /// How long news took in the last minute.
    pub fn latency(&self) -> Latency {
        self.works.shared.trail.latency(self.now_ns())
    }

    /// For whoever draws: what is news in a frame made from what was read after `drawn` had been the versions. Each is
    /// answered once, and is to be given to [`Session::seen`] when the frame has been drawn.
    pub fn take_shown(&self, drawn: Versions) -> Vec<News> {
        self.works.shared.trail.take_shown(drawn)
    }

    /// The frame that shows this has just been drawn.
    pub fn seen(&self, shown: &[News]) {
        self.works.shared.trail.seen(shown, self.now_ns());
    }

    /// Forgets a system that has departed.
    pub fn dismiss(&self, system: SystemId) {
        self.works.shared.dismiss(system);
    }

    // === impl ending ===

    /// Whom to tell that [`Session::versions`] rose: at once, then sixty times a second at most, and never while nothing
    /// changes. Called from threads of the session; it must be quick, and hold no handle to the session.
    pub fn set_waker(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.works.shared.waker.set(call);
    }

    /// Ends the threads now; what is known can still be asked.
    pub fn shutdown(&self) {
        self.works.end();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StartError::Thread)
}

impl Works {
    /// Nothing that is done under this lock can panic half-way.
    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.shared.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let Running { ingest, threads } = std::mem::take(&mut *self.running());
        self.shared.end();
        drop(ingest);
        for thread in threads {
            // The last handle may be dropped by a waker, on one of the threads.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the session had panicked");
            }
        }
        if let Some(keeper) = &self.shared.keeper {
            keeper.finish();
        }
    }
}

impl Drop for Works {
    fn drop(&mut self) {
        self.end();
    }
}
