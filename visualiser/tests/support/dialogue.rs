//! Programs that answer what they are told: the mill, which is observed, and the bad line between it and the visualiser.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{DEADLINE, Visualiser, example, until, until_within};

/// A process that answers each line with a line. It is killed when this is dropped.
pub(crate) struct Dialogue {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Dialogue {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = sync_channel(1);
        thread::spawn(move || {
            for line in stdout.lines() {
                if !line.is_ok_and(|line| tell.send(line).is_ok()) {
                    break;
                }
            }
        });
        Self { child, stdin, lines }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.stdin, "{line}").unwrap();
        self.next()
    }

    fn next(&mut self) -> String {
        self.lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no answer; it is {:?}", self.child.try_wait()))
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example `bad_line`, which leads to a visualiser.
pub(crate) struct BadLine {
    dialogue: Dialogue,
    pub(crate) url: String,
}

impl BadLine {
    pub(crate) fn to(visualiser: &Visualiser) -> Self {
        let mut dialogue = Dialogue::start(example("bad_line", "").args(["--to", visualiser.address()]));
        let first = dialogue.next();
        let address = first.strip_prefix("listening on ").unwrap_or_else(|| panic!("{first:?}"));
        Self { url: format!("http://{address}"), dialogue }
    }

    /// Returns once it is so.
    pub(crate) fn is_told(&mut self, line: &str) {
        let answer = self.dialogue.ask(line);
        assert!(answer.starts_with("now "), "{answer:?}");
        println!("{line}: {answer}");
    }

    /// Waits until a bit was turned.
    pub(crate) fn until_it_did_harm(&mut self) {
        until("a wrong bit", || {
            let answer = self.dialogue.ask("tell");
            if answer.ends_with(" and 0 wrong bits") { Err(answer) } else { Ok(()) }
        });
    }
}

/// The example `mill`, not attached yet.
pub(crate) struct Mill(Dialogue);

impl Mill {
    /// It will dial `url`.
    pub(crate) fn start(url: &str) -> Self {
        Self(Dialogue::start(&mut example("mill", url)))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Tells it something it answers with `answer`.
    pub(crate) fn is_told(&mut self, line: &str, answer: &str) {
        assert_eq!(self.0.ask(line), answer, "to {line}");
    }

    pub(crate) fn measure(&mut self) -> Measure {
        let answer = self.0.ask("measure");
        Measure(serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error} in {answer:?}")))
    }

    /// What exists, as the mill's own system says.
    pub(crate) fn describe(&mut self) -> Value {
        let answer = self.0.ask("describe");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error} in {answer:?}"))
    }

    /// Waits until the visualiser shows exactly this program: it is live, nothing it has differs from what it says itself,
    /// and as much was lost as was counted. Returns how many things told did not fit.
    pub(crate) fn is_seen_as_it_is(&mut self, visualiser: &Visualiser, patience: Duration) -> u64 {
        until_within(patience, "the picture to be true", || {
            let counted = self.measure();
            let listed = visualiser.list();
            let live: Vec<&Value> = listed.iter().filter(|system| system["status"] == "live").collect();
            let [system] = *live.as_slice() else { return Err(format!("{listed:#?}")) };
            for total in ["lost", "refused"] {
                if system[total].as_u64() != Some(counted.of(total)) {
                    return Err(format!("{total}: shown {}, counted {}", system[total], counted.of(total)));
                }
            }
            let picture = visualiser.picture();
            let mut drawn = picture["systems"].as_array().unwrap().iter().filter(|system| system["status"] == "live");
            let system = drawn.next().ok_or("it went meanwhile")?;
            match difference(&self.describe(), system) {
                None => Ok(system["anomalies"].as_u64().unwrap()),
                Some(difference) => Err(difference),
            }
        })
    }
}

/// The first thing in which the picture differs from the truth, which has fewer fields.
fn difference(truth: &Value, picture: &Value) -> Option<String> {
    for list in ["components", "postboxes", "linkages"] {
        let sorted = |things: &Value| {
            let mut things: Vec<Value> = things[list].as_array().unwrap().clone();
            things.sort_by_key(|thing| thing["id"].as_u64());
            things
        };
        let (truth, picture) = (sorted(truth), sorted(picture));
        if truth.len() != picture.len() {
            return Some(format!("{} {list} exist and {} are shown", truth.len(), picture.len()));
        }
        for (true_one, shown) in truth.iter().zip(&picture) {
            for (field, value) in true_one.as_object().unwrap() {
                if shown[field] != *value {
                    return Some(format!("{field} of {true_one} is shown as {}", shown[field]));
                }
            }
        }
    }
    None
}

/// What the mill has counted of itself at one moment.
#[derive(Debug)]
pub(crate) struct Measure(Value);

impl Measure {
    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0[what].as_u64().unwrap_or_else(|| panic!("no {what} in {}", self.0))
    }

    /// How much that grew from then to now.
    pub(crate) fn since(&self, then: &Measure, what: &str) -> f64 {
        self.of(what) as f64 - then.of(what) as f64
    }

    /// Grains for each millisecond that the stones had a processor. How much of one they get is up to whoever else runs.
    pub(crate) fn pace_since(&self, then: &Measure) -> f64 {
        self.since(then, "grains") / self.since(then, "cpu_ms")
    }

    /// The share of a processor the stones had.
    pub(crate) fn share_since(&self, then: &Measure) -> f64 {
        self.since(then, "cpu_ms") / self.since(then, "at_ms")
    }
}
