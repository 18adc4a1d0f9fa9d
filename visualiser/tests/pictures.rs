//! Pictures drawn without a window, looked at as a person would: is there what should be, and nothing that should not?
//!
//! Whole pictures are compared with those in `snapshots`, with a tolerance for other drivers. To renew them, look at what
//! comes out of: `AXONSCOPE_REGENERATE=1 cargo test -p axonscope --test pictures`.
#![cfg(feature = "window")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axonscope::options::{PictureSize, Theme};
use axonscope::view::offscreen::{Offscreen, Shot};
use axonscope_model::{
    Change, ComponentActivity, ComponentId, Hello, Level, Limits, Line, LinkageId, LinkageKind, Model, NewComponent,
    NewLine, NewLinkage, NewPostbox, NewSample, PostboxActivity, PostboxId, PostboxKind, Sample, State, SystemId,
};
use axonscope_session::{ComponentPlace, Session, SystemLayout};
use image::RgbImage;

const SIZE: PictureSize = PictureSize { width: 900, height: 560 };
const LARGE: PictureSize = PictureSize { width: 1280, height: 1160 };

/// One picture at a time: a software renderer uses every core there is.
static RENDERER: Mutex<()> = Mutex::new(());

fn renderer() -> MutexGuard<'static, ()> {
    RENDERER.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

// === What is drawn

/// A system told of in a few words.
struct Script {
    model: Model,
    system: SystemId,
    next: u64,
}

impl Script {
    fn new(name: &str) -> Self {
        let mut script = Self { model: Model::new(Limits::default()), system: SystemId(0), next: 1 };
        script.connect(name, 1);
        script
    }

    fn connect(&mut self, name: &str, instance: u8) {
        let hello = Hello {
            instance: [instance; 16],
            name: name.into(),
            pid: 4212,
            host: "here".into(),
            program: name.into(),
            labels: Vec::new(),
            wall_clock_ns: 1_700_000_000_000_000_000,
            monotonic_ns: 1,
            started_at: 1,
        };
        self.system = self.model.connect(hello, 1).unwrap();
        self.tell(Change::SnapshotBegan);
        self.tell(Change::SnapshotEnded);
    }

    fn tell(&mut self, change: Change) {
        let _ = self.model.apply(self.system, change);
    }

    /// Its inbox is the id after its own, its outbox the one after that.
    fn component(&mut self, name: &str, type_name: &str, parent: Option<u64>) -> u64 {
        let id = self.next;
        self.next += 3;
        self.tell(Change::ComponentAdded(NewComponent {
            id: ComponentId(id),
            parent: parent.map(ComponentId),
            name: name.into(),
            type_name: type_name.into(),
            description: "Does what it is for".into(),
            ..NewComponent::default()
        }));
        for (after, name, kind, capacity) in
            [(1, "inbox", PostboxKind::Inbox, 64), (2, "outbox", PostboxKind::Outbox, 0)]
        {
            self.tell(Change::PostboxAdded(NewPostbox {
                id: PostboxId(id + after),
                owner: ComponentId(id),
                name: name.into(),
                kind,
                message_type: "String".into(),
                capacity,
                description: String::new(),
            }));
        }
        id
    }

    fn link(&mut self, from: u64, to: u64) {
        let id = self.next;
        self.next += 1;
        let (source, sink) = (PostboxId(from + 2), PostboxId(to + 1));
        self.tell(Change::Linked(NewLinkage { id: LinkageId(id), source, sink, kind: LinkageKind::Direct }));
    }

    /// One without boxes, which others may use.
    fn resource(&mut self, name: &str, type_name: &str) -> u64 {
        let id = self.next;
        self.next += 1;
        self.tell(Change::ComponentAdded(NewComponent {
            id: ComponentId(id),
            name: name.into(),
            type_name: type_name.into(),
            ..NewComponent::default()
        }));
        id
    }

    fn usage(&mut self, user: u64, used: u64) {
        let grips = [user, used].map(|owner| {
            let id = PostboxId(self.next);
            self.next += 1;
            self.tell(Change::PostboxAdded(NewPostbox {
                id,
                owner: ComponentId(owner),
                name: String::new(),
                kind: PostboxKind::Grip,
                message_type: String::new(),
                capacity: 0,
                description: String::new(),
            }));
            id
        });
        let id = LinkageId(self.next);
        self.next += 1;
        self.tell(Change::Linked(NewLinkage { id, source: grips[0], sink: grips[1], kind: LinkageKind::Use }));
    }

    /// For four seconds each of `flows` sends so many a second, from one component to another; `depth` of them wait.
    fn traffic(&mut self, flows: &[(u64, u64, u64)], depth: u32) {
        self.traffic_and(flows, depth, |_, _| {});
    }

    /// And whatever else happens in each of the seconds.
    fn traffic_and(&mut self, flows: &[(u64, u64, u64)], depth: u32, also: impl Fn(&mut Self, u64)) {
        let mut per_box: BTreeMap<u64, u64> = BTreeMap::new();
        for &(from, to, per_second) in flows {
            *per_box.entry(from + 2).or_default() += per_second;
            *per_box.entry(to + 1).or_default() += per_second;
        }
        for second in 1..=4 {
            for (&postbox, &per_second) in &per_box {
                let messages = second * per_second;
                let postbox = PostboxId(postbox);
                self.tell(Change::PostboxActivity(PostboxActivity { postbox, messages, depth, ..Default::default() }));
            }
            also(self, second);
            self.tell(Change::Sampled { at: second * 1_000_000_000 });
        }
    }

    fn session(self) -> Session {
        let session = Session::from_model(self.model);
        assert!(session.settle(Duration::from_secs(60)), "the layout came to rest");
        session
    }
}

fn pipeline(depth: u32) -> Script {
    let mut script = Script::new("encoder pipeline");
    let stages: Vec<u64> = [("stdin", "Reader"), ("encoder", "Encoder"), ("decoder", "Decoder"), ("stdout", "Console")]
        .map(|(name, type_name)| script.component(name, type_name, None))
        .into();
    stages.windows(2).for_each(|pair| script.link(pair[0], pair[1]));
    let flows: Vec<_> = stages.windows(2).map(|pair| (pair[0], pair[1], 96)).collect();
    script.traffic(&flows, depth);
    script
}

/// Requests that take turns at a lock and share a pool, beside a pipeline and inside a composite.
fn service() -> (Script, u64) {
    let mut script = Script::new("orders");
    let intake = script.component("intake", "Listener", None);
    let requests = script.component("GET /orders", "Request", None);
    let writer = script.component("writer", "Writer", None);
    let audit = script.component("audit", "Audit", None);
    let pool = script.component("pool", "Pool", None);
    let connections: Vec<u64> =
        (1..=3).map(|n| script.component(&format!("connection {n}"), "Connection", Some(pool))).collect();
    let table = script.resource("orders table", "Mutex");
    let permits = script.resource("permits", "Semaphore");
    let clock = script.resource("clock", "Interval");
    for (from, to) in [(intake, requests), (requests, writer), (writer, audit)] {
        script.link(from, to);
    }
    for (user, used) in [(requests, table), (writer, table), (requests, permits), (audit, clock), (intake, permits)] {
        script.usage(user, used);
    }
    connections.iter().for_each(|&connection| script.usage(connection, permits));
    script.usage(writer, pool);
    let work = |component: u64, second: u64, begun: u64| ComponentActivity {
        component: ComponentId(component),
        busy_ns: second * 210_000_000,
        scheduled_ns: second * 340_000_000,
        polls: second * 1000,
        last_active_at: second * 1_000_000_000,
        begun,
        open: u32::from(begun > 0) * 3,
        ..ComponentActivity::default()
    };
    let flows = [(intake, requests, 120), (requests, writer, 90), (writer, audit, 12)];
    script.traffic_and(&flows, 2, |script, second| {
        script.tell(Change::ComponentActivity(work(requests, second, 83_832 + second * 120)));
        script.tell(Change::ComponentActivity(work(writer, second, 0)));
    });
    (script, requests)
}

/// What the service says in words.
fn words(script: &mut Script, component: u64) {
    let line = |component: Option<u64>, at: u64, level: Level, text: &str, skipped: u64| {
        let line = Line { at: at * 1_000_000, level, text: text.into(), skipped };
        Change::Logged(NewLine { component: component.map(ComponentId), line })
    };
    let lines = [
        (400, Level::Info, "listening on 0.0.0.0:8080", 0),
        (1200, Level::Warn, "the table was locked for 412 ms by order 8812, which is longer than it should take", 12),
        (2500, Level::Error, "order 8813: \u{1b}[31mconnection reset\u{202e} by peer", 0),
        (3900, Level::Debug, "cache: 98 % hits", 0),
    ];
    for (at, level, text, skipped) in lines {
        script.tell(line(Some(component), at, level, text, skipped));
    }
    script.tell(line(None, 3000, Level::Info, "configuration read again", 0));
    let (model, system) = (&mut script.model, script.system);
    let known = model.system(system).unwrap().component(ComponentId(component)).unwrap();
    let leaving: Vec<LinkageId> =
        known.postboxes().flat_map(|postbox| postbox.linkages_out()).map(|linkage| linkage.id()).collect();
    let coming: Vec<LinkageId> =
        known.postboxes().flat_map(|postbox| postbox.linkages_in()).map(|linkage| linkage.id()).collect();
    assert!(model.tap(system, leaving[0], true) && model.tap(system, coming[0], true));
    let samples = [
        ("Order { id: 8811, lines: 3, total: 12.50, customer: \"a name that goes on\" }", 12_288, 0),
        ("Order { id: 8812 }", 18, 1204),
        ("Order { id: 8813, note: \"\u{202e}evil\" }", 0, 17),
    ];
    for (text, full_length, skipped) in samples {
        let sample = Sample { at: 1, text: text.into(), full_length, skipped };
        let told = NewSample { linkage: leaving[0], sample, refusal: String::new() };
        script.tell(Change::Tapped(told));
    }
    let refusal = "the type of its messages is not declared as one that may be seen".to_owned();
    script.tell(Change::Tapped(NewSample { linkage: coming[0], sample: Sample::default(), refusal }));
    script.tell(Change::NoRoom(31));
}

fn draw(session: &Session, shot: &Shot) -> RgbImage {
    draw_sized(session, shot, SIZE)
}

fn draw_sized(session: &Session, shot: &Shot, size: PictureSize) -> RgbImage {
    let mut offscreen = Offscreen::new(session.clone(), size).unwrap();
    offscreen.draw(shot).unwrap().try_into_dynamic().unwrap().to_rgb8()
}

/// Keeps a picture for whoever wants to look: in the folder that `AXONSCOPE_PICTURES` names.
fn keep(name: &str, picture: &RgbImage) {
    if let Some(folder) = std::env::var_os("AXONSCOPE_PICTURES") {
        std::fs::create_dir_all(&folder).unwrap();
        picture.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
    }
}

// === What is looked for

/// Pixels that only trouble has: clearly red, as no component type is.
fn red(picture: &RgbImage) -> usize {
    picture.pixels().filter(|pixel| pixel[0] > 150 && pixel[1] < 110 && pixel[2] < 110).count()
}

fn brightness(picture: &RgbImage) -> f64 {
    let sum: u64 = picture.pixels().map(|pixel| pixel.0.iter().map(|&channel| u64::from(channel)).sum::<u64>()).sum();
    sum as f64 / (3.0 * 255.0 * f64::from(picture.width() * picture.height()))
}

/// The share of pixels that differ by more than a driver's rounding.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let differs = |(a, b): (&image::Rgb<u8>, &image::Rgb<u8>)| a.0.iter().zip(b.0).any(|(&a, b)| a.abs_diff(b) > 40);
    a.pixels().zip(b.pixels()).filter(|&pair| differs(pair)).count() as f64 / a.pixels().len() as f64
}

fn compare(name: &str, picture: &RgbImage) {
    keep(name, picture);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/snapshots/{name}.png"));
    if std::env::var_os("AXONSCOPE_REGENERATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(&path).unwrap();
    }
    let expected = image::open(&path).unwrap().to_rgb8();
    let difference = difference(&expected, picture);
    if difference > 0.01 {
        let actual = std::env::temp_dir().join(format!("axonscope-{name}.png"));
        picture.save(&actual).unwrap();
        panic!("{:.2} % of {name} differ; what was drawn is in {}", difference * 100.0, actual.display());
    }
}

#[test]
fn a_healthy_pipeline_looks_as_it_did() {
    let _one = renderer();
    let session = pipeline(3).session();
    let dark = draw(&session, &Shot::default());
    assert_eq!(red(&dark), 0, "nothing is wrong, so nothing is red");
    compare("pipeline-dark", &dark);
    compare("pipeline-light", &draw(&session, &Shot { theme: Theme::Light, selected: None }));
}

#[test]
fn the_same_session_is_drawn_the_same_twice() {
    let _one = renderer();
    let session = pipeline(3).session();
    let (once, twice) = (draw(&session, &Shot::default()), draw(&session, &Shot::default()));
    // The instant at the bottom right is the only thing that may differ.
    assert!(difference(&once, &twice) < 0.001);
}

#[test]
fn a_full_inbox_is_loud() {
    let _one = renderer();
    let picture = draw(&pipeline(61).session(), &Shot::default());
    assert!(red(&picture) > 150, "{} red pixels", red(&picture));
}

#[test]
fn a_failed_component_is_loud() {
    let _one = renderer();
    let mut script = pipeline(0);
    let (state, detail) = (State::Failed, "out of ink".to_owned());
    script.tell(Change::StateChanged { component: ComponentId(4), state, detail });
    assert!(red(&draw(&script.session(), &Shot::default())) > 150);
}

#[test]
fn themes_differ_as_day_and_night() {
    let _one = renderer();
    let session = pipeline(3).session();
    assert!(brightness(&draw(&session, &Shot::default())) < 0.2);
    assert!(brightness(&draw(&session, &Shot { theme: Theme::Light, selected: None })) > 0.8);
}

#[test]
fn what_is_selected_opens_its_card() {
    let _one = renderer();
    let script = pipeline(3);
    let system = script.system;
    let session = script.session();
    let picture = draw(&session, &Shot { theme: Theme::Dark, selected: Some((system, ComponentId(4))) });
    compare("pipeline-selected", &picture);
}

#[test]
fn uses_and_many_look_like_no_linkage_and_no_other_component() {
    let _one = renderer();
    let (script, _) = service();
    let session = script.session();
    let dark = draw_sized(&session, &Shot::default(), LARGE);
    // A few pixels where rims of pink types overlap.
    assert!(red(&dark) < 20, "nothing is wrong, and {} pixels are red", red(&dark));
    compare("service-dark", &dark);
    compare("service-light", &draw_sized(&session, &Shot { theme: Theme::Light, selected: None }, LARGE));
}

#[test]
fn what_a_component_says_is_on_its_card() {
    let _one = renderer();
    let (mut script, requests) = service();
    words(&mut script, requests);
    let system = script.system;
    let session = script.session();
    for (name, theme) in [("service-card-dark", Theme::Dark), ("service-card-light", Theme::Light)] {
        let picture = draw_sized(&session, &Shot { theme, selected: Some((system, ComponentId(requests))) }, LARGE);
        compare(name, &picture);
    }
}

#[test]
fn no_system_is_an_invitation() {
    let _one = renderer();
    let session = Session::from_model(Model::new(Limits::default()));
    let picture = draw(&session, &Shot::default());
    keep("no-system", &picture);
    let lit = picture.pixels().filter(|pixel| pixel[0] > 200).count();
    assert!(lit > 200, "{lit} bright pixels: is there any text?");
}

#[test]
fn three_hundred_components_are_drawn_with_their_wiring() {
    let _one = renderer();
    let mut script = Script::new("render farm");
    let gateway = script.component("gateway", "Gateway", None);
    let store = script.component("store", "Store", None);
    let mut flows = Vec::new();
    for line in 0..30 {
        let farm = script.component(&format!("line {line}"), "Pipeline", None);
        let mut before = gateway;
        for stage in ["fetch", "decode", "scale", "tint", "blend", "encode", "check", "sign", "write"] {
            let next = script.component(&format!("{stage} {line}"), stage, Some(farm));
            script.link(before, next);
            flows.push((before, next, line * 7));
            before = next;
        }
        script.link(before, store);
    }
    script.traffic(&flows, 4);
    let session = script.session();
    let picture = draw_sized(&session, &Shot::default(), PictureSize::default());
    keep("three-hundred", &picture);
    assert_eq!(red(&picture), 0, "pixels are red though nothing is wrong");
    assert!(brightness(&picture) > 0.05);
}

/// Four hundred composites of eight, in rows, without a layout that would take its time; one component may have failed.
fn many_composites(failed: Option<usize>) -> Session {
    let mut script = Script::new("fleet");
    let mut places = Vec::new();
    let mut before = None;
    for group in 0..400 {
        let ring = script.component(&format!("group {group}"), "Group", None);
        let middle = [(group % 20) as f32 * 800.0, (group / 20) as f32 * 800.0];
        let mut place = |id: u64, position: [f32; 2], radius: f32| {
            let [x, y] = position;
            places.push(ComponentPlace { component: ComponentId(id), position: [x, y, 0.0], radius, pinned: false });
        };
        place(ring, middle, 300.0);
        for member in 0..8 {
            let id = script.component(&format!("member {group}.{member}"), "Member", Some(ring));
            let (sin, cos) = (member as f32 * std::f32::consts::FRAC_PI_4).sin_cos();
            place(id, [middle[0] + 180.0 * cos, middle[1] + 180.0 * sin], 24.0);
            if let Some(before) = before.replace(id) {
                script.link(before, id);
            }
            if failed == Some(8 * group + member) {
                let (state, detail) = (State::Failed, "out of ink".to_owned());
                script.tell(Change::StateChanged { component: ComponentId(id), state, detail });
            }
        }
    }
    let (min, max) = ([-400.0; 2], [15_600.0; 2]);
    let layout = SystemLayout { system: script.system, places, min, max };
    Session::from_model_and_places(script.model, &[layout])
}

#[test]
fn what_is_wrong_inside_a_closed_composite_is_seen_from_afar_and_found_close_up() {
    let _one = renderer();
    let healthy = draw(&many_composites(None), &Shot::default());
    keep("fleet", &healthy);
    assert_eq!(red(&healthy), 0, "nothing is wrong, so nothing is red");
    assert!(brightness(&healthy) > 0.05);

    // The one in the middle of the whole.
    let ill = many_composites(Some(8 * (10 * 20 + 10)));
    let far = draw(&ill, &Shot::default());
    keep("fleet-ill", &far);
    assert!(red(&far) > 20, "{} red pixels", red(&far));
    let mut offscreen = Offscreen::new(ill, SIZE).unwrap();
    let near = offscreen.draw_closer(&Shot::default(), [0.53, 0.53], 16.0).unwrap();
    let near = near.try_into_dynamic().unwrap().to_rgb8();
    keep("fleet-ill-near", &near);
    assert!(red(&near) > 300, "{} red pixels", red(&near));
}

#[test]
fn hostile_names_and_three_hundred_components_are_drawn_all_the_same() {
    let _one = renderer();
    let mut script = Script::new("\u{1b}[31m\u{202e}<b>&\"'\\\n");
    let hub = script.component(&"n".repeat(100_000), "", None);
    let server = script.component("", "\u{0}", None);
    for number in 0..300 {
        let name = if number % 3 == 0 { "\u{202e}evil".to_owned() } else { format!("worker {number}") };
        let worker = script.component(&name, ["Worker", "", "🦀"][number % 3], (number % 2 == 0).then_some(server));
        script.link(worker, hub);
    }
    script.connect("chat_server", 2);
    script.connect("chat_server", 3);
    let picture = draw(&script.session(), &Shot::default());
    assert!(brightness(&picture) > 0.03, "something is drawn");
    assert_eq!(red(&picture), 0);
}
