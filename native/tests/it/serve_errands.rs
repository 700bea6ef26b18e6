//! `/rooms/{room}`: one thing said, or one page read, by programs that have no socket.

use std::net::SocketAddr;

use heartline::server::Config;
use heartline::server::history::HistoryConfig;
use heartline_core::room::engine::MemoryConfig;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::chat_peer::Place;
use crate::serve_peer::{Raw, TestServer};

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn what_is_posted_is_durable_heard_and_said_once() {
    let place = Place::open().await;
    let mut bob = place.member("bob", &["tea"]).await;
    let hi = json!({ "text": "hi", "name": "cron", "unknown": 1 });
    let first = post(place.address, "/rooms/tea", "Idempotency-Key: one\r\n", &hi).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!((&first.json["seq"], &first.json["room"]), (&json!(1), &json!("tea")));
    let said = bob.said().await;
    assert_eq!((said.seq, said.name.as_str(), said.text.as_str()), (1, "cron", "hi"));

    let again = post(place.address, "/rooms/tea", "Idempotency-Key: \"one\"\r\n", &hi).await;
    assert_eq!((again.status, &again.json), (200, &first.json));
    let other = json!({ "text": "ho", "name": "cron" });
    let reused = post(place.address, "/rooms/tea", "Idempotency-Key: one\r\n", &other).await;
    assert_eq!((reused.status, &reused.json["code"]), (422, &json!("id_reused")));
    let second = post(place.address, "/rooms/tea", "Idempotency-Key: two\r\n", &other).await;
    assert_eq!(second.json["seq"], 2);
    assert_eq!(bob.said().await.seq, 2, "nothing between: the repeats were not said");
    // In another room the same key is another message's.
    let elsewhere = post(place.address, "/rooms/caf%C3%A9", "Idempotency-Key: one\r\n", &other).await;
    assert_eq!((elsewhere.status, &elsewhere.json["room"]), (200, &json!("café")));
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_said() {
    let place = Place::open().await;
    let hi = json!({ "text": "hi", "name": "cron" });
    let posts = (0..20).map(|_| post(place.address, "/rooms/tea", "Idempotency-Key: one\r\n", &hi));
    for told in futures_util::future::join_all(posts).await {
        assert_eq!((told.status, &told.json["seq"]), (200, &json!(1)));
    }
}

#[tokio::test]
async fn pages_are_read_one_after_the_other() {
    let place = Place::open().await;
    for n in 1..=5 {
        let words = json!({ "text": format!("{n}"), "name": "cron" });
        post(place.address, "/rooms/tea", &format!("Idempotency-Key: {n}\r\n"), &words).await;
    }
    let first = get(place.address, "/rooms/tea?limit=3").await;
    assert_eq!(first.status, 200, "{first:?}");
    let texts = |page: &Answer| -> Vec<String> {
        let messages = page.json["messages"].as_array().unwrap();
        messages.iter().map(|said| said["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&first), ["1", "2", "3"]);
    assert_eq!(
        (&first.json["next"], &first.json["more"], &first.json["last"]),
        (&json!(3), &json!(true), &json!(5))
    );
    let epoch = first.json["epoch"].as_str().unwrap();
    let second = get(place.address, &format!("/rooms/tea?after=3&epoch={epoch}")).await;
    assert_eq!((texts(&second), &second.json["more"]), (vec!["4".into(), "5".into()], &json!(false)));
    assert_eq!(second.json["gaps"], json!([]));
    let anew = get(place.address, "/rooms/tea?after=3&epoch=another").await;
    assert_eq!((texts(&anew).len(), &anew.json["epoch"]), (5, &json!(epoch)));
    let empty = get(place.address, "/rooms/nowhere").await;
    assert_eq!((empty.status, &empty.json["last"], &empty.json["messages"]), (200, &json!(0), &json!([])));
}

#[tokio::test]
async fn each_mistake_has_its_status_and_says_what_to_do() {
    let place = Place::open().await;
    let good = json!({ "text": "hi", "name": "cron" }).to_string();
    let long = json!({ "text": "x".repeat(5000), "name": "cron" }).to_string();
    let huge = "x".repeat(70_000);
    let key = format!("{JSON}Idempotency-Key: one\r\n");
    let foreign = format!("{key}Origin: https://evil.com\r\n");
    let form = "Content-Type: text/plain\r\nIdempotency-Key: one\r\n";
    let longest = format!("{JSON}Idempotency-Key: {}\r\n", "k".repeat(129));
    for (method, path, head, body, status) in [
        ("POST", "/rooms/tea", JSON, &*good, 400),
        ("POST", "/rooms/tea", &*longest, &*good, 400),
        ("POST", "/rooms/tea", &*key, "not json", 400),
        ("POST", "/rooms/tea", &*key, "{}", 400),
        ("POST", "/rooms/tea", &*key, "{\"text\":\"hi\"}", 400),
        ("POST", "/rooms/tea", &*key, "{\"text\":\" \",\"name\":\"cron\"}", 400),
        ("POST", "/rooms/tea", &*key, "{\"text\":\"hi\",\"name\":\"a\\u0007\"}", 400),
        ("POST", "/rooms/a%0Ab", &*key, &*good, 400),
        ("POST", "/rooms/", &*key, &*good, 400),
        ("POST", "/rooms/tea", &*key, &*long, 413),
        ("POST", "/rooms/tea", &*key, &*huge, 413),
        ("POST", "/rooms/tea", form, &*good, 415),
        ("POST", "/rooms/tea", "Idempotency-Key: one\r\n", &*good, 415),
        ("POST", "/rooms/tea", &*foreign, &*good, 403),
        ("POST", "/rooms/tea", &*format!("{key}X-Forwarded-For: 192.0.2.1\r\n"), &*good, 421),
        ("OPTIONS", "/rooms/tea", "Access-Control-Request-Method: POST\r\n", "", 405),
        ("PUT", "/rooms/tea", &*key, &*good, 405),
        ("GET", "/rooms/tea?after=x", "", "", 400),
        ("GET", "/rooms/tea?limit=0", "", "", 400),
    ] {
        let told = ask(place.address, method, path, head, body).await;
        assert_eq!(told.status, status, "{method} {path} {head}{body:.100}: {told:?}");
        let allowed = told.head.contains("access-control-allow");
        assert!(!allowed, "a page of another origin would be let through: {told:?}");
        if !matches!(status, 403 | 421) {
            assert!(told.json["why"].as_str().is_some_and(|why| !why.is_empty()), "{told:?}");
        }
    }
    assert_eq!(get(place.address, "/rooms/tea").await.json["last"], 0, "none of them was said");
}

#[tokio::test]
async fn a_history_that_is_away_takes_nothing_and_says_when_to_come_back() {
    let history = HistoryConfig::Memory(MemoryConfig { rooms: 0, ..MemoryConfig::default() });
    let place = Place::with(Config { history, ..Config::default() }).await;
    let hi = json!({ "text": "hi", "name": "cron" });
    for told in [
        post(place.address, "/rooms/tea", "Idempotency-Key: one\r\n", &hi).await,
        get(place.address, "/rooms/tea").await,
    ] {
        assert_eq!((told.status, &told.json["code"]), (503, &json!("unavailable")));
        assert!(told.head.contains("\r\nretry-after: 1\r\n"), "{}", told.head);
    }
}

#[tokio::test]
async fn a_server_that_leaves_takes_nothing_more() {
    let mut server = TestServer::start(Config::default()).await;
    let line = server.echo().await;
    server.ask_to_stop();
    while server.ask("GET /readyz", "Host: localhost\r\n").await.0 != 503 {}
    let hi = json!({ "text": "hi", "name": "cron" });
    let told = post(server.address, "/rooms/tea", "Idempotency-Key: one\r\n", &hi).await;
    assert_eq!((told.status, &told.json["code"]), (503, &json!("draining")));
    assert!(told.head.contains("\r\nretry-after: 11\r\n"), "{}", told.head);
    drop(line);
    server.stopped().await;
}

/// What a program was told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) json: Value,
}

pub(crate) async fn post(address: SocketAddr, path: &str, header_lines: &str, body: &Value) -> Answer {
    ask(address, "POST", path, &format!("{JSON}{header_lines}"), &body.to_string()).await
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, "", "").await
}

pub(crate) async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    header_lines: &str,
    body: &str,
) -> Answer {
    let mut raw = Raw { stream: TcpStream::connect(address).await.unwrap() };
    let length = body.len();
    let head = format!("Host: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n{header_lines}");
    raw.send(format!("{method} {path} HTTP/1.1\r\n{head}\r\n{body}").as_bytes()).await;
    let (status, head) = raw.head().await;
    let json = serde_json::from_str(&raw.rest().await).unwrap_or_default();
    Answer { status, head, json }
}
