//! What the file formats promise whatever programs call their things: JSON gives every name back byte for byte, a
//! graphviz file has the structure it was given, and neither holds a character that steers a terminal.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use axonscope::export::json::{Component, Document, FORMAT, Linkage, Many, Postbox, Summary, System, Use};
use axonscope::export::{dot, json};
use proptest::prelude::*;
use support::named::{assert_steers_no_terminal, document, hostile, name, written};

fn check_json(document: &Document) {
    let text = written(|out| json::write(document, out));
    assert_steers_no_terminal(&text);
    let back: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(back, serde_json::to_value(document).unwrap(), "the names came back changed");
}

/// The words of a graphviz file outside quotes, and the quoted ones as `""`.
fn structure(text: &str) -> String {
    let mut outside = String::new();
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if quoted => assert!(characters.next().is_some_and(|c| c != '\n'), "an escape of nothing"),
            '\n' if quoted => panic!("a line ends inside quotes in {text}"),
            '"' => {
                quoted = !quoted;
                outside.push('"');
            }
            _ if quoted => {}
            c => outside.push(c),
        }
    }
    assert!(!quoted, "quotes stay open in {text}");
    outside
}

fn check_dot(document: &Document, same_as: &Document) {
    let text = written(|out| dot::write(document, out));
    assert_steers_no_terminal(&text);
    let plain = written(|out| dot::write(same_as, out));
    assert_eq!(structure(&text), structure(&plain), "a name changed what the file says");
}

/// What graphviz makes of `text`, or nothing where there is no graphviz.
fn svg(text: &str) -> Option<String> {
    let Ok(mut dot) =
        Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        println!("skipped: graphviz is not installed");
        return None;
    };
    let mut stdin = dot.stdin.take().unwrap();
    let text = text.to_owned();
    let feeder = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = dot.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !complaints.contains("rror"), "graphviz refused: {complaints}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn json_gives_hostile_names_back_as_they_were() {
    check_json(&document(&hostile()));
}

#[test]
fn a_name_of_a_mebibyte_is_whole_in_json_and_short_in_a_picture() {
    let names = vec!["ab\u{1b}\"\\{".repeat(1024 * 1024 / 6)];
    check_json(&document(&names));
    let text = written(|out| dot::write(&document(&names), out));
    assert_steers_no_terminal(&text);
    assert!(text.lines().all(|line| line.len() < 4096));
}

#[test]
fn graphviz_draws_hostile_names_and_every_node_of_them() {
    let document = document(&hostile());
    let Some(svg) = svg(&written(|out| dot::write(&document, out))) else { return };
    assert_eq!(svg.matches("class=\"node\"").count(), 2 * document.systems[0].components.len());
    assert_eq!(svg.matches("class=\"edge\"").count(), 2 * document.systems[0].linkages.len());
    assert!(!svg.contains("<b onclick"));
}

#[test]
fn graphviz_shows_a_name_as_it_is() {
    let Some(svg) = svg(&written(|out| dot::write(&document(&[r#"q"b\s{|}<&amp;>\n"#.to_owned()]), out))) else {
        return;
    };
    let shown = svg.contains(r"q&quot;b\s{|}&lt;&amp;amp;&gt;\n");
    assert!(shown, "{svg}");
}

#[test]
fn composites_nest_as_deep_as_they_like() {
    let components = (1..=20_000).map(|id| Component {
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
    let document = Document { format: FORMAT, instant: String::new(), systems: vec![system] };
    let text = written(|out| dot::write(&document, out));
    assert_eq!(text.matches('{').count(), text.matches('}').count());
    assert!(text.lines().all(|line| line.len() < 200), "indentation runs away");
}

#[test]
fn a_linkage_to_nowhere_is_left_out() {
    let system = System {
        summary: Summary { id: 1, status: "live", ..Summary::default() },
        components: vec![Component { id: 1, state: "running", ..Component::default() }],
        postboxes: vec![
            Postbox { id: 1, owner: 1, kind: "outbox", ..Postbox::default() },
            Postbox { id: 2, owner: 9, kind: "inbox", ..Postbox::default() },
        ],
        linkages: vec![
            Linkage { id: 1, source: 1, sink: 2, kind: "direct", ..Linkage::default() },
            Linkage { id: 2, source: 1, sink: 7, kind: "direct", ..Linkage::default() },
        ],
        ..System::default()
    };
    let document = Document { format: FORMAT, instant: String::new(), systems: vec![system] };
    assert!(!written(|out| dot::write(&document, out)).contains("->"));
}

#[test]
fn the_two_formats_look_like_this() {
    let system = System {
        summary: Summary { id: 1, name: "chat".into(), ordinal: 1, pid: 7, status: "live", ..Summary::default() },
        components: vec![
            Component {
                id: 1,
                name: "room".into(),
                type_name: "Room".into(),
                state: "running",
                ..Component::default()
            },
            Component {
                id: 2,
                parent: Some(1),
                name: "al".into(),
                state: "running",
                many: Some(Many { begun: 84_312, open: 3, begun_per_second: 120.0 }),
                ..Component::default()
            },
        ],
        postboxes: vec![
            Postbox { id: 3, owner: 2, name: "outbox".into(), kind: "outbox", ..Postbox::default() },
            Postbox {
                id: 4,
                owner: 1,
                name: "inbox".into(),
                kind: "inbox",
                capacity: Some(8),
                depth: 5,
                ..Postbox::default()
            },
            Postbox { id: 5, owner: 1, name: "control".into(), kind: "inbox", ..Postbox::default() },
        ],
        linkages: vec![Linkage {
            id: 6,
            source: 3,
            sink: 4,
            kind: "direct",
            messages: Some(90),
            messages_per_second: Some(9.0),
        }],
        uses: vec![Use { id: 7, user: 2, used: 1 }],
        ..System::default()
    };
    let mut document = Document { format: FORMAT, instant: "2026-11-22T08:00:00Z".into(), systems: vec![system] };
    insta::assert_snapshot!(written(|out| dot::write(&document, out)), @r##"
    digraph axonscope {
      graph [rankdir=LR, fontname="Helvetica", label="2026-11-22T08:00:00Z"];
      node [shape=record, style="rounded,filled", fontname="Helvetica", fontsize=11];
      edge [fontname="Helvetica", fontsize=9, color="#5b6472"];
      subgraph cluster_s1 {
        label="chat\nlive, pid 7, 0 messages/s"; style="rounded"; color="#9aa3b0";
        subgraph cluster_s1c1 {
          label="room (Room)"; style="rounded"; color="#c3c9d2";
          s1c1 [label="{{<b4> inbox 5/8}|room\nRoom}", color="#5b6472", fillcolor="0.675 0.160 0.970"];
          s1c2 [label="{al|{<b3> outbox}}", color="#5b6472", fillcolor="0.678 0.160 0.970"];
        }
      }
      s1c2:b3 -> s1c1:b4 [penwidth=2.00, label="9.0/s"];
      s1c2 -> s1c1 [style=dashed, color="#9aa3b0", arrowhead=none, constraint=false];
    }
    "##);

    // One of each is enough here.
    document.systems[0].components.remove(0);
    document.systems[0].postboxes.retain(|postbox| postbox.id == 4);
    insta::assert_snapshot!(written(|out| json::write(&document, out)), @r#"
    {
      "format": "axonscope-1",
      "instant": "2026-11-22T08:00:00Z",
      "systems": [
        {
          "id": 1,
          "name": "chat",
          "ordinal": 1,
          "pid": 7,
          "host": "",
          "program": "",
          "labels": {},
          "status": "live",
          "status_detail": "",
          "silent_ms": 0,
          "uptime_ms": 0,
          "component_count": 0,
          "postbox_count": 0,
          "linkage_count": 0,
          "messages_per_second": 0.0,
          "lost": 0,
          "anomalies": 0,
          "refused": 0,
          "extent": null,
          "components": [
            {
              "id": 2,
              "parent": 1,
              "name": "al",
              "type": "",
              "description": "",
              "state": "running",
              "state_detail": "",
              "labels": {},
              "busy_ns": 0,
              "polls": 0,
              "restarts": 0,
              "busy_share": 0.0,
              "scheduled_share": null,
              "many": {
                "begun": 84312,
                "open": 3,
                "begun_per_second": 120.0
              },
              "place": null
            }
          ],
          "postboxes": [
            {
              "id": 4,
              "owner": 1,
              "name": "inbox",
              "kind": "inbox",
              "message_type": "",
              "description": "",
              "capacity": 8,
              "depth": 5,
              "high_water": 0,
              "messages": 0,
              "dropped": 0,
              "blocked_ns": 0,
              "waiting": false,
              "messages_per_second": 0.0,
              "blocked_share": 0.0
            }
          ],
          "linkages": [
            {
              "id": 6,
              "source": 3,
              "sink": 4,
              "kind": "direct",
              "messages": 90,
              "messages_per_second": 9.0
            }
          ],
          "uses": [
            {
              "id": 7,
              "user": 2,
              "used": 1
            }
          ]
        }
      ]
    }
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_name_changes_what_json_says(names in prop::collection::vec(name(), 1..8)) {
        check_json(&document(&names));
    }

    #[test]
    fn no_name_changes_what_a_graphviz_file_says(names in prop::collection::vec(name(), 1..8)) {
        let plain: Vec<String> = names.iter().map(|_| "plain".to_owned()).collect();
        check_dot(&document(&names), &document(&plain));
    }
}
