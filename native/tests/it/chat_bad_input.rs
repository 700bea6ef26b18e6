//! What clients of `/chat` should not send, over real sockets.

use heartline_core::close::code;
use heartline_core::wire::{ClientMessage, ErrorCode, Limits, RejectCode, ServerMessage};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;

use crate::chat_peer::{Peer, Place, hello};

#[tokio::test]
async fn what_makes_no_sense_is_answered_and_the_line_lives() {
    let place = Place::open().await;
    let mut peer = place.member("ann", &["tea"]).await;
    for (text, expected) in [
        ("not json", ErrorCode::NotJson),
        ("[1,2]", ErrorCode::NotJson),
        (r#"{"type":"dance"}"#, ErrorCode::UnknownType),
        (r#"{"type":"say","room":"tea","id":1}"#, ErrorCode::BadField),
        (r#"{"type":"join","room":""}"#, ErrorCode::BadRoom),
        (r#"{"type":"join","room":"a\u0000b"}"#, ErrorCode::BadRoom),
    ] {
        peer.text(text).await;
        assert_eq!(error(&mut peer).await, expected, "{text}");
    }
    peer.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(error(&mut peer).await, ErrorCode::Binary);
    peer.say("tea", 1, &"x".repeat(5000)).await;
    let rejected = peer.until(|message| matches!(message, ServerMessage::Rejected { .. })).await;
    assert!(matches!(rejected, ServerMessage::Rejected { id: 1, code: RejectCode::TooLong, .. }));
    peer.say("tea", 2, "fine").await;
    assert_eq!(peer.said().await.text, "fine");
}

#[tokio::test]
async fn a_bad_name_may_be_put_right() {
    let place = Place::open().await;
    let mut peer = place.line().await;
    for name in ["", "a\u{1b}[31mb", "x".repeat(65).as_str()] {
        let client = "a well kept secret".to_owned();
        let hello = ClientMessage::Hello { client, dial: 1, name: name.into(), token: None, resume: vec![] };
        peer.tell(&hello).await;
        assert_eq!(error(&mut peer).await, ErrorCode::BadName, "{name:?}");
    }
    peer.tell(&hello("ann", 1, vec![])).await;
    assert!(matches!(peer.next().await, ServerMessage::Welcome { .. }));
}

#[tokio::test]
async fn who_does_not_listen_is_closed_and_others_talk_on() {
    let place = Place::open().await;
    let mut ann = place.member("ann", &["tea"]).await;
    let mut flood = place.member("flood", &["tea"]).await;
    for id in 1..=300 {
        flood.say("tea", id, "me me me").await;
    }
    assert_eq!(u16::from(flood.closed().await.code), code::IGNORED_HOLD);

    let mut noise = place.member("noise", &[]).await;
    for _ in 0..=20 {
        noise.text("noise").await;
    }
    assert_eq!(u16::from(noise.closed().await.code), code::BAD_MESSAGE);

    let rooms: Vec<_> = (0..=Limits::default().rooms).map(|number| format!("room {number}")).collect();
    let mut greedy = place.member("greedy", &[]).await;
    for room in rooms {
        greedy.tell(&ClientMessage::Join { room, epoch: None, after: None }).await;
    }
    assert_eq!(error(&mut greedy).await, ErrorCode::TooManyRooms);

    let metrics = place.get("/metrics").await;
    for counted in [
        "heartline_chat_held_total{code=\"too_fast\"} 1",
        "heartline_lines_ended_total{route=\"chat\",why=\"ignored_hold\"} 1",
        "heartline_lines_ended_total{route=\"chat\",why=\"bad_message\"} 1",
        "heartline_chat_errors_total{code=\"too_many_rooms\"} 1",
    ] {
        assert!(metrics.contains(&format!("{counted}\n")), "{counted}: {metrics}");
    }

    ann.say("tea", 1, "at last").await;
    ann.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_closed_with_1009() {
    let place = Place::open().await;
    let mut peer = place.member("ann", &[]).await;
    peer.text(&"x".repeat(65 * 1024)).await;
    assert_eq!(u16::from(peer.closed().await.code), 1009);
}

#[tokio::test]
async fn a_foreign_origin_is_closed_before_anything_is_read() {
    let place = Place::open().await;
    let headers = [("origin", "https://evil.example")];
    let mut peer = Peer::dial(place.address, &headers, TcpSocket::new_v4().unwrap()).await.unwrap();
    assert_eq!(u16::from(peer.closed().await.code), code::FOREIGN_ORIGIN);
}

async fn error(peer: &mut Peer) -> ErrorCode {
    let error = peer.until(|message| matches!(message, ServerMessage::Error { .. })).await;
    let ServerMessage::Error { code, why, .. } = error else { unreachable!("it was awaited") };
    assert!(!why.is_empty());
    code
}
