//! Systems that are observed by a visualiser that really watches.

use anyhow::Result;
use axonscope_probe::Probe;
use axonscope_runtime::System;

use crate::support::pin;
use crate::support::watch::Watchers;

/// Observes `system`; returns once the visualiser shows all its `components`.
pub(crate) fn attach(watchers: &Watchers, system: &System, components: u64) -> Result<Probe> {
    let builder = Probe::builder().system(system).endpoint(watchers.url())?;
    let probe = pin::over_there(pin::WATCHING, || builder.start())?;
    pin::check(std::process::id(), "axonscope-probe", pin::WATCHING);
    watchers.until_seen(system.name(), components)?;
    Ok(probe)
}
