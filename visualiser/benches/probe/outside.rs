//! The probe as a program sees it. All that this benchmark calls of it is here.

use anyhow::Result;
use axonscope_probe::Probe;
use axonscope_runtime::System;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Observes `system` and this process's spans, as a program that wants all of it does.
pub(crate) fn start(system: &System, url: &str) -> Result<Probe> {
    let probe = Probe::builder().name(&**system.name()).system(system).tap::<u64>().endpoint(url)?.start()?;
    tracing_subscriber::registry().with(probe.layer()).init();
    Ok(probe)
}
