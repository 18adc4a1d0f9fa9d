//! Files: every byte, at the pace asked for, and errors that name the path.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use axonscope_runtime::library::{FileReader, FileWriter};
use axonscope_runtime::{Boxes, ComponentHandle, Declare, In, Inbox, InboxSpec, Out, Pipeline, State, Stop, System};
use bytes::Bytes;
use support::{Feed, all, run, settle, soon, tell_of};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

/// A file of `length` bytes, which goes with the value.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, length: usize) -> Self {
        let path = path(name);
        std::fs::write(&path, content(length)).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 % 251) as u8).collect()
}

/// An inbox for one message, so that a slow consumer is felt at once.
struct Narrow(Inbox<Bytes>);

impl Boxes for Narrow {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self(declare.inbox(InboxSpec::new("inbox").capacity(1)))
    }
}

/// When each message came, in milliseconds after the start, and how long it was. After the one that comes `stalls.0`th
/// it takes no more for so long.
async fn arrivals(reader: FileReader, stalls: (usize, Duration)) -> Vec<(u128, usize)> {
    let (arrived, arrivals) = mpsc::channel(1000);
    let start = Instant::now();
    let sink = run(move |Narrow(mut inbox), _| async move {
        let mut count = 0;
        while let Some(bytes) = inbox.recv().await? {
            arrived.send((start.elapsed().as_millis(), bytes.len())).await?;
            count += 1;
            if count == stalls.0 {
                sleep(stalls.1).await;
            }
        }
        Ok(())
    });
    let pipeline = Pipeline::new().stage("reader", reader).stage("sink", sink);
    let system = System::new("test");
    assert_eq!(system.add("pipeline", pipeline).unwrap().start().ended().await, State::Finished);
    all(arrivals).await
}

#[tokio::test]
async fn every_byte_comes_in_whole_chunks_but_for_the_last() {
    let file = Temporary::new("whole", 10_500);
    let system = System::new("test");
    let (sink, output) = tell_of::<Bytes>(100);
    let pipeline = Pipeline::new().stage("reader", FileReader::new(&file.0).chunk(1000)).stage("sink", sink);
    system.add("pipeline", pipeline).unwrap().start();
    let chunks = soon("the end of the file", all(output)).await;
    assert!(chunks.iter().take(10).all(|chunk| chunk.len() == 1000));
    assert_eq!(chunks.concat(), content(10_500));
}

#[tokio::test(start_paused = true)]
async fn a_rate_spaces_chunks_evenly() {
    let file = Temporary::new("paced", 4_500);
    let came = arrivals(FileReader::new(&file.0).chunk(1000).rate(4000), (0, Duration::ZERO)).await;
    assert_eq!(came, [(0, 1000), (250, 1000), (500, 1000), (750, 1000), (1000, 500)]);
}

#[tokio::test(start_paused = true)]
async fn the_pace_is_exact_in_the_long_run_though_the_clock_is_coarse() {
    let file = Temporary::new("exact", 100_000);
    // A chunk each 3⅓ ms.
    let came = arrivals(FileReader::new(&file.0).chunk(100).rate(30_000), (0, Duration::ZERO)).await;
    let last_ms = came.last().unwrap().0;
    assert!((3330..=3332).contains(&last_ms), "{last_ms} ms");
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_not_followed_by_a_burst() {
    let file = Temporary::new("stalled", 12_000);
    let came = arrivals(FileReader::new(&file.0).chunk(1000).rate(1000), (3, Duration::from_secs(60))).await;
    let came_ms: Vec<u128> = came.iter().map(|arrival| arrival.0).collect();
    // Two had been sent and waited; after those half a second is made up for.
    assert_eq!(came_ms[..3], [0, 1000, 2000]);
    assert_eq!(came_ms[3..], [62_000, 62_000, 62_000, 62_500, 63_500, 64_500, 65_500, 66_500, 67_500]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_the_pace() {
    for stop in [Stop::ProducerFinished, Stop::Shutdown] {
        let file = Temporary::new("stopped", 2000);
        let system = System::new("test");
        let (sink, mut output) = tell_of::<Bytes>(10);
        let sink = system.add("sink", sink).unwrap();
        let reader = system.add("reader", FileReader::new(&file.0).chunk(1000).rate(1)).unwrap();
        system.link((&reader, "outbox"), (&sink, "inbox")).unwrap();
        sink.start();
        let reader = reader.start();
        output.recv().await.unwrap();
        let before = Instant::now();
        reader.stop(stop);
        assert_eq!(reader.ended().await, State::Finished);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}

fn writing(system: &System, writer: FileWriter) -> (mpsc::Sender<Bytes>, ComponentHandle) {
    let (input, feed) = mpsc::channel(100);
    let feed = system.add("feed", Feed(feed)).unwrap();
    let writer = system.add("writer", writer).unwrap();
    system.link((&feed, "outbox"), (&writer, "inbox")).unwrap();
    system.link((&feed, "signal"), (&writer, "control")).unwrap();
    feed.start();
    (input, writer.start())
}

#[tokio::test]
async fn create_replaces_and_append_adds() {
    let file = Temporary::new("written", 50);
    for (writer, expected) in
        [(FileWriter::create(&file.0), &b"onetwo"[..]), (FileWriter::append(&file.0), b"onetwoonetwo")]
    {
        let (input, writer) = writing(&System::new("test"), writer);
        for text in ["one", "two"] {
            input.send(Bytes::from_static(text.as_bytes())).await.unwrap();
        }
        drop(input);
        assert_eq!(soon("the end", writer.ended()).await, State::Finished);
        assert_eq!(std::fs::read(&file.0).unwrap(), expected);
    }
}

#[tokio::test]
async fn what_was_written_can_be_seen_while_nothing_more_comes() {
    let file = Temporary::new("seen", 0);
    let (input, writer) = writing(&System::new("test"), FileWriter::append(&file.0));
    input.send(Bytes::from_static(b"seen")).await.unwrap();
    let seen = async {
        while std::fs::read(&file.0).unwrap() != b"seen" {
            settle().await;
        }
    };
    soon("the message in the file", seen).await;
    writer.stop(Stop::Shutdown);
    assert_eq!(soon("the end", writer.ended()).await, State::Finished);
}

#[tokio::test]
async fn what_was_taken_before_a_shutdown_is_written_whole() {
    let file = Temporary::new("shut", 0);
    let system = System::new("test");
    let source = run(|mut boxes: Out<Bytes>, _| async move {
        for number in 0.. {
            boxes.outbox.send(Bytes::from(format!("{number:9}\n"))).await?;
        }
        Ok(())
    });
    let pipeline = Pipeline::new().stage("source", source).stage("writer", FileWriter::create(&file.0));
    let pipeline = system.add("pipeline", pipeline).unwrap().start();
    let begun = async {
        while std::fs::metadata(&file.0).map_or(0, |metadata| metadata.len()) == 0 {
            settle().await;
        }
    };
    soon("the first bytes in the file", begun).await;
    pipeline.stop(Stop::Shutdown);
    assert_eq!(soon("the end", pipeline.ended()).await, State::Finished);
    assert!(system.describe().components.is_empty(), "none has failed");
    let written = std::fs::read_to_string(&file.0).unwrap();
    assert!(written.ends_with('\n'));
    for (number, line) in written.lines().enumerate() {
        assert_eq!(line, format!("{number:9}"));
    }
}

#[tokio::test]
async fn an_error_names_the_path() {
    let missing = path("missing").join("file");
    let system = System::new("test");
    let reader = system.add("reader", FileReader::new(&missing)).unwrap().start();
    let writer = system.add("writer", FileWriter::create(&missing)).unwrap().start();
    for component in [reader, writer] {
        let State::Failed(message) = soon("the failure", component.ended()).await else { panic!("it did not fail") };
        assert!(message.starts_with(&format!("cannot open {}: ", missing.display())), "{message}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_a_failure() {
    let (input, writer) = writing(&System::new("test"), FileWriter::append("/dev/full"));
    input.send(Bytes::from_static(b"more")).await.unwrap();
    let State::Failed(message) = soon("the failure", writer.ended()).await else { panic!("it did not fail") };
    assert!(message.starts_with("cannot write /dev/full: "), "{message}");
}

#[tokio::test]
async fn an_empty_file_is_an_end() {
    let file = Temporary::new("empty", 0);
    let system = System::new("test");
    let sink = run(|mut boxes: In<Bytes>, _| async move {
        assert_eq!(boxes.inbox.recv().await?, None);
        Ok(())
    });
    let pipeline = Pipeline::new().stage("reader", FileReader::new(&file.0)).stage("sink", sink);
    let pipeline = system.add("pipeline", pipeline).unwrap().start();
    assert_eq!(soon("the end", pipeline.ended()).await, State::Finished);
}
