use heartline_web::model::{
    chat_view::{self, Item, Mark},
    reading::Reading,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::room::{ROOM, Room};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

#[wasm_bindgen_test]
fn who_goes_on_is_named_once() {
    let mut room = Room::new();
    room.said_at("ada", "words", 0);
    room.said_at("ada", "words", MINUTE);
    room.said_at("bob", "words", 2 * MINUTE);
    room.said_at("ada", "words", 3 * MINUTE);
    room.said_at("ada", "words", 9 * MINUTE);
    assert_eq!(leads(&room), [true, false, true, true, true], "nobody goes on after six minutes");
}

#[wasm_bindgen_test]
fn own_words_on_their_way_go_on_where_own_words_stand() {
    let mut room = Room::new();
    room.chat.say(room.now, ROOM, "mine", None).unwrap();
    room.chat.say(room.now, ROOM, "mine too", None).unwrap();
    assert_eq!(leads(&room), [true, false]);
    room.said_at("you", "words", 0);
    assert_eq!(leads(&room), [true, false, false]);
    room.said_at("ada", "words", 0);
    assert_eq!(leads(&room), [true, true, true, false]);
}

#[wasm_bindgen_test]
fn a_day_begins_with_a_line_and_with_names() {
    let mut room = Room::new();
    room.said_at("ada", "words", DAY - MINUTE);
    room.said_at("ada", "words", DAY + MINUTE);
    room.said_at("ada", "words", DAY + 2 * MINUTE);
    let items = items(&room, |at| at / DAY);
    let marks: Vec<_> = items.iter().map(|item| item.mark).collect();
    assert_eq!(marks, [Mark::Said, Mark::Day, Mark::Said, Mark::Said]);
    assert_eq!(items[1].at, Some(DAY + MINUTE));
    let leads: Vec<_> = items.iter().map(|item| item.leads).collect();
    assert_eq!(leads, [true, false, true, false]);
    let mut keys: Vec<_> = items.iter().map(|item| format!("{:?}", item.key)).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), items.len(), "a keyed list can tell all of them");
}

/// As its reader sees it, who comes for the first time.
fn items(room: &Room, day_of: impl Fn(u64) -> u64) -> Vec<Item> {
    let mut reading = Reading::default();
    reading.enter(ROOM);
    chat_view::items(&room.chat, reading.of(ROOM).unwrap(), day_of)
}

fn leads(room: &Room) -> Vec<bool> {
    items(room, |_| 0).iter().map(|item| item.leads).collect()
}
