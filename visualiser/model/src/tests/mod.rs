//! Tests of the model as a whole: scripts of changes, and what a person would then see.
#![allow(clippy::unwrap_used)]

mod finding;
mod invariants;
mod newer;
mod properties;
mod rates;
pub(crate) mod script;
mod structure;
mod systems;

use crate::{Hello, Limits, Model, SystemId};
use invariants::assert_invariants;
use script::run;

/// Runs the script, which may `show` things, and compares all it showed.
#[track_caller]
fn check(script: &str, expect: &str) {
    let shown = run(script);
    let tidy = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let expect: Vec<String> = tidy(expect).into_iter().skip_while(String::is_empty).collect();
    let indent = expect.first().map_or(0, |line| line.len() - line.trim_start().len());
    let expect: Vec<&str> = expect.iter().filter(|line| !line.is_empty()).map(|line| &line[indent..]).collect();
    assert_eq!(tidy(&shown), expect, "\nshown:\n{shown}");
}

/// A model with one system that just said Hello.
fn model_with_one() -> (Model, SystemId) {
    let mut model = Model::new(Limits::default());
    let system = model.connect(hello(1, "chat"), 0).unwrap();
    (model, system)
}

fn hello(instance: u8, name: &str) -> Hello {
    Hello { instance: [instance; 16], name: name.to_owned(), monotonic_ns: 1, ..Hello::default() }
}
