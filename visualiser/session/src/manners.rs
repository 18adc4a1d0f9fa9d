//! The layout gives way to those who take in what programs say, where they may have to share a processor: a scheduler may
//! not take it from who works until some milliseconds are over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axonscope_ingest::queue::Nudge;

use crate::shared::GLANCE;

/// How long it gives way at a time.
const LONGEST: Duration = Duration::from_millis(2);
/// It works at least so many times as long as it last gave way, however much comes in.
const WORK: u32 = 3;

/// What the layout is to do every now and then: lets whoever takes in what a program said finish first.
pub(crate) fn manners(ingest: Nudge) -> Arc<dyn Fn() + Send + Sync> {
    let began = Instant::now();
    let until_ns = AtomicU64::new(0);
    Arc::new(move || {
        if !ingest.is_busy() {
            return;
        }
        let from = began.elapsed();
        if (from.as_nanos() as u64) < until_ns.load(Ordering::Relaxed) {
            return;
        }
        while ingest.is_busy() && began.elapsed() - from < LONGEST {
            std::thread::sleep(GLANCE);
        }
        let now = began.elapsed();
        until_ns.store((now + WORK * (now - from)).as_nanos() as u64, Ordering::Relaxed);
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_ingest::queue::{Connection, Input, Next, queue};

    use super::*;

    #[test]
    fn way_is_given_while_something_is_taken_in_and_never_for_long() {
        let (sender, receiver) = queue();
        let took = |give_way: &dyn Fn()| {
            let began = Instant::now();
            give_way();
            began.elapsed()
        };
        let anew = || manners(receiver.nudge());
        assert!(took(&*anew()) < LONGEST, "nothing waits");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(sender.send(Input::Closed { connection: Connection(1), farewell: None })));
        let give_way = anew();
        assert!(took(&*give_way) >= LONGEST, "something waits");
        assert!(took(&*give_way) < LONGEST, "it has given way just now");
        let Next::Input(held) = receiver.next(None) else { panic!("nothing came") };
        assert!(took(&*anew()) >= LONGEST, "it is still taken in");
        drop(held);
        assert!(took(&*anew()) < LONGEST, "it is taken in");
    }
}
