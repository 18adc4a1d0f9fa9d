//! Graphlines from a file: what can be written, and what is said when it is wrong.
#![cfg(feature = "wiring")]
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_runtime::library::Transformer;
use axonscope_runtime::wiring::{Kinds, Wiring};
use axonscope_runtime::{Handle, State, System};
use proptest::prelude::*;
use support::soon;

/// The library, and components of other message types.
fn kinds() -> Kinds {
    let mut kinds = Kinds::library();
    kinds.add("length", |_| Transformer::new(|line: String| line.len())).add("scale", |options| {
        let by = options.number("by").unwrap_or(1.0);
        if options.truth("inverse") == Some(true) && by == 0.0 {
            options.refuse("by", "nothing can be divided by zero");
        }
        Transformer::new(move |number: f64| number * by)
    });
    kinds
}

/// Everything that is wrong with `text`, a line each.
fn wrong(text: &str) -> Vec<String> {
    let error = Wiring::parse(text, "net.toml").and_then(|wiring| wiring.graphline(&kinds())).err();
    error.map(|error| error.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let wrong = wrong(text);
    assert_eq!(wrong, expected, "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_written_runs() {
    let text = r#"
name = "two ways"
links = [
    "self.inbox -> sort.inbox",
    "sort -> loud",
    "sort.rejected -> soft",
    "loud -> self",
    " soft . outbox  ->  self . outbox ",
]

[components]
loud = { kind = "upper-case" }
soft = { kind = "surround", before = "(", after = ")" }

[components.sort]
kind = "contains"
text = "!"
"#;
    let wiring = Wiring::parse(text, "some/where.toml").unwrap();
    assert_eq!(wiring.name(), "two ways");
    let system = System::new("test");
    let graphline = wiring.graphline(&kinds()).unwrap();
    let mut handle = Handle::<String, String>::start(&system, "net", graphline).unwrap();
    handle.send("hello!".into()).await.unwrap();
    assert_eq!(soon("a line", handle.recv()).await.as_deref(), Some("HELLO!"));
    handle.send("hello".into()).await.unwrap();
    assert_eq!(soon("a line", handle.recv()).await.as_deref(), Some("(hello)"));
    assert_eq!(soon("the end", handle.stop()).await, State::Finished);
    soon("the end of all", system.finished()).await;
    assert!(system.describe().components.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_backplane_a_splitter_and_a_ticker_run() {
    let text = r#"
links = ["clock -> split", "split.left -> say", "split.right -> self.clock", "hear -> self.heard"]
[components]
clock = { kind = "ticker", every = "250ms", text = "{n} o'clock" }
split = { kind = "splitter", outboxes = ["left", "right"], capacity = 1 }
say = { kind = "publish", subject = "time" }
time = { kind = "backplane", subject = "time" }
hear = { kind = "subscribe", subject = "time" }
"#;
    let wiring = Wiring::parse(text, "clock.toml").unwrap();
    assert_eq!(wiring.name(), "clock");
    let system = System::new("test");
    let graphline = system.add("net", wiring.graphline(&kinds()).unwrap()).unwrap();
    for name in ["clock", "heard"] {
        let (tell, mut told) = support::tell_of::<String>(100);
        let tell = system.add(name, tell).unwrap();
        system.link((&graphline, name), (&tell, "inbox")).unwrap();
        tell.start();
        tokio::spawn(async move { while told.recv().await.is_some() {} });
    }
    let inbox = support::postbox(&system.describe(), "heard", "inbox").activity;
    graphline.start();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(inbox.messages.load(std::sync::atomic::Ordering::Relaxed), 4);
    assert!(soon("the end", system.shutdown()).await.is_empty());
}

#[test]
fn all_problems_of_a_file_are_told_in_order_and_with_their_places() {
    check(
        r#"
naem = "typo"
links = [
    "lines -> shuot",
    "lines.out -> shout",
    "shout.outbox -> count.inbox",
    "count -> screen",
    "shout -> screen",
    "what -> is -> this",
    7,
    "clock.outbox -> screen.inbx",
]

[components.lines]
kind = "console-in"
speed = 7

[components.shout]
kind = "uper-case"

[components.loud]
kind = "upper-case"

[components.count]
kind = "length"

[components.screen]
kind = "console-out"

[components.clock]
kind = "ticker"
every = 5

[components.sieve]
kind = "contains"

[components.nothing]
"#,
        &[
            "net.toml:2:1: `naem` means nothing here; did you mean `name`?",
            "net.toml:4:15: there is no component `shuot`; did you mean `shout`?",
            "net.toml:5:6: `lines` has no outbox `out`; it has `outbox`, `signal`",
            "net.toml:7:6: `count.outbox` sends usize but `screen.inbox` takes String",
            "net.toml:8:6: `shout.outbox` is linked already, in line 6: it can have one link; a `splitter` sends to \
             several",
            "net.toml:9:5: a link is a text such as \"a.outbox -> b.inbox\", or \"a -> b\" for short",
            "net.toml:10:5: a link is a text such as \"a.outbox -> b.inbox\", or \"a -> b\" for short",
            "net.toml:11:22: `screen` has no inbox `inbx`; did you mean `inbox`?",
            "net.toml:16:1: `console-in` has no option `speed`; it has none",
            "net.toml:19:8: there is no kind `uper-case`; did you mean `upper-case`?",
            "net.toml:32:9: `every` must be a time such as \"250ms\", \"1.5s\", \"10min\" or \"1h\", not 5",
            "net.toml:34:13: `sieve` needs the option `text`, a text",
            "net.toml:37:13: `nothing` has no kind; write `kind = \"…\"` in its table",
        ],
    );
}

#[test]
fn boxes_and_types_are_checked_without_running_anything() {
    let components = r#"
[components]
lines = { kind = "console-in" }
loud = { kind = "upper-case" }
length = { kind = "length" }
scale = { kind = "scale", by = 2, inverse = false }
screen = { kind = "console-out" }
"#;
    let check = |links: &str, expected: &[&str]| check(&format!("links = [{links}]\n{components}"), expected);
    check(r#""lines -> loud", "loud -> screen""#, &[]);
    check(
        r#""lines.out -> loud.in""#,
        &[
            "net.toml:1:11: `lines` has no outbox `out`; it has `outbox`, `signal`",
            "net.toml:1:24: `loud` has no inbox `in`; it has `control`, `inbox`",
        ],
    );
    check(r#""lines -> loud.in""#, &["net.toml:1:20: `loud` has no inbox `in`; it has `control`, `inbox`"]);
    check(r#""lines -> lines""#, &["net.toml:1:20: `lines` has no inbox `inbox`; it has `control`"]);
    check(
        r#""lines -> length", "length -> scale""#,
        &["net.toml:1:30: `length.outbox` sends usize but `scale.inbox` takes f64"],
    );
    check(
        r#""self -> length", "length -> self", "scale -> self", "self -> scale""#,
        &[
            "net.toml:1:47: `scale.outbox` sends f64 but `self.outbox` takes usize",
            "net.toml:1:64: `self.inbox` is linked already, in line 1: it can have one link; a `splitter` sends to \
             several",
        ],
    );
    check(r#""self -> self""#, &["net.toml:1:11: a link from `self` to `self` joins nothing"]);
    check(
        r#""lines.signal -> loud.inbox""#,
        &["net.toml:1:11: `lines.signal` sends Stop but `loud.inbox` takes String"],
    );
    check(r#""lines.signal -> loud.control", "lines -> loud""#, &[]);
}

#[test]
fn what_is_no_wiring_at_all_is_told_too() {
    check("", &["net.toml:1:1: there is no component; write a table `[components.NAME]` for each"]);
    let no_toml = wrong("links = [\n\"a -> b\"\n[components.a\nkind = ");
    assert!(no_toml.len() >= 2 && no_toml.iter().all(|line| line.starts_with("net.toml:")), "{no_toml:?}");
    check("components = 3", &["net.toml:1:14: `components` must be tables: write `[components.NAME]` for each"]);
    check(
        "name = 3\nlinks = \"a -> b\"\n[components]\na = \"console-in\"\n\"b.c\" = {kind = 1}\nself = {kind = \"fish\"}",
        &[
            "net.toml:1:8: `name` must be a text",
            "net.toml:2:9: `links` must be a list of texts such as \"a.outbox -> b.inbox\"",
            "net.toml:4:5: `a` must be a table: write `[components.a]`",
            "net.toml:5:1: `b.c` cannot be a name: leave out `.`, `/` and `->`",
            "net.toml:5:17: `kind` must be a text, the name of a kind",
            "net.toml:6:1: a component cannot be named `self`, which is the whole",
            "net.toml:6:16: there is no kind `fish`; there is `backplane`, `console-in`, `console-out`, `contains`, \
             `file-in`, `file-out`, `length`, `lower-case`, `number`, `publish`, `rate-limit`, `replace`, `scale`, \
             `splitter`, `subscribe`, `surround`, `tcp-client`, `ticker`, `upper-case`",
        ],
    );
    check(
        "[components.a]\nkind = \"console-in\"\nlinks = [\"a -> b\"]",
        &[
            "net.toml:3:1: `links` is in the table of `a`: move it above the first table",
            "net.toml:3:16: there is no component `b`; did you mean `a`?",
        ],
    );
}

#[test]
fn options_that_will_not_do_are_told() {
    check(
        r#"
[components]
a = { kind = "ticker", every = "0s", text = 1 }
b = { kind = "splitter", outboxes = ["x", 1], capacity = 0 }
c = { kind = "scale", by = 0.0, inverse = true }
d = { kind = "scale", by = nan, inverse = "no" }
e = { kind = "backplane", subject = "news" }
f = { kind = "backplane", subject = "news" }
g = { kind = "splitter", outboxes = ["x", "x"] }
h = { kind = "ticker", evry = "1s" }
"#,
        &[
            "net.toml:3:32: `every`: it has to be more than nothing",
            "net.toml:3:45: `text` must be a text, not 1",
            "net.toml:4:37: `outboxes` must be a list of texts, not a list",
            "net.toml:4:58: `capacity` must be a whole number from 1 to 1000000, not 0",
            "net.toml:5:28: `by`: nothing can be divided by zero",
            "net.toml:6:28: `by` must be a number, not NaN",
            "net.toml:6:43: `inverse` must be `true` or `false`, not \"no\"",
            "net.toml:8:1: `news` is offered by `e` already",
            "net.toml:9:1: `g` has two boxes of one kind named `x`",
            "net.toml:10:24: `ticker` has no option `evry`; did you mean `every`?",
        ],
    );
}

#[tokio::test]
async fn a_file_is_copied_with_changes_and_a_failure_is_told() {
    let from = std::env::temp_dir().join(format!("axonscope-wiring-from-{}", std::process::id()));
    let to = from.with_extension("to");
    std::fs::write(&from, "a cat\r\na dog\nno end").unwrap();
    let text = format!(
        r#"
links = ["in -> other", "other -> slow", "slow -> number", "number -> out"]
[components]
in = {{ kind = "file-in", path = '{}' }}
other = {{ kind = "replace", text = "cat", with = "bird" }}
slow = {{ kind = "rate-limit", lines = 1000 }}
number = {{ kind = "number" }}
out = {{ kind = "file-out", path = '{}' }}
"#,
        from.display(),
        to.display()
    );
    let failures = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut kinds = kinds();
    kinds.on_failure({
        let failures = failures.clone();
        move |path, why| failures.lock().unwrap().push(format!("{path}: {why}"))
    });
    let run = async || {
        let wiring = Wiring::parse(&text, "net.toml").unwrap();
        let net = System::new("test").add("net", wiring.graphline(&kinds).unwrap()).unwrap().start();
        assert_eq!(soon("the end", net.ended()).await, State::Finished);
        std::mem::take(&mut *failures.lock().unwrap())
    };
    assert_eq!(run().await, [""; 0]);
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "1 a bird\n2 a dog\n3 no end\n");

    std::fs::remove_file(&from).unwrap();
    let told = run().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&format!("net/in: cannot open {}: ", from.display())), "{told:?}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "");
    std::fs::remove_file(&to).unwrap();
}

#[tokio::test]
async fn lines_go_over_a_connection_and_back() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!(
        r#"
links = ["self -> there", "there -> self"]
[components]
there = {{ kind = "tcp-client", address = "{}" }}
"#,
        listener.local_addr().unwrap()
    );
    let graphline = Wiring::parse(&text, "net.toml").unwrap().graphline(&kinds()).unwrap();
    let mut handle = Handle::<String, String>::start(&System::new("test"), "net", graphline).unwrap();
    let (mut stream, _) = soon("a connection", listener.accept()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let echo = async { tokio::io::copy(&mut read, &mut write).await.unwrap() };
    let talk = async {
        handle.send("hello".into()).await.unwrap();
        assert_eq!(soon("an echo", handle.recv()).await.as_deref(), Some("hello"));
    };
    tokio::select! {
        _ = echo => panic!("the connection ended"),
        () = talk => {}
    }
    drop(stream);
    assert_eq!(soon("the end", handle.stop()).await, State::Finished);
}

#[test]
fn each_kind_of_the_library_says_what_it_does_and_what_can_be_chosen() {
    let kinds = Kinds::library();
    for kind in kinds.list() {
        assert!(!kind.about.is_empty(), "{} says nothing", kind.name);
        assert!(!kind.inboxes.is_empty() || !kind.outboxes.is_empty(), "{} has no boxes", kind.name);
    }
    let contains = kinds.list().into_iter().find(|kind| kind.name == "contains").unwrap();
    assert_eq!((contains.inboxes, contains.outboxes), (vec!["inbox".into()], vec!["outbox".into(), "rejected".into()]));
    let [text] = &*contains.options else { panic!("{:?}", contains.options) };
    assert_eq!((&*text.name, &*text.wanted, text.needed), ("text", "a text", true));
}

#[test]
fn a_problem_is_one_line_whatever_the_file_says() {
    let wrong = wrong("[components]\n\"a\\nb\" = { kind = \"x\\u001b[31m\" }");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("net.toml:2:19: there is no kind `x\u{fffd}[31m`"), "{wrong:?}");
}

/// Text that comes near to a wiring now and then.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("links = [".to_owned()),
        Just("[components.a]\n".to_owned()),
        Just("kind = \"upper-case\"\n".to_owned()),
        Just("kind = \"ticker\"\n".to_owned()),
        Just("every = \"1s\"\n".to_owned()),
        Just("\"a -> a\"".to_owned()),
        Just("\"self -> a.ä\"".to_owned()),
        Just("\"\\u0041 -> a\"".to_owned()),
        Just("]\n".to_owned()),
        Just(", ".to_owned()),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![".*", pieces()]) {
        let _ = wrong(&text);
    }

    #[test]
    fn every_problem_is_inside_the_text(text in pieces()) {
        let error = Wiring::parse(&text, "net.toml").and_then(|wiring| wiring.graphline(&kinds())).err();
        for problem in error.into_iter().flat_map(|error| error.problems) {
            let line = text.split('\n').nth(problem.line - 1);
            prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1), "{problem}");
        }
    }
}
