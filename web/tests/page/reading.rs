//! What was read, and who is spoken of.

use heartline_web::model::{
    chat_view::{self, Mark},
    mention::mentions,
    reading::Reading,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::room::{ROOM, Room};

#[wasm_bindgen_test]
fn a_name_is_found_as_a_word_or_behind_an_at() {
    for (text, name, is_named) in [
        ("Ada, are you there?", "Ada", true),
        ("ask ada!", "Ada", true),
        ("the armada sails", "Ada", false),
        ("adagio", "Ada", false),
        ("ada_1 is another", "Ada", false),
        ("adagio, ada", "Ada", true),
        ("你好小明你好", "小明", false),
        ("你好@小明你好", "小明", true),
        ("小明，你好", "小明", true),
        ("a word", "a", false),
        ("@a word", "a", true),
        ("mail me@adasmith.org", "Ada", false),
        ("nobody", "  ", false),
        ("ÄRGER über Änne", "änne", true),
    ] {
        assert_eq!(mentions(text, name), is_named, "{name} in {text}");
    }
}

#[wasm_bindgen_test]
fn what_came_while_nobody_looked_is_counted_and_marked() {
    let mut room = Room::new();
    let mut reading = Reading::default();
    reading.enter(ROOM);
    room.said("bob", "before");
    reading.of(ROOM).unwrap().look(&room.chat);
    assert_eq!(reading.rooms(&room.chat)[0].unread, 0);

    room.said("you", "from another window of mine");
    room.said("bob", "while you were away");
    room.said("bob", "Ada?");
    let open = &reading.rooms(&room.chat)[0];
    assert_eq!((open.name.as_str(), open.unread, open.for_you), (ROOM, 2, true), "own words are no news");

    let read = reading.of(ROOM).unwrap();
    read.turn_to(&room.chat);
    let items = chat_view::items(&room.chat, read, |_| 0);
    let shown: Vec<_> = items.iter().map(|item| (item.mark, item.text.as_str())).collect();
    assert_eq!(
        shown,
        [
            (Mark::Said, "before"),
            (Mark::Accepted, "from another window of mine"),
            (Mark::New, ""),
            (Mark::Said, "while you were away"),
            (Mark::Said, "Ada?"),
        ]
    );
    let named: Vec<_> = items.iter().map(|item| item.for_you).collect();
    assert_eq!(named, [false, false, false, false, true]);
    assert!(items[3].leads, "whose words are new is said again");
    assert_eq!(reading.rooms(&room.chat)[0].unread, 0);

    let read = reading.of(ROOM).unwrap();
    read.turn_to(&room.chat);
    assert_eq!(read.first_new, None, "nothing is new to somebody who comes again");
}

#[wasm_bindgen_test]
fn everything_is_new_in_a_room_that_nobody_ever_looked_into() {
    let mut room = Room::new();
    let mut reading = Reading::default();
    reading.enter(ROOM);
    reading.of(ROOM).unwrap().turn_to(&room.chat);
    room.said("bob", "first");
    assert_eq!(reading.rooms(&room.chat)[0].unread, 1);
    let read = reading.of(ROOM).unwrap();
    read.turn_to(&room.chat);
    assert_eq!(chat_view::items(&room.chat, read, |_| 0)[0].mark, Mark::New);
}

#[wasm_bindgen_test]
fn what_was_cleared_away_is_not_shown() {
    let mut room = Room::new();
    let mut reading = Reading::default();
    reading.enter(ROOM);
    room.said("bob", "one");
    let read = reading.of(ROOM).unwrap();
    read.cleared = chat_view::items(&room.chat, read, |_| 0)[0].place();
    room.said("bob", "two");
    let texts: Vec<_> = chat_view::items(&room.chat, read, |_| 0).into_iter().map(|item| item.text).collect();
    assert_eq!(texts, ["two"]);
}

#[wasm_bindgen_test]
fn who_leaves_a_room_comes_to_the_one_beside_it() {
    let mut reading = Reading::default();
    for room in ["a", "b", "c", "b"] {
        reading.enter(room);
    }
    assert_eq!(reading.leave("b").as_deref(), Some("c"));
    assert_eq!(reading.leave("never entered").as_deref(), Some("a"), "and stays with those that are open");
    assert_eq!(reading.leave("c").as_deref(), Some("a"));
    assert!(!reading.has("c"));
    assert_eq!(reading.leave("a"), None);
    assert!(reading.leave_all().is_empty());
}
