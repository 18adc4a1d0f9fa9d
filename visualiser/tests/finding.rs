//! Finding things in the real window, as a person does: typing, clicking, going back.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::desktop::Window;
use support::{ChatServer, say};

/// A window on a chat server in which three talk, once all of it is shown and rests.
fn chat() -> Option<(Window, ChatServer, Vec<std::net::TcpStream>)> {
    let window = Window::open(&[])?;
    let server = ChatServer::start(&window.url);
    let clients = ["alice", "bob", "carol"].map(|name| {
        let mut client = server.client();
        say(&mut client, name);
        client
    });
    window.shows_at_rest("all of the chat", |shown| {
        let names: Vec<&str> = shown["nodes"].as_array()?.iter().filter_map(|node| node["path"].as_str()).collect();
        let all = ["alice", "bob", "carol"].iter().all(|name| names.iter().any(|path| path.ends_with(name)));
        all.then_some(())
    });
    Some((window, server, clients.into()))
}

fn is_selected(shown: &Value, name: &str) -> Option<()> {
    shown["selected"].as_str().is_some_and(|path| path.ends_with(name)).then_some(())
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Where a row or a heading is that begins so.
fn place(list: &Value, begins: &str) -> Option<(f64, f64)> {
    let row = list.as_array()?.iter().find(|row| row[0].as_str() == Some(begins))?;
    Some((row[1].as_f64()?, row[2].as_f64()?))
}

#[test]
fn a_person_searches_flies_there_and_goes_back() {
    let Some((window, _server, _clients)) = chat() else { return };
    window.press(&["slash"]);
    window.shows("the search box to listen", |shown| (shown["search"]["typing"] == true).then_some(()));
    window.write("bob");
    window.shows("bob to be found, and the rest to be dim", |shown| {
        let search = &shown["search"];
        let is_found = search["text"] == "bob" && names(&search["best"]).first() == Some(&"bob");
        let is_bright = names(&search["bright"]).contains(&"bob") && !names(&search["bright"]).contains(&"alice");
        (is_found && is_bright).then_some(())
    });
    window.press(&["Return"]);
    window.shows("bob to be selected", |shown| is_selected(shown, "bob"));
    // A letter that is a key of the picture is a letter while somebody types.
    window.press(&["ctrl+f"]);
    window.shows("the search box to listen again", |shown| (shown["search"]["typing"] == true).then_some(()));
    // What was typed before is selected, and so replaced.
    window.write("alicf");
    window.press(&["BackSpace"]);
    window.write("e");
    window.shows("alice to be found", |shown| {
        (shown["search"]["text"] == "alice" && names(&shown["search"]["best"]) == ["alice"]).then_some(())
    });
    window.press(&["Return"]);
    window.shows("alice to be selected", |shown| is_selected(shown, "alice"));
    window.press(&["alt+Left"]);
    window.shows("bob again", |shown| is_selected(shown, "bob"));
    window.press(&["alt+Right"]);
    window.shows("alice again", |shown| is_selected(shown, "alice"));
    window.press(&["slash", "Escape"]);
    window.shows("nothing to be dim because of a filter", |shown| (shown["search"]["text"] == "").then_some(()));
    window.close();
}

#[test]
fn a_filter_dims_hides_and_says_what_is_wrong_with_it() {
    let Some((window, _server, _clients)) = chat() else { return };
    let all = window.shows("all", |shown| shown["components"].as_u64());
    window.press(&["slash"]);
    window.shows("the search box to listen", |shown| (shown["search"]["typing"] == true).then_some(()));
    window.write("type:handler -bob");
    window.shows("two of all", |shown| (shown["search"]["count"] == 2 && shown["components"] == all).then_some(()));
    window.press(&["alt+h"]);
    window.shows("the rest to be hidden", |shown| {
        let is_less = shown["components"].as_u64().is_some_and(|count| count < all && count >= 2);
        (is_less && shown["search"]["hides"] == true).then_some(())
    });
    window.write(" (");
    window.shows("an error, and the last filter in force", |shown| {
        let says = shown["search"]["error"].as_str().is_some_and(|error| error.contains("column"));
        (says && shown["search"]["count"] == 2).then_some(())
    });
    window.press(&["Escape"]);
    window.shows("all again", |shown| (shown["components"] == all).then_some(()));
    window.close();
}

#[test]
fn a_person_looks_at_neighbours_and_at_a_way() {
    let Some((window, _server, _clients)) = chat() else { return };
    window.click_on("alice");
    window.shows("alice to be selected", |shown| is_selected(shown, "alice"));
    window.press(&["bracketright"]);
    window.shows("one step down", |shown| {
        let bright = names(&shown["search"]["bright"]);
        let is_near = bright.contains(&"alice") && !bright.contains(&"bob");
        (shown["focus"]["down"] == 1 && is_near).then_some(())
    });
    window.press(&["Escape"]);
    window.shows("that to end", |shown| (shown["focus"].is_null() && shown["selected"].is_null()).then_some(()));
    window.click_on("alice");
    window.shows("alice to be selected", |shown| is_selected(shown, "alice"));
    window.xdotool(&["keydown", "shift"]);
    window.click_on("bob");
    window.xdotool(&["keyup", "shift"]);
    window.shows("the way from alice to bob", |shown| {
        let path = names(&shown["focus"]["path"]);
        let is_way = path.len() > 2 && path.first() == Some(&"alice") && path.last() == Some(&"bob");
        (is_way && is_selected(shown, "alice").is_some()).then_some(())
    });
    window.close();
}

#[test]
fn the_table_is_sorted_clicked_and_follows_the_picture() {
    let Some((window, _server, _clients)) = chat() else { return };
    window.press(&["b"]);
    let at = window.shows("the table", |shown| {
        (shown["table"]["sort"] == serde_json::json!(["Name", false])).then_some(())?;
        place(&shown["table"]["rows"], "alice")
    });
    window.click(at);
    window.shows("alice to be selected", |shown| is_selected(shown, "alice"));
    let heading = window.shows("a heading", |shown| place(&shown["table"]["headings"], "Type"));
    window.click(heading);
    window.shows("rows by type", |shown| (shown["table"]["sort"] == serde_json::json!(["Type", false])).then_some(()));
    window.click(heading);
    window.shows("rows by type, turned", |shown| {
        (shown["table"]["sort"] == serde_json::json!(["Type", true])).then_some(())
    });
    window.click_on("bob");
    window.shows("bob to be selected, and among the rows", |shown| {
        is_selected(shown, "bob")?;
        place(&shown["table"]["rows"], "bob")
    });
    window.press(&["b", "e"]);
    let server = window.shows("the tree", |shown| {
        (shown["table"].is_null()).then_some(())?;
        // Unfolded to what is selected.
        place(&shown["tree"], "bob")?;
        place(&shown["tree"], "carol")
    });
    window.click(server);
    window.shows("carol to be selected", |shown| is_selected(shown, "carol"));
    window.close();
}
