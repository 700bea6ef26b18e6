//! One order for all, and nothing changed on the way.

use heartline_core::room::engine::{Draft, Ticket};
use heartline_core::wire::{Colour, Lane, ServerMessage, Style};

use super::Place;
use super::caller::{Caller, chained, draft, seqs};

pub(super) async fn messages_get_rising_places_and_are_followed<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    let head = caller.enter("tea").await;
    assert!(head.last == 0 && !head.epoch.is_empty(), "{head:?}");
    let mut given = Vec::new();
    for id in 1..=10 {
        for who in ["ann", "bob"] {
            given.push(caller.append("tea", draft(who, id, "hi")).await.unwrap());
        }
    }
    let followed = caller.follow("tea", 20).await;
    assert_eq!(seqs(&followed), given, "in the order they were answered");
    assert_eq!(followed[0].prev, 0, "nothing was before the first");
    chained(&followed);
    assert_eq!(caller.all("tea").await, followed);
    let again = caller.enter("tea").await;
    assert_eq!((again.epoch, again.last), (head.epoch, given[19]));
}

pub(super) async fn what_one_author_says_at_once_stays_in_order<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let seqs_of_ann = caller.chat("tea", "ann", 1, 300).await;
    let followed = caller.follow("tea", 300).await;
    assert_eq!(seqs(&followed), seqs_of_ann);
    assert!(followed.iter().zip(1..).all(|(entry, id)| said(&entry.encoded).0 == id), "{followed:?}");
    chained(&followed);
}

pub(super) async fn a_closed_room_is_not_followed<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    caller.append("tea", draft("ann", 1, "heard")).await.unwrap();
    caller.follow("tea", 1).await;
    caller.leave("tea");
    let unheard = caller.append("tea", draft("ann", 2, "unheard")).await.unwrap();
    assert_eq!(caller.enter("tea").await.last, unheard);
    let last = caller.append("tea", draft("ann", 3, "heard again")).await.unwrap();
    let followed = caller.until(|heard| {
        let of = |reply: &_| format!("{reply:?}").contains("heard again");
        heard.iter().any(of).then_some(())
    });
    followed.await;
    let followed = caller.followed("tea");
    // An engine that answers at once may tell of the message that came after the room was closed; the hub is not there to hear it.
    assert_eq!(followed.last().map(|entry| (entry.seq, entry.prev)), Some((last, unheard)));
    assert_eq!(seqs(&caller.all("tea").await).len(), 3);
}

pub(super) async fn rooms_may_be_called_anything<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    let long = "長".repeat(341);
    let names = [
        ">",
        "*",
        "a.b",
        "a",
        "b",
        ".",
        "..",
        "a/b",
        "弹幕 🍵",
        "'; DROP TABLE messages; --",
        "%",
        "_",
        "A",
        &long,
    ];
    for (room, id) in names.into_iter().zip(1..) {
        assert_eq!(caller.enter(room).await.last, 0, "{room:?} is no other room");
        caller.append(room, draft("ann", id, room)).await.unwrap();
    }
    for (room, id) in names.into_iter().zip(1..) {
        let all = caller.all(room).await;
        let said: Vec<_> = all.iter().map(|entry| said(&entry.encoded)).collect();
        assert_eq!(said, [(id, room.to_owned(), room.to_owned())]);
        assert_eq!(caller.followed(room), all);
    }
}

pub(super) async fn many_rooms_do_not_mix<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    let rooms: Vec<String> = (0..30).map(|number| format!("room {number}")).collect();
    for room in &rooms {
        caller.enter(room).await;
    }
    let mut tickets: Vec<Ticket> = Vec::new();
    for id in 1..=10 {
        for room in &rooms {
            tickets.push(caller.say(room, draft("ann", id, room)));
        }
    }
    for ticket in tickets {
        caller.outcome(ticket).await.unwrap();
    }
    for room in &rooms {
        let followed = caller.follow(room, 10).await;
        chained(&followed);
        assert_eq!(followed[0].prev, 0);
        assert!(
            followed
                .iter()
                .zip(1..)
                .all(|(entry, id)| { said(&entry.encoded) == (id, room.clone(), room.clone()) })
        );
        assert_eq!(caller.all(room).await, followed);
    }
}

pub(super) async fn what_was_said_comes_back_as_it_was<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let colour = Some(Colour { red: 255, green: 0, blue: 7 });
    let styles = [
        None,
        Some(Style::default()),
        Some(Style { colour, lane: Lane::Top }),
        Some(Style { colour: None, lane: Lane::Bottom }),
    ];
    let texts = [
        "plain",
        "",
        "\"quoted\" \\ \u{0}\u{1f}\n\r\u{2028}",
        "🍵 é e\u{301} \u{202e}abc",
        &"x".repeat(4096),
    ];
    let mut id = 0;
    for style in styles {
        for text in texts {
            id += 1;
            let draft = Draft { style, name: "\u{0}Änn \"A\"".into(), ..draft("ann", id, text) };
            caller.append("tea", draft).await.unwrap();
        }
    }
    let followed = caller.follow("tea", 20).await;
    assert_eq!(caller.all("tea").await, followed, "to the byte");
    for (entry, (style, text)) in
        followed.iter().zip(styles.into_iter().flat_map(|style| texts.map(|text| (style, text))))
    {
        let Ok(ServerMessage::Said(said)) = ServerMessage::decode(&entry.encoded) else {
            panic!("{}", entry.encoded)
        };
        assert_eq!((&*said.text, said.style), (text, style));
        assert_eq!((said.seq, said.prev, &*said.name), (entry.seq, entry.prev, "\u{0}Änn \"A\""));
    }
}

/// The number, the room and the text.
fn said(encoded: &str) -> (u64, String, String) {
    let Ok(ServerMessage::Said(said)) = ServerMessage::decode(encoded) else { panic!("{encoded}") };
    (said.id, said.room, said.text)
}
