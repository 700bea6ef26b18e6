//! Servers that do not let `heartline connect` in: each with its own exit code and one line that says why.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    peer::{Peer, close, header, read_head, shake_hands, switching},
    program::{Outcome, run},
};

async fn answered(answer: &'static str) -> Outcome {
    let peer = Peer::answering(answer).await;
    run(&["connect", &peer.url()], b"").await
}

#[tokio::test]
async fn a_web_page() {
    let outcome = answered("HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n<h1>Welcome</h1> to nginx!").await;
    outcome.failed(20, &["200 OK", "\"Welcome to nginx!\"", "check the path"]);
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
}

#[tokio::test]
async fn a_redirect_is_told() {
    let outcome = answered("HTTP/1.1 301 Moved Permanently\r\nLocation: /new?token=secret\r\n\r\n").await;
    outcome.failed(20, &["301 Moved Permanently", "/new?…", "--max-redirects 1"]);
    assert!(!outcome.stderr.contains("secret"), "{outcome:?}");
}

#[tokio::test]
async fn a_redirect_is_followed_when_allowed() {
    let there = Peer::start(|mut stream, _| async move {
        let head = shake_hands(&mut stream).await;
        assert!(header(&head, "Authorization").is_none(), "secrets stay at home: {head}");
        assert!(head.starts_with("GET /new HTTP/1.1"), "{head}");
        stream.write_all(&close(1000, "")).await.unwrap();
    })
    .await;
    let target = there.url();
    let here = Peer::start(move |mut stream, _| {
        let target = target.clone();
        async move {
            read_head(&mut stream).await;
            let answer = format!("HTTP/1.1 307 Elsewhere\r\nLocation: {target}new\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let outcome = run(&["connect", "--max-redirects", "1", "--basic-auth", "ann:pw", &here.url()], b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let peer = Peer::answering("HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n").await;
    let outcome = run(&["connect", "--max-redirects", "3", &peer.url()], b"").await;
    outcome.failed(20, &["302 Found", "3 redirects allowed"]);
}

#[tokio::test]
async fn statuses_and_what_to_do_about_them() {
    answered("HTTP/1.1 401 Unauthorized\r\n\r\nwho are you\n")
        .await
        .failed(20, &["401 Unauthorized", "who are you", "--basic-auth"]);
    answered("HTTP/1.1 403 Forbidden\r\n\r\n").await.failed(20, &["403 Forbidden", "--origin"]);
    answered("HTTP/1.1 404 Not Found\r\n\r\n").await.failed(20, &["404", "check the URL"]);
    answered(
        "HTTP/1.1 426 Upgrade Required\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nnot websocket\r\n0\r\n\r\n",
    )
    .await
    .failed(20, &["426", "not websocket", "proxy"]);
    answered("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\n\r\n")
        .await
        .failed(20, &["version 8"]);
    answered("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\nback soon")
        .await
        .failed(20, &["503", "back soon", "come back in 7 s"]);
    answered("HTTP/1.1 502 Bad Gateway\r\n\r\n").await.failed(20, &["502", "server behind it"]);
}

#[tokio::test]
async fn a_body_cannot_command_the_terminal() {
    let outcome = answered("HTTP/1.1 400 Bad\x1b[2J\r\n\r\n\x1b]0;owned\x07\u{202e}").await;
    assert!(!outcome.stderr.contains('\x1b') && !outcome.stderr.contains('\u{202e}'), "{outcome:?}");
}

#[tokio::test]
async fn answers_that_are_no_websocket_server_s() {
    let accept = "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";
    let wrong: &'static str =
        format!("HTTP/1.1 101 Hi\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{accept}\r\n").leak();
    answered(wrong).await.failed(15, &["wrong Sec-WebSocket-Accept"]);
    answered("HTTP/1.1 101 Hi\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .await
        .failed(15, &["without Sec-WebSocket-Accept"]);
    answered("HTTP/1.1 101 Hi\r\n\r\n").await.failed(15, &["Upgrade: websocket"]);
}

#[tokio::test]
async fn what_was_never_asked_for_is_refused() {
    for (more, word) in [
        ("Sec-WebSocket-Protocol: surprise\r\n", "subprotocol"),
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", "extension"),
    ] {
        let peer = Peer::start(move |mut stream, _| async move {
            let head = read_head(&mut stream).await;
            stream.write_all(switching(&head, more).as_bytes()).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        run(&["connect", "-s", "asked", &peer.url()], b"").await.failed(15, &[word]);
    }
}

#[tokio::test]
async fn something_else_listens() {
    answered("SSH-2.0-OpenSSH_9.2\r\n").await.failed(14, &["not in HTTP", "SSH-2.0"]);
    answered("").await.failed(14, &["hung up without an answer"]);
    answered("HTTP/1.1 101 Swi").await.failed(14, &["in the middle of its answer"]);
    answered("\x15\x03\x01\x00\x02\x02\x16").await.failed(14, &["answers in TLS", "wss://"]);
}

#[tokio::test]
async fn nothing_answers() {
    let peer = Peer::start(|mut stream, _| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let outcome = run(&["connect", "--dial-timeout", "1", &peer.url()], b"").await;
    outcome.failed(14, &["no answer to the handshake", "within 1 s"]);
}

#[tokio::test]
async fn nobody_is_there() {
    run(&["connect", "ws://no-such-host.invalid/"], b"")
        .await
        .failed(10, &["no-such-host.invalid", "does not resolve"]);
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    run(&["connect", &format!("ws://{closed}/")], b"")
        .await
        .failed(11, &["connection refused", "nothing listens"]);
    run(&["connect", "unix:/no/such.sock"], b"").await.failed(11, &["/no/such.sock", "no such file"]);
}

#[tokio::test]
async fn a_first_dial_that_fails_is_final_unless_always() {
    let peer = Peer::start(|mut stream, number| async move {
        if number == 1 {
            // Read first: a stream that is closed with bytes unread is reset, not hung up.
            read_head(&mut stream).await;
            return;
        }
        shake_hands(&mut stream).await;
        stream.write_all(&close(1000, "")).await.unwrap();
    })
    .await;
    let url = peer.url();
    run(&["connect", &url], b"").await.failed(14, &["hung up"]);
    let peer = Peer::start(|mut stream, number| async move {
        if number > 1 {
            shake_hands(&mut stream).await;
            crate::peer::echo(&mut stream).await;
        }
    })
    .await;
    let outcome = run(&["connect", "--reconnect", "always", "--count", "1", &peer.url()], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
}

#[tokio::test]
async fn a_dial_that_hangs_is_given_up_for_the_next() {
    let peer = Peer::start(|mut stream, number| async move {
        if number == 1 {
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        shake_hands(&mut stream).await;
        crate::peer::echo(&mut stream).await;
    })
    .await;
    let url = peer.url();
    let args = ["connect", "--reconnect", "always", "--dial-timeout", "1", "--count", "1", &url];
    let outcome = run(&args, b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
    assert!(outcome.stderr.contains("no answer to the handshake"), "{outcome:?}");
}
