//! How a span says what component it is: a few fields, of which every value is a text. Pure.
//!
//! | field | says | such as |
//! | --- | --- | --- |
//! | `axon.name` | its name, else that of the span | `"reader"` |
//! | `axon.type` | what kind of component it is, else the span's name | `"Reader"` |
//! | `axon.description` | one sentence on what it is for | `"reads lines"` |
//! | `axon.inboxes` | its inboxes, each with its message type and capacity if wanted | `"lines: String [64], stop"` |
//! | `axon.outboxes` | its outboxes | `"words: String"` |
//! | `axon.links` | which outbox leads to which inbox of which component, by name | `"words -> shouter.words"` |
//!
//! And an event inside such a span counts: `axon.sent`, `axon.taken` or `axon.dropped` name a box, and `axon.count` how many
//! messages, if not one; `axon.waiting` names an inbox and `axon.count` how many wait there now.

/// A box that a span declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeclaredBox {
    pub(crate) name: String,
    pub(crate) message_type: String,
    /// 0 when not said.
    pub(crate) capacity: u32,
}

/// A linkage that a span declares, from one of its outboxes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeclaredLink {
    pub(crate) outbox: String,
    pub(crate) component: String,
    pub(crate) inbox: String,
}

/// Understands `lines: String [64], stop`. Each part that is not understood is an error of its own and takes no other with
/// it.
pub(crate) fn boxes(text: &str) -> (Vec<DeclaredBox>, Vec<String>) {
    parts(text, |part| {
        let (head, capacity) = match part.split_once('[') {
            Some((head, rest)) => {
                let number = rest.trim_end().strip_suffix(']').and_then(|number| number.trim().parse().ok());
                (head, number.ok_or("the capacity should look like [64]")?)
            }
            None => (part, 0),
        };
        let (name, message_type) = head.split_once(':').unwrap_or((head, ""));
        let (name, message_type) = (name.trim(), message_type.trim());
        if name.is_empty() || name.contains(char::is_whitespace) || name.contains("->") {
            return Err("a box has a name of one word");
        }
        Ok(DeclaredBox { name: name.to_owned(), message_type: message_type.to_owned(), capacity })
    })
}

/// Understands `words -> shouter.words, errors -> log.inbox`.
pub(crate) fn links(text: &str) -> (Vec<DeclaredLink>, Vec<String>) {
    parts(text, |part| {
        let should = "a linkage looks like outbox -> component.inbox";
        let (outbox, sink) = part.split_once("->").ok_or(should)?;
        // A name may have points in it; a box seldom has.
        let (component, inbox) = sink.trim().rsplit_once('.').ok_or(should)?;
        let link = DeclaredLink {
            outbox: outbox.trim().into(),
            component: component.trim().into(),
            inbox: inbox.trim().into(),
        };
        if link.outbox.is_empty() || link.component.is_empty() || link.inbox.is_empty() {
            Err(should)
        } else {
            Ok(link)
        }
    })
}

/// Splits at the commas that are not inside brackets of any kind, as those of a type are.
fn parts<T>(text: &str, mut parse: impl FnMut(&str) -> Result<T, &'static str>) -> (Vec<T>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut depth = 0_i32;
    let mut before = ' ';
    let pieces = text.split(|c: char| {
        // Not the end of an arrow.
        depth += match c {
            '<' | '(' | '[' => 1,
            '>' if before != '-' => -1,
            ')' | ']' => -1,
            _ => 0,
        };
        before = c;
        c == ',' && depth <= 0
    });
    for part in pieces.map(str::trim).filter(|part| !part.is_empty()) {
        match parse(part) {
            Ok(thing) => good.push(thing),
            Err(why) => bad.push(format!("{part:?}: {why}")),
        }
    }
    (good, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, String, u32)> {
        let (boxes, bad) = boxes(text);
        assert!(bad.is_empty(), "{bad:?}");
        boxes.into_iter().map(|declared| (declared.name, declared.message_type, declared.capacity)).collect()
    }

    #[test]
    fn boxes_have_a_name_and_may_have_a_type_and_a_capacity() {
        assert_eq!(names(""), []);
        assert_eq!(names("lines"), [("lines".into(), String::new(), 0)]);
        assert_eq!(
            names(" lines : Vec<(u8, u8)> [ 64 ] , stop[1]"),
            [("lines".into(), "Vec<(u8, u8)>".into(), 64), ("stop".into(), String::new(), 1)]
        );
    }

    #[test]
    fn links_name_an_outbox_a_component_and_an_inbox() {
        let (links, bad) = links("words -> shouter.words, errors->the.log.inbox");
        assert!(bad.is_empty(), "{bad:?}");
        assert_eq!(links[0].component, "shouter");
        assert_eq!((links[1].component.as_str(), links[1].inbox.as_str()), ("the.log", "inbox"));
    }

    #[test]
    fn what_is_not_understood_is_named_and_takes_nothing_else_with_it() {
        let (good, bad) = boxes("two words, good, big [many]");
        assert_eq!(good.len(), 1);
        assert_eq!(bad.len(), 2);
        assert!(bad[0].contains("two words") && bad[1].contains("[64]"), "{bad:?}");
        let (good, bad) = links("words -> nowhere, a -> b.c, -> d.e");
        assert_eq!((good.len(), bad.len()), (1, 2));
    }
}
