//! Files made of what a visualiser knows: one file here for each format, and one that gathers what they show.

pub mod dot;
pub mod gather;
pub mod json;
pub mod wiring;
