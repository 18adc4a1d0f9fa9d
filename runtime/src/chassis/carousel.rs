//! A carousel: one component at a time, made anew for each request.

use std::marker::PhantomData;

use super::passing::{Passed, Passing};
use crate::component::{Boxes, Component, Context, Declare, Unstarted};
use crate::error::{AddError, Failure, Outcome};
use crate::name::Name;
use crate::postbox::{Inbox, Outbox};
use crate::stop::{Shutdown, Stop};
use crate::storage::Message;

/// Has one child at a time. A message at `next` ends the present child, which finishes what it holds, and puts a new
/// one, made from the message, in its place. The boxes given by [`inbox`](Self::inbox) and [`outbox`](Self::outbox)
/// are those of the present child, as far as it has them.
///
/// Messages that come while there is no child wait for the next one, and so does what a child leaves waiting when it
/// ends. When it has ended by itself `request_next` sends `()`, for whoever decides what comes next. A child that fails
/// has ended, no more.
///
/// On `ProducerFinished` the child is told so, requests that wait are still honoured, and the carousel ends with the
/// last child. If messages wait for a child then, it asks for one as long as anybody may send to `next`.
///
/// ```
/// use axonscope_runtime::{Carousel, Component, Context, Graphline, Handle, Io, Outcome, System, library::Transformer};
///
/// /// Takes one line and sends it with its number.
/// struct Page(u32);
///
/// impl Component for Page {
///     type Boxes = Io<String, String>;
///
///     async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
///         if let Some(line) = io.inbox.recv().await? {
///             io.outbox.send(format!("{}: {line}", self.0)).await?;
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pages = Carousel::new(Page).inbox::<String>().outbox::<String>().ask_first();
/// let mut number = 0_u32;
/// let count = Transformer::new(move |()| {
///     number += 1;
///     number
/// });
/// let book = Graphline::new()
///     .component("pages", pages)
///     .component("count", count)
///     .link("pages.request_next", "count.inbox")
///     .link("count.outbox", "pages.next")
///     .link("self.inbox", "pages.inbox")
///     .link("pages.outbox", "self.outbox");
///
/// let system = System::new("printer");
/// let mut book = Handle::<String, String>::start(&system, "book", book)?;
/// book.send("Call me Ishmael.".into()).await?;
/// book.send("Some years ago".into()).await?;
/// assert_eq!(book.recv().await.as_deref(), Some("1: Call me Ishmael."));
/// assert_eq!(book.recv().await.as_deref(), Some("2: Some years ago"));
/// book.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Carousel<R, F> {
    make: F,
    passing: Passing,
    asks_first: bool,
    request: PhantomData<fn(R)>,
}

impl<R: Message, C: Component, F: FnMut(R) -> C + Send + 'static> Carousel<R, F> {
    /// A carousel without boxes of its own beside `next` and `request_next`; `make` makes a child from a request.
    pub fn new(make: F) -> Self {
        Self { make, passing: Passing::default(), asks_first: false, request: PhantomData }
    }

    /// Gives the carousel an `inbox`, for messages of type `I`.
    #[must_use]
    pub fn inbox<I: Message>(mut self) -> Self {
        self.passing.inbox::<I>();
        self
    }

    /// Gives the carousel an `outbox`, for messages of type `O`.
    #[must_use]
    pub fn outbox<O: Message>(mut self) -> Self {
        self.passing.outbox::<O>();
        self
    }

    /// Sends by `request_next` at the beginning too, for the first child.
    #[must_use]
    pub fn ask_first(self) -> Self {
        Self { asks_first: true, ..self }
    }
}

/// The boxes of a [`Carousel`].
pub struct CarouselBoxes<R: Message> {
    passed: Passed,
    next: Inbox<R>,
    request_next: Outbox<()>,
}

impl<R: Message> Boxes for CarouselBoxes<R> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        let (next, request_next) = (declare.inbox("next"), declare.outbox("request_next"));
        Self { passed: Passed::default(), next, request_next }
    }
}

impl<R: Message, C: Component, F: FnMut(R) -> C + Send + 'static> Component for Carousel<R, F> {
    type Boxes = CarouselBoxes<R>;

    fn description(&self) -> Name {
        "Has one child at a time, made anew for each request".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<CarouselBoxes<R>, AddError> {
        let passed = std::mem::take(&mut self.passing).declare(declare);
        Ok(CarouselBoxes { passed, ..CarouselBoxes::declare(declare) })
    }

    async fn run(mut self, mut boxes: CarouselBoxes<R>, ctx: Context) -> Outcome {
        if self.asks_first {
            boxes.request_next.send(()).await?;
        }
        let mut request = boxes.first(&ctx).await?;
        for number in 1_u64.. {
            let Some(wanted) = request else { break };
            let child = ctx.add(format!("child {number}"), (self.make)(wanted))?;
            request = boxes.turn(&ctx, child).await?;
        }
        Ok(())
    }
}

impl<R: Message> CarouselBoxes<R> {
    /// The next request while there is no child; none if the carousel is to end.
    async fn first(&mut self, ctx: &Context) -> Result<Option<R>, Shutdown> {
        if ctx.control().is_none() {
            tokio::select! {
                biased;
                request = self.next.recv() => return request,
                _ = ctx.stopped() => {}
            }
        }
        if ctx.control() == Some(Stop::Shutdown) {
            return Err(Shutdown);
        }
        if self.passed.is_waited_for() { self.next.recv().await } else { Ok(self.next.try_recv()) }
    }

    /// Runs `child` until it ends, by itself or because another is wanted, and says which comes next.
    async fn turn(&mut self, ctx: &Context, child: Unstarted) -> Result<Option<R>, Failure> {
        let mut inward = self.passed.lend(ctx, &child)?;
        let child = child.start();
        let mut told = false;
        let mut asking = true;
        loop {
            tokio::select! {
                biased;
                _ = child.ended() => break,
                stop = ctx.stopped(), if !told => {
                    told = true;
                    child.stop(stop);
                }
                request = self.next.recv(), if asking => match request? {
                    Some(request) => {
                        // What comes from now on is the next one's.
                        if let Some(inward) = inward.take() {
                            inward.unlink().await;
                        }
                        child.stop(Stop::ProducerFinished);
                        ctx.unless_shutdown(child.ended()).await?;
                        return Ok(Some(request));
                    }
                    None => asking = false,
                },
            }
        }
        if ctx.control().is_none() || self.passed.is_waited_for() {
            self.request_next.send(()).await?;
        }
        Ok(self.first(ctx).await?)
    }
}
