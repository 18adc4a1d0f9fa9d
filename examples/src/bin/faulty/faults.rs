//! What is wrong, one function a fault.

use std::time::Duration;

use axonscope_probe::manual::{Component as Told, Inbox, Linkage, Outbox};
use axonscope_probe::{Probe, State};
use axonscope_runtime::{Restart, Supervised, System};

use super::parts::{Manner, PACE, Taker, clock};

/// The ticks of `lonely` go nowhere. Its signal is not linked either, which is no fault.
pub(crate) fn dropped(system: &System) -> anyhow::Result<()> {
    system.add("lonely", clock())?.start();
    Ok(())
}

/// `reader` waits for messages that nobody can send.
pub(crate) fn unlinked(system: &System) -> anyhow::Result<()> {
    system.add("reader", Taker { capacity: 8, manner: Manner::Well })?.start();
    Ok(())
}

/// Each of three sends two for each that it takes, to the next of them; `outsider` sends to the first.
pub(crate) fn circle(system: &System) -> anyhow::Result<()> {
    let add = |name: &str| system.add(name.to_owned(), Taker { capacity: 4, manner: Manner::Doubling });
    let (anna, boris, clara) = (add("anna")?, add("boris")?, add("clara")?);
    system.link((&anna, "outbox"), (&boris, "inbox"))?;
    system.link((&boris, "outbox"), (&clara, "inbox"))?;
    system.link((&clara, "outbox"), (&anna, "inbox"))?;
    let outsider = system.add("outsider", clock())?;
    system.link((&outsider, "outbox"), (&anna, "inbox"))?;
    for component in [anna, boris, clara, outsider] {
        component.start();
    }
    Ok(())
}

/// `cruncher` takes one tick and never comes back.
pub(crate) fn stuck(system: &System) -> anyhow::Result<()> {
    fed(system, "cruncher", 8, Manner::Stuck)
}

/// `parser` fails at its first tick.
pub(crate) fn failed(system: &System) -> anyhow::Result<()> {
    let parser = system.add("parser", Taker { capacity: 8, manner: Manner::Failing })?;
    let feeder = system.add("feeder", clock())?;
    system.link((&feeder, "outbox"), (&parser, "inbox"))?;
    parser.start();
    feeder.start();
    Ok(())
}

/// `parser` fails at each tick, and is made anew.
pub(crate) fn restarting(system: &System) -> anyhow::Result<()> {
    let often = Restart::default().at_most(1_000_000, Duration::from_secs(1));
    let often = often.back_off(Duration::from_millis(300), Duration::from_millis(300));
    let parser = Supervised::new(|| Taker { capacity: 1_000_000, manner: Manner::Failing }).restart(often);
    let parser = system.add("parser", parser)?;
    let feeder = system.add("feeder", clock())?;
    system.link((&feeder, "outbox"), (&parser, "inbox"))?;
    parser.start();
    feeder.start();
    Ok(())
}

/// `hoarder` takes nothing, and has room for much.
pub(crate) fn silent(system: &System) -> anyhow::Result<()> {
    fed(system, "hoarder", 1_000_000, Manner::NotAtAll)
}

/// Components of a program that has no runtime of ours, told of by hand.
pub(crate) struct ByHand {
    _components: [Told; 2],
    _boxes: (Outbox, Inbox),
    _linkage: Linkage,
}

/// `printer` has finished, and `editor` still sends to it.
pub(crate) fn finished(probe: &Probe) -> ByHand {
    let by_hand = probe.manual();
    let (editor, printer) = (by_hand.component("editor").add(), by_hand.component("printer").add());
    let pages = editor.outbox("pages").add();
    let tray = printer.inbox("tray").capacity(8).add();
    let linkage = pages.link(&tray);
    printer.set_state(State::Finished);
    let sends = pages.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PACE).await;
            sends.sent(1);
        }
    });
    ByHand { _components: [editor, printer], _boxes: (pages, tray), _linkage: linkage }
}

/// Dies as a program dies that is killed, once everybody has seen it.
pub(crate) async fn vanish() {
    tokio::time::sleep(Duration::from_secs(1)).await;
    std::process::abort();
}

/// Adds a component with a clock that feeds it.
fn fed(system: &System, name: &str, capacity: u32, manner: Manner) -> anyhow::Result<()> {
    let taker = system.add(name.to_owned(), Taker { capacity, manner })?;
    let feeder = system.add("feeder", clock())?;
    system.link((&feeder, "outbox"), (&taker, "inbox"))?;
    taker.start();
    feeder.start();
    Ok(())
}
