//! A future that is the task of a component told of by hand.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use axonscope_runtime::clock_ns;
use pin_project_lite::pin_project;

use super::Component;
use crate::current;
use crate::registry::ComponentMeter;

pin_project! {
    /// A future that runs as the task of a component; see [`Component::instrument`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Instrumented<F> {
        component: Component,
        woken: Option<Arc<Woken>>,
        #[pin]
        future: F,
    }
}

/// A waker that notes when it was used.
#[derive(Debug)]
struct Woken {
    waker: Waker,
    meter: Arc<ComponentMeter>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.meter.wake(clock_ns());
        self.waker.wake_by_ref();
    }
}

impl<F> Instrumented<F> {
    pub(super) fn new(component: Component, future: F) -> Self {
        Self { component, woken: None, future }
    }

    /// The component whose task this is.
    pub fn component(&self) -> &Component {
        &self.component
    }
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _here = current::enter(this.component);
        let watch = this.component.system().registry.watch();
        let Some(meter) = this.component.meter().filter(|_| watch != 0) else {
            return this.future.poll(cx);
        };
        let now = clock_ns();
        meter.scheduled(now);
        // A task has one waker for as long as it stays where it is.
        let woken = match this.woken {
            Some(woken) if woken.waker.will_wake(cx.waker()) => woken.clone(),
            _ => this.woken.insert(Arc::new(Woken { waker: cx.waker().clone(), meter: meter.clone() })).clone(),
        };
        let _busy = this.component.enter();
        this.future.poll(&mut Context::from_waker(&Waker::from(woken)))
    }
}
