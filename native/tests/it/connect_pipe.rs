//! `heartline connect` between pipes: a line in is a message, a message is a line out.

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::{
    peer::{Peer, TEXT, close, frame, header, read_frame, shake_hands, switching},
    program::{PATIENCE, run, start},
};

#[tokio::test]
async fn a_line_in_is_a_message_and_a_message_is_a_line_out() {
    let peer = Peer::echoing().await;
    let outcome = run(&["connect", "--count", "4", &peer.url()], "one\r\n\nüber 弹幕\nlast".as_bytes()).await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "one\n\nüber 弹幕\nlast\n"), "{outcome:?}");
    assert_eq!(outcome.stderr, "");
}

#[tokio::test]
async fn without_a_count_it_waits_a_moment_for_the_reply() {
    let peer = Peer::echoing().await;
    let outcome = run(&["connect", "--wait", "2", &peer.url()], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
}

#[tokio::test]
async fn fewer_messages_than_asked_for_is_an_error_of_its_own() {
    let peer = Peer::echoing().await;
    let outcome = run(&["connect", "--wait", "1", "--count", "2", &peer.url()], b"hi\n").await;
    outcome.failed(40, &["only 1 of 2"]);
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        stream.write_all(&close(1000, "")).await.unwrap();
        while read_frame(&mut stream).await.is_some() {}
    })
    .await;
    run(&["connect", "--no-input", "--count", "1", &peer.url()], b"").await.failed(40, &["only 0 of 1"]);
}

#[tokio::test]
async fn received_text_goes_into_a_pipe_as_it_is() {
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        stream.write_all(&frame(TEXT, "\x1b[1mbold\x1b[0m \u{202e}".as_bytes())).await.unwrap();
        while read_frame(&mut stream).await.is_some() {}
    })
    .await;
    let outcome = run(&["connect", "--no-input", "-n", "1", &peer.url()], b"").await;
    assert_eq!(outcome.stdout, "\x1b[1mbold\x1b[0m \u{202e}\n");
}

#[tokio::test]
async fn sends_go_first_and_in_order() {
    let peer = Peer::echoing().await;
    let url = peer.url();
    let outcome = run(&["connect", "--send", "a", "--send", "-b", "--count", "3", &url], b"c\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "a\n-b\nc\n"), "{outcome:?}");
}

#[tokio::test]
async fn without_input_standard_input_is_never_touched() {
    let peer = Peer::echoing().await;
    let outcome =
        run(&["connect", "--no-input", "--send", "x", "--count", "1", &peer.url()], b"not read\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "x\n"), "{outcome:?}");
    let outcome =
        run(&["connect", "--no-input", "--send", "x", "--wait", "1", &peer.url()], b"not read\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "x\n"), "{outcome:?}");
}

#[tokio::test]
async fn binary_and_base64() {
    let (sender, mut opcodes) = tokio::sync::mpsc::channel(8);
    let peer = Peer::start(move |mut stream, _| {
        let sender = sender.clone();
        async move {
            shake_hands(&mut stream).await;
            while let Some((opcode, payload)) = read_frame(&mut stream).await {
                if opcode <= 2 {
                    sender.send(opcode).await.unwrap();
                    stream.write_all(&frame(opcode, &payload)).await.unwrap();
                }
            }
        }
    })
    .await;
    let outcome = run(&["connect", "--binary", "--count", "1", &peer.url()], b"raw\n").await;
    assert_eq!((outcome.stdout.as_str(), opcodes.recv().await), ("raw\n", Some(2)));
    let outcome = run(&["connect", "--base64", "--count", "1", &peer.url()], b"AP8=\n").await;
    assert_eq!((outcome.stdout.as_str(), opcodes.recv().await), ("AP8=\n", Some(2)));
    run(&["connect", "--base64", &peer.url()], b"***\n").await.failed(2, &["not base64"]);
}

#[tokio::test]
async fn input_that_is_no_text_is_refused_as_text() {
    let peer = Peer::echoing().await;
    run(&["connect", &peer.url()], b"\xff\n").await.failed(2, &["not UTF-8", "--binary"]);
}

#[tokio::test]
async fn a_line_over_the_limit_is_refused() {
    let peer = Peer::echoing().await;
    let url = peer.url();
    run(&["connect", "--max-message", "10", &url], b"0123456789abc\n")
        .await
        .failed(2, &["more than 10 bytes"]);
}

#[tokio::test]
async fn json_is_one_event_a_line() {
    let peer = Peer::echoing().await;
    let url = peer.url();
    let outcome = run(&["connect", "--json", "--count", "1", &url], b"hi \x1b\n").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let events: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |name: &str| {
        events
            .iter()
            .find(|event| event["event"] == name)
            .unwrap_or_else(|| panic!("no {name} in {events:?}"))
    };
    assert_eq!(named("open")["url"], url.as_str());
    assert_eq!(named("message")["text"], "hi \u{1b}");
    assert_eq!(named("exit")["code"], 0);
    assert!(events.iter().all(|event| event["at"].is_u64()), "{events:?}");
}

#[tokio::test]
async fn json_tells_a_refusal() {
    let peer = Peer::answering("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let outcome = run(&["connect", "--json", &peer.url()], b"").await;
    assert_eq!(outcome.code, 20);
    let ended = outcome.stdout.lines().find(|line| line.contains("\"ended\"")).unwrap();
    let ended: Value = serde_json::from_str(ended).unwrap();
    assert_eq!((&ended["status"], &ended["step"]), (&Value::from(403), &Value::from("http")), "{ended}");
}

#[tokio::test]
async fn a_broken_pipe_is_a_success() {
    let (go_on, gate) = tokio::sync::watch::channel(false);
    let peer = Peer::start(move |mut stream, _| {
        let mut gate = gate.clone();
        async move {
            shake_hands(&mut stream).await;
            stream.write_all(&frame(TEXT, b"first")).await.unwrap();
            gate.wait_for(|open| *open).await.unwrap();
            // More than one: a program that is being started elsewhere may still hold the pipe for a moment.
            while stream.write_all(&frame(TEXT, b"more")).await.is_ok() {}
        }
    })
    .await;
    let url = peer.url();
    let mut program = start(&["connect", "--no-input", &url]);
    assert_eq!(program.out().await, "first");
    let mut child = program.break_pipe();
    go_on.send(true).unwrap();
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("the program does not end");
    assert_eq!(ended.unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_handshake_says_what_was_asked_for() {
    let (sender, mut heads) = tokio::sync::mpsc::channel(1);
    let peer = Peer::start(move |mut stream, _| {
        let sender = sender.clone();
        async move {
            let head = crate::peer::read_head(&mut stream).await;
            let answer = switching(&head, "Sec-WebSocket-Protocol: b\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.write_all(&close(1000, "")).await.unwrap();
            sender.send(head).await.unwrap();
            while read_frame(&mut stream).await.is_some() {}
        }
    })
    .await;
    let url = format!("ws://ann:p%40ss@127.0.0.1:{}/path?x=1", peer.port);
    let args =
        ["connect", "-H", "X-One: 1", "-s", "a", "-s", "b", "--origin", "https://o.example", "-v", &url];
    let outcome = run(&args, b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("speaking b"), "{outcome:?}");
    assert!(!outcome.stderr.contains("p@ss") && !outcome.stderr.contains("p%40ss"), "{outcome:?}");
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("GET /path?x=1 HTTP/1.1\r\n"), "{head}");
    for (name, value) in [
        ("X-One", "1"),
        ("Sec-WebSocket-Protocol", "a, b"),
        ("Origin", "https://o.example"),
        ("Authorization", "Basic YW5uOnBAc3M="),
        ("Sec-WebSocket-Version", "13"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
}

#[tokio::test]
async fn many_lines_at_once_are_all_echoed_in_order() {
    let peer = Peer::echoing().await;
    let input: String = (0..20_000).map(|n| format!("{n}\n")).collect();
    let outcome = run(&["connect", "--count", "20000", &peer.url()], input.as_bytes()).await;
    assert_eq!(outcome.code, 0);
    assert!(outcome.stdout == input, "the echo differs");
}
