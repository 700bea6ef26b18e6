//! Lines that live, die and leave.

use std::time::Duration;

use heartline::server::Config;
use tokio::time::Instant;

use crate::serve_peer::{BINARY, CLOSE, PING, PONG, StandingClock, TEXT, TestServer, frame};

#[tokio::test(start_paused = true)]
async fn a_silent_line_is_pinged_probed_and_given_up_in_time() {
    let clock = StandingClock::hold();
    let server = TestServer::start(Config::default()).await;
    let mut raw = server.echo().await;
    let opened = Instant::now();
    while !server.metrics().await.contains("{route=\"echo\",why=\"heartbeat_lost\"} 1") {
        clock.advance(1).await;
    }
    assert!(opened.elapsed() <= Config::default().heartbeat.detection(), "{:?}", opened.elapsed());
    assert_eq!(raw.read().await.0, PING);
    assert_eq!(raw.read().await.0, PING);
    let (first, payload) = raw.read().await;
    assert_eq!((first, &payload[..2]), (CLOSE, &1011_u16.to_be_bytes()[..]));
    raw.is_reset().await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_answers_pings_lives_for_hours() {
    let clock = StandingClock::hold();
    let server = TestServer::start(Config::default()).await;
    let mut raw = server.echo().await;
    for _ in 0..500 {
        clock.advance(25).await;
        assert_eq!(raw.read().await, (PING, Vec::new()));
        raw.frame(PONG, b"").await;
        raw.frame(TEXT, b"here").await;
        assert_eq!(raw.read().await, (TEXT, b"here".to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_message_is_a_sign_of_life() {
    let clock = StandingClock::hold();
    let server = TestServer::start(Config::default()).await;
    let mut raw = server.echo().await;
    for byte in frame(BINARY, &[7; 100]) {
        // One byte per ping, and no pong: a large message on a slow link.
        clock.advance(25).await;
        assert_eq!(raw.read().await.0, PING);
        raw.send(&[byte]).await;
    }
    loop {
        match raw.read().await {
            (PING, _) => {}
            other => {
                assert_eq!(other, (BINARY, vec![7; 100]));
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_is_cut() {
    let clock = StandingClock::hold();
    let server = TestServer::start(Config::default()).await;
    let mut raw = server.echo().await;
    // More than the sockets between us hold, and no more than the server takes.
    raw.frame(BINARY, &vec![0; 16 << 20]).await;
    raw.stream.readable().await.unwrap();
    loop {
        // The sockets may still be filling up, so the time of the cut is not known to the second.
        clock.advance(10).await;
        let metrics = server.metrics().await;
        assert!(!metrics.contains("heartbeat_lost"), "cut for a silence that is not its own");
        if metrics.contains("{route=\"echo\",why=\"write_stalled\"} 1") {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_says_so_to_each_and_turns_newcomers_away() {
    let clock = StandingClock::hold();
    let mut server = TestServer::start(Config::default()).await;
    let mut lines = Vec::new();
    for _ in 0..10 {
        lines.push(server.echo().await);
    }
    let mut idle = server.connect().await;
    idle.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(idle.head().await.0, 200);
    server.ask_to_stop();
    // An idle HTTP connection ends at once: then the server has heard.
    assert_eq!(idle.rest().await, "alive\n");

    let (status, head, _) = server.handshake("/echo", "").await;
    assert_eq!(status, 503);
    assert!(head.contains("\r\nretry-after: "), "{head}");
    assert_eq!(server.ask("GET /readyz", "Host: localhost\r\n").await.0, 503);
    assert_eq!(server.ask("GET /healthz", "Host: localhost\r\n").await.0, 200);

    clock.advance(9).await;
    for mut line in lines {
        let (first, payload) = line.read().await;
        assert_eq!((first, &payload[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]));
        line.frame(CLOSE, &payload).await;
        assert_eq!(line.rest().await, "");
    }
    server.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_does_not_wait_for_ever() {
    let mut server = TestServer::start(Config::default()).await;
    let _deaf = server.echo().await;
    server.ask_to_stop();
    let asked = Instant::now();
    server.stopped().await;
    assert!(asked.elapsed() <= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_fast_sender_waits_for_the_rate() {
    let mut config = Config::default();
    config.line.echo_rate = Some(10);
    let clock = StandingClock::hold();
    let server = TestServer::start(config).await;
    let mut raw = server.echo().await;
    let started = Instant::now();
    raw.send(&frame(TEXT, b"x").repeat(600)).await;
    assert_eq!(raw.read().await.0, TEXT);
    drop(clock);
    let mut echoed = 1;
    while echoed < 600 {
        match raw.read().await {
            (TEXT, _) => echoed += 1,
            (PING, _) => raw.frame(PONG, b"").await,
            other => panic!("{other:?}"),
        }
    }
    assert!(started.elapsed() >= Duration::from_secs(58), "{:?}", started.elapsed());
}
