//! Titles of systems: inside their hulls with what is known of them, and above from further away.

use bevy::math::Vec2;

use super::super::palette::type_size;
use super::Sight;
use super::page::{Page, Words};

/// From further away the title of a system stands above its hull.
const ZOOM_FOR_TITLE_INSIDE: f32 = 0.45;

pub(super) fn write_titles(page: &mut Page<'_>, sight: &Sight<'_>, clock: Option<u64>) {
    let Sight { stage, eye, palette, look, .. } = *sight;
    for hull in stage.picture.systems.iter().filter(|hull| !hull.rect.is_empty()) {
        let corner = eye.screen_from_world(Vec2::new(hull.rect.min.x, hull.rect.max.y));
        let width = hull.rect.width() * eye.zoom;
        let inset = Vec2::new((40.0 * eye.zoom).clamp(12.0, 44.0), (24.0 * eye.zoom).clamp(8.0, 22.0));
        if width < 60.0 {
            continue;
        }
        let title = page.words(&hull.title, type_size::HEADING, true);
        // Process numbers say nothing to an audience.
        let facts = page.words(if look.chrome { &hull.facts } else { "" }, type_size::SMALL, false);
        if eye.zoom < ZOOM_FOR_TITLE_INSIDE * page.scale() {
            // The room kept for it inside is too small by now.
            let (size, at) = (title.size(), corner + Vec2::new(4.0, -4.0));
            let color = if hull.gone { palette.quiet } else { palette.text };
            let fits = size.x + facts.size().x + 20.0 <= width;
            let beside = at + Vec2::new(size.x + 12.0, -facts.size().y - 1.0);
            page.put_at(at - Vec2::new(0.0, size.y), title, color, true);
            if fits {
                page.put_at(beside, facts, palette.quiet, true);
            }
            continue;
        }
        let fits = |words: &Words| words.size().x + 2.0 * inset.x <= width;
        let mut word =
            hull.word.as_ref().map(|word| page.words(&since(word, hull.since_ns, clock), type_size::SMALL, true));
        let color = if hull.gone { palette.quiet } else { palette.text };
        let mut at = corner + inset;
        let height = title.size().y;
        if fits(&title) {
            let title_width = title.size().x;
            page.put_at(at, title, color, false);
            // What is gone is small: how long ago is told first, then what it was.
            if let Some(word) = word.take_if(|_| hull.gone) {
                at.y += height + 3.0;
                page.put_at(at, word, palette.quiet, false);
            }
            if let Some(word) = word
                && title_width + word.size().x + 12.0 + 2.0 * inset.x <= width
            {
                page.put_at(at + Vec2::new(title_width + 10.0, 3.0), word, palette.warning, false);
            }
            at.y += height + 3.0;
            if fits(&facts) {
                page.put_at(at, facts, palette.quiet, false);
            }
        } else {
            // A hull too small for its name wears it above.
            let above = corner - Vec2::new(0.0, height + 2.0);
            page.put_at(above, title, color, true);
        }
    }
}

/// Such as "lost 12 s ago".
fn since(word: &str, since_ns: Option<u64>, clock: Option<u64>) -> String {
    match (since_ns, clock) {
        (Some(since_ns), Some(now_ns)) => {
            let secs = now_ns.saturating_sub(since_ns) / 1_000_000_000;
            // In no finer steps than it is written anew.
            let ago = match secs {
                0..60 => format!("{secs} s"),
                60..3600 => format!("{} min", secs / 60),
                _ => format!("{} h", secs / 3600),
            };
            format!("{word} {ago} ago")
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_told_where_a_clock_is_shared() {
        assert_eq!(since("lost", Some(5_200_000_000), Some(17_900_000_000)), "lost 12 s ago");
        assert_eq!(since("lost", Some(0), Some(119_000_000_000)), "lost 1 min ago");
        assert_eq!(since("lost", Some(5), None), "lost");
        assert_eq!(since("reports missing", None, Some(5)), "reports missing");
    }
}
