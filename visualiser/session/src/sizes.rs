//! How large things are drawn, in world units, which are pixels at zoom 1. The layout keeps this room free and the view
//! fills it.

use axonscope_model::ComponentRef;

/// The radius of a component's disc with few boxes.
pub const DISC_RADIUS: f32 = 24.0;

/// The largest radius of a disc.
pub const DISC_RADIUS_MAX: f32 = 34.0;

/// What a disc grows by for each postbox beyond [`FEW_POSTBOXES`], so that they stay apart on its rim.
const DISC_GROWTH: f32 = 1.25;

/// As many as every component has.
const FEW_POSTBOXES: usize = 4;

/// The width of a character of a name at 13 points, on average.
pub const NAME_CHAR_WIDTH: f32 = 7.2;

/// A longer name is cut where it is drawn.
pub const NAME_CHARS: usize = 22;

/// The height of the line with the name.
pub const NAME_LINE: f32 = 17.0;

/// The height of the line with type and figures under it.
pub const FACTS_LINE: f32 = 14.0;

/// Between a disc, with the boxes on its rim, and its name.
pub const LABEL_GAP: f32 = 8.0;

/// What the postboxes on the rim of a disc stand out by.
pub const POSTBOX_REACH: f32 = 9.0;

/// Between the outermost things of a system and its hull.
pub const HULL_PADDING: f32 = 28.0;

/// The room for the system's title, on top within the hull.
pub const TITLE_HEIGHT: f32 = 46.0;

/// What is left of the size of a system that has departed.
pub const DEPARTED: f32 = 0.4;

/// Between two systems.
pub const SYSTEM_GAP: f32 = 56.0;

/// The radius of a component's disc. Does not depend on how busy it is: sizes that breathe would move everything.
pub fn radius(component: ComponentRef<'_>) -> f32 {
    radius_of(component.postboxes().count())
}

fn radius_of(postboxes: usize) -> f32 {
    let many = postboxes.saturating_sub(FEW_POSTBOXES) as f32;
    (DISC_RADIUS + many * DISC_GROWTH).min(DISC_RADIUS_MAX)
}

/// Half the width and half the height of a component's drawing, label included.
pub fn half_size(component: ComponentRef<'_>, radius: f32) -> [f32; 2] {
    half_size_of(component.name(), radius)
}

fn half_size_of(name: &str, radius: f32) -> [f32; 2] {
    let disc = radius + POSTBOX_REACH;
    let name_width = name.chars().take(NAME_CHARS).count() as f32 * NAME_CHAR_WIDTH;
    // The layout knows the centre only, so the room of the label under the disc is kept free above it too: half of it
    // is enough, as labels of neighbours above take their own.
    let label = LABEL_GAP + NAME_LINE + FACTS_LINE;
    [disc.max(0.5 * name_width), disc + 0.5 * label]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_grows_slowly_with_its_boxes_and_not_for_ever() {
        assert_eq!(radius_of(0), DISC_RADIUS);
        assert_eq!(radius_of(4), DISC_RADIUS);
        assert!(radius_of(6) > radius_of(5));
        assert_eq!(radius_of(1_000_000), DISC_RADIUS_MAX);
    }

    #[test]
    fn a_long_name_takes_more_room_up_to_where_it_is_cut() {
        let width = |chars: usize| half_size_of(&"n".repeat(chars), DISC_RADIUS)[0];
        assert_eq!(width(0), DISC_RADIUS + POSTBOX_REACH);
        assert!(width(20) > width(10));
        assert_eq!(width(NAME_CHARS), width(1000));
    }
}
