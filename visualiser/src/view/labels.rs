//! Names and figures beside what they belong to: the more important first, none over another, none over a disc.

mod hulls;
mod lines;
mod page;

use axonscope_model::{PostboxKind, display};
use bevy::math::Vec2;
use bevy::prelude::{Local, Real, Res, ResMut, Result, Time};
use bevy_egui::EguiContexts;
use bevy_egui::egui;

use super::camera::Eye;
use super::canvas::{Canvas, Overlay};
use super::facts::fact;
use super::level::DETAIL_FROM;
use super::naming::{Inside, Naming};
use super::palette::{Palette, Rgba, size, type_size};
use super::picture::{Dock, Node, Picture, Trouble};
use super::stage::{Look, Stage, Watched};
use lines::Lines;
use page::{LABELS_MAX, Page, Written};

/// Discs smaller than this on the screen carry no name, in logical pixels, unless they are hubs, in trouble or asked for.
const RADIUS_TO_NAME: f32 = 9.5;
/// A closed composite of this size tells what happens in it.
const RADIUS_TO_SUM_UP: f32 = 22.0;
const RADIUS_TO_GLYPH: f32 = 13.0;
const ZOOM_FOR_FACTS: f32 = 1.3;
const ZOOM_FOR_BOX_NAMES: f32 = 1.9;
/// With more closed composites in sight none tells its name and how many are in it.
const COUNTS_MAX: usize = LABELS_MAX / 2;
/// Discs smaller than this may lie under a label.
const RADIUS_TO_BLOCK: f32 = 3.0;
/// No disc is larger than this, in world units.
const DISC_RADIUS_MAX: f32 = axonscope_session::sizes::DISC_RADIUS_MAX;

/// What is written now, and for what: nothing is placed anew while nothing has changed.
#[derive(Default)]
pub(super) struct Writing {
    of: Option<Of>,
    written: Written,
}

#[derive(PartialEq)]
struct Of {
    pictures: (u64, u64),
    look: Look,
    eye: (Vec2, f32, Vec2),
    pixels_per_point: f32,
    /// Until egui has its fonts, words have other sizes.
    passes: u64,
    /// Where anything tells how long ago it was.
    clock: Option<u64>,
}

/// Writes every label of the picture into the background layer; runs in egui's pass.
#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn paint_all_labels(
    mut contexts: EguiContexts,
    mut writing: Local<Writing>,
    stage: Res<Stage>,
    look: Res<Look>,
    eye: Res<Eye>,
    names: Res<Naming>,
    watched: Res<Watched>,
    canvas: Res<Canvas>,
    time: Res<Time<Real>>,
    mut overlay: ResMut<Overlay>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let now = time.elapsed_secs_f64();
    let painter = ctx.layer_painter(egui::LayerId::background());
    // A picture without a window has no clock in common with whoever was told of the end.
    let clock = (!look.still).then(|| stage.picture.ticking(watched.0.now_ns())).flatten();
    let of = Of {
        pictures: (stage.version, stage.hung),
        look: look.clone(),
        eye: (eye.center, eye.zoom, eye.screen),
        pixels_per_point: ctx.pixels_per_point(),
        passes: ctx.cumulative_pass_nr().min(3),
        clock,
    };
    if writing.of.as_ref() != Some(&of) || stage.picture.is_easing_at(now) || !stage.ghosts.is_empty() {
        writing.written = write_labels(&painter, &stage, &look, &eye, &names, (now, clock), &canvas);
        // Once more when everything has come to its place.
        writing.of = (!stage.picture.is_easing_at(now) && stage.ghosts.is_empty()).then_some(of);
        overlay.pads.clone_from(&writing.written.pads);
    }
    writing.written.paint(&painter);
    Ok(())
}

/// What is written about, and how it is looked at.
struct Sight<'a> {
    stage: &'a Stage,
    look: &'a Look,
    eye: &'a Eye,
    palette: &'a Palette,
    names: &'a Naming,
    /// How much of their way things have gone that are not in their places.
    eased: f32,
    /// Closed composites tell how many are in them.
    has_counts: bool,
}

impl Sight<'_> {
    fn picture(&self) -> &Picture {
        &self.stage.picture
    }

    fn is_asked(&self, node: &Node) -> bool {
        [self.look.selected, self.look.hovered].contains(&Some(node.key))
    }

    /// A composite whose inside is not drawn.
    fn is_closed(&self, node: u32) -> bool {
        let is_composite = self.picture().nodes[node as usize].is_composite();
        is_composite && !self.stage.levels.is_open(node as usize, self.eye.zoom)
    }

    /// Where on the screen and how large a node is.
    fn on_screen(&self, node: &Node) -> (Vec2, f32) {
        let (position, radius) = node.shown(self.eased);
        (self.eye.screen_from_world(position.truncate()), radius * self.eye.zoom)
    }

    fn dock_on_screen(&self, dock: &Dock) -> Vec2 {
        let (was, is) = (self.picture().dock_was(dock), self.picture().dock_position(dock));
        self.eye.screen_from_world(was.lerp(is, self.eased).truncate())
    }
}

fn write_labels(
    painter: &egui::Painter,
    stage: &Stage,
    look: &Look,
    eye: &Eye,
    names: &Naming,
    (now, clock): (f64, Option<u64>),
    canvas: &Canvas,
) -> Written {
    let palette = Palette::of(look.theme);
    let lines = if eye.zoom >= DETAIL_FROM {
        Lines::of(&canvas.instances.ribbons, canvas.instances.lines, eye)
    } else {
        Lines::default()
    };
    let mut page = Page::new(painter, palette.hull, eye, (look.scale, lines));
    let eased = stage.eased(now);
    let there = candidates(stage, look, eye);
    let is_closed = |number: u32| {
        let node = &stage.picture.nodes[number as usize];
        node.is_composite() && !stage.levels.is_open(number as usize, eye.zoom)
    };
    let has_counts = there.iter().filter(|&&number| is_closed(number)).count() <= COUNTS_MAX;
    let sight = &Sight { stage, look, eye, palette, names, eased, has_counts };
    for &number in &there {
        let node = &stage.picture.nodes[number as usize];
        let (center, radius) = sight.on_screen(node);
        if !stage.levels.is_open(number as usize, eye.zoom) && radius >= RADIUS_TO_BLOCK {
            page.block_disc(center, radius);
        }
        if eye.zoom >= DETAIL_FROM && !is_closed(number) {
            for dock in stage.picture.docks_of(number) {
                page.block_disc(sight.dock_on_screen(dock), size::VESSEL * eye.zoom);
            }
        }
    }
    for crowd in stage.crowds.iter().filter(|crowd| crowd.span.strength(eye.zoom) > 0.3) {
        page.block_disc(eye.screen_from_world(crowd.position.truncate()), crowd.radius * eye.zoom);
    }
    // What is presented has the name of a single system as its title.
    if look.chrome || stage.picture.systems.len() > 1 {
        hulls::write_titles(&mut page, sight, clock);
    }

    let mut order: Vec<(f32, u32)> = there
        .iter()
        .map(|&number| (number, &stage.picture.nodes[number as usize]))
        .filter(|(number, node)| deserves_name(sight, node, is_closed(*number)))
        .map(|(number, node)| (importance(sight, node, is_closed(number), stage.near.dims(number as usize)), number))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for &(_, number) in &order {
        if page.is_full() {
            break;
        }
        let node = &stage.picture.nodes[number as usize];
        let grown = (node.shown(eased).1 / node.radius.max(1e-3)).min(1.0);
        let dimmed = if stage.near.dims(number as usize) { 0.5 } else { 1.0 };
        let strength = grown * dimmed * if node.gone { 0.7 } else { 1.0 };
        if stage.levels.is_open(number as usize, eye.zoom) {
            write_ring_title(&mut page, sight, node, strength);
        } else {
            write_node_labels(&mut page, sight, node, strength);
        }
    }
    if look.chrome {
        write_box_names(&mut page, sight, &there);
    }
    write_counts(&mut page, stage, eye, palette);
    for ghost in &stage.ghosts {
        let at = eye.screen_from_world(ghost.position.truncate()) + Vec2::new(0.0, ghost.radius * eye.zoom + 3.0);
        let text = page.words(&format!("{} left", ghost.name), type_size::SMALL, false);
        page.put_below(at, text, palette.faint.fade(ghost.presence(now)), true);
    }
    page.written
}

/// Nodes on the screen that may have something to say: all of them close up, the large and the notable from afar.
fn candidates(stage: &Stage, look: &Look, eye: &Eye) -> Vec<u32> {
    let picture = &stage.picture;
    let seen = eye.visible();
    let mut found = if DISC_RADIUS_MAX * eye.zoom >= RADIUS_TO_NAME {
        picture.where_nodes.within(seen.inflate(40.0 / eye.zoom))
    } else {
        let asked = [look.selected, look.hovered].into_iter().flatten().filter_map(|key| picture.index.get(&key));
        let rings = picture.rings.iter();
        let rings = rings.take_while(|&&ring| picture.nodes[ring as usize].radius * eye.zoom >= RADIUS_TO_NAME);
        let mut far: Vec<u32> = picture.notable.iter().chain(rings).chain(asked).copied().collect();
        far.retain(|&number| is_visible(&picture.nodes[number as usize], eye));
        far.sort_unstable();
        far.dedup();
        far
    };
    found.retain(|&number| stage.is_shown(number as usize, eye.zoom));
    found
}

fn is_visible(node: &Node, eye: &Eye) -> bool {
    let at = eye.screen_from_world(node.position.truncate());
    let reach = node.radius * eye.zoom + 40.0;
    at.x > -reach && at.y > -reach && at.x < eye.screen.x + reach && at.y < eye.screen.y + reach
}

fn deserves_name(sight: &Sight<'_>, node: &Node, is_closed: bool) -> bool {
    // Of a crowd of closed ones few would find room for a name, and those by chance.
    let is_one_of_many = is_closed && !sight.has_counts && node.trouble_inside == Trouble::None;
    node.radius * sight.eye.zoom >= RADIUS_TO_NAME && !is_one_of_many
        || sight.is_asked(node)
        || node.is_notable()
        || !node.is_composite() && node.radius >= size::HUB
}

/// Selected, then in trouble, then composites, then what is large and busy.
fn importance(sight: &Sight<'_>, node: &Node, is_closed: bool, is_dimmed: bool) -> f32 {
    let chosen = if sight.is_asked(node) { 1e6 } else { 0.0 };
    let inside = if is_closed { node.trouble_inside } else { Trouble::None };
    let trouble = match node.trouble().max(inside) {
        Trouble::Alarm => 1e5,
        Trouble::Warning => 5e4,
        Trouble::None => 0.0,
    };
    let bright = if is_dimmed { 0.0 } else { 1e4 };
    let composite = if node.is_composite() { 2e3 } else { 0.0 };
    chosen
        + trouble
        + bright
        + composite
        + node.radius * 10.0
        + (1.0 + node.rate_in + node.rate_out).log10() as f32 * 20.0
}

/// How many lie in a neighbourhood, or in a composite that is closed.
fn write_counts(page: &mut Page<'_>, stage: &Stage, eye: &Eye, palette: &Palette) {
    let seen = eye.visible();
    for crowd in stage.crowds.iter().filter(|crowd| crowd.count > 1 && seen.contains(crowd.position.truncate())) {
        let strength = crowd.span.strength(eye.zoom);
        let radius = crowd.radius * eye.zoom;
        if strength > 0.3 && radius >= 9.0 {
            let at = eye.screen_from_world(crowd.position.truncate());
            let color = if crowd.is_dimmed && stage.near.dims_any() { palette.quiet } else { palette.text };
            write_inside(page, at, radius, &display::count(crowd.count.into()), color.fade(strength));
        }
    }
}

/// In the middle of a disc, if it fits.
fn write_inside(page: &mut Page<'_>, center: Vec2, radius: f32, text: &str, color: Rgba) {
    let size = if radius >= 18.0 { type_size::BODY } else { type_size::TINY };
    // Boxes stand on the rim: signs of discs of one size are of one size, and keep off those.
    let words = page.words_up_to(text, size, true, 0.66 * radius);
    if words.size().x <= 2.0 * radius - 4.0 {
        page.write(center - words.size() / 2.0, words, color, false);
    }
}

fn write_ring_title(page: &mut Page<'_>, sight: &Sight<'_>, node: &Node, strength: f32) {
    let (palette, zoom) = (sight.palette, sight.eye.zoom);
    let (center, radius) = sight.on_screen(node);
    let name = page.words(sight.picture().word(node.name), type_size::BODY, false);
    let size = name.size();
    // On its top; where something stands already, below that line; else at its foot.
    let places = [-radius - size.y - 4.0, -radius + 6.0, radius + 4.0];
    let places = places.map(|down| center + Vec2::new(-size.x / 2.0, down));
    let Some(placed) = page.put_first(&places, name, palette.quiet.fade(strength), false) else { return };
    if zoom >= ZOOM_FOR_FACTS * 0.5 {
        let inside = page.words(&format!("{} inside", display::count(node.children.into())), type_size::TINY, false);
        let top = (center.y - radius + 6.0).max(placed.max.y + 1.0);
        page.put_below(Vec2::new(center.x, top), inside, palette.faint.fade(strength), true);
    }
}

fn write_node_labels(page: &mut Page<'_>, sight: &Sight<'_>, node: &Node, strength: f32) {
    let palette = sight.palette;
    let (center, radius) = sight.on_screen(node);
    let color = if node.gone { palette.faint } else { palette.text };
    if node.is_composite() {
        if sight.has_counts {
            write_inside(page, center, radius * 0.8, &display::count(node.inside.into()), color.fade(strength));
        }
    } else if radius >= RADIUS_TO_GLYPH && node.state != axonscope_model::State::Failed {
        let type_name = sight.picture().word(node.type_name);
        match sight.names.inside(type_name) {
            Some(Inside::Picture(picture)) => page.draw(picture, center, radius, color.fade(strength)),
            Some(Inside::Letters(letters)) => write_inside(page, center, radius, &letters, color.fade(strength)),
            None => {
                let glyph = sight.picture().glyphs.get(&node.type_name).map_or("", |glyph| &**glyph);
                write_inside(page, center, radius, glyph, color.fade(strength));
            }
        }
    }
    let chosen = sight.is_asked(node);
    let name = page.words(sight.picture().word(node.name), type_size::BODY, false);
    let size = name.size();
    let gap = radius + 5.0 + air_round(node, chosen) * sight.eye.zoom;
    let places = [
        center + Vec2::new(-size.x / 2.0, gap),
        center + Vec2::new(-size.x / 2.0, -gap - size.y),
        center + Vec2::new(gap + 5.0, -size.y / 2.0),
        center + Vec2::new(-gap - 5.0 - size.x, -size.y / 2.0),
    ];
    let color = palette.text.fade(strength);
    // Beside one that is closed stands another.
    let places = if node.is_composite() { &places[..2] } else { &places };
    let Some(placed) = page.put_calmest(places, name, color, chosen) else { return };
    // Nobody can see what is inside one that is closed.
    let loud_inside = node.is_composite() && node.trouble_inside != Trouble::None;
    let is_large = node.is_composite() && sight.has_counts && radius >= RADIUS_TO_SUM_UP;
    let is_close = sight.eye.zoom >= ZOOM_FOR_FACTS * page.scale();
    let told = chosen || is_close || node.is_notable() || loud_inside || is_large;
    if let Some((fact, color)) = fact(node, palette).filter(|_| told && !node.gone) {
        let fact = page.words(&fact, type_size::SMALL, false);
        let is_above = placed.max.y < center.y - radius;
        let size = fact.size();
        let top = if is_above { placed.min.y - 1.0 - size.y } else { placed.max.y + 1.0 };
        let middle = placed.center().x - size.x / 2.0;
        let mut places = vec![Vec2::new(middle, top)];
        // What names a cause is rather moved aside, or to the other side of the disc, than left out for want of room.
        if node.trouble() == Trouble::Alarm {
            let beyond = if is_above { center.y + radius + 4.0 } else { center.y - radius - 4.0 - size.y };
            places.extend([placed.min.x, placed.max.x - size.x].map(|left| Vec2::new(left, top)));
            places.push(Vec2::new(center.x - size.x / 2.0, beyond));
            places.extend([radius + 8.0, -radius - 8.0 - size.x].map(|off| center + Vec2::new(off, -size.y / 2.0)));
        }
        page.put_first(&places, fact, color.fade(strength), false);
    }
}

/// How far rings reach round a disc: that of what is selected or hovered, that of who is to blame, that of who waits. World
/// units.
fn air_round(node: &Node, chosen: bool) -> f32 {
    if chosen {
        size::SELECTION_AIR + size::VESSEL
    } else if node.blamed != Trouble::None {
        size::BLAME_AIR + 1.5
    } else if node.blocked > 0.02 {
        6.0
    } else {
        0.0
    }
}

/// Names of boxes: of the selected component and what is hovered, and of all when very close.
fn write_box_names(page: &mut Page<'_>, sight: &Sight<'_>, there: &[u32]) {
    let (picture, zoom) = (sight.picture(), sight.eye.zoom);
    for &number in there {
        let asked = sight.is_asked(&picture.nodes[number as usize]);
        if !(asked && zoom > 0.5 || zoom >= ZOOM_FOR_BOX_NAMES) || sight.is_closed(number) {
            continue;
        }
        for dock in picture.docks_of(number) {
            let at = sight.dock_on_screen(dock);
            // Which end of a linkage it is.
            let name = picture.word(dock.name);
            let end = if dock.kind == PostboxKind::Outbox { format!("{name} →") } else { format!("→ {name}") };
            let name = page.words(&end, type_size::TINY, false);
            let (outwards, size) = (Vec2::from_angle(-dock.angle), name.size());
            // Beside its linkage, which goes straight outwards; a little further out where somebody stands already.
            let places = [(0.8, 0.0), (-0.8, 0.0), (0.8, 12.0), (-0.8, 12.0), (0.0, 0.0), (0.0, 24.0)];
            let places = places.map(|(turn, further): (f32, f32)| {
                let along = Vec2::from_angle(turn).rotate(outwards);
                let reach = 9.0 * zoom.max(1.0) + further;
                at + along * (reach + size.x * 0.5 * along.x.abs() + size.y * 0.5 * along.y.abs()) - size / 2.0
            });
            page.put_calmest(&places, name, sight.palette.quiet, asked);
        }
    }
}
