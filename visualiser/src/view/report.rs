//! What the window shows, as lines of JSON for whoever tests it: one whenever that is different.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use bevy::prelude::*;
use serde_json::{Map, Value, json};

use super::VisualiserSystems;
use super::camera::Eye;
use super::going::Way;
use super::paint;
use super::picture::{NodeKey, Picture};
use super::stage::{Look, Stage, Studio, Watched};

/// Begins a report in a file, which is made anew.
pub(crate) fn begin(app: &mut App, path: &Path) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write the report to {}", path.display()))?;
    app.insert_resource(Report { file, last: String::new(), at: 0.0 })
        .add_systems(Update, report.in_set(VisualiserSystems::Present).after(paint::set_pace));
    Ok(())
}

/// What parts of the view say of themselves, by a name each; for tests only, and so without a promise.
#[derive(Resource, Default)]
pub(crate) struct Said(pub(crate) Map<String, Value>);

/// Where it is written.
#[derive(Resource)]
pub(crate) struct Report {
    file: File,
    last: String,
    /// When it was last written, in seconds of the app's clock.
    at: f64,
}

/// Nodes told of; those on the screen come first.
const NODES_MAX: usize = 2000;
/// While something moves, in seconds.
const PAUSE: f64 = 0.1;

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
fn report(
    mut report: ResMut<Report>,
    said: Res<Said>,
    look: Res<Look>,
    eye: Res<Eye>,
    stage: Res<Stage>,
    studio: Res<Studio>,
    way: Res<Way>,
    watched: Res<Watched>,
    time: Res<Time<Real>>,
) {
    let now = time.elapsed_secs_f64();
    let is_moving = eye.is_gliding() || stage.is_moving(now) || studio.is_at_work() || !watched.0.is_settled();
    if is_moving && now - report.at < PAUSE {
        return;
    }
    let picture = &stage.picture;
    let path = |key: Option<NodeKey>| key.and_then(|key| picture.index.get(&key)).map(|&node| path(picture, node));
    let screen = Rect::from_corners(Vec2::ZERO, eye.screen);
    let nodes = (0..picture.nodes.len() as u32).filter_map(|number| {
        let node = &picture.nodes[number as usize];
        let (position, radius) = node.shown(stage.eased(now));
        let at = eye.screen_from_world(position.truncate());
        screen.contains(at).then(|| {
            json!({
                "path": self::path(picture, number), "x": at.x.round(), "y": at.y.round(),
                "radius": (radius * eye.zoom).round(), "world": [position.x.round(), position.y.round()],
                "shown": stage.is_shown(number as usize, eye.zoom), "gone": node.gone, "pinned": node.pinned,
            })
        })
    });
    let mut line = json!({
        "moving": is_moving,
        "selected": path(look.selected),
        "hovered": path(look.hovered),
        "theme": format!("{:?}", look.theme).to_lowercase(),
        "center": [eye.center.x.round(), eye.center.y.round()],
        "zoom": (eye.zoom * 1000.0).round() / 1000.0,
        "systems": picture.systems.iter().map(|hull| {
            let (a, b) = (eye.screen_from_world(hull.rect.min), eye.screen_from_world(hull.rect.max));
            json!({ "title": hull.title, "gone": hull.gone, "rect": [a.x.round(), b.y.round(), b.x.round(), a.y.round()] })
        }).collect::<Vec<_>>(),
        "components": picture.nodes.len(),
        "linkages": picture.links.len(),
        "back": way.leads().0,
        "forward": way.leads().1,
        "nodes": nodes.take(NODES_MAX).collect::<Vec<_>>(),
    });
    if let Value::Object(fields) = &mut line {
        fields.extend(said.0.clone());
    }
    let line = line.to_string();
    if line != report.last {
        // Whoever tests sees that nothing more comes.
        writeln!(report.file, "{line}").and_then(|()| report.file.flush()).ok();
        (report.last, report.at) = (line, now);
    }
}

/// Such as "chat_server / server / alice".
fn path(picture: &Picture, node: u32) -> String {
    let mut names = Vec::new();
    let mut at = Some(node);
    while let Some(number) = at {
        let node = &picture.nodes[number as usize];
        names.push(picture.word(node.name).to_string());
        at = node.parent;
    }
    let system = picture.nodes[node as usize].key.0;
    names.extend(picture.systems.iter().find(|hull| hull.system == system).map(|hull| hull.title.clone()));
    names.reverse();
    names.join(" / ")
}
