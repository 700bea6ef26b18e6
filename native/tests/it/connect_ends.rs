//! How open lines end, and what becomes of it.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    peer::{CLOSE, PING, PONG, Peer, TEXT, close, echo, frame, read_frame, shake_hands},
    program::{Outcome, run, start},
};

/// Shakes hands, then sends these bytes and hangs up.
async fn sending(bytes: Vec<u8>) -> Peer {
    Peer::start(move |mut stream, _| {
        let bytes = bytes.clone();
        async move {
            shake_hands(&mut stream).await;
            stream.write_all(&bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await
}

async fn connect_once(peer: &Peer) -> Outcome {
    run(&["connect", "--no-input", "--reconnect", "never", &peer.url()], b"").await
}

#[tokio::test]
async fn closes_of_each_class() {
    for (code, exit) in [
        (1000, 0),
        (1001, 30),
        (1002, 30),
        (1008, 30),
        (1011, 30),
        (1014, 30),
        (3000, 30),
        (3008, 30),
        (4400, 30),
    ] {
        let peer = sending(close(code, "because")).await;
        let outcome = connect_once(&peer).await;
        assert_eq!(outcome.code, exit, "{code}: {outcome:?}");
        assert!(
            outcome.stderr.contains(&code.to_string()) && outcome.stderr.contains("because"),
            "{code}: {outcome:?}"
        );
    }
    let peer = sending(frame(CLOSE, b"")).await;
    connect_once(&peer).await.failed(30, &["without a code"]);
}

/// As other servers say it that were told of a breach.
#[tokio::test]
async fn a_peer_that_complains_of_us_is_not_blamed() {
    let peer = sending(close(1002, "Protocol violation")).await;
    connect_once(&peer).await.failed(30, &["1002", "one side breaks the protocol"]);
}

#[tokio::test]
async fn what_was_asked_for_on_a_lost_line_is_not_waited_for() {
    for with in [&["--no-input", "--send", "one", "--send", "two"][..], &[]] {
        let peer = Peer::start(|mut stream, number| async move {
            assert_eq!(number, 1, "nothing is left to say on a second line");
            shake_hands(&mut stream).await;
            let mut messages = 0;
            while let Some((opcode, payload)) = read_frame(&mut stream).await {
                messages += usize::from(opcode == TEXT);
                match messages {
                    1 if opcode == TEXT => stream.write_all(&frame(TEXT, &payload)).await.unwrap(),
                    2 => return,
                    _ => {}
                }
            }
        })
        .await;
        let url = peer.url();
        let arguments = [&["connect", "--count", "2", &url][..], with].concat();
        let outcome = run(&arguments, b"one\ntwo\n").await;
        outcome.failed(31, &["only 1 of 2 messages came"]);
        assert_eq!(outcome.stdout, "one\n", "{outcome:?}");
    }
}

#[tokio::test]
async fn auto_comes_back_after_some_codes_and_not_after_others() {
    for code in [1001, 1005, 1012, 1014, 4000] {
        let peer = Peer::start(move |mut stream, number| async move {
            shake_hands(&mut stream).await;
            let first = if code == 1005 { frame(CLOSE, b"") } else { close(code, "") };
            let bytes = if number == 1 { first } else { close(1000, "") };
            stream.write_all(&bytes).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let outcome = run(&["connect", "--no-input", &peer.url()], b"").await;
        assert_eq!(outcome.code, 0, "{code}: {outcome:?}");
        assert!(outcome.stderr.contains("connected again"), "{code}: {outcome:?}");
    }
    let peer = sending(close(1008, "no")).await;
    run(&["connect", "--no-input", &peer.url()], b"").await.failed(30, &["1008"]);
}

#[tokio::test]
async fn a_reason_cannot_command_the_terminal() {
    for code in [1000, 1008, 1011] {
        let peer = sending(close(code, "\x1b[2J\u{202e}")).await;
        let outcome = connect_once(&peer).await;
        assert!(outcome.stderr.contains("\\x1b[2J\\u{202e}"), "{outcome:?}");
        assert!(!outcome.stderr.contains('\x1b') && !outcome.stderr.contains('\u{202e}'), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_peer_s_close_is_answered() {
    for (code, answer, exit) in [(1000, 1000_u16, 0), (1014, 1014, 30), (999, 1002, 15)] {
        let (sender, mut answered) = tokio::sync::mpsc::channel(1);
        let peer = Peer::start(move |mut stream, _| {
            let sender = sender.clone();
            async move {
                shake_hands(&mut stream).await;
                stream.write_all(&close(code, "bye")).await.unwrap();
                sender.send(read_frame(&mut stream).await).await.unwrap();
            }
        })
        .await;
        assert_eq!(connect_once(&peer).await.code, exit);
        let (opcode, payload) = answered.recv().await.unwrap().unwrap();
        assert_eq!((opcode, &payload[..2]), (CLOSE, answer.to_be_bytes().as_slice()));
    }
}

#[tokio::test]
async fn a_code_that_may_not_be_sent_is_the_peer_s_fault() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        let peer = sending(close(code, "\x1b[2J")).await;
        let outcome = connect_once(&peer).await;
        outcome.failed(
            15,
            &[&format!("close code {code} may not be sent"), "\\x1b[2J", "have the server mended"],
        );
    }
    let peer = sending(frame(CLOSE, &[0x03, 0xf6, 0xff])).await;
    connect_once(&peer).await.failed(15, &["1014", "not UTF-8"]);
}

#[tokio::test]
async fn an_end_without_a_close_frame() {
    let peer = sending(frame(1, b"hi")).await;
    let outcome = connect_once(&peer).await;
    outcome.failed(31, &["without a close frame"]);
    assert_eq!(outcome.stdout, "hi\n");
}

#[tokio::test]
async fn half_a_frame_and_then_the_end() {
    let peer = sending(vec![0x81, 100, b'x']).await;
    connect_once(&peer).await.failed(31, &["without a close frame"]);
}

#[tokio::test]
async fn a_reset() {
    let peer = Peer::start(|mut stream: TcpStream, _| async move {
        shake_hands(&mut stream).await;
        // With nothing to linger for, the kernel resets.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    connect_once(&peer).await.failed(31, &["reset"]);
}

#[tokio::test]
async fn frames_against_the_protocol() {
    for (bytes, code, word) in [
        (vec![0xC1, 1, b'x'], 1002_u16, "Reserved bits"),
        (vec![0x81, 0x81, 0, 0, 0, 0, b'x'], 1002, "masked"),
        (vec![0x83, 0], 1002, "opcode"),
        (vec![0x81, 1, 0xff], 1007, "UTF-8"),
        (vec![0x89, 126, 0, 126], 1002, ""),
    ] {
        let (sender, mut said) = tokio::sync::mpsc::channel(1);
        let peer = Peer::start(move |mut stream, _| {
            let (bytes, sender) = (bytes.clone(), sender.clone());
            async move {
                shake_hands(&mut stream).await;
                stream.write_all(&bytes).await.unwrap();
                stream.write_all(&[0; 200]).await.unwrap();
                sender.send(read_frame(&mut stream).await).await.unwrap();
            }
        })
        .await;
        let outcome = run(&["connect", "--no-input", &peer.url()], b"").await;
        outcome.failed(15, &["broke the WebSocket protocol"]);
        assert!(outcome.stderr.to_lowercase().contains(&word.to_lowercase()), "{word}: {outcome:?}");
        let (opcode, payload) = said.recv().await.unwrap().expect("it is told why");
        assert_eq!((opcode, payload[..2].to_vec()), (CLOSE, code.to_be_bytes().to_vec()), "{word}");
    }
}

#[tokio::test]
async fn a_message_over_the_limit() {
    let peer = sending(frame(1, &[b'x'; 1001])).await;
    run(&["connect", "--no-input", "--max-message", "1000", &peer.url()], b"")
        .await
        .failed(15, &["over the limit"]);
    let outcome =
        run(&["connect", "--no-input", "--max-message", "1001", "--count", "1", &peer.url()], b"").await;
    assert_eq!((outcome.code, outcome.stdout.len()), (0, 1002), "{outcome:?}");
}

#[tokio::test]
async fn a_line_that_goes_silent_in_the_middle_of_a_frame_is_given_up() {
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        // One answer proves that pings are answered here; after that nothing is.
        let (opcode, payload) = read_frame(&mut stream).await.unwrap();
        assert_eq!(opcode, PING);
        stream.write_all(&frame(PONG, &payload)).await.unwrap();
        stream.write_all(&[0x81, 100, b'x']).await.unwrap();
        while read_frame(&mut stream).await.is_some() {}
    })
    .await;
    let url = peer.url();
    let args = [
        "connect",
        "--no-input",
        "--reconnect",
        "never",
        "--ping-interval",
        "1",
        "--ping-timeout",
        "0.5",
        &url,
    ];
    run(&args, b"").await.failed(31, &["the line was dead"]);
}

#[tokio::test]
async fn what_is_typed_while_the_line_is_down_arrives_once_it_is_back() {
    let peer = Peer::start(|mut stream, number| async move {
        shake_hands(&mut stream).await;
        if number == 1 {
            // Cut as soon as the first message is there.
            while !matches!(read_frame(&mut stream).await, Some((1, _)) | None) {}
            return;
        }
        echo(&mut stream).await;
    })
    .await;
    let url = peer.url();
    let mut program = start(&["connect", "--count", "1", &url]);
    program.type_line("cut me").await;
    program.err("dialling again").await;
    program.type_line("meanwhile").await;
    assert_eq!(program.out().await, "meanwhile");
    assert_eq!(program.code().await, 0);
}

#[tokio::test]
async fn an_interrupt_says_goodbye() {
    let (sender, mut said) = tokio::sync::mpsc::channel(1);
    let peer = Peer::start(move |mut stream, _| {
        let sender = sender.clone();
        async move {
            shake_hands(&mut stream).await;
            stream.write_all(&frame(1, b"hello")).await.unwrap();
            loop {
                match read_frame(&mut stream).await {
                    Some((PING, _)) => {}
                    other => break sender.send(other).await.unwrap(),
                }
            }
        }
    })
    .await;
    for signal in ["-INT", "-TERM"] {
        let url = peer.url();
        let mut program = start(&["connect", &url]);
        assert_eq!(program.out().await, "hello");
        program.signal(signal).await;
        assert_eq!(program.code().await, 130);
        let (opcode, payload) = said.recv().await.unwrap().expect("a goodbye");
        assert_eq!((opcode, payload), (CLOSE, 1000_u16.to_be_bytes().to_vec()));
    }
}
