//! The way in: requests and handshakes, good and bad.

use std::time::Duration;

use bytes::Bytes;
use heartline::server::Config;
use heartline::server::page::Page;

use crate::program::start;
use crate::serve_peer::{CLOSE, Raw, StandingClock, TEXT, TestServer, frame, handshake};

const HOST: &str = "Host: localhost\r\n";

#[tokio::test]
async fn a_plain_get_on_echo_is_told_what_it_met() {
    let server = TestServer::start(Config::default()).await;
    let (status, head, body) = server.ask("GET /echo", HOST).await;
    assert_eq!(status, 426);
    assert!(body.contains("not websocket"), "{body}");
    assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
    assert_eq!(server.ask("HEAD /echo", HOST).await.0, 426);
    assert_eq!(server.ask("POST /echo", HOST).await.0, 405);
}

#[tokio::test]
async fn each_bad_handshake_has_its_status_and_its_counter() {
    let server = TestServer::start(Config::default()).await;
    for (header_lines, expected) in [
        ("Sec-WebSocket-Version: 8\r\n", 426),
        ("Sec-WebSocket-Version: \r\n", 426),
        ("Sec-WebSocket-Key: c2hvcnQ=\r\n", 400),
        ("Sec-WebSocket-Key: \r\n", 400),
        ("Connection: keep-alive\r\n", 400),
        ("Upgrade: h2c\r\n", 426),
        ("Host: \r\n", 400),
        ("Host: evil.com\r\n", 421),
        ("Host: localhost.evil.com:80\r\n", 421),
        ("Origin: http://evil.com\r\n", 403),
        ("Origin: null\r\n", 403),
        ("X-Forwarded-For: 192.0.2.1\r\n", 421),
        ("Via: 1.1 proxy\r\n", 421),
        ("Forwarded: for=192.0.2.1\r\n", 421),
    ] {
        let (status, head, _) = server.handshake("/echo", header_lines).await;
        assert_eq!(status, expected, "{header_lines}{head}");
        if header_lines.contains("Version") {
            assert!(head.contains("sec-websocket-version: 13\r\n"), "{head}");
        }
    }
    let metrics = server.metrics().await;
    for counted in
        ["\"version\"} 2", "\"key\"} 2", "\"foreign_host\"} 5", "\"foreign_origin\"} 2", "\"no_host\"} 1"]
    {
        assert!(metrics.contains(&format!("heartline_refused_total{{why={counted}")), "{counted}: {metrics}");
    }
}

#[tokio::test]
async fn good_handshakes_come_in() {
    let server = TestServer::start(Config::default()).await;
    for header_lines in
        ["", "Origin: http://localhost:8081\r\n", "Host: [::1]:9\r\nOrigin: http://127.0.0.1\r\n"]
    {
        let (status, head, _) = server.handshake("/echo", header_lines).await;
        assert_eq!(status, 101, "{header_lines}{head}");
        assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
        assert!(!head.contains("sec-websocket-protocol"), "{head}");
    }
    let (_, head, _) = server.handshake("/echo", "Sec-WebSocket-Protocol: heartline.v1, mqtt\r\n").await;
    assert!(head.contains("sec-websocket-protocol: mqtt\r\n"), "{head}");
    let (_, head, _) = server.handshake("/chat", "Sec-WebSocket-Protocol: mqtt, heartline.v1\r\n").await;
    assert!(head.contains("sec-websocket-protocol: heartline.v1\r\n"), "{head}");
}

/// Names mean the same in any case, but not to every client.
#[tokio::test]
async fn the_names_of_the_handshake_are_spelled_as_in_the_rfc() {
    let server = TestServer::start(Config::default()).await;
    for (header_lines, names) in [
        (
            "Sec-WebSocket-Protocol: mqtt\r\n",
            &[
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Accept: ",
                "Sec-WebSocket-Protocol: mqtt",
            ][..],
        ),
        ("Sec-WebSocket-Version: 8\r\n", &["Upgrade: websocket", "Sec-WebSocket-Version: 13"]),
    ] {
        let mut raw = server.connect().await;
        // A request before it on the same connection changes nothing.
        raw.send(
            format!("GET /healthz HTTP/1.1\r\n{HOST}\r\n{}", handshake("/echo", header_lines)).as_bytes(),
        )
        .await;
        assert_eq!(raw.head().await.0, 200);
        let said = raw.until(b"\r\n\r\n").await;
        for name in names {
            assert!(said.contains(&format!("\r\n{name}")), "{name}: {said}");
        }
    }
}

#[tokio::test]
async fn the_request_may_be_written_in_any_of_the_ways_of_http() {
    let server = TestServer::start(Config::default()).await;
    for header_lines in [
        "upgrade: WebSocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n",
        "Connection: keep-alive, Upgrade\r\n",
        "Connection: keep-alive\r\nConnection: Upgrade\r\n",
        "Upgrade: h2c, websocket\r\n",
        "Sec-WebSocket-Version:   13  \r\n",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        "Content-Length: 0\r\n",
    ] {
        for target in ["/echo", "/echo?a=b", "http://localhost/echo"] {
            let (status, head, mut raw) = server.handshake(target, header_lines).await;
            assert_eq!(status, 101, "{target}: {header_lines}{head}");
            assert!(!head.contains("extensions"), "{head}");
            raw.frame(TEXT, b"hi").await;
            assert_eq!(raw.read().await, (TEXT, b"hi".to_vec()), "{target}: {header_lines}");
        }
    }
    let old = handshake("/echo", "").replace("HTTP/1.1", "HTTP/1.0");
    let post = handshake("/echo", "").replace("GET ", "POST ");
    for (request, expected) in [(old, 400), (post, 405), (handshake("http://evil.com/echo", ""), 421)] {
        let mut raw = server.connect().await;
        raw.send(request.as_bytes()).await;
        assert_eq!(raw.head().await.0, expected, "{request}");
    }
}

#[tokio::test]
async fn a_page_is_told_by_close_code_what_it_could_not_read_from_a_status() {
    let server = TestServer::start(Config::default()).await;
    let offer = "Sec-WebSocket-Protocol: heartline.v1\r\n";
    let (status, _, mut raw) =
        server.handshake("/chat", &format!("{offer}Origin: http://evil.com\r\n")).await;
    assert_eq!((status, raw.closed().await), (101, 4403));
    let (status, _, mut raw) = server.handshake("/chat", "").await;
    assert_eq!((status, raw.closed().await), (101, 4406));
    let metrics = server.metrics().await;
    for why in ["foreign_origin", "subprotocol"] {
        assert!(metrics.contains(&format!("heartline_refused_total{{why=\"{why}\"}} 1")), "{metrics}");
    }
    assert_eq!(server.ask("GET /chat", &format!("{HOST}Origin: http://evil.com\r\n")).await.0, 403);
}

#[tokio::test]
async fn heads_that_are_too_long_or_not_http_are_refused() {
    let server = TestServer::start(Config::default()).await;
    let long = format!("X: {}\r\n", "x".repeat(64 * 1024));
    let (status, _, _) = server.handshake("/echo", &long).await;
    assert_eq!(status, 431);
    let many = "X: y\r\n".repeat(200);
    assert_eq!(server.handshake("/echo", &many).await.0, 431);
    let mut raw = server.connect().await;
    raw.send(b"\x16\x03\x01\x02\x00 this is TLS\r\n\r\n").await;
    assert_eq!(raw.head().await.0, 400);
    let metrics = server.metrics().await;
    assert!(metrics.contains("{why=\"header_too_large\"} 2"), "{metrics}");
    assert!(metrics.contains("{why=\"not_http\"} 1"), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_slower_than_the_limit_is_cut() {
    let clock = StandingClock::hold();
    let server = TestServer::start(Config::default()).await;
    let mut silent = server.connect().await;
    let mut slow = server.connect().await;
    slow.send(b"GET /echo HTTP/1.1\r\nHost: local").await;
    // They, and the one that asks.
    server.until_metrics_tell("heartline_connections 3").await;
    clock.advance(10).await;
    assert_eq!(slow.head().await.0, 408);
    assert!(slow.rest().await.contains("too slow"));
    assert_eq!(silent.rest().await, "");
    assert!(server.metrics().await.contains("{why=\"slow\"} 2"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_its_share_of_requests_and_of_idle_time() {
    let clock = StandingClock::hold();
    let mut config = Config::default();
    config.http.requests = 2;
    let server = TestServer::start(config).await;
    let mut busy = server.connect().await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    busy.send(request).await;
    assert!(!busy.head().await.1.contains("connection: close"));
    busy.send(request).await;
    assert!(busy.rest().await.to_ascii_lowercase().contains("connection: close"));

    let mut idle = server.connect().await;
    idle.send(request).await;
    assert_eq!(idle.head().await.0, 200);
    clock.advance(10).await;
    clock.advance(65).await;
    assert_eq!(idle.rest().await, "alive\n");
}

#[tokio::test(start_paused = true)]
async fn a_connection_older_than_its_lifetime_gets_its_answer_and_no_further_one() {
    let clock = StandingClock::hold();
    let mut config = Config::default();
    config.http.lifetime = Duration::from_secs(100);
    let server = TestServer::start(config).await;
    let mut old = server.connect().await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..2 {
        old.send(request).await;
        assert!(!old.head().await.1.contains("connection: close"));
        clock.advance(50).await;
    }
    old.send(request).await;
    assert!(old.rest().await.to_ascii_lowercase().contains("connection: close"));
}

/// What nginx offers under the same names, as the flags of a running server.
#[tokio::test]
async fn the_flags_of_http_keep_alive_are_heeded() {
    let server = |flag: &'static str, value: &'static str| async move {
        let mut server = start(&["serve", "--listen", "127.0.0.1:0", flag, value]);
        let address = server.out().await.replace("heartline listening on http://", "");
        (Raw { stream: tokio::net::TcpStream::connect(address).await.unwrap() }, server)
    };
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (mut once, _server) = server("--http-keepalive-requests", "1").await;
    once.send(request).await;
    assert!(once.rest().await.to_ascii_lowercase().contains("connection: close"));
    let (mut short, _server) = server("--http-keepalive-time", "0").await;
    short.send(request).await;
    assert!(short.rest().await.to_ascii_lowercase().contains("connection: close"));
    let (mut idle, _server) = server("--http-keepalive-timeout", "200ms").await;
    idle.send(request).await;
    let answer = idle.rest().await;
    assert!(
        answer.ends_with("alive\n") && !answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_full_server_says_so_and_nobody_else_is_harmed() {
    let config = Config { max_connections: 1, ..Config::default() };
    let server = TestServer::start(config).await;
    let mut first = server.echo().await;
    let (status, head, _) = server.handshake("/echo", "").await;
    assert_eq!(status, 503);
    assert!(head.contains("\r\nretry-after: "), "{head}");
    assert_eq!(server.ask("GET /healthz", HOST).await.0, 200);
    assert!(server.metrics().await.contains("heartline_refused_total{why=\"full\"} 1"));
    first.frame(TEXT, b"still here").await;
    assert_eq!(first.read().await, (TEXT, b"still here".to_vec()));
    first.frame(CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(first.closed().await, 1000);
    // The place is free as soon as the server has seen the end.
    drop(first);
    while server.handshake("/echo", "").await.0 != 101 {}
}

#[tokio::test]
async fn another_origin_of_this_machine_may_read_whether_we_are_ready() {
    let server = TestServer::start(Config::default()).await;
    let (status, head, body) =
        server.ask("GET /readyz", &format!("{HOST}Origin: http://localhost:8081\r\n")).await;
    assert_eq!((status, body.as_str()), (200, "ready\n"));
    assert!(head.contains("access-control-allow-origin: http://localhost:8081\r\n"), "{head}");
    assert_eq!(server.ask("GET /readyz", &format!("{HOST}Origin: http://evil.com\r\n")).await.0, 403);
}

#[tokio::test]
async fn the_page_is_served_compressed_and_under_a_policy() {
    let files = [("index.html", "<script>go()</script>"), ("index.html.br", "brotli")];
    let page = Page::from_files(files.map(|(path, bytes)| (path.to_owned(), Bytes::from(bytes))));
    let server = TestServer::start(Config { page, ..Config::default() }).await;
    let (status, head, body) = server.ask("GET /", &format!("{HOST}Accept-Encoding: gzip, br\r\n")).await;
    assert_eq!((status, body.as_str()), (200, "brotli"));
    for line in ["content-type: text/html; charset=utf-8", "content-encoding: br", "vary: accept-encoding"] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
    }
    assert!(head.contains(
        "content-security-policy: default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'sha256-"
    ));
    let (_, head, body) = server.ask("HEAD /", HOST).await;
    assert!(head.contains("content-length: 21\r\n") && body.is_empty(), "{head}{body}");
    assert_eq!(server.ask("GET /nothing", HOST).await.0, 404);
}

#[tokio::test]
async fn a_server_without_a_page_says_what_builds_it() {
    let server = TestServer::start(Config { page: Page::from_files([]), ..Config::default() }).await;
    let (_, _, body) = server.ask("GET /", HOST).await;
    assert!(body.contains("cargo xtask run"), "{body}");
}

#[tokio::test]
async fn what_is_sent_right_behind_the_handshake_is_not_lost() {
    let server = TestServer::start(Config::default()).await;
    let mut raw = server.connect().await;
    let mut bytes = handshake("/echo", "").into_bytes();
    bytes.extend(frame(TEXT, b"early"));
    raw.send(&bytes).await;
    assert_eq!(raw.head().await.0, 101);
    assert_eq!(raw.read().await, (TEXT, b"early".to_vec()));
}
