//! Ready components that need neither a file nor a socket.
#![allow(clippy::unwrap_used)]

#[path = "support/bench.rs"]
mod bench;
mod support;

use std::time::Duration;

use axonscope_runtime::library::{LineSplitter, RateLimiter};
use axonscope_runtime::{State, Stop};
use bench::{Bench, bench};
use bytes::Bytes;
use support::{all, soon};
use tokio::time::Instant;

/// When each number from 0 to `count` passed, in milliseconds after the start.
async fn passed_ms(limiter: RateLimiter<u32>, count: u32) -> Vec<u128> {
    let start = Instant::now();
    let Bench { input, mut output, .. } = bench(limiter);
    for number in 0..count {
        input.send(number).await.unwrap();
    }
    drop(input);
    let mut passed = Vec::new();
    while let Some(number) = output.recv().await {
        assert_eq!(number as usize, passed.len(), "in order, and none is lost");
        passed.push(start.elapsed().as_millis());
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn messages_pass_evenly_after_a_burst() {
    let second = Duration::from_secs(1);
    assert_eq!(passed_ms(RateLimiter::new(10, second), 4).await, [0, 100, 200, 300]);
    assert_eq!(passed_ms(RateLimiter::new(10, second).burst(3), 5).await, [0, 0, 0, 100, 200]);
    let heavier = RateLimiter::new(10, second).burst(10).weight(|&number| u64::from(number) * 10);
    assert_eq!(passed_ms(heavier, 4).await, [0, 0, 1000, 3000], "heavier than the burst");
    let exact = passed_ms(RateLimiter::new(3, second), 901).await;
    assert_eq!(exact.last(), Some(&300_000), "thirds of a second do not add up to an error");
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_the_limit() {
    let start = Instant::now();
    let Bench { input, component: limiter, mut output } = bench(RateLimiter::new(1, Duration::from_secs(3600)));
    input.send(1).await.unwrap();
    input.send(2).await.unwrap();
    assert_eq!(output.recv().await, Some(1));
    limiter.stop(Stop::Shutdown);
    assert_eq!(limiter.ended().await, State::Finished);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn lines_come_whole_however_the_bytes_were_cut() {
    let Bench { input, component: splitter, output } = bench(LineSplitter::new().limit(5));
    for piece in ["on", "e\ntwo\r", "\n", "\n", "three\nl", "ast"] {
        input.send(Bytes::from_static(piece.as_bytes())).await.unwrap();
    }
    drop(input);
    assert_eq!(soon("the lines", all(output)).await, ["one", "two", "", "three", "last"]);
    assert_eq!(splitter.ended().await, State::Finished);
}

#[tokio::test]
async fn a_line_over_the_limit_is_a_failure_after_the_lines_before_it() {
    for end in ["\n", ""] {
        let Bench { input, component: splitter, output } = bench(LineSplitter::new().limit(5));
        input.send(Bytes::from(format!("one\nlonger{end}"))).await.unwrap();
        drop(input);
        assert_eq!(soon("the line", all(output)).await, ["one"]);
        assert_eq!(splitter.ended().await, State::Failed("a line of more than 5 bytes".into()));
    }
}
