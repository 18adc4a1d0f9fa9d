//! A program that is measured in a process of its own: it gets one line that says what to do, does it, and answers
//! with one line. Between two questions it is parked.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

/// How the parent holds one. It ends when this is dropped.
pub(crate) struct Subject {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Subject {
    /// Starts `command`; returns once the program is ready for questions.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let questions = process.stdin.take().context("the program takes no input")?;
        let answers = BufReader::new(process.stdout.take().context("the program has no output")?);
        let mut subject = Self { process, questions, answers };
        subject.answer().context("the program did not start")?;
        Ok(subject)
    }

    /// One question and its answer, a figure.
    pub(crate) fn ask(&mut self, question: &str) -> Result<f64> {
        self.tell(question)?;
        self.answer()
    }

    /// A question whose answer is taken later.
    pub(crate) fn tell(&mut self, question: &str) -> Result<()> {
        writeln!(self.questions, "{question}").context("the program has gone")
    }

    /// The answer to what was told before.
    pub(crate) fn answer(&mut self) -> Result<f64> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim_end().split_once(' ') {
            Some(("ok", figure)) => figure.parse().with_context(|| format!("the program answered {line:?}")),
            Some(("error", sentence)) => bail!("the program says: {sentence}"),
            _ => bail!("the program answered {line:?}"),
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What is resident of it now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        resident_bytes(self.pid())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is resident of process `pid` now, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .context("resident memory is read from /proc, which is Linux's")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

/// The program's side: says that it is ready, then answers until nobody asks any more.
pub(crate) fn serve(mut answer: impl FnMut(&str) -> Result<f64>) -> Result<()> {
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())
    };
    say("ok 0".to_owned())?;
    for question in std::io::stdin().lock().lines() {
        say(match answer(question?.trim()) {
            Ok(figure) => format!("ok {figure}"),
            Err(error) => format!("error {error:#}"),
        })?;
    }
    Ok(())
}
