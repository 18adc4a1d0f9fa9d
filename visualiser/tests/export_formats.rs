//! What svg and graphml promise whatever programs call their things: XML that a strict parser takes, every thing and every
//! figure in it, and no character that steers a terminal.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axonscope::export::json::{Component, Document, FORMAT, Summary, System};
use axonscope::export::{graphml, svg};
use axonscope::options::{PictureOptions, PictureSize, Theme};
use axonscope_model::{
    Change, ComponentId, Hello, Limits, LinkageId, LinkageKind, Model, NewComponent, NewLinkage, NewPostbox,
    PostboxActivity, PostboxId, PostboxKind,
};
use axonscope_session::Session;
use proptest::prelude::*;
use roxmltree::{Document as Xml, Node};
use support::named::{assert_steers_no_terminal, document, hostile, name, written};
use support::{ChatServer, Visualiser, axonscope, components};

const INSTANT: &str = "2026-11-22T08:00:00Z";

/// A chain of components in a composite, all with those names, each sending to the next; the last inbox is full.
fn session(names: &[String]) -> Session {
    let mut model = Model::new(Limits::default());
    let name = |i: usize| names[i % names.len()].clone();
    let hello = Hello { name: name(0), pid: 7, host: name(1), monotonic_ns: 1, ..Hello::default() };
    let system = model.connect(hello, 1).unwrap();
    let mut tell = |change| drop(model.apply(system, change));
    tell(Change::SnapshotBegan);
    let count = names.len() as u64 + 2;
    for id in 1..=count {
        tell(Change::ComponentAdded(NewComponent {
            id: ComponentId(id),
            parent: (id > 1).then_some(ComponentId(1)),
            name: name(id as usize),
            type_name: name(id as usize + 1),
            ..NewComponent::default()
        }));
        for (postbox, kind) in [(2 * id, PostboxKind::Inbox), (2 * id + 1, PostboxKind::Outbox)] {
            tell(Change::PostboxAdded(NewPostbox {
                id: PostboxId(postbox),
                owner: ComponentId(id),
                name: name(postbox as usize),
                kind,
                message_type: name(3),
                capacity: 64,
                description: String::new(),
            }));
        }
    }
    for id in 2..count {
        let (source, sink) = (PostboxId(2 * id + 1), PostboxId(2 * (id + 1)));
        tell(Change::Linked(NewLinkage { id: LinkageId(1000 + id), source, sink, kind: LinkageKind::Direct }));
    }
    tell(Change::SnapshotEnded);
    for second in 1..=3 {
        for postbox in [5, 2 * count] {
            let (postbox, messages) = (PostboxId(postbox), second * 500);
            let depth = if postbox.0 == 5 { 0 } else { 60 };
            tell(Change::PostboxActivity(PostboxActivity { postbox, messages, depth, ..Default::default() }));
        }
        tell(Change::Sampled { at: second * 1_000_000_000 });
    }
    let session = Session::from_model(model);
    assert!(session.settle(Duration::from_secs(60)));
    session
}

fn drawn(session: &Session, theme: Theme) -> String {
    drawn_in(session, theme, PictureSize { width: 900, height: 560 })
}

fn drawn_in(session: &Session, theme: Theme, size: PictureSize) -> String {
    let options = PictureOptions { size, theme, ..PictureOptions::default() };
    written(|out| svg::write(session, &options, INSTANT, out))
}

fn of_class<'a>(xml: &'a Xml<'a>, class: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    xml.descendants().filter(move |node| node.attribute("class") == Some(class))
}

fn check_svg(names: &[String]) {
    let text = drawn(&session(names), Theme::Dark);
    assert_steers_no_terminal(&text);
    let xml = Xml::parse(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    assert_eq!(of_class(&xml, "system").count(), 1);
    assert_eq!(of_class(&xml, "composite").count(), 1);
    assert_eq!(of_class(&xml, "component").count(), names.len() + 1);
    assert_eq!(of_class(&xml, "linkage").count(), names.len());
}

fn check_graphml(document: &Document) {
    let text = written(|out| graphml::write(document, out));
    assert_steers_no_terminal(&text);
    let xml = Xml::parse(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let count = |tag: &str| xml.descendants().filter(|node| node.tag_name().name() == tag).count();
    let sum = |of: fn(&System) -> usize| document.systems.iter().map(of).sum::<usize>();
    assert_eq!(count("node"), document.systems.len() + sum(|system| system.components.len()));
    assert_eq!(count("port"), sum(|system| system.postboxes.len()));
    assert_eq!(count("edge"), sum(|system| system.linkages.len() + system.uses.len()));
    let declared: Vec<&str> = xml
        .descendants()
        .filter(|node| node.tag_name().name() == "key")
        .filter_map(|key| key.attribute("id"))
        .collect();
    for data in xml.descendants().filter(|node| node.tag_name().name() == "data") {
        assert!(declared.contains(&data.attribute("key").unwrap()), "{data:?} is of no key");
    }
    let mut ids: Vec<&str> = xml
        .descendants()
        .filter(|node| matches!(node.tag_name().name(), "node" | "edge" | "graph"))
        .filter_map(|node| node.attribute("id"))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "two things have one id");
}

fn data<'a>(node: Node<'a, 'a>, key: &str) -> Option<&'a str> {
    node.children().find(|child| child.attribute("key") == Some(key)).and_then(|data| data.text())
}

#[test]
fn an_svg_of_hostile_names_shows_everything() {
    check_svg(&hostile());
}

#[test]
fn an_svg_says_what_happens_and_when() {
    let names = ["chat", "room", "logger", "audit"].map(str::to_owned);
    for (theme, ground) in [(Theme::Dark, "#0b0e15"), (Theme::Light, "#f8f9fc")] {
        let text = drawn(&session(&names), theme);
        let xml = Xml::parse(&text).unwrap();
        let root = xml.root_element();
        assert_eq!([root.attribute("width"), root.attribute("height")], [Some("900"), Some("560")]);
        assert_eq!(root.attribute("data-instant"), Some(INSTANT));
        assert!(text.contains(ground));
        let words: Vec<&str> =
            xml.descendants().filter(|node| node.tag_name().name() == "text").filter_map(|text| text.text()).collect();
        assert!(words.contains(&"chat") && words.contains(&"logger") && words.contains(&INSTANT), "{words:?}");
        assert!(words.contains(&"inbox 94 % full"), "{words:?}");
        let told: Vec<&str> = of_class(&xml, "linkage").filter_map(|g| g.first_element_child()?.text()).collect();
        assert!(told.iter().any(|told| told.contains("500 /s")), "{told:?}");
        assert!(told.iter().any(|told| told.contains("inbox 94 % full")), "{told:?}");
    }
}

#[test]
fn no_label_of_an_svg_lies_over_another() {
    let names: Vec<String> = (0..40).map(|n| format!("component number {n}")).collect();
    let text = drawn_in(&session(&names), Theme::Dark, PictureSize { width: 2400, height: 1600 });
    let xml = Xml::parse(&text).unwrap();
    let number = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f32>().unwrap();
    // With less than their real width, because the fonts of machines differ.
    let boxes: Vec<[f32; 4]> = xml
        .descendants()
        .filter(|node| node.tag_name().name() == "text")
        .map(|text| {
            let (x, y, size) = (number(text, "x"), number(text, "y"), number(text, "font-size"));
            [x, y - 0.7 * size, x + text.text().unwrap().chars().count() as f32 * size * 0.45, y]
        })
        .collect();
    assert!(boxes.len() > 20);
    for (number, a) in boxes.iter().enumerate() {
        for b in &boxes[..number] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{a:?} lies over {b:?}");
        }
    }
}

#[test]
fn graphml_of_hostile_names_has_everything() {
    check_graphml(&document(&hostile()));
}

#[test]
fn graphml_nests_and_says_what_happens_and_when() {
    let text = written(|out| graphml::write(&document(&["plain".to_owned()]), out));
    let xml = Xml::parse(&text).unwrap();
    let graph = xml.root_element().children().find(|node| node.tag_name().name() == "graph").unwrap();
    assert_eq!(data(graph, "g_instant"), Some(INSTANT));
    let system = graph.children().find(|node| node.attribute("id") == Some("s1")).unwrap();
    assert_eq!((data(system, "n_kind"), data(system, "n_state")), (Some("system"), Some("live")));
    let of_id = |id: &str| xml.descendants().find(|node| node.attribute("id") == Some(id)).unwrap();
    let component = of_id("s1c1");
    assert!(component.ancestors().any(|node| node == system));
    assert_eq!(data(component, "n_busy_share"), Some("0"));
    let port = component.children().find(|node| node.tag_name().name() == "port").unwrap();
    assert_eq!((port.attribute("name"), data(port, "p_capacity")), (Some("b1"), Some("64")));
}

#[test]
fn graphml_of_many_composites_in_each_other_can_still_be_parsed() {
    let components = (1..=5_000).map(|id| Component {
        id,
        parent: (id > 1).then(|| id - 1),
        name: "deep".into(),
        state: "running",
        ..Component::default()
    });
    let system = System {
        summary: Summary { id: 1, status: "live", ..Summary::default() },
        components: components.collect(),
        ..System::default()
    };
    let document = Document { format: FORMAT, instant: INSTANT.into(), systems: vec![system] };
    check_graphml(&document);
}

#[test]
fn the_ending_of_a_file_says_its_format() {
    let visualiser = Visualiser::start();
    let _chat = ChatServer::start(&visualiser.url);
    visualiser
        .picture_until("the room", |systems| systems.len() == 1 && !components(&systems[0], "name", "room").is_empty());
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str| {
        let path = folder.path().join(name);
        let output = visualiser.ask(&["export", "--system", "chat_server", "-o", path.to_str().unwrap()]);
        (output, std::fs::read_to_string(path).unwrap_or_default())
    };
    for (name, begin) in
        [("a.svg", "<?xml"), ("a.graphml", "<?xml"), ("a.dot", "digraph"), ("a.gv", "digraph"), ("A.JSON", "{")]
    {
        let (output, text) = export(name);
        assert!(output.status.success() && text.starts_with(begin), "{name}: {output:?}");
        assert!(text.contains("20") && text.contains("room"), "{name} has an instant and names");
    }
    for name in ["a", "a.pdf"] {
        let (output, _) = export(name);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--format"), "{output:?}");
    }
    let none = axonscope(["export", "--endpoint", &visualiser.url]).output().unwrap();
    assert_eq!(none.status.code(), Some(2), "neither a format nor a file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_name_breaks_an_svg(names in prop::collection::vec(name(), 1..6)) {
        check_svg(&names);
    }

    #[test]
    fn no_name_breaks_graphml(names in prop::collection::vec(name(), 1..8)) {
        check_graphml(&document(&names));
    }
}
