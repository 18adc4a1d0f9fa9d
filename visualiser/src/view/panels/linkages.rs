//! To whom the selected component is linked, whom it uses and who uses it; and what passes by where it is tapped.

use axonscope_model::{ComponentRef, LinkageRef, PostboxRef, Sample, Tap, display};
use bevy_egui::egui;

use super::super::palette::{Palette, type_size};
use super::inspector::Asked;
use super::{section, text};

/// Linkages listed on each side; a hub's others are counted.
const LINKAGES_MAX: usize = 12;
/// As many samples as can be read at a glance; the model keeps a few more.
const SAMPLES_MAX: usize = 8;
/// Characters of a sample that are laid out; the card shows fewer, and a hover all.
const SAMPLE_CHARS: usize = 120;
const SAMPLE_HEIGHT: f32 = 16.0;
const HOVER_CHARS: usize = 2048;

/// The linkages on one side, the busiest first, those that are tapped with what was seen.
pub(super) fn show_linkages<'a>(
    ui: &mut egui::Ui,
    palette: &Palette,
    heading: &str,
    linkages: impl Iterator<Item = LinkageRef<'a>>,
    far_end: impl Fn(LinkageRef<'a>) -> PostboxRef<'a>,
    asked: &mut Asked,
) {
    let mut linkages: Vec<LinkageRef<'a>> = linkages.collect();
    if linkages.is_empty() {
        return;
    }
    // What somebody chose to see stays in sight however quiet it is.
    let rank = |linkage: &LinkageRef<'a>| linkage.tap().is_none();
    linkages.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.rate().total_cmp(&a.rate())).then(a.id().cmp(&b.id())));
    section(ui, palette, heading);
    for &linkage in linkages.iter().take(LINKAGES_MAX) {
        let far = far_end(linkage).owner();
        ui.horizontal(|ui| {
            let words = format!(
                "{} · {} → {}",
                display::label(far.name(), 16),
                display::label(linkage.source().name(), 12),
                display::label(linkage.sink().name(), 12)
            );
            if ui.link(text(words, type_size::BODY, palette.accent)).clicked() {
                asked.component = Some(far.id());
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if far.system().status().is_connected() {
                    show_toggle(ui, palette, linkage, asked);
                }
                let figure =
                    if linkage.is_passthrough() { "passthrough".into() } else { display::rate(linkage.rate()) };
                ui.label(text(figure, type_size::BODY, palette.quiet));
            });
        });
        if let Some(tap) = linkage.tap() {
            show_tap(ui, palette, tap);
        }
    }
    if linkages.len() > LINKAGES_MAX {
        ui.label(text(format!("and {} more", linkages.len() - LINKAGES_MAX), type_size::SMALL, palette.quiet));
    }
}

fn show_toggle(ui: &mut egui::Ui, palette: &Palette, linkage: LinkageRef<'_>, asked: &mut Asked) {
    let on = linkage.tap().is_some();
    let (color, fill) = if on { (palette.card, palette.accent) } else { (palette.quiet, palette.card) };
    let rim = if on { palette.accent } else { palette.card_rim };
    let button = egui::Button::new(text("tap", type_size::TINY, color))
        .fill(fill.egui())
        .stroke(egui::Stroke::new(1.0, rim.egui()))
        .corner_radius(egui::CornerRadius::same(7))
        .min_size(egui::vec2(30.0, 17.0));
    let meaning = if on { "show no more messages" } else { "show messages that pass here" };
    if ui.add(button).on_hover_text(meaning).clicked() {
        asked.tap = Some((linkage.id(), !on));
    }
}

/// The newest first; what was not shown stands between.
fn show_tap(ui: &mut egui::Ui, palette: &Palette, tap: &Tap) {
    egui::Frame::new().inner_margin(egui::Margin { left: 12, ..egui::Margin::ZERO }).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        if !tap.refusal().is_empty() {
            let words = format!("nothing to see: {}", display::label(tap.refusal(), 200));
            ui.label(text(words, type_size::SMALL, palette.quiet));
        } else if tap.samples().len() == 0 {
            ui.label(text("waiting for a message", type_size::SMALL, palette.quiet));
        }
        for sample in tap.samples().rev().take(SAMPLES_MAX) {
            show_sample(ui, palette, sample);
            if sample.skipped > 0 {
                let words = format!("{} passed between", display::count(sample.skipped));
                ui.label(text(words, type_size::TINY, palette.faint));
            }
        }
    });
}

fn show_sample(ui: &mut egui::Ui, palette: &Palette, sample: &Sample) {
    let monospace = |words: String| {
        egui::RichText::new(words).font(egui::FontId::monospace(type_size::SMALL)).color(palette.text.egui())
    };
    let row = egui::vec2(ui.available_width(), SAMPLE_HEIGHT);
    ui.allocate_ui_with_layout(row, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        if let Some(cut) = cut(sample) {
            ui.label(text(cut, type_size::TINY, palette.quiet));
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let label = egui::Label::new(monospace(display::label(&sample.text, SAMPLE_CHARS).into())).truncate();
            ui.add(label).on_hover_ui(|ui| {
                ui.label(monospace(display::label(&sample.text, HOVER_CHARS).into()));
            });
        });
    });
}

/// "… 12 KiB": how long it was before the program cut it.
fn cut(sample: &Sample) -> Option<String> {
    let is_cut = sample.full_length as usize > sample.text.len();
    is_cut.then(|| format!("… {}", display::bytes(sample.full_length.into())))
}

/// Other ends of uses: whom it uses, or who uses it.
pub(super) fn show_uses<'a>(
    ui: &mut egui::Ui,
    palette: &Palette,
    heading: &str,
    others: impl Iterator<Item = ComponentRef<'a>>,
    asked: &mut Asked,
) {
    let mut others: Vec<ComponentRef<'a>> = others.collect();
    if others.is_empty() {
        return;
    }
    others.sort_by_key(|other| other.id());
    others.dedup_by_key(|other| other.id());
    section(ui, palette, heading);
    for other in others.iter().take(LINKAGES_MAX) {
        ui.horizontal(|ui| {
            if ui.link(text(display::label(other.name(), 30), type_size::BODY, palette.accent)).clicked() {
                asked.component = Some(other.id());
            }
            if !other.type_name().is_empty() {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.label(text(display::label(other.type_name(), 24), type_size::BODY, palette.quiet));
                });
            }
        });
    }
    if others.len() > LINKAGES_MAX {
        ui.label(text(format!("and {} more", others.len() - LINKAGES_MAX), type_size::SMALL, palette.quiet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_cut_says_how_long_it_was() {
        let sample = |full_length| Sample { text: "hello".to_owned(), full_length, ..Sample::default() };
        assert_eq!([0, 5, 12_288].map(|length| cut(&sample(length))), [None, None, Some("… 12 KiB".to_owned())]);
    }
}
