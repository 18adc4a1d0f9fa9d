//! The real window, on an X server without a screen: it opens, is moved and clicked in, comes to rest, and closes.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_client::VisualiserClient;
use axonscope_proto::v1::{Component, Hello, Linkage, Postbox, Report, Snapshot};
use support::desktop::Screen;
use support::{Process, axonscope, example, until};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Processor time of a process so far.
fn processor_time(process: &Process) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    // The name of the program may contain spaces; what follows its bracket does not.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Waits until a process uses less than a tenth of a core for two seconds on end.
fn comes_to_rest(process: &Process, what: &str) {
    let mut since = (Instant::now(), processor_time(process));
    until(what, || {
        let passed = since.0.elapsed();
        if passed < Duration::from_secs(2) {
            return Err("still watching".into());
        }
        let used = processor_time(process) - since.1;
        since = (Instant::now(), processor_time(process));
        if used < passed / 10 { Ok(()) } else { Err(format!("used {used:?} of processor time in {passed:?}")) }
    });
}

#[test]
fn a_window_opens_rests_while_nothing_moves_and_closes() {
    let Some(screen) = Screen::start(1280, 800) else { return };
    let (mut window, url, id) = screen.show(&mut axonscope(["--listen", "127.0.0.1:0"]));
    comes_to_rest(&window, "an empty window to rest");

    // A connected system that is silent: its input stays open, and nobody types.
    let program = Process::start(&mut example("pipeline", &url));
    until("the pipeline to be drawn", || {
        let output = axonscope(["ls", "--endpoint", &url]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.contains("pipeline") { Ok(()) } else { Err(text) }
    });
    comes_to_rest(&window, "a window on a silent system to rest");
    // To say how long things take costs nothing while nothing happens.
    screen.xdotool(&["windowfocus", "--sync", &id]);
    screen.xdotool(&["key", "l"]);
    comes_to_rest(&window, "a window that measures to rest");

    for (x, y) in [("400", "300"), ("640", "400"), ("700", "420")] {
        screen.xdotool(&["mousemove", "--window", &id, x, y, "click", "1"]);
        screen.xdotool(&["click", "4"]);
    }
    screen.xdotool(&["windowfocus", "--sync", &id]);
    for key in ["Tab", "Tab", "f", "t", "r", "l", "l", "Escape", "plus", "minus", "Left"] {
        screen.xdotool(&["key", key]);
    }
    screen.xdotool(&["mousemove", "600", "400", "mousedown", "1", "mousemove", "700", "450", "mouseup", "1"]);
    assert!(window.is_running(), "it stood being clicked in: {}", window.stderr());

    drop(program);
    screen.xdotool(&["key", "ctrl+q"]);
    assert!(window.ended().success(), "{}", window.stderr());
}

/// A program of two linked components that keeps what it is asked, in words.
struct Listening {
    _runtime: tokio::runtime::Runtime,
    asked: Arc<Mutex<Vec<String>>>,
    _reports: mpsc::Sender<Report>,
}

impl Listening {
    fn dial(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (reports, queue) = mpsc::channel(4);
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (url, kept) = (url.to_owned(), asked.clone());
        runtime.spawn(async move {
            let channel = tonic::transport::Endpoint::from_shared(url).unwrap().connect().await.unwrap();
            let stream = VisualiserClient::new(channel).observe(ReceiverStream::new(queue)).await;
            let mut requests = stream.unwrap().into_inner();
            while let Ok(Some(request)) = requests.message().await {
                kept.lock().unwrap().push(format!("{:?}", request.content.unwrap()));
            }
        });
        let hello = Hello {
            protocol: axonscope_proto::PROTOCOL,
            system_name: "played".to_owned(),
            instance_id: vec![1; 16],
            monotonic_ns: 1,
            ..Hello::default()
        };
        let component = |id, name: &str| Component { id, name: name.to_owned(), ..Component::default() };
        let postbox = |id, owner, kind| Postbox { id, owner, name: format!("box {id}"), kind, ..Postbox::default() };
        let snapshot = Snapshot {
            last: true,
            components: vec![component(1, "from"), component(2, "to")],
            postboxes: vec![postbox(3, 1, 2), postbox(4, 2, 1)],
            linkages: vec![Linkage { id: 77, source: 3, sink: 4, kind: 1 }],
            ..Snapshot::default()
        };
        for (content, seq) in [(Content::Hello(hello), 1), (Content::Snapshot(snapshot), 2)] {
            let report = Report { seq, captured_at: seq, content: Some(content), ..Report::default() };
            runtime.block_on(reports.send(report)).unwrap();
        }
        Self { _runtime: runtime, asked, _reports: reports }
    }

    fn is_asked(&self, what: &str) {
        until(what, || {
            let asked = self.asked.lock().unwrap();
            if asked.iter().any(|request| request.contains(what)) { Ok(()) } else { Err(format!("{asked:?}")) }
        });
    }
}

#[test]
fn a_window_that_is_seen_asks_for_all_and_taps_what_is_selected() {
    let Some(screen) = Screen::start(1280, 800) else { return };
    let (mut window, url, id) = screen.show(&mut axonscope(["--listen", "127.0.0.1:0"]));
    let program = Listening::dial(&url);
    program.is_asked("every_ms: 100 ");

    screen.xdotool(&["windowfocus", "--sync", &id]);
    screen.xdotool(&["key", "Tab"]);
    // The first that Tab selects is the one that sends.
    screen.xdotool(&["key", "p"]);
    program.is_asked("Tap(Tap { linkage: 77,");
    screen.xdotool(&["key", "p"]);
    program.is_asked("Untap(Untap { linkage: 77 ");
    screen.xdotool(&["key", "ctrl+q"]);
    assert!(window.ended().success(), "{}", window.stderr());
}

#[test]
fn no_display_is_one_clear_line() {
    for display in [None, Some(":9999")] {
        let mut command = axonscope(["--listen", "127.0.0.1:0"]);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let output = command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        let said: Vec<&str> = words.lines().filter(|line| line.starts_with("axonscope: ")).collect();
        assert!(said.len() == 1 && said[0].contains("--headless"), "{words}");
    }
}

#[test]
fn no_driver_is_one_clear_line() {
    let mut command = axonscope(["--listen", "127.0.0.1:0"]);
    // The loader finds no driver where it is told to look in a file that is not there.
    command.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json").env("DISPLAY", ":0");
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    let said: Vec<&str> = words.lines().filter(|line| line.starts_with("axonscope: ")).collect();
    assert!(said.len() == 1 && said[0].contains("Vulkan"), "{words}");
}
