//! What a relay records, and what `heartline show` and `heartline replay` make of it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use tokio::io::AsyncWriteExt;

use crate::{
    chat_cli::Server,
    peer::{Peer, frame, header, read_frame, read_head, switching},
    program::{Running, command, finish, run, start},
    relay::{Far, Relay, end, open, read, request},
};

/// A recording of one line: a text each way, a ping answered, and a close.
async fn recorded(folder: &Path, more: &[&str]) -> String {
    let file = folder.join("line.jsonl");
    let path = file.to_str().unwrap().to_owned();
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[&["--record", &path], more].concat()).await;
    let (mut near, mut server) = open(&relay, &far).await;
    near.write_all(b"\x81\x83\x01\x02\x03\x04anl").await.unwrap();
    assert_eq!(read(&mut server, 9).await, b"\x81\x83\x01\x02\x03\x04anl");
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.write_all(b"\x81\x03two\x89\x01!").await.unwrap();
    assert_eq!(read(&mut near, 8).await, b"\x81\x03two\x89\x01!");
    near.write_all(b"\x8a\x81\x00\x00\x00\x00!").await.unwrap();
    assert_eq!(read(&mut server, 7).await, b"\x8a\x81\x00\x00\x00\x00!");
    server.write_all(b"\x82\x01\xff\x88\x05\x03\xe9bye").await.unwrap();
    assert_eq!(read(&mut near, 10).await, b"\x82\x01\xff\x88\x05\x03\xe9bye");
    drop((near, server));
    relay.program.err("over").await;
    path
}

#[tokio::test]
async fn a_recording_reads_as_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), &[]).await;
    let outcome = run(&["show", &path], b"").await;
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let mut rest = outcome.stdout.as_str();
    for what in [
        "connected to ws://127.0.0.1:",
        "→ GET / HTTP/1.1",
        "← HTTP/1.1 101 Switching Protocols",
        "→ Text mask 01020304 3 B \"`lo\"",
        "← Text 3 B \"two\"",
        "← Ping 1 B 21",
        "→ Pong mask 00000000 1 B 21",
        "← Binary 1 B ff",
        "← Connection Close 5 B 1001",
        "connection over: the server closed it with 1001",
    ] {
        let at = rest
            .find(what)
            .unwrap_or_else(|| panic!("\"{what}\" is not there, or not in its place: {outcome:?}"));
        rest = &rest[at + what.len()..];
    }
    let outcome = run(&["show", &path, "--format", "json"], b"").await;
    let objects = outcome.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let frames: Vec<f64> =
        objects.filter(|one| one["kind"] == "frame").map(|one| one["t"].as_f64().unwrap()).collect();
    assert_eq!(frames.len(), 6);
    assert!((0.3..30.0).contains(&(frames[1] - frames[0])), "with the times of then: {frames:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_recording_becomes_a_capture_and_is_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), &[]).await;
    let capture = folder.path().join("line.pcapng");
    let to = capture.to_str().unwrap();
    assert_eq!(run(&["show", &path, "--format", "pcapng", "--output", to], b"").await.code, 0);
    for file in [Path::new(&path), &capture] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut tshark = tokio::process::Command::new("tshark");
    tshark.args(["-n", "-r", to, "-Y", "websocket", "-T", "fields", "-e", "websocket.opcode"]);
    let output = tshark.output().await.expect("tshark is installed: `cargo xtask tools`");
    let mut opcodes: Vec<u32> = String::from_utf8(output.stdout)
        .unwrap()
        .split(['\n', ','])
        .filter_map(|opcode| opcode.trim().parse().ok())
        .collect();
    opcodes.sort_unstable();
    assert_eq!(opcodes, [1, 1, 2, 8, 9, 10]);
}

#[tokio::test]
async fn secrets_are_overwritten_in_a_recording_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for show in [false, true] {
        let flags = if show {
            &["-H", "Authorization: Bearer s3cret", "--show-secrets"][..]
        } else {
            &["-H", "Authorization: Bearer s3cret"]
        };
        let path = recorded(folder.path(), flags).await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.contains("s3cret"), show, "{text}");
        assert_eq!(text.contains("Bearer ******"), !show, "{text}");
    }
}

#[tokio::test]
async fn the_recorded_server_answers_as_it_did_with_its_timing() {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), &[]).await;
    let mut program = start(&["replay", &path, "--listen", "127.0.0.1:0"]);
    let url = listening(&mut program).await;
    let mut near =
        tokio::net::TcpStream::connect(url.trim_start_matches("ws://").trim_end_matches('/')).await.unwrap();
    let asked =
        request("/else", "localhost", "").replace("dGhlIHNhbXBsZSBub25jZQ==", "cHgSMsfxKpnmpXM1KcHPOw==");
    near.write_all(asked.as_bytes()).await.unwrap();
    let head = read_head(&mut near).await;
    assert_eq!(header(&head, "Sec-WebSocket-Accept"), Some("eB70U2oE9e8g9MHF5BTL6gjhEGQ="), "{head}");
    // A ping is answered at once, though the recorded server waits for a message.
    near.write_all(b"\x89\x81\x00\x00\x00\x00?").await.unwrap();
    assert_eq!(read(&mut near, 3).await, b"\x8a\x01?");
    let begun = Instant::now();
    near.write_all(b"\x81\x80\x00\x00\x00\x00").await.unwrap();
    assert_eq!(read(&mut near, 8).await, b"\x81\x03two\x89\x01!");
    assert!(begun.elapsed() >= Duration::from_millis(290), "{:?}", begun.elapsed());
    assert_eq!(end(&mut near).await, (false, b"\x82\x01\xff\x88\x05\x03\xe9bye".to_vec()));
    program.err("1 messages came, 1 were recorded").await;
    // And so it does for our own client.
    run(&["connect", "--no-input", "--send", "x", "--reconnect", "never", &url], b"")
        .await
        .failed(30, &["1001", "bye"]);
    // A page of somebody else does not read it.
    let mut near =
        tokio::net::TcpStream::connect(url.trim_start_matches("ws://").trim_end_matches('/')).await.unwrap();
    near.write_all(request("/", "localhost", "Origin: https://evil.example\r\n").as_bytes()).await.unwrap();
    assert!(String::from_utf8(end(&mut near).await.1).unwrap().starts_with("HTTP/1.1 403"));
    run(&["replay", &path, "--listen", "0.0.0.0:0"], b"").await.failed(2, &["this machine only"]);
}

async fn listening(program: &mut Running) -> String {
    let told = program.err("replaying").await;
    told.split(" on ").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn the_recorded_client_asks_as_it_did_and_tells_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), &["-H", "X-Key: then"]).await;
    let (told, mut hears) = tokio::sync::mpsc::channel(4);
    // Answers the one message with two, as then; what the second says depends on the number of the connection.
    let peer = Peer::start(move |mut stream, number| {
        let told = told.clone();
        async move {
            let head = read_head(&mut stream).await;
            stream.write_all(switching(&head, "").as_bytes()).await.unwrap();
            told.send(head).await.unwrap();
            let (opcode, payload) = read_frame(&mut stream).await.unwrap();
            assert_eq!((opcode, payload.as_slice()), (1, &b"`lo"[..]));
            stream.write_all(&frame(1, b"two")).await.unwrap();
            if number < 3 {
                stream.write_all(&frame(2, if number == 1 { b"\xff" } else { b"\xfe" })).await.unwrap();
                stream.write_all(b"\x88\x02\x03\xe9").await.unwrap();
            }
            while read_frame(&mut stream).await.is_some() {}
        }
    })
    .await;
    let outcome = run(&["replay", &path, "--to", &peer.url(), "-H", "X-Key: now"], b"").await;
    assert!(outcome.code == 0 && outcome.stderr.contains("2 messages came, all as recorded"), "{outcome:?}");
    let head = hears.recv().await.unwrap();
    assert_eq!(header(&head, "X-Key"), Some("now"), "{head}");
    assert_eq!(header(&head, "Host"), Some(format!("127.0.0.1:{}", peer.port).as_str()));
    assert!(head.starts_with("GET / HTTP/1.1\r\n"));
    let outcome = run(&["replay", &path, "--to", &format!("{}other", peer.url())], b"").await;
    assert!(outcome.code == 0 && outcome.stderr.contains("one differs"), "{outcome:?}");
    hears.recv().await.unwrap();
    run(&["replay", &path, "--to", &peer.url(), "--wait", "0.3"], b"")
        .await
        .failed(40, &["1 of 2 messages came"]);
    let closed = Far::start().await.url();
    run(&["replay", &path, "--to", &closed], b"").await.failed(11, &["nothing listens there"]);
    let refusing =
        Peer::answering("HTTP/1.1 301 Moved\r\nLocation: ws://x/\r\nContent-Length: 0\r\n\r\n").await;
    run(&["replay", &path, "--to", &refusing.url()], b"").await.failed(20, &["301", "ws://x/"]);
}

#[tokio::test]
async fn a_real_line_recorded_replays_against_a_real_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("echo.jsonl");
    let path = file.to_str().unwrap();
    let server = Server::start().await;
    let mut relay = Relay::start(&server.ws("/echo"), &["--record", path]).await;
    let outcome = run(&["echo", &relay.url()], "one\nüber\n".as_bytes()).await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "one\nüber\n"));
    relay.program.err("over").await;
    let outcome = run(&["replay", path, "--to", &server.ws("")], b"").await;
    assert!(outcome.code == 0 && outcome.stderr.contains("2 messages came, all as recorded"), "{outcome:?}");
    let mut program = start(&["replay", path, "--listen", "127.0.0.1:0"]);
    let url = listening(&mut program).await;
    let outcome = run(&["echo", &url], "one\nüber\n".as_bytes()).await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "one\nüber\n"), "{outcome:?}");
}

#[tokio::test]
async fn a_refusal_is_replayed_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("refused.jsonl");
    let path = file.to_str().unwrap();
    let peer = Peer::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone").await;
    let mut relay = Relay::start(&peer.url(), &["--record", path]).await;
    run(&["connect", "--no-input", &relay.url()], b"").await.failed(20, &["404", "gone"]);
    relay.program.err("over").await;
    let mut program = start(&["replay", path, "--listen", "127.0.0.1:0"]);
    let url = listening(&mut program).await;
    run(&["connect", "--no-input", &url], b"").await.failed(20, &["404", "gone"]);
    run(&["replay", path, "--to", &peer.url()], b"").await.failed(2, &["refused with 404"]);
}

#[tokio::test]
async fn what_is_no_recording_is_told_and_what_is_cut_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = recorded(folder.path(), &[]).await;
    let whole = std::fs::read_to_string(&path).unwrap();
    let other = folder.path().join("other.jsonl");
    let other = other.to_str().unwrap();
    for (text, code, words) in [
        ("", 3, "is no recording"),
        ("hello\n", 3, "is no recording"),
        ("{\"kind\":\"begun\",\"line\":1,\"t\":0,\"from\":\"x\"}\n", 3, "is no recording"),
        (&whole.replace("\"version\":1", "\"version\":7"), 3, "version 7"),
        (&whole.replace("\"kind\":\"bytes\"", "\"kind\":\"bites\""), 3, "line 3 of"),
        (&whole.replace("\"text\"", "\"test\""), 3, "neither text nor base64"),
    ] {
        std::fs::write(other, text).unwrap();
        run(&["show", other], b"").await.failed(code, &[words]);
        run(&["replay", other, "--listen", "127.0.0.1:0"], b"").await.failed(code, &[words]);
    }
    // Without an end of a line, as if somebody had pulled the plug, and one that has none at all.
    std::fs::write(other, &whole[..whole.len() - 20]).unwrap();
    let outcome = run(&["show", other], b"").await;
    assert!(outcome.code == 0 && outcome.stderr.contains("middle of a line"), "{outcome:?}");
    assert!(
        outcome.stdout.contains("Connection Close") && outcome.stdout.contains("the recording ends here"),
        "{outcome:?}"
    );
    std::fs::write(other, format!("{}{}", whole, "x".repeat(3 << 20))).unwrap();
    run(&["show", other], b"").await.failed(3, &["more than 1048576 bytes"]);
    run(&["show", "/no/such/file"], b"").await.failed(1, &["no such file"]);
    run(&["show", &path, "--format", "pcapng", "--output", "/no/such/folder/x"], b"")
        .await
        .failed(1, &["cannot write"]);
    run(&["replay", &path, "--listen", "0", "--line", "9"], b"").await.failed(2, &["no such line", "(1)"]);
    run(&["replay", &path], b"").await.failed(2, &["--listen"]);
    let mut closed = command(&["show", &path]);
    closed.stdout(std::process::Stdio::null());
    assert_eq!(finish(closed, b"").await.code, 0);
}

#[tokio::test]
async fn a_reset_is_replayed_as_a_reset() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reset.jsonl");
    let path = file.to_str().unwrap();
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &["--record", path]).await;
    let (mut near, server) = open(&relay, &far).await;
    server.set_zero_linger().unwrap();
    drop(server);
    assert!(end(&mut near).await.0);
    relay.program.err("over").await;
    let mut program = start(&["replay", path, "--listen", "127.0.0.1:0"]);
    let url = listening(&mut program).await;
    let mut near =
        tokio::net::TcpStream::connect(url.trim_start_matches("ws://").trim_end_matches('/')).await.unwrap();
    near.write_all(request("/", "localhost", "").as_bytes()).await.unwrap();
    assert!(end(&mut near).await.0, "no reset");
}
