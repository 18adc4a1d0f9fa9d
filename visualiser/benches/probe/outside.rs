//! The probe as a program sees it. All that this benchmark calls of it is here.

use anyhow::Result;
use axonscope_probe::Probe;
use axonscope_runtime::System;

/// Whether the probe has a tracing layer, can be told to be off, and answers taps. Cases that need them are left out
/// while it has not.
pub(crate) const HAS_LAYER: bool = false;

/// Observes `system`, as a program that wants all of it does.
pub(crate) fn start(system: &System, url: &str) -> Result<Probe> {
    Ok(Probe::builder().name(&**system.name()).system(system).endpoint(url)?.start()?)
}
