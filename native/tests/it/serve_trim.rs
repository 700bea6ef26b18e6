//! What the server lets go of by itself, in the background, as those see it who were away meanwhile.

use heartline::server::Config;
use heartline::server::history::{Durability, HistoryConfig, Keep, SqliteConfig};
use heartline_core::wire::{RejectCode, Resume, ServerMessage};

use crate::chat_peer::{Peer, Place, hello};

/// How many messages of the room are kept. A sixteenth more is let be.
const KEPT: u64 = 20;

#[tokio::test]
async fn who_comes_back_to_a_trimmed_room_is_told_of_the_gap_and_gets_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let keep = Keep { messages: KEPT, ..Keep::default() };
    let path = folder.path().join("history.sqlite3");
    let history = HistoryConfig::Sqlite(SqliteConfig { path, durability: Durability::Process, keep });
    let place = Place::with(Config { history, ..Config::default() }).await;
    let (mut ann, _) = join(&place, "ann", 1, (None, None)).await;
    let (mut bob, epoch) = join(&place, "bob", 1, (None, None)).await;
    say_all(&mut ann, 1..=5).await;
    while bob.said().await.seq < 5 {}
    drop(bob);
    say_all(&mut ann, 6..=60).await;

    let (mut bob, again) = join(&place, "bob", 2, (Some(epoch.clone()), Some(5))).await;
    assert_eq!(again, epoch, "a trimmed room is the same room");
    let ServerMessage::Gap { room, after: 5, next } = said_or_gap(&mut bob).await else {
        panic!("no gap behind 5")
    };
    let first = bob.said().await;
    assert_eq!(room, "tea");
    assert!(next.is_none_or(|next| next == first.seq), "{next:?} {first:?}");
    // What the last commits brought may not be trimmed yet.
    assert!((60 - KEPT - 3..=60 - KEPT + 1).contains(&first.seq), "{first:?}");
    let mut before = first.seq;
    while before < 60 {
        let ServerMessage::Said(said) = said_or_gap(&mut bob).await else {
            panic!("nothing but the rest, after {before}")
        };
        assert_eq!((said.seq, said.prev, said.id), (before + 1, before, before + 1));
        before = said.seq;
    }
    say_all(&mut ann, 61..=61).await;
    assert_eq!(bob.said().await.seq, 61, "and is live");

    ann.say("tea", 1, "words of 1").await;
    let answer = ann.until(|message| matches!(message, ServerMessage::Rejected { .. })).await;
    let expired = matches!(answer, ServerMessage::Rejected { id: 1, code: RejectCode::Expired, .. });
    assert!(expired, "what was trimmed is not said twice: {answer:?}");

    let (mut eve, _) = join(&place, "eve", 1, (Some(epoch), Some(0))).await;
    let gap = said_or_gap(&mut eve).await;
    assert!(
        matches!(gap, ServerMessage::Gap { after: 0, .. }),
        "who has nothing lacks the beginning: {gap:?}"
    );
}

/// A line in the room, which stands there; and the room's epoch.
async fn join(
    place: &Place,
    who: &str,
    dial: u64,
    (epoch, after): (Option<String>, Option<u64>),
) -> (Peer, String) {
    let mut peer = place.line().await;
    peer.tell(&hello(who, dial, vec![Resume { room: "tea".into(), epoch, after }])).await;
    let joined = peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    let ServerMessage::Joined { epoch, .. } = joined else { unreachable!("it was awaited") };
    (peer, epoch)
}

/// The next word of the room; who came and went is none.
async fn said_or_gap(peer: &mut Peer) -> ServerMessage {
    peer.until(|message| !matches!(message, ServerMessage::Members { .. })).await
}

/// One after the other, each when the one before it is durable.
async fn say_all(peer: &mut Peer, ids: std::ops::RangeInclusive<u64>) {
    for id in ids {
        peer.say("tea", id, &format!("words of {id}")).await;
        peer.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
    }
}
