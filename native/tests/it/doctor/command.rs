//! The command itself: what it prints, what it writes, how it ends.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::{examine, free_port};
use crate::{
    dial_tls::Authority,
    peer::Peer,
    program::{command, run, start},
};

#[tokio::test]
async fn a_survey_says_what_is_there_and_ends() {
    let peer = Peer::echoing().await;
    let outcome = run(&["doctor", "--quick", &peer.url()], b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for word in ["127.0.0.1", "101", "echoes        yes", "pings         answered", "round trips"] {
        assert!(outcome.stdout.contains(word), "{word}: {outcome:?}");
    }
    assert!(!outcome.stdout.contains("Conclusion"), "{outcome:?}");
}

#[tokio::test]
async fn page_and_policy_are_written_whole_and_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let (page, policy) = (folder.path().join("report.html"), folder.path().join("policy.json"));
    let (page, policy) = (page.to_str().unwrap(), policy.to_str().unwrap());
    let peer = Peer::echoing().await;
    let url = peer.url();
    let outcome = run(&["doctor", "--for", "2s", "--report", page, "--policy", policy, &url], b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("Nothing ended within the watch"), "{outcome:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{page}");
    assert!(page.matches("<svg").count() >= 10, "a picture of each line: {page}");
    let used =
        run(&["connect", "--policy", policy, "--no-input", "--send", "x", "--count", "1", &url], b"").await;
    assert_eq!((used.code, used.stdout.as_str()), (0, "x\n"), "{used:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing else is left: {left:?}");
}

#[tokio::test]
async fn an_interrupted_watch_tells_what_is_known() {
    let peer = Peer::echoing().await;
    let mut doctor = start(&["doctor", "--for", "1h", &peer.url()]);
    loop {
        if doctor.out().await.starts_with("round trips") {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    doctor.signal("-INT").await;
    loop {
        if doctor.out().await.contains("Nothing ended within the watch") {
            break;
        }
    }
    while !doctor.out().await.starts_with("Three keep-alives") {}
    doctor.end_input();
    assert_eq!(doctor.code().await, 130);
}

#[tokio::test]
async fn where_there_is_no_line_the_dial_says_why() {
    let port = free_port();
    let exam = examine("nobody listens", &format!("ws://127.0.0.1:{port}/"), &[]).await;
    exam.is("no_line", 11);
    exam.outcome.failed(11, &["nothing listens there"]);
    let refusing = Peer::answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    let exam = examine("refused", &refusing.url(), &[]).await;
    exam.is("no_line", 20);
    assert_eq!(exam.report["survey"]["handshake"]["status"], 401);
}

#[tokio::test]
async fn without_messages_none_is_sent() {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let peer = Peer::start(move |mut stream, _| {
        let told = told.clone();
        async move {
            crate::peer::shake_hands(&mut stream).await;
            while let Some((opcode, _)) = crate::peer::read_frame(&mut stream).await {
                told.send(opcode).unwrap();
            }
        }
    })
    .await;
    let outcome = run(&["doctor", "--for", "2s", "--no-data", &peer.url()], b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let mut pings = 0;
    while let Ok(opcode) = heard.try_recv() {
        assert_ne!(opcode, crate::peer::TEXT);
        pings += usize::from(opcode == crate::peer::PING);
    }
    assert!(pings > 0);
}

#[tokio::test]
async fn what_cannot_work_is_told_before_a_dial() {
    for (flags, word) in [
        (&["--for", "0"][..], "--for"),
        (&["--for", "10s", "--beat", "9s"], "--beat"),
        (&["--data", ""], "--data"),
        (&["--report", "/nowhere/at/all/x.html"], "--report"),
        (&["--no-data", "--data", "x"], "--no-data"),
        (&["--quick", "--policy", "x"], "--quick"),
    ] {
        let mut command = command(&["doctor", "ws://127.0.0.1:1/"]);
        command.args(flags);
        crate::program::finish(command, b"").await.failed(2, &[word]);
    }
}

#[tokio::test]
async fn the_certificate_is_read_and_its_end_is_told() {
    let authority = Authority::new("doctor");
    let peer = authority.server("localhost", false, false).await;
    let url = format!("wss://localhost:{}/", peer.port);
    let exam = examine("TLS", &url, &["--quick", "--ca", &authority.file("ca.pem")]).await;
    let survey = &exam.report["survey"];
    assert_eq!(survey["tls"]["version"], "TLS 1.3", "{survey}");
    assert!(survey["tls"]["issuer"].as_str().unwrap().contains("doctor"), "{survey}");
    // rcgen's certificates outlive everybody.
    assert!(survey["tls"]["days_left"].as_i64().unwrap() > 365, "{survey}");
    assert_eq!((&survey["tls"]["unchecked"], &survey["echoes"]), (&false.into(), &true.into()), "{survey}");
    let exam =
        examine("expired", &format!("wss://localhost:{}/", peer.port), &["--quick", "--insecure"]).await;
    assert_eq!(exam.report["survey"]["tls"]["unchecked"], true);
    let strange = examine("nobody to trust", &url, &[]).await;
    strange.is("no_line", 13);
    assert!(
        strange.report["survey"]["tls_failed"].as_str().unwrap().contains("trusts"),
        "{}",
        strange.told()
    );
}

#[tokio::test]
async fn a_server_that_compresses_and_speaks_first_is_understood() {
    let peer = Peer::start(|mut stream, _| async move {
        let Some(head) = crate::peer::try_read_head(&mut stream).await else { return };
        let offered = head.contains("permessage-deflate");
        let more = if offered { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
        stream.write_all(crate::peer::switching(&head, more).as_bytes()).await.unwrap();
        // The example of RFC 7692 section 7.2.3.1.
        let hello = [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        stream.write_all(if offered { &hello } else { b"\x81\x05Hello" }).await.unwrap();
        for _ in 0..3 {
            stream.write_all(&crate::peer::frame(crate::peer::PING, b"are you there")).await.unwrap();
        }
        crate::peer::echo(&mut stream).await;
    })
    .await;
    let exam = examine("compresses", &peer.url(), &["--quick"]).await;
    let survey = &exam.report["survey"];
    assert_eq!(survey["first_message"]["beginning"], "Hello", "{survey}");
    assert_eq!(survey["handshake"]["extensions"][0], "permessage-deflate", "{survey}");
    assert_eq!(survey["server_pings"]["count"], 3, "{survey}");
    assert_eq!((&survey["answers_ping"], &survey["echoes"]), (&true.into(), &true.into()), "{survey}");
    // The watch offers no compression, so nothing is agreed on that its lines could not read.
    examine("compresses", &peer.url(), &["--for", "2s"]).await.is("nothing_ended", 0);
}

#[tokio::test]
async fn how_long_an_idle_connection_of_http_is_kept_is_told() {
    let mut server = start(&["serve", "--listen", "127.0.0.1:0", "--http-keepalive-timeout", "1s"]);
    let url = server.out().await.replace("heartline listening on http", "ws") + "/echo";
    let exam = examine("HTTP keep-alive", &url, &["--for", "3s"]).await;
    let kept = &exam.report["survey"]["http_keepalive"];
    let closed = kept["closed_after"].as_f64().unwrap_or_else(|| panic!("it is not closed: {kept}"));
    assert!((0.9..1.5).contains(&closed), "{kept}");
    let mut server = start(&["serve", "--listen", "127.0.0.1:0", "--http-keepalive-requests", "1"]);
    let url = server.out().await.replace("heartline listening on http", "ws") + "/echo";
    let exam = examine("no HTTP keep-alive", &url, &["--for", "2s"]).await;
    assert_eq!(exam.report["survey"]["http_keepalive"]["refused"], true, "{}", exam.told());
}
