//! Code that blocks, as a component: it has a thread of its own.

use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use tokio::sync::oneshot;

use super::park;
use crate::clock::{AT_UNKNOWN_TIME, clock_ns};
use crate::component::{Component, Context, Io};
use crate::error::{Failure, Outcome};
use crate::name::Name;
use crate::observe::{ComponentMeter, add};
use crate::polling;
use crate::postbox::{Inbox, Outbox};
use crate::stop::{Shutdown, Stop};
use crate::storage::Message;
use crate::task::describe;

/// So often a new thread looks whether the poll that made it is over.
const LOOKS: usize = 1000;

/// Runs a function that blocks in a thread of its own, named after the component. To everybody else it is a component
/// like any other, with `inbox` and `outbox`: what the function returns, or a panic, is its end.
///
/// Shutdown is noticed when the function next sends or receives, or asks [`BlockingIo::control`]. A function that does
/// none of that in the grace time is given up and named, but no thread can be ended from outside: it goes on unseen.
///
/// ```
/// use axonscope_runtime::{Blocking, BlockingIo, Handle, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sum = Blocking::new(|mut io: BlockingIo<u64, u64>| {
///     let mut sum = 0;
///     while let Some(number) = io.recv()? {
///         std::thread::sleep(std::time::Duration::from_millis(1));
///         sum += number;
///     }
///     Ok(io.send(sum)?)
/// });
///
/// let system = System::new("sums");
/// let mut sum = Handle::<u64, u64>::start(&system, "sum", sum)?;
/// for number in 1..=10 {
///     sum.send(number).await?;
/// }
/// sum.finish();
/// assert_eq!(sum.recv().await, Some(55));
/// # Ok(())
/// # }
/// ```
pub struct Blocking<I, O, F> {
    work: F,
    messages: PhantomData<fn(I) -> O>,
}

impl<I: Message, O: Message, F> Blocking<I, O, F>
where
    F: FnOnce(BlockingIo<I, O>) -> Outcome + Send + 'static,
{
    /// Runs `work`.
    pub fn new(work: F) -> Self {
        Self { work, messages: PhantomData }
    }
}

/// The boxes of a [`Blocking`]. Waiting puts the thread to sleep.
pub struct BlockingIo<I: Message, O: Message> {
    inbox: Inbox<I>,
    outbox: Outbox<O>,
    ctx: Arc<Context>,
    busy: Busy,
}

impl<I: Message, O: Message> BlockingIo<I, O> {
    /// Waits for the next message; see [`Inbox::recv`].
    pub fn recv(&mut self) -> Result<Option<I>, Shutdown> {
        let inbox = &mut self.inbox;
        self.busy.while_resting(|| park::wait_for(inbox.recv()))
    }

    /// The next message, if one waits now.
    pub fn try_recv(&mut self) -> Option<I> {
        self.inbox.try_recv()
    }

    /// Sends a message; waits while the inbox it goes to is full. See [`Outbox::send`].
    pub fn send(&mut self, message: O) -> Result<(), Shutdown> {
        let outbox = &mut self.outbox;
        self.busy.while_resting(|| park::wait_for(outbox.send(message)))
    }

    /// What control has latched, for code that works long between messages.
    pub fn control(&self) -> Option<Stop> {
        self.ctx.control()
    }

    /// What the component knows of itself.
    pub fn context(&self) -> &Context {
        &self.ctx
    }
}

impl<I: Message, O: Message, F> Component for Blocking<I, O, F>
where
    F: FnOnce(BlockingIo<I, O>) -> Outcome + Send + 'static,
{
    type Boxes = Io<I, O>;

    fn description(&self) -> Name {
        "Runs code that blocks, in a thread of its own".into()
    }

    async fn run(self, io: Io<I, O>, ctx: Context) -> Outcome {
        let ctx = Arc::new(ctx);
        let path = ctx.path();
        // A thread's name cannot have a zero in it.
        let name = path.rsplit('/').next().unwrap_or_default().replace('\0', "");
        let Io { inbox, outbox } = io;
        let io = BlockingIo { inbox, outbox, busy: Busy::new(&ctx), ctx: ctx.clone() };
        let (tell, told) = oneshot::channel();
        let own = ctx.id();
        thread::Builder::new().name(name).spawn(move || {
            let _entered = polling::enter(own, AT_UNKNOWN_TIME);
            io.busy.wait_for_first_poll();
            let ended = panic::catch_unwind(AssertUnwindSafe(|| {
                let mut io = io;
                io.busy.begin();
                (self.work)(io)
            }));
            let outcome = ended.unwrap_or_else(|panic| Err(Failure::new(describe(panic).to_string())));
            // Nobody listens to a thread that was given up.
            let _ = tell.send(outcome);
        })?;
        let mut left = Left(Some(ctx));
        let outcome = told.await;
        left.0 = None;
        outcome.unwrap_or_else(|_| Err(Failure::new("its thread ended without an outcome")))
    }
}

/// Tells the thread to shut down if its task is dropped before it, which would let it sleep for ever.
struct Left(Option<Arc<Context>>);

impl Drop for Left {
    fn drop(&mut self) {
        if let Some(ctx) = self.0.take() {
            ctx.system().latch(ctx.id(), Stop::Shutdown);
        }
    }
}

/// Counts the time between two waits as a task's poll is counted: the task itself sleeps all the while.
struct Busy {
    ctx: Arc<Context>,
    activity: Option<ComponentMeter>,
    began: Option<u64>,
}

impl Busy {
    fn new(ctx: &Arc<Context>) -> Self {
        Self { ctx: ctx.clone(), activity: ctx.system().activity(ctx.id()), began: None }
    }

    /// The totals have one writer at a time, and until that poll is over it is the task.
    fn wait_for_first_poll(&self) {
        let Some(activity) = &self.activity else { return };
        for _ in 0..LOOKS {
            if activity.polls.load(Ordering::Acquire) > 0 {
                return;
            }
            thread::yield_now();
        }
    }

    fn while_resting<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        self.end();
        let waited = wait();
        self.begin();
        waited
    }

    fn begin(&mut self) {
        let Some(activity) = &self.activity else { return };
        self.began = self.ctx.system().is_timed().then(clock_ns);
        activity.poll_started_at.store(self.began.unwrap_or(AT_UNKNOWN_TIME), Ordering::Relaxed);
        if let Some(now) = self.began {
            activity.last_active_at.store(now, Ordering::Relaxed);
        }
    }

    fn end(&mut self) {
        let Some(activity) = &self.activity else { return };
        if let Some(began) = self.began.take() {
            add(&activity.busy_ns, clock_ns().saturating_sub(began));
        }
        activity.poll_started_at.store(0, Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.end();
    }
}
