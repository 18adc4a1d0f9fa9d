//! What is known on each thread of the poll that runs there: whose it is, and when it began.

use std::cell::Cell;

use crate::clock::AT_UNKNOWN_TIME;
use crate::id::ComponentId;

/// The component whose task is being polled on this thread, or that has this thread for itself, as a
/// [`Blocking`](crate::Blocking) has; none elsewhere. Where a task polls another one inside it, this is the inner one's
/// component.
///
/// ```
/// use axonscope_runtime::{Component, Context, Outcome, State, System, current_component};
///
/// struct Who;
///
/// impl Component for Who {
///     type Boxes = ();
///
///     async fn run(self, (): (), ctx: Context) -> Outcome {
///         assert_eq!(current_component(), Some(ctx.id()));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(current_component(), None);
/// assert_eq!(System::new("own").add("who", Who)?.start().ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
pub fn current_component() -> Option<ComponentId> {
    POLLED.get().component
}

/// When the poll that runs on this thread began, so that nobody in it has to ask the clock again.
pub(crate) fn poll_began() -> u64 {
    POLLED.get().began
}

/// A poll of `component`, which began at `began`, runs on this thread until the guard is dropped.
pub(crate) fn enter(component: ComponentId, began: u64) -> Entered {
    Entered { outer: POLLED.replace(Polled { component: Some(component), began }) }
}

/// Remembers what ran around the poll, which goes on when this is dropped.
#[must_use]
pub(crate) struct Entered {
    outer: Polled,
}

impl Drop for Entered {
    fn drop(&mut self) {
        POLLED.set(self.outer);
    }
}

#[derive(Clone, Copy)]
struct Polled {
    component: Option<ComponentId>,
    began: u64,
}

thread_local! {
    static POLLED: Cell<Polled> = const { Cell::new(Polled { component: None, began: AT_UNKNOWN_TIME }) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_nest_and_end_even_in_a_panic() {
        let (outer, inner) = (ComponentId::next(), ComponentId::next());
        assert_eq!((current_component(), poll_began()), (None, 1));
        let entered = enter(outer, 10);
        let panicked = std::panic::catch_unwind(|| {
            let _inner = enter(inner, 20);
            assert_eq!((current_component(), poll_began()), (Some(inner), 20));
            panic!("as it should");
        });
        assert!(panicked.is_err());
        assert_eq!((current_component(), poll_began()), (Some(outer), 10));
        drop(entered);
        assert_eq!(current_component(), None);
    }
}
