//! `/rooms/{room}` where tokens are asked for: who may say and read what, and how fast.

use std::fs;
use std::sync::Arc;

use heartline::server::Config;
use heartline::server::gatekeeper::Gatekeeper;
use heartline_core::room::SessionConfig;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chat_peer::Place;
use crate::serve_errands::{Answer, ask, post};

const ADA: &str = "token-of-ada-0123456789";
const READER: &str = "token-of-a-reader-01234";
const WRITER: &str = "token-of-a-writer-01234";
const NOBODY: &str = "token-of-nobody-0123456";

#[tokio::test]
async fn a_token_says_who_may_say_and_read_what() {
    let (place, _files) = guarded().await;
    let words = json!({ "text": "hi", "name": "somebody else" });
    for (token, room, say, read) in [
        (None, "tea", 401, 401),
        (Some(NOBODY), "tea", 401, 401),
        (Some(ADA), "tea", 200, 200),
        (Some(ADA), "vault", 403, 403),
        (Some(READER), "tea", 403, 200),
        (Some(WRITER), "tea", 200, 403),
    ] {
        let told = say_as(&place, token, room, "one", &words).await;
        assert_eq!(told.status, say, "{token:?} in {room}: {told:?}");
        let page = read_as(&place, token, room).await;
        assert_eq!(page.status, read, "{token:?} in {room}: {page:?}");
        for refused in [told, page].into_iter().filter(|answer| answer.status != 200) {
            explained(&refused, token);
        }
    }
    // Who said it is the token's to say, and one key of two subjects is two messages.
    let page = read_as(&place, Some(ADA), "tea").await;
    let said = page.json["messages"].as_array().unwrap();
    let names: Vec<_> = said.iter().map(|said| said["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada", "Writer"]);
    assert_ne!(said[0]["from"], said[1]["from"]);
}

#[tokio::test]
async fn a_repeat_has_its_place_and_another_text_has_none() {
    let (place, _files) = guarded().await;
    let (hi, ho) = (json!({ "text": "hi" }), json!({ "text": "ho" }));
    let first = say_as(&place, Some(ADA), "tea", "one", &hi).await;
    assert_eq!((first.status, &first.json["seq"]), (200, &json!(1)), "{first:?}");
    let again = say_as(&place, Some(ADA), "tea", "one", &hi).await;
    assert_eq!((again.status, &again.json), (200, &first.json));
    let other = say_as(&place, Some(ADA), "tea", "one", &ho).await;
    assert_eq!((other.status, &other.json["code"]), (422, &json!("id_reused")));
    assert_eq!(read_as(&place, Some(ADA), "tea").await.json["last"], 1);
}

#[tokio::test]
async fn who_says_too_much_waits_and_nobody_waits_for_them() {
    let (place, _files) = guarded().await;
    let hi = json!({ "text": "hi" });
    // Twice what may be said at once: while it is said, the bucket fills again, but not so fast.
    let many = 2 * SessionConfig::default().say.burst as usize;
    let mut refused = None;
    for _ in 0..many {
        let told = say_as(&place, Some(ADA), "tea", "one", &hi).await;
        if told.status != 200 {
            refused = Some(told);
            break;
        }
    }
    let refused = refused.expect("sooner or later it is too much");
    assert_eq!((refused.status, &refused.json["code"]), (429, &json!("too_fast")), "{refused:?}");
    assert!(refused.head.contains("\r\nretry-after: 1\r\n"), "{}", refused.head);
    assert_eq!(say_as(&place, Some(WRITER), "tea", "one", &hi).await.status, 200, "another one may");
    assert_eq!(read_as(&place, Some(ADA), "tea").await.status, 200, "and reading is another matter");
}

#[tokio::test]
async fn where_no_token_is_asked_for_it_is_the_machine_that_says_too_much() {
    let place = Place::open().await;
    let words = json!({ "text": "hi", "name": "cron" });
    let many = 2 * SessionConfig::default().say.burst as usize;
    let mut told = Vec::new();
    for _ in 0..many {
        told.push(post(place.address, "/rooms/tea", "Idempotency-Key: one\r\n", &words).await.status);
        if told.last() == Some(&429) {
            return;
        }
    }
    panic!("{many} at once were taken: {told:?}");
}

/// What a refusal owes to whoever reads its log.
fn explained(refused: &Answer, token: Option<&str>) {
    assert!(refused.json["why"].as_str().is_some_and(|why| !why.is_empty()), "{refused:?}");
    let challenge = "\r\nwww-authenticate: bearer realm=\"heartline\"";
    assert_eq!(refused.head.contains(challenge), refused.status == 401, "{refused:?}");
    let wrong = refused.head.contains("error=\"invalid_token\"");
    assert_eq!(wrong, refused.status == 401 && token.is_some(), "{refused:?}");
    if let Some(secret) = token {
        assert!(!format!("{refused:?}").contains(secret), "{refused:?}");
    }
}

async fn say_as(place: &Place, token: Option<&str>, room: &str, key: &str, words: &Value) -> Answer {
    let head = format!("{}Idempotency-Key: {key}\r\n", bearer(token));
    post(place.address, &format!("/rooms/{room}"), &head, words).await
}

async fn read_as(place: &Place, token: Option<&str>, room: &str) -> Answer {
    ask(place.address, "GET", &format!("/rooms/{room}"), &bearer(token), "").await
}

fn bearer(token: Option<&str>) -> String {
    token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default()
}

async fn guarded() -> (Place, TempDir) {
    let files = tempfile::tempdir().unwrap();
    let tokens = files.path().join("tokens");
    fs::write(&tokens, format!("{ADA}; Ada; tea\n{READER}; Reader; tea; r\n{WRITER}; Writer; tea; w\n"))
        .unwrap();
    let gate = Arc::new(Gatekeeper::open(Some(&tokens), None).unwrap());
    (Place::with(Config { gate, ..Config::default() }).await, files)
}
