//! `/chat` over real sockets, as far as sockets matter: what rooms do is tried in the core.

use std::time::Duration;

use futures_util::future::join_all;
use heartline::server::Config;
use heartline_core::close::code;
use heartline_core::policy::HeartbeatPolicy;
use heartline_core::wire::{ClientMessage, ServerMessage};

use crate::chat_peer::{Place, hello, resume};

#[tokio::test]
async fn two_meet_and_talk() {
    let place = Place::open().await;
    let mut ann = place.member("ann", &["tea"]).await;
    let mut bob = place.member("bob", &["tea"]).await;
    ann.say("tea", 1, "hi").await;
    let accepted = ann.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
    assert_eq!(accepted, ServerMessage::Accepted { room: "tea".into(), id: 1, seq: 1 });
    for peer in [&mut ann, &mut bob] {
        let said = peer.said().await;
        assert_eq!((said.seq, said.name.as_str(), said.text.as_str()), (1, "ann", "hi"));
    }
}

#[tokio::test]
async fn everybody_hears_everything_in_one_order() {
    const WHO: usize = 20;
    const EACH: u64 = 30;
    let place = Place::open().await;
    let members = join_all((0..WHO).map(|who| {
        let place = &place;
        async move { place.member(&format!("guest {who}"), &["tea"]).await }
    }))
    .await;
    let heard = join_all(members.into_iter().map(|mut peer| async move {
        for id in 1..=EACH {
            peer.say("tea", id, &format!("{id}")).await;
        }
        let mut heard = Vec::new();
        while heard.len() < WHO * EACH as usize {
            heard.push(peer.said().await);
        }
        heard
    }))
    .await;
    assert!(heard[0].iter().map(|said| said.seq).eq(1..=600));
    assert!(heard.iter().all(|one| *one == heard[0]));
}

#[tokio::test]
async fn who_lost_the_line_gets_what_was_said_meanwhile() {
    let place = Place::open().await;
    let mut ann = place.member("ann", &["tea"]).await;
    let bob = place.member("bob", &["tea"]).await;
    drop(bob);
    for id in 1..=50 {
        ann.say("tea", id, "meanwhile").await;
        ann.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
    }
    let mut bob = place.member_again("bob", 2, vec![resume("tea", Some(0))]).await;
    for seq in 1..=50 {
        assert_eq!(bob.said().await.seq, seq);
    }
}

#[tokio::test]
async fn a_reader_that_rests_gets_everything_when_it_goes_on() {
    const MESSAGES: u64 = 500;
    let place = Place::open().await;
    let mut slow = place.line_with_small_buffer().await;
    slow.tell(&hello("slow", 1, vec![resume("tea", None)])).await;
    slow.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    let text = "x".repeat(4000);
    let speakers = join_all((0..10).map(|who| {
        let (place, text) = (&place, &text);
        async move {
            let mut peer = place.member(&format!("guest {who}"), &["tea"]).await;
            for id in 1..=MESSAGES / 10 {
                peer.say("tea", id, text).await;
                peer.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
            }
            peer
        }
    }))
    .await;
    for seq in 1..=MESSAGES {
        let said = slow.said().await;
        assert_eq!((said.seq, said.prev), (seq, seq - 1));
    }
    drop(speakers);
}

#[tokio::test]
async fn the_older_of_two_lines_of_one_client_goes() {
    let place = Place::open().await;
    let mut old = place.member_again("ann", 1, vec![]).await;
    let mut new = place.member_again("ann", 3, vec![resume("tea", None)]).await;
    assert_eq!(u16::from(old.closed().await.code), code::REPLACED);
    let mut late = place.line().await;
    late.tell(&hello("ann", 2, vec![])).await;
    assert_eq!(u16::from(late.closed().await.code), code::OLDER_DIAL);
    new.say("tea", 1, "still here").await;
    assert_eq!(new.said().await.seq, 1);
}

#[tokio::test]
async fn the_server_beats_and_gives_up_who_does_not_answer() {
    let heartbeat = HeartbeatPolicy::new(Duration::from_secs(1), Duration::from_millis(500)).unwrap();
    let place = Place::with(Config { heartbeat, ..Config::default() }).await;
    let mut dumb = place.line().await;
    dumb.tell(&hello("dumb", 1, vec![])).await;
    // `closed` answers nothing.
    assert_eq!(u16::from(dumb.closed().await.code), code::HEARTBEAT_LOST);
}

#[tokio::test]
async fn who_takes_no_byte_is_cut_though_it_speaks() {
    let second = Duration::from_secs(1);
    let heartbeat = HeartbeatPolicy::with_write_stall(25 * second, 10 * second, second).unwrap();
    let place = Place::with(Config { heartbeat, ..Config::default() }).await;
    let mut deaf = place.line_with_small_buffer().await;
    deaf.tell(&hello("deaf", 1, vec![resume("tea", None)])).await;
    deaf.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    let text = "x".repeat(4000);
    join_all((0..10).map(|who| {
        let (place, text) = (&place, &text);
        async move {
            let mut peer = place.member(&format!("guest {who}"), &["tea"]).await;
            for id in 1..=100 {
                peer.say("tea", id, text).await;
                peer.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
            }
        }
    }))
    .await;
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    while deaf.try_tell(&ClientMessage::Token { token: "still here".into() }).await {
        pace.tick().await;
    }
    let metrics = place.get("/metrics").await;
    assert!(
        metrics.contains(r#"heartline_lines_ended_total{route="chat",why="write_stalled"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_server_that_leaves_tells_answers_and_closes() {
    let place = Place::with(Config { drain: Duration::from_secs(1), ..Config::default() }).await;
    let mut ann = place.member("ann", &["tea"]).await;
    let mut silent = place.line().await;
    // Answered, so the server has the line before it hears that it must leave.
    silent.tell(&ClientMessage::Ping { n: 1 }).await;
    assert_eq!(silent.next().await, ServerMessage::Pong { n: 1 });
    let left = place.leave();
    let draining = ann.until(|message| matches!(message, ServerMessage::Draining { .. })).await;
    assert_eq!(draining, ServerMessage::Draining { within_ms: 800 });
    for peer in [&mut ann, &mut silent] {
        assert_eq!(u16::from(peer.closed().await.code), code::DRAINING);
    }
    left.await.unwrap();
}
