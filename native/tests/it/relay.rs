//! `heartline relay`: what goes in on one side comes out on the other, and only those come in who may.

use std::{io::ErrorKind, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use heartline::server::Config;

use crate::{
    chat_cli::Server,
    peer::{Peer, header, read_head, switching},
    program::{PATIENCE, Running, run, start},
    serve_frames,
    serve_peer::TestServer,
};

/// A relay that runs.
pub(crate) struct Relay {
    pub(crate) program: Running,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// The URL of the feed, with its token.
    pub(crate) feed: String,
}

impl Relay {
    pub(crate) async fn start(to: &str, more: &[&str]) -> Self {
        let mut args = vec!["relay", "--listen", "127.0.0.1:0", "--to", to];
        args.extend(more);
        let mut program = start(&args);
        let told = program.err("relaying").await;
        let address = told.split("ws://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let feed = program.err("inspect?token=").await;
        let feed = feed.split(' ').next_back().unwrap().to_owned();
        Self { program, address, feed }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// A raw connection to it.
    pub(crate) async fn dial(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }
}

/// A server whose connections the test itself holds.
pub(crate) struct Far(TcpListener);

impl Far {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.0.local_addr().unwrap())
    }

    pub(crate) async fn accept(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }
}

/// A request as a client of few words writes it.
pub(crate) fn request(target: &str, host: &str, more: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nhost:   {host}\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    )
}

/// An open line: the client's end, and the server's.
pub(crate) async fn open(relay: &Relay, far: &Far) -> (TcpStream, TcpStream) {
    let mut near = relay.dial().await;
    near.write_all(request("/", &relay.address, "").as_bytes()).await.unwrap();
    let mut server = far.accept().await;
    let head = read_head(&mut server).await;
    server.write_all(switching(&head, "").as_bytes()).await.unwrap();
    assert!(read_head(&mut near).await.starts_with("HTTP/1.1 101 "));
    (near, server)
}

/// Reads so many bytes.
pub(crate) async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    let all = tokio::time::timeout(PATIENCE, stream.read_exact(&mut bytes)).await;
    all.expect("the bytes do not come").unwrap();
    bytes
}

/// How a stream ends: whether by a reset, and what came before.
pub(crate) async fn end(stream: &mut TcpStream) -> (bool, Vec<u8>) {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    match ended.expect("the end does not come") {
        Ok(_) => (false, bytes),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
            (true, bytes)
        }
    }
}

#[tokio::test]
async fn both_heads_and_all_bytes_pass_as_they_are() {
    let far = Far::start().await;
    let relay = Relay::start(&far.url(), &[]).await;
    let mut near = relay.dial().await;
    let asked =
        request("/a/b?c=d%20e", &relay.address, "X-ODD: \t1 \r\nSec-WebSocket-Extensions: x; y=\"1,2\"\r\n");
    // In pieces, as a slow client sends it.
    let (first, second) = asked.split_at(40);
    near.write_all(first.as_bytes()).await.unwrap();
    near.flush().await.unwrap();
    near.write_all(second.as_bytes()).await.unwrap();
    let mut server = far.accept().await;
    let head = read_head(&mut server).await;
    let host = far.url().replace("ws://", "");
    assert_eq!(head, asked.replace(&format!("host:   {}", relay.address), &format!("Host: {host}")));

    let answer = format!("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n{}", switching(&head, "x-b:  2\r\n"));
    // A frame in one piece with the answer.
    server.write_all(format!("{answer}\u{1}\u{2}hi").as_bytes()).await.unwrap();
    let whole = format!("{answer}\u{1}\u{2}hi");
    assert_eq!(read(&mut near, whole.len()).await, whole.as_bytes());

    // Fragments, controls between, every length form, masks, reserved bits and opcodes, close codes nobody may send; and then
    // what is no frame at all.
    let mut frames: Vec<u8> = [
        &b"\x01\x83\x01\x02\x03\x04abc"[..],
        b"\x89\x05hello",
        b"\x8a\x80\x00\x00\x00\x00",
        b"\x80\x00",
        b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
        b"\xf3\x01x",
        b"\x82\x7e\x00\x03abc",
        b"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x03abc",
        b"\x88\x04\x03\xed!?",
        b"\x88\x82\x00\x00\x00\x00\x03\xe8",
    ]
    .concat();
    frames.extend((0..300_000_u32).map(|number| (number * 7 % 251) as u8));
    through(&mut near, &mut server, &frames).await;
    through(&mut server, &mut near, &frames).await;
}

/// Writes bytes in odd pieces on one side, and reads the same on the other.
async fn through(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
    let writing = async {
        for piece in bytes.chunks(7919) {
            from.write_all(piece).await.unwrap();
        }
    };
    let ((), came) = tokio::join!(writing, read(to, bytes.len()));
    assert!(came == bytes, "the bytes are not the same");
}

#[tokio::test]
async fn the_rules_of_the_protocol_hold_through_it_as_without_it() {
    let server = TestServer::start(Config::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.jsonl");
    // With somebody who looks, and with the machine that goes frame by frame.
    for more in [&[][..], &["--record", file.to_str().unwrap()], &["--fault", "both: stall after 24h"]] {
        let relay = Relay::start(&format!("ws://{}", server.address), more).await;
        serve_frames::protocol(&TestServer::at(relay.address.parse().unwrap())).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_and_chats_pass_too() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("relay.sock").display());
    let server = Server::start().await;
    let mut relay = start(&["relay", "--listen", &socket, "--to", &server.ws(""), "--no-input"]);
    assert!(relay.err("inspect?token=").await.contains(&format!("{socket}:/inspect?token=")));
    let chat = run(
        &["chat", "--name", "Ada", &format!("{socket}:/chat")],
        "hello
弹幕
"
        .as_bytes(),
    )
    .await;
    assert_eq!(
        (chat.code, chat.stdout.as_str()),
        (
            0,
            "Ada: hello
Ada: 弹幕
"
        ),
        "{chat:?}"
    );
    assert!(relay.err("over").await.contains("the client closed it with 1000"));
}

#[tokio::test]
async fn what_was_asked_for_is_changed_in_the_request_and_nothing_else() {
    let far = Far::start().await;
    let more = "Origin: http://localhost:3000\r\nAuthorization: mine\r\n\
                Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let seen = async |to: &str, flags: &[&str]| {
        let relay = Relay::start(to, flags).await;
        let mut near = relay.dial().await;
        near.write_all(request("/", &relay.address, more).as_bytes()).await.unwrap();
        (read_head(&mut far.accept().await).await, relay)
    };
    let (head, relay) = seen(&far.url(), &["--keep-host"]).await;
    assert_eq!(head, request("/", &relay.address, more));
    let flags =
        ["--origin", "https://o.example", "-H", "X-Key: k", "--basic-auth", "ann:pw", "--no-compression"];
    let (head, _relay) = seen(&format!("{}/ws?key=1", far.url()), &flags).await;
    assert!(head.starts_with("GET /ws?key=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "Origin"), Some("https://o.example"));
    assert_eq!(header(&head, "X-Key"), Some("k"));
    assert_eq!(header(&head, "Authorization"), Some("Basic YW5uOnB3"));
    assert_eq!(head.matches("uthorization").count(), 1, "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Extensions"), None, "{head}");
}

#[tokio::test]
async fn refusals_pass_as_they_are_and_are_explained() {
    for (answer, words) in [
        (
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?",
            "401 Unauthorized: it wants to know who comes",
        ),
        (
            "HTTP/1.1 301 Moved\r\nLocation: wss://user:pw@else.example/x?key=s3cret\r\nContent-Length: 0\r\n\r\n",
            "give that URL by --to",
        ),
        ("HTTP/1.0 502 Bad\r\nServer: nginx\r\n\r\n<html>no</html>", "502 Bad: a proxy answers"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "is none: this is not HTTP"),
    ] {
        let peer = Peer::answering(answer).await;
        let mut relay = Relay::start(&peer.url(), &[]).await;
        let mut near = relay.dial().await;
        near.write_all(request("/", &relay.address, "").as_bytes()).await.unwrap();
        assert_eq!(String::from_utf8(end(&mut near).await.1).unwrap(), answer);
        let told = relay.program.err("#1").await;
        assert!(told.contains(words) && !told.contains("s3cret") && !told.contains("pw@"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_reached_is_a_502_with_words() {
    let closed = Far::start().await.url();
    let mut relay = Relay::start(&closed, &[]).await;
    let outcome = run(&["connect", "--no-input", &relay.url()], b"").await;
    outcome.failed(20, &["502 Bad Gateway", "nothing listens there"]);
    assert!(relay.program.err("#1").await.contains("nothing listens there"));
    // A server that takes the request and hangs up.
    let peer = Peer::start(|mut stream, _| async move {
        read_head(&mut stream).await;
    })
    .await;
    let mut relay = Relay::start(&peer.url(), &[]).await;
    run(&["connect", "--no-input", &relay.url()], b"").await.failed(14, &["hung up"]);
    assert!(relay.program.err("#1").await.contains("the server"));
}

#[tokio::test]
async fn only_programs_and_pages_of_this_machine_come_in() {
    let peer = Peer::echoing().await;
    let relay = Relay::start(&peer.url(), &["-H", "X-Key: s3cret"]).await;
    let told = async |host: &str, more: &str| {
        let mut near = relay.dial().await;
        near.write_all(request("/", host, more).as_bytes()).await.unwrap();
        let mut head = vec![0; 12];
        near.read_exact(&mut head).await.unwrap();
        String::from_utf8(head).unwrap()
    };
    assert_eq!(told("localhost:1", "Origin: http://127.0.0.1:3000\r\n").await, "HTTP/1.1 101");
    assert_eq!(told("localhost", "Origin: https://evil.example\r\n").await, "HTTP/1.1 403");
    assert_eq!(told("rebound.example", "").await, "HTTP/1.1 421");
    assert_eq!(told("localhost", "X-Forwarded-For: 192.0.2.1\r\n").await, "HTTP/1.1 421");
    assert_eq!(told("localhost", "Origin : http://evil.example\r\n").await, "HTTP/1.1 400");
    // A page can have this sent without an Origin.
    let mut near = relay.dial().await;
    near.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(String::from_utf8(end(&mut near).await.1).unwrap().starts_with("HTTP/1.1 426 "));
    let mut near = relay.dial().await;
    near.write_all(b"\x16\x03\x01\x02").await.unwrap();
    assert!(String::from_utf8(end(&mut near).await.1).unwrap().contains("this is not HTTP but TLS"));
    // Endless headers.
    let mut near = relay.dial().await;
    near.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let endless = async { while near.write_all(&[b'a'; 4096]).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, endless).await.expect("it is read for ever");
}

#[tokio::test]
async fn strangers_come_in_only_in_so_many_words() {
    let to = ["--to", "ws://127.0.0.1:9/", "--listen"];
    run(&["relay", to[0], to[1], to[2], "0.0.0.0:0"], b"").await.failed(2, &["who may come in"]);
    for lent in [&["-H", "X-Key: k"][..], &["--basic-auth", "a:b"]] {
        for open in [&["--open"][..], &["--allow-host", "h.example"]] {
            let args = [&["relay", to[0], to[1], to[2], "0"], lent, open].concat();
            run(&args, b"").await.failed(2, &["lend strangers"]);
        }
    }
    let peer = Peer::echoing().await;
    let relay = Relay::start(&peer.url(), &["--allow-origin", "https://app.example"]).await;
    let mut near = relay.dial().await;
    let asked = request("/", "localhost", "Origin: https://app.example\r\n");
    near.write_all(asked.as_bytes()).await.unwrap();
    assert!(read_head(&mut near).await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn a_half_that_ends_leaves_the_other_open() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let (mut near, mut server) = open(&relay, &far).await;
    near.write_all(b"\x82\x00").await.unwrap();
    near.shutdown().await.unwrap();
    assert_eq!(end(&mut server).await, (false, b"\x82\x00".to_vec()));
    server.write_all(b"\x82\x01x").await.unwrap();
    assert_eq!(read(&mut near, 3).await, b"\x82\x01x");
    server.shutdown().await.unwrap();
    assert_eq!(end(&mut near).await, (false, vec![]));
    assert!(relay.program.err("over").await.contains("the client hung up without a close frame (FIN)"));
}

#[tokio::test]
async fn a_reset_is_a_reset_on_the_other_side_too() {
    for by_client in [true, false] {
        let far = Far::start().await;
        let mut relay = Relay::start(&far.url(), &[]).await;
        let (near, server) = open(&relay, &far).await;
        let (resets, mut sees) = if by_client { (near, server) } else { (server, near) };
        resets.set_zero_linger().unwrap();
        drop(resets);
        assert_eq!(end(&mut sees).await, (true, vec![]));
        let who = if by_client { "the client reset it" } else { "the server reset it" };
        let told = relay.program.err("over").await;
        assert!(told.contains(who), "{told}");
    }
}

#[tokio::test]
async fn who_closed_first_is_told() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let (mut near, mut server) = open(&relay, &far).await;
    server.write_all(b"\x81\x02hi\x88\x05\x0f\xa0bye").await.unwrap();
    assert_eq!(read(&mut near, 11).await, b"\x81\x02hi\x88\x05\x0f\xa0bye");
    near.write_all(b"\x88\x82\x00\x00\x00\x00\x0f\xa0").await.unwrap();
    assert_eq!(read(&mut server, 8).await, b"\x88\x82\x00\x00\x00\x00\x0f\xa0");
    drop((near, server));
    let told = relay.program.err("over").await;
    for words in [
        "the server closed it with 4000",
        "\"bye\"",
        "from the client 1 frame, 8 B",
        "from the server 2 frames, 11 B",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[tokio::test]
async fn who_does_not_read_holds_up_the_writer_and_nothing_is_lost() {
    let far = Far::start().await;
    let relay = Relay::start(&far.url(), &[]).await;
    let (mut near, mut server) = open(&relay, &far).await;
    let piece = vec![7; 64 << 10];
    let mut written = 0;
    // Until all buffers are full: those of four sockets, and the relay's.
    while let Ok(count) = tokio::time::timeout(Duration::from_millis(500), near.write(&piece)).await {
        written += count.unwrap();
        assert!(written < 64 << 20, "somebody keeps all of it");
    }
    let mut unread = vec![0; 1 << 20];
    let mut came = 0;
    while came < written {
        came += server.read(&mut unread).await.unwrap();
    }
    assert_eq!(came, written);
    near.write_all(b"\x82\x00").await.unwrap();
    assert_eq!(read(&mut server, 2).await, b"\x82\x00");
}

#[tokio::test]
async fn a_place_that_is_taken_is_told_and_files_of_the_other_stay_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.jsonl");
    let path = file.to_str().unwrap();
    let peer = Peer::echoing().await;
    let relay = Relay::start(&peer.url(), &["--record", path]).await;
    let before = std::fs::read(&file).unwrap();
    assert!(!before.is_empty());
    let args = ["relay", "--listen", &relay.address, "--to", &peer.url(), "--record", path];
    run(&args, b"").await.failed(1, &["cannot listen on", "somebody else does"]);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let nowhere = folder.path().join("no/such/folder");
    let args = ["relay", "--listen", "0", "--to", "ws://h/", "--record", nowhere.to_str().unwrap()];
    run(&args, b"").await.failed(2, &["--record", "cannot write"]);
    // The port is free again when it is asked for.
    let here = Far::start().await.url().replace("ws://", "");
    let args = ["relay", "--listen", &here, "--to", &format!("ws://{here}/")];
    run(&args, b"").await.failed(2, &["this relay itself"]);
    for (wrong, words) in [
        (["--to", "http://h/", "--fault", "both: stall"], "write ws://h/"),
        (["--to", "ws://h/", "--fault", "both: explode"], "mute-pongs, stall"),
    ] {
        run(&[&["relay", "--listen", "0"], &wrong[..]].concat(), b"").await.failed(2, &[words]);
    }
}
