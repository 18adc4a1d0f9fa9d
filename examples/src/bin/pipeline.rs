//! Lines from the console, encoded, decoded, and back to the console.
//!
//! A component is a desk with an inbox and an outbox. Whoever sits there takes a message from the one, does their
//! work, and puts the result in the other; where it goes from there is not their business. So any pair of functions
//! `encode` and `decode` becomes two desks with a dozen lines each, and somebody else pushes the desks together.
//!
//! ```sh
//! echo "hello, world" | cargo run --bin pipeline
//! ```

use anyhow::Context as _;
use axonscope_runtime::library::{ConsoleIn, ConsoleOut};
use axonscope_runtime::{Component, Context, Failure, Io, Name, Outcome, Pipeline, System};

// The work. It knows nothing of components.

fn encode(line: &str) -> String {
    line.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(code: &str) -> Result<String, Failure> {
    let digit = |byte: u8| {
        char::from(byte).to_digit(16).ok_or_else(|| Failure::new(format!("{} is no digit", char::from(byte))))
    };
    let mut bytes = Vec::with_capacity(code.len() / 2);
    for pair in code.as_bytes().chunks(2) {
        let [high, low] = *pair else { return Err(Failure::new("half a byte at the end")) };
        bytes.push((digit(high)? * 16 + digit(low)?) as u8);
    }
    Ok(String::from_utf8(bytes)?)
}

// The two desks.

struct Encoder;

impl Component for Encoder {
    type Boxes = Io<String, String>;

    fn description(&self) -> Name {
        "Writes each byte of a line as two digits".into()
    }

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        while let Some(line) = io.inbox.recv().await? {
            io.outbox.send(encode(&line)).await?;
        }
        Ok(())
    }
}

struct Decoder;

impl Component for Decoder {
    type Boxes = Io<String, String>;

    fn description(&self) -> Name {
        "Makes lines of digits again".into()
    }

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        while let Some(code) = io.inbox.recv().await? {
            io.outbox.send(decode(&code)?).await?;
        }
        Ok(())
    }
}

// Pushing them together. At the end of input `ConsoleIn` finishes; each stage finishes what it holds and tells the
// next; when the last one is done, so is the program.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let system = System::new("pipeline");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let pipeline = Pipeline::new()
        .stage("console in", ConsoleIn::new())
        .stage("encoder", Encoder)
        .stage("decoder", Decoder)
        .stage("console out", ConsoleOut::new());
    system.add("pipeline", pipeline)?.start();
    system.finished().await;

    probe.close("end of input");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn decode_undoes_encode() {
        for line in ["", "hello", "naïve ☃"] {
            assert_eq!(decode(&encode(line)).unwrap(), line);
        }
        assert_eq!(encode("hi"), "6869");
        for wrong in ["6", "6x", "ff"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}
