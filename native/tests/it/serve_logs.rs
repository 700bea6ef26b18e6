//! What the log of `heartline serve` tells, and what it never tells.

use std::process::Stdio;

use heartline_core::wire::ServerMessage;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::chat_peer::{Peer, hello, resume};
use crate::program::{command, start};

#[tokio::test]
async fn every_line_of_a_connection_says_which_and_none_says_what_was_said() {
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--log", "json"]);
    // More than anybody runs it with: what must not be logged must not be logged at any level.
    serve.env("RUST_LOG", "trace").stderr(Stdio::piped());
    let mut process = serve.spawn().unwrap();
    let mut told = process.stderr.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut log = String::new();
        told.read_to_string(&mut log).await.unwrap();
        log
    });
    let mut out = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = out.next_line().await.unwrap().unwrap().rsplit('/').next().unwrap().parse().unwrap();

    let header = [("authorization", "Bearer told-to-nobody")];
    let mut peer = Peer::dial(address, &header, tokio::net::TcpSocket::new_v4().unwrap()).await.unwrap();
    peer.tell(&hello("Rumpelstiltskin", 1, vec![resume("cellar", None)])).await;
    peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    peer.say("cellar", 1, "the straw is gold").await;
    peer.until(|message| matches!(message, ServerMessage::Accepted { .. })).await;
    peer.say("cellar", 1, "the gold is straw").await;
    peer.until(|message| matches!(message, ServerMessage::Rejected { .. })).await;
    peer.text("not json but gold").await;
    peer.until(|message| matches!(message, ServerMessage::Error { .. })).await;
    drop(peer);

    let pid = rustix::process::Pid::from_raw(i32::try_from(process.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(process.wait().await.unwrap().code(), Some(0));
    let log = reading.await.unwrap();
    for secret in ["gold", "straw", "Rumpelstiltskin", "well kept secret", "told-to-nobody", "cellar"] {
        assert!(!log.contains(secret), "\"{secret}\" is in the log: {log}");
    }
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let of_connections: Vec<_> = lines.iter().filter(|line| line["span"]["name"] == "connection").collect();
    assert!(of_connections.iter().all(|line| line["span"]["id"] == 1), "{log}");
    assert!(of_connections.iter().all(|line| line["span"]["peer"].is_string()), "{log}");
    let messages = |level: &str| -> Vec<&str> {
        let lines = of_connections.iter().filter(|line| line["level"] == level);
        lines.map(|line| line["fields"]["message"].as_str().unwrap()).collect()
    };
    assert_eq!(messages("INFO"), ["a line has opened", "the line has ended"]);
    assert!(messages("DEBUG").contains(&"rejected a message"), "{log}");
    assert!(messages("TRACE").contains(&"received a message"), "{log}");
}

#[tokio::test]
async fn by_default_it_is_words_for_people() {
    let mut serve = start(&["serve", "--listen", "127.0.0.1:0"]);
    serve.out().await;
    serve.signal("-TERM").await;
    let line = serve.err("asked to stop").await;
    assert!(line.contains("INFO") && !line.starts_with('{'), "{line}");
    assert_eq!(serve.code().await, 0);
}
