//! `heartline echo`: between pipes, and as a ping.

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::{
    chat_cli::Server,
    peer::{Peer, TEXT, close, frame, read_frame, shake_hands},
    program::{run, start},
};

#[tokio::test]
async fn a_line_in_a_line_out_and_nothing_else() {
    let server = Server::start().await;
    let outcome = run(&["echo", &server.ws("/echo")], "one\r\n\nüber 弹幕\nlast".as_bytes()).await;
    assert_eq!(
        (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()),
        (0, "one\n\nüber 弹幕\nlast\n", "")
    );
    let outcome = run(&["echo", &server.ws("/echo")], b"").await;
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""));
}

#[tokio::test]
async fn many_lines_come_back_in_order() {
    let server = Server::start().await;
    let input: String = (0..5_000).map(|n| format!("line {n}\n")).collect();
    let outcome = run(&["echo", &server.ws("/echo")], input.as_bytes()).await;
    assert_eq!((outcome.code, outcome.stdout == input, outcome.stderr.as_str()), (0, true, ""));
}

#[tokio::test]
async fn binary_comes_back_as_binary() {
    let server = Server::start().await;
    let outcome = run(&["echo", "--base64", &server.ws("/echo")], b"AP8=\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "AP8=\n"), "{outcome:?}");
}

#[tokio::test]
async fn no_reply_has_its_own_exit_code() {
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        while read_frame(&mut stream).await.is_some() {}
    })
    .await;
    let outcome = run(&["echo", "--wait", "0.3", &peer.url()], b"one\ntwo\n").await;
    outcome.failed(40, &["no reply for 0.3 s", "2 of 2 replies are missing"]);
    assert_eq!(outcome.stdout, "");
}

#[tokio::test]
async fn a_changed_reply_is_a_reply_and_is_told() {
    let outcome = run(&["echo", &shouting().await.url()], b"one\nTWO\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "ONE\nTWO\n"), "{outcome:?}");
    assert_eq!(outcome.stderr.matches("not what was sent").count(), 1, "{outcome:?}");
}

#[tokio::test]
async fn what_nobody_asked_for_is_kept_out_of_the_pipe() {
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        while let Some((opcode, payload)) = read_frame(&mut stream).await {
            if opcode == TEXT {
                stream.write_all(&frame(TEXT, &payload)).await.unwrap();
                stream.write_all(&frame(TEXT, b"and an \x1b advertisement")).await.unwrap();
            }
        }
    })
    .await;
    let mut program = start(&["echo", &peer.url()]);
    program.type_line("one").await;
    assert_eq!(program.out().await, "one");
    assert!(program.err("unasked").await.contains("and an \\x1b advertisement"));
    program.end_input();
    assert_eq!(program.code().await, 0);
}

#[tokio::test]
async fn a_line_that_ends_takes_its_replies_with_it() {
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        let _ = read_frame(&mut stream).await;
        stream.write_all(&close(1000, "enough")).await.unwrap();
        while read_frame(&mut stream).await.is_some() {}
    })
    .await;
    run(&["echo", &peer.url()], b"one\n").await.failed(40, &["1000", "enough", "1 of 1 replies are missing"]);
    run(&["echo", "--wait", "1", &Server::start().await.ws("/chat")], b"one\n")
        .await
        .failed(40, &["1 of 1", "heartline.v1"]);
}

#[tokio::test]
async fn what_waited_for_a_new_server_comes_back() {
    let mut server = Server::start().await;
    let mut program = start(&["echo", &server.ws("/echo")]);
    program.type_line("before").await;
    assert_eq!(program.out().await, "before");
    server.kill().await;
    program.err("dialling again").await;
    program.type_line("meanwhile").await;
    server.start_again().await;
    assert_eq!(program.out().await, "meanwhile");
    program.end_input();
    assert_eq!(program.code().await, 0);
}

#[tokio::test]
async fn probes_are_summed_up_as_ping_does() {
    let server = Server::start().await;
    let args = ["echo", "--probe", "--count", "3", "--interval", "10ms", "--size", "1k", &server.ws("/echo")];
    let outcome = run(&args, b"not read").await;
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    for words in [
        "with 1024 bytes of text",
        "probe 1:",
        "probe 3:",
        "3 sent, 3 received, 0 lost (0.0%)",
        "median",
        "jitter",
    ] {
        assert!(outcome.stdout.contains(words), "\"{words}\" is not in {outcome:?}");
    }
}

#[tokio::test]
async fn a_program_reads_the_summary_as_json() {
    let peer = shouting().await;
    let outcome = run(&["echo", "--probe", "-n", "2", "-i", "10ms", "--json", &peer.url()], b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let events: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = events.iter().find(|event| event["event"] == "summary").unwrap();
    let counted =
        ["sent", "received", "intact", "changed", "lost"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(counted, [2, 2, 0, 2, 0]);
    assert!(summary["median_ms"].is_f64() && summary["jitter_ms"].is_f64(), "{summary}");
}

#[tokio::test]
async fn probes_into_silence_are_lost_and_that_is_an_error() {
    let peer = Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        while read_frame(&mut stream).await.is_some() {}
    })
    .await;
    let outcome = run(&["echo", "--probe", "-n", "2", "-i", "10ms", "--wait", "0.1", &peer.url()], b"").await;
    outcome.failed(40, &["none of 2 probes came back"]);
    assert!(outcome.stdout.contains("2 sent, 0 received, 2 lost (100.0%)"), "{outcome:?}");
}

#[tokio::test]
async fn an_endless_run_ends_with_an_interrupt_and_its_summary() {
    let server = Server::start().await;
    let mut program = start(&["echo", "--probe", "-i", "10ms", &server.ws("/echo")]);
    program.out().await;
    assert!(program.out().await.starts_with("probe 1: "));
    program.signal("-INT").await;
    loop {
        if program.out().await.contains("lost (0.0%)") {
            break;
        }
    }
    assert_eq!(program.code().await, 0);
}

#[tokio::test]
async fn plans_that_cannot_work_are_told_before_a_dial() {
    let url = "ws://127.0.0.1:1/";
    for (args, word) in [
        (vec!["--count", "3"], "--probe"),
        (vec!["--probe", "--interval", "0"], "1 ms"),
        (vec!["--probe", "--size", "1G"], "too large"),
        (vec!["--probe", "--count", "0"], "--count"),
    ] {
        let words = [vec!["echo", url], args].concat();
        run(&words, b"").await.failed(2, &[word]);
    }
}

#[tokio::test]
async fn a_pipe_gets_what_came_to_the_letter() {
    let server = Server::start().await;
    let outcome = run(&["echo", &server.ws("/echo")], b"\x1b[1m\n").await;
    assert_eq!(outcome.stdout, "\x1b[1m\n");
}

/// A server that answers in capitals.
async fn shouting() -> Peer {
    Peer::start(|mut stream, _| async move {
        shake_hands(&mut stream).await;
        while let Some((opcode, payload)) = read_frame(&mut stream).await {
            if opcode == TEXT {
                stream.write_all(&frame(TEXT, &payload.to_ascii_uppercase())).await.unwrap();
            }
        }
    })
    .await
}
