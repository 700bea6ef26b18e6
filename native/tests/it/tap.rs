//! `--trace` and `--pcap`: what passes is seen as it is, and secrets are not.

use std::sync::{Arc, Mutex};

use heartline::{
    server::Config,
    tap::{
        Tap,
        pcap::Pcap,
        trace::{Form, Trace},
    },
};
use heartline_core::frame::Side;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};

use crate::{
    peer::Peer,
    program::{Outcome, run},
    serve_peer::TestServer,
};

fn objects(outcome: &Outcome) -> Vec<Value> {
    outcome.stderr.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[tokio::test]
async fn a_trace_shows_the_handshake_and_each_frame() {
    let peer = Peer::echoing().await;
    let outcome =
        run(&["connect", "--trace", "--no-input", "--send", "hi\x1b", "--count", "1", &peer.url()], b"")
            .await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\x1b\n"), "{outcome:?}");
    let seen: Vec<&str> = [
        "connected to ws://",
        "→ GET / HTTP/1.1",
        "→   Sec-WebSocket-Version: 13",
        "← HTTP/1.1 101",
        "→ Text mask ",
        "3 B \"hi\\x1b\"",
        "← Text 3 B \"hi\\x1b\"",
        "→ Connection Close mask ",
        "2 B 1000 (",
        "← Connection Close 2 B 1000 (",
        "connection over",
    ]
    .into_iter()
    .collect();
    let mut rest = outcome.stderr.as_str();
    for what in seen {
        let at = rest
            .find(what)
            .unwrap_or_else(|| panic!("\"{what}\" is not there, or not in its place: {outcome:?}"));
        rest = &rest[at + what.len()..];
    }
}

#[tokio::test]
async fn a_trace_for_programs_is_one_object_a_line() {
    let peer = Peer::echoing().await;
    let url = peer.url();
    let outcome = run(&["echo", "--trace=json", "--binary", &url], b"one\n").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let objects = objects(&outcome);
    let kinds: Vec<&str> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["connected", "request", "response"]);
    assert!(objects[2]["outcome"]["open"].is_object());
    let frames: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "frame").collect();
    let binary: Vec<_> = frames.iter().filter(|frame| frame["name"] == "Binary").collect();
    assert_eq!((&binary[0]["from"], &binary[0]["mask"]), (&"client".into(), &true.into()));
    assert_eq!((&binary[1]["from"], &binary[1]["mask"]), (&"server".into(), &false.into()));
    assert_eq!(binary[1]["payload"]["base64"], "b25l");
    let times: Vec<f64> = objects.iter().map(|object| object["t"].as_f64().unwrap()).collect();
    assert!(times.iter().all(|time| *time >= 0.0));
}

#[tokio::test]
async fn a_refusal_is_explained() {
    let peer =
        Peer::answering("HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Length: 4\r\n\r\ngone").await;
    let outcome = run(&["connect", "--trace", "--no-input", &peer.url()], b"").await;
    outcome.failed(
        20,
        &["← HTTP/1.1 502 Bad Gateway", "! no WebSocket: a proxy answers", "4 bytes, no frames: gone"],
    );
}

#[tokio::test]
async fn secrets_are_overwritten_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::echoing().await;
    let url = format!("{}?key=s3cret-query", peer.url());
    let (header, cookie) = ("Authorization: Bearer s3cret-header", "Cookie: s3cret-cookie");
    let hello = r#"{"type":"hello","client":"s3cret-client","token":"s3cret-token"}"#;
    for show in [false, true] {
        let file = folder.path().join("line.pcapng");
        let path = file.to_str().unwrap();
        let mut args = vec!["connect", "--trace=json", "--pcap", path, "--no-input", "--count", "1"];
        args.extend(["-H", header, "-H", cookie, "--send", hello, &url]);
        if show {
            args.push("--show-secrets");
        }
        let outcome = run(&args, b"").await;
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let from_client: String =
            outcome.stderr.lines().filter(|line| line.contains("\"from\":\"client\"")).collect();
        let capture = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        for secret in ["s3cret-query", "s3cret-header", "s3cret-cookie"] {
            assert_eq!(from_client.contains(secret), show, "{secret} in {from_client}");
            assert_eq!(capture.contains(secret), show, "{secret}");
        }
        for secret in ["s3cret-client", "s3cret-token"] {
            assert_eq!(from_client.contains(secret), show, "{secret} in {from_client}");
        }
        // What the peer got, and sent back, is what was typed.
        assert_eq!(outcome.stdout.trim_end(), hello);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_capture_is_for_nobody_else_and_a_place_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::echoing().await;
    let file = folder.path().join("line.pcapng");
    let outcome =
        run(&["connect", "--pcap", file.to_str().unwrap(), "--send", "x", "-n", "1", &peer.url()], b"").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let nowhere = folder.path().join("no/such/folder");
    run(&["connect", "--pcap", nowhere.to_str().unwrap(), &peer.url()], b"")
        .await
        .failed(2, &["--pcap", "cannot write"]);
}

/// What `tshark` reads in a capture: a line per frame.
async fn tshark(file: &str, fields: &[&str]) -> Vec<String> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-r", file, "-Y", "websocket", "-T", "fields", "-E", "separator=/s"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().await.expect("tshark is installed: `cargo xtask tools`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What a trace in JSON tells of the frames, in the words of [`tshark`].
fn told<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let objects = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let frames = objects.filter(|object| object["kind"] == "frame").map(|frame| {
        let key = frame["masking_key"].as_str().map_or(String::new(), |key| format!(" {key}"));
        let flag = |name: &str| u8::from(frame[name].as_bool().unwrap());
        let (fin, mask) = (flag("fin"), flag("mask"));
        format!("{fin} {} {} {mask} {}{key}", frame["reserved"], frame["opcode"], seven_bits(&frame))
    });
    // Each direction is in order, but not against the other.
    let mut frames: Vec<String> = frames.collect();
    frames.sort();
    frames
}

const FIELDS: [&str; 6] = [
    "websocket.fin",
    "websocket.rsv",
    "websocket.opcode",
    "websocket.mask",
    "websocket.payload_length",
    "websocket.masking_key",
];

#[tokio::test]
async fn wireshark_reads_each_frame_of_a_line_as_we_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("line.pcapng");
    let path = file.to_str().unwrap();
    let server = TestServer::start(Config::default()).await;
    // A length of each form, on both sides of its bounds.
    let lines: Vec<String> =
        [0, 1, 125, 126, 65_535, 65_536].iter().map(|length| "x".repeat(*length)).collect();
    let mut args = vec!["connect", "--trace=json", "--pcap", path];
    for line in &lines {
        args.extend(["--send", line]);
    }
    let url = format!("ws://{}/echo", server.address);
    args.extend(["--no-input", "--count", "6", &url]);
    let outcome = run(&args, b"").await;
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut theirs: Vec<String> = tshark(path, &FIELDS).await.iter().flat_map(|line| each(line)).collect();
    theirs.sort();
    assert!(theirs.len() >= 2 * lines.len() + 2, "{theirs:?}");
    assert_eq!(theirs, told(outcome.stderr.lines()));
}

#[tokio::test]
async fn wireshark_reads_every_kind_of_frame_as_we_do() {
    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: cHgSMsfxKpnmpXM1KcHPOw==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const ANSWER: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: eB70U2oE9e8g9MHF5BTL6gjhEGQ=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    // A masked text, binary, a fragmented text with a ping between, and a close; the mask is 0, so that it reads well.
    const CLIENT: [&[u8]; 6] = [
        b"\x81\x85\x00\x00\x00\x00Hello",
        b"\x82\x82\x01\x02\x03\x04ab",
        b"\x01\x83\x00\x00\x00\x00Hel",
        b"\x89\x81\x09\x00\x00\x00!",
        b"\x80\x82\x00\x00\x00\x00lo",
        b"\x88\x82\x00\x00\x00\x00\x03\xe8",
    ];
    // A pong, the two compressed examples of RFC 7692 section 7.2.3 (one in fragments), and a close.
    const SERVER: [&[u8]; 5] = [
        b"\x8a\x01!",
        b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
        b"\x41\x03\xf2\x00\x11",
        b"\x80\x02\x00\x00",
        b"\x88\x02\x03\xe8",
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("line.pcapng");
    let seen = Seen::default();
    let tap = Tap::new(Some(Trace::new(Form::Json)), Some(Pcap::create(&file).unwrap()), false);
    tap.trace_to(seen.clone());
    let (near, mut far) = tokio::io::duplex(4096);
    let mut near = tap.on(Box::new(near), Side::Client, "a test");
    for (sends, answers) in [(&[ASK][..], &[ANSWER][..]), (&CLIENT, &SERVER)] {
        for bytes in sends {
            near.write_all(bytes).await.unwrap();
        }
        for bytes in answers {
            far.write_all(bytes).await.unwrap();
            near.read_exact(&mut vec![0; bytes.len()]).await.unwrap();
        }
    }
    drop(near);
    let text = String::from_utf8(seen.0.lock().unwrap().clone()).unwrap();
    let ours = told(text.lines());
    assert_eq!(ours.len(), CLIENT.len() + SERVER.len(), "{text}");
    let lines = tshark(file.to_str().unwrap(), &FIELDS).await;
    let mut theirs: Vec<String> = lines.iter().flat_map(|line| each(line)).collect();
    theirs.sort();
    assert_eq!(theirs, ours);
    assert!(text.contains("\"compression\":\"inflated\"") && !text.contains("violations"), "{text}");
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `payload_length` is what stands in the seven bits; longer lengths are fields of their own.
fn seven_bits(frame: &Value) -> u64 {
    match frame["length_bits"].as_u64().unwrap() {
        7 => frame["length"].as_u64().unwrap(),
        16 => 126,
        _ => 127,
    }
}

/// A packet with several frames is one line with values joined by commas.
fn each(line: &str) -> Vec<String> {
    let columns: Vec<Vec<&str>> = line.split(' ').map(|column| column.split(',').collect()).collect();
    let truth = |value: &str| match value {
        "True" => "1".to_owned(),
        "False" => "0".to_owned(),
        number => number
            .strip_prefix("0x")
            .map_or_else(|| number.to_owned(), |hex| hex.trim_start_matches('0').to_owned()),
    };
    (0..columns[0].len())
        .map(|at| {
            let mut values: Vec<String> = columns[..5].iter().map(|column| truth(column[at])).collect();
            values[1] = if values[1].is_empty() { "0".to_owned() } else { values[1].clone() };
            if let Some(key) = columns.get(5).and_then(|keys| keys.get(at)).filter(|key| !key.is_empty()) {
                values.push((*key).to_owned());
            }
            values.join(" ")
        })
        .collect()
}
