//! An example as people run it: a process, its lines, and its end.
#![allow(dead_code, reason = "no test uses all of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Example {
    process: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Example {
    /// Nobody listens where it dials; the program must not mind.
    pub(crate) fn start(program: &str, args: &[&str]) -> Self {
        Self::start_in(".", program, args)
    }

    pub(crate) fn start_in(directory: impl AsRef<std::path::Path>, program: &str, args: &[&str]) -> Self {
        let mut process = Command::new(program)
            .args(args)
            .current_dir(directory)
            .env("AXONSCOPE_ENDPOINT", "http://127.0.0.1:1")
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = lines(process.stdout.take().unwrap());
        let stderr = lines(process.stderr.take().unwrap());
        Self { process, stdout, stderr }
    }

    /// Writes all its input, and ends it.
    pub(crate) fn say(&mut self, text: &str) {
        let mut stdin = self.process.stdin.take().unwrap();
        let text = text.to_owned();
        // Elsewhere, as it may answer before it has read everything.
        thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    }

    /// Writes some input, of which there may be more.
    pub(crate) fn begin(&mut self, text: &str) {
        self.process.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The first line from now on in which `find` finds something.
    #[track_caller]
    pub(crate) fn line<T>(&self, find: impl Fn(&str) -> Option<T>) -> T {
        let mut passed = Vec::new();
        while let Ok(line) = self.stdout.recv_timeout(LONG) {
            if let Some(found) = find(&line) {
                return found;
            }
            passed.push(line);
        }
        panic!("it is not among these lines: {passed:#?}");
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// SIGINT, as Ctrl-C sends it.
    pub(crate) fn interrupt(&self) {
        self.signal("-INT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its end, which must come by itself, with the lines that are left of its output and of its complaints.
    #[track_caller]
    pub(crate) fn ended(mut self) -> (ExitStatus, Vec<String>, Vec<String>) {
        let deadline = Instant::now() + LONG;
        let stdout: Vec<_> = rest(&self.stdout, deadline);
        let stderr: Vec<_> = rest(&self.stderr, deadline);
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status, stdout, stderr);
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it goes on; it said {stdout:#?} and {stderr:#?}");
    }

    /// Its end, with nothing to complain about, and the lines that are left.
    #[track_caller]
    pub(crate) fn ended_well(self) -> Vec<String> {
        let (status, stdout, stderr) = self.ended();
        assert!(status.success(), "{status}: {stderr:#?}");
        assert_eq!(stderr, [""; 0]);
        stdout
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    // More than any example says, so that it never waits for us.
    let (send, lines) = sync_channel(100_000);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn rest(lines: &Receiver<String>, deadline: Instant) -> Vec<String> {
    std::iter::from_fn(|| lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()).collect()
}
