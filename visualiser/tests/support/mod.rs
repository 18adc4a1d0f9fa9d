//! Real processes for tests: a visualiser, programs that connect to it, and questions asked through the command line.
//!
//! Every process is killed when its handle is dropped. Nothing sleeps to be safe: whoever expects something says what,
//! and asks again and again until it is so or a generous deadline has passed.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and a test may stop anywhere")]

pub(crate) mod desktop;
pub(crate) mod dialogue;
pub(crate) mod named;

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Ten times what is promised for the slowest thing here.
pub(crate) const DEADLINE: Duration = Duration::from_secs(50);

/// Asks `question` until it answers; panics with `what` and the last words of `question` after [`DEADLINE`].
pub(crate) fn until<T>(what: &str, question: impl FnMut() -> Result<T, String>) -> T {
    until_within(DEADLINE, what, question)
}

/// The same, with another deadline.
pub(crate) fn until_within<T>(deadline: Duration, what: &str, mut question: impl FnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        match question() {
            Ok(answer) => return answer,
            Err(words) => assert!(began.elapsed() < deadline, "waited {deadline:?} for {what}: {words}"),
        }
        // A question that takes long is not asked all the time.
        thread::sleep(Duration::from_millis(25).max(asked.elapsed()));
    }
}

/// A process, what it has printed so far, and its end at the latest when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdout = collect(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Waits for a line of standard output, or standard error, that `find` finds something in.
    pub(crate) fn line<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        until(what, || {
            let (out, err) = (self.stdout(), self.stderr());
            out.lines().chain(err.lines()).find_map(&find).ok_or(format!("it printed\n{out}\nand\n{err}"))
        })
    }

    /// Its standard input ends.
    pub(crate) fn end_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGINT, as Ctrl-C sends it.
    pub(crate) fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its end, which must come by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of a process", || match self.child.try_wait().unwrap() {
            Some(status) => Ok(status),
            None => Err("it runs".to_owned()),
        })
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads all that comes, so that no child ever waits for us to read.
fn collect(from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let shared = Arc::clone(&text);
    thread::spawn(move || {
        let mut lines = BufReader::new(from);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            shared.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    text
}

/// `axonscope` with no surroundings that could change what it does.
pub(crate) fn axonscope<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_axonscope"));
    command.args(args).env_remove("AXONSCOPE_ENDPOINT").env_remove("RUST_LOG").env("TZ", "UTC");
    // Never a person's own settings.
    command.env("AXONSCOPE_CONFIG", "");
    command
}

/// `axonscope --headless`, listening.
pub(crate) struct Visualiser {
    pub(crate) process: Process,
    pub(crate) url: String,
}

impl Visualiser {
    /// On a port of its own.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    pub(crate) fn start_at(address: &str) -> Self {
        Self::listen(address, &[])
    }

    /// On a port of its own, with further options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        Self::listen("127.0.0.1:0", options)
    }

    fn listen(address: &str, options: &[&str]) -> Self {
        let process = Process::start(axonscope(["--headless", "--listen", address]).args(options));
        let url = process.line("the visualiser to listen", |line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        Self { process, url }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Runs a command against it.
    pub(crate) fn ask(&self, args: &[&str]) -> Output {
        axonscope(args).args(["--endpoint", &self.url]).output().unwrap()
    }

    /// `ls --format json`.
    pub(crate) fn list(&self) -> Vec<Value> {
        let output = self.ask(&["ls", "--format", "json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let document: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error} in {text:?}; {}", String::from_utf8_lossy(&output.stderr)));
        document["systems"].as_array().unwrap().clone()
    }

    /// `export --format json`.
    pub(crate) fn picture(&self) -> Value {
        let output = self.ask(&["export", "--format", "json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error} in {text:?}; {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The list, once it satisfies `holds`.
    pub(crate) fn list_until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        until(what, || {
            let systems = self.list();
            if holds(&systems) { Ok(systems) } else { Err(format!("{systems:#?}")) }
        })
    }

    /// The systems of the whole picture, once they satisfy `holds`.
    pub(crate) fn picture_until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        until(what, || {
            if self.list().is_empty() {
                return Err("no system".to_owned());
            }
            let picture = self.picture();
            let systems = picture["systems"].as_array().unwrap();
            if holds(systems) { Ok(systems.clone()) } else { Err(format!("{picture:#}")) }
        })
    }
}

/// The example `chat_server`, on a port of its own.
pub(crate) struct ChatServer {
    pub(crate) process: Process,
    address: String,
    _folder: TempDir,
}

impl ChatServer {
    pub(crate) fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("chat.log");
        let process = Process::start(example("chat_server", url).args(["--listen", "127.0.0.1:0", "--log"]).arg(log));
        let address = process.line("the chat server to listen", |line| {
            let at = line.find("127.0.0.1:")?;
            let digits = line[at + 10..].find(|c: char| !c.is_ascii_digit()).map_or(line.len(), |end| at + 10 + end);
            (!line[at..digits].ends_with(":0")).then(|| line[at..digits].to_owned())
        });
        Self { process, address, _folder: folder }
    }

    /// Somebody who has just connected.
    pub(crate) fn client(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }
}

/// Sends one line.
pub(crate) fn say(client: &mut TcpStream, line: &str) {
    client.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Those components of `system` whose `field` is `value`.
pub(crate) fn components<'a>(system: &'a Value, field: &str, value: &str) -> Vec<&'a Value> {
    system["components"].as_array().unwrap().iter().filter(|component| component[field] == value).collect()
}

/// A port that was free a moment ago, for a visualiser that starts later than the program that dials it.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// An example program, dialling `url`.
pub(crate) fn example(name: &str, url: &str) -> Command {
    let mut command = Command::new(example_path(name));
    command.env("AXONSCOPE_ENDPOINT", url).env_remove("RUST_LOG");
    command
}

/// Examples are another package, so cargo does not build them for this one's tests: whoever tests this package alone
/// gets them built here, once.
fn example_path(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let deps = env::current_exe().unwrap().parent().unwrap().to_owned();
    let profile = deps.parent().unwrap().to_owned();
    let places = [profile.join(name), profile.join("examples").join(name)];
    let find = || places.iter().find(|place| place.is_file()).cloned();
    if let Some(found) = find() {
        return found;
    }
    BUILT.get_or_init(|| {
        let target: &Path = profile.parent().unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "axonscope-examples", "--bins", "--examples", "--target-dir"])
            .arg(target)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .unwrap();
        assert!(built.success(), "the examples do not build");
    });
    find().unwrap_or_else(|| panic!("no example called {name} in {places:?}"))
}
