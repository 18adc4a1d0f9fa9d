//! What is said of a component in a few words beside it.

use axonscope_model::{State, display};

use super::palette::{Palette, Rgba};
use super::picture::{Node, Trouble};

/// The one line that says most about a component now.
pub(crate) fn fact(node: &Node, palette: &Palette) -> Option<(String, Rgba)> {
    let loud = match node.trouble() {
        Trouble::Alarm => palette.alarm,
        Trouble::Warning => palette.warning,
        Trouble::None => palette.quiet,
    };
    match node.state {
        State::Failed => return Some(("failed".into(), palette.alarm)),
        State::Finished => return Some(("finished".into(), palette.quiet)),
        State::Starting => return Some(("starting".into(), palette.quiet)),
        State::Running => {}
    }
    match node.trouble_inside {
        _ if !node.is_composite() => {}
        Trouble::Alarm => return Some(("trouble inside".into(), palette.alarm)),
        Trouble::Warning => return Some(("filling up inside".into(), palette.warning)),
        Trouble::None => {}
    }
    if node.is_composite() {
        let sent = display::rate(node.traffic_inside).replace(" /s", " messages/s");
        let sent = if node.traffic_inside > 0.0 { format!(" · {sent}") } else { String::new() };
        return Some((format!("{} inside{sent}", display::count(node.inside.into())), palette.quiet));
    }
    if node.blocked >= 0.1 {
        return Some((format!("blocked {}", display::share(node.blocked)), palette.warning));
    }
    if node.blamed != Trouble::None && Trouble::of_fill(Some(node.fill)) == Trouble::None {
        return Some(("in trouble".into(), loud));
    }
    if node.trouble() != Trouble::None {
        return Some((format!("inbox {} full", display::share(node.fill)), loud));
    }
    if let Some((rate, open)) = node.many {
        return Some((format!("{} · {} open", display::rate(rate), display::count(open.into())), palette.quiet));
    }
    if node.busy >= 0.5 {
        return Some((format!("busy {}", display::share(node.busy)), palette.quiet));
    }
    if node.rate_in + node.rate_out > 0.0 {
        let text = match (node.rate_in > 0.0, node.rate_out > 0.0) {
            (true, true) => format!("{} in · {} out", display::rate(node.rate_in), display::rate(node.rate_out)),
            (true, false) => format!("{} in", display::rate(node.rate_in)),
            _ => format!("{} out", display::rate(node.rate_out)),
        };
        return Some((text, palette.quiet));
    }
    None
}
