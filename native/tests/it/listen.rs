//! `heartline listen`, with `heartline connect` at the other end.

use tokio::net::TcpStream;

use crate::{
    peer::{CLOSE, read_head, read_unmasked},
    program::{Running, run, start},
    serve_peer::{self, Raw, handshake},
};

/// Starts it on a free port and gives the URL it tells.
async fn listening(args: &[&str]) -> (Running, String) {
    let mut words = vec!["listen", "127.0.0.1:0"];
    words.extend(args);
    let mut program = start(&words);
    let line = program.err("listening on").await;
    let url = line.rsplit(' ').next().unwrap().to_owned();
    (program, url)
}

#[tokio::test]
async fn it_echoes() {
    let (mut listener, url) = listening(&["--echo"]).await;
    let outcome = run(&["connect", "-n", "2", &url], b"a\nb\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "a\nb\n"), "{outcome:?}");
    assert_eq!((listener.out().await.as_str(), listener.out().await.as_str()), ("a", "b"));
    listener.signal("-INT").await;
    assert_eq!(listener.code().await, 130);
}

#[tokio::test]
async fn a_guest_is_told_and_answered_in_the_words_of_the_rfc() {
    let (mut listener, url) = listening(&[]).await;
    for (number, code, answer, words) in [
        (1, 1014_u16, 1014, "left: closed with 1014: a gateway got a bad answer"),
        (2, 999, 1002, "close code 999 may not be sent"),
    ] {
        let stream = TcpStream::connect(url.trim_start_matches("ws://").trim_end_matches('/')).await.unwrap();
        let mut guest = Raw { stream };
        guest.send(handshake("/", "").as_bytes()).await;
        let head = guest.until(b"\r\n\r\n").await;
        assert!(head.contains("\r\nSec-WebSocket-Accept: "), "{head}");
        listener.err(&format!("#{number} came")).await;
        guest.frame(serve_peer::CLOSE, &code.to_be_bytes()).await;
        assert_eq!(guest.closed().await, answer);
        let line = listener.err(&format!("#{number} left")).await;
        assert!(line.contains(words), "{line}");
    }
}

#[tokio::test]
async fn what_is_typed_goes_to_all() {
    let (mut listener, url) = listening(&[]).await;
    let mut first = start(&["connect", &url]);
    listener.err("#1 came").await;
    let mut second = start(&["connect", &url]);
    listener.err("#2 came").await;
    listener.type_line("to all").await;
    assert_eq!((first.out().await.as_str(), second.out().await.as_str()), ("to all", "to all"));
    first.type_line("from the first").await;
    assert_eq!(listener.out().await, "from the first");
    second.end_input();
    listener.err("#2 left: closed with 1000").await;
    listener.signal("-TERM").await;
    assert_eq!(listener.code().await, 130);
    assert!(first.err("1001").await.contains("dialling again"));
}

#[tokio::test]
async fn a_pipe_waits_for_the_first_guest_and_once_ends_with_it() {
    let (mut listener, url) = listening(&["--once", "--send", "welcome", "-s", "v2"]).await;
    listener.type_line("piped").await;
    listener.end_input();
    let outcome = run(&["connect", "-s", "v1,v2", "-v", "--no-input", "-n", "2", &url], b"").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "welcome\npiped\n"), "{outcome:?}");
    assert!(outcome.stderr.contains("speaking v2"), "{outcome:?}");
    assert_eq!(listener.code().await, 0);
}

#[tokio::test]
async fn json_events() {
    let (mut listener, url) = {
        let mut program = start(&["listen", "127.0.0.1:0", "--json", "--once"]);
        let first: serde_json::Value = serde_json::from_str(&program.out().await).unwrap();
        (program, first["url"].as_str().unwrap().to_owned())
    };
    run(&["connect", "--wait", "0", &url], b"hi\n").await;
    for expected in ["came", "message", "left"] {
        let event: serde_json::Value = serde_json::from_str(&listener.out().await).unwrap();
        assert_eq!((&event["event"], &event["guest"]), (&expected.into(), &1.into()), "{event}");
    }
    assert_eq!(listener.code().await, 0);
}

#[tokio::test]
async fn a_place_that_is_taken() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = taken.local_addr().unwrap().to_string();
    run(&["listen", &place], b"").await.failed(1, &["somebody else does"]);
    run(&["listen", "nowhere"], b"").await.failed(2, &["no port"]);
    run(&["listen", "192.0.2.1:8080"], b"").await.failed(1, &["cannot listen"]);
}

#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("heartline-{}.sock", std::process::id()));
    let place = format!("unix:{}", path.display());
    // A file that a killed program left behind is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut listener = start(&["listen", &place, "--echo"]);
    listener.err("listening on unix:").await;
    let outcome = run(&["connect", "-n", "1", &format!("{place}:/chat?x=1")], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
    listener.err("came to /chat?x=1").await;
    run(&["listen", &place], b"").await.failed(1, &["somebody else does"]);
    listener.signal("-INT").await;
    assert_eq!(listener.code().await, 130);
    assert!(!path.exists(), "the socket file is gone with its listener");
}

#[tokio::test]
async fn a_guest_that_breaks_the_protocol_is_told() {
    use tokio::io::AsyncWriteExt;
    let (mut listener, url) = listening(&["--max-message", "10"]).await;
    let place = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    for (bytes, code) in [
        (vec![0x81, 1, b'x'], 1002_u16),
        (vec![0xC1, 0x81, 0, 0, 0, 0, b'x'], 1002),
        (vec![0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (vec![0x81, 0x8b, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 1009),
    ] {
        let mut guest = TcpStream::connect(&place).await.unwrap();
        let hello = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        guest.write_all(hello.as_bytes()).await.unwrap();
        read_head(&mut guest).await;
        guest.write_all(&bytes).await.unwrap();
        assert_eq!(read_unmasked(&mut guest).await, (CLOSE, code.to_be_bytes().to_vec()));
        drop(guest);
        listener.err("broke the protocol").await;
    }
}

#[tokio::test]
async fn what_passes_between_guests_and_here_can_be_looked_at() {
    let (mut listener, url) = listening(&["--echo", "--trace"]).await;
    let outcome = run(&["connect", "-n", "1", "-H", "Cookie: secret", &url], b"hi\n").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for seen in [
        "#1 → GET / HTTP/1.1",
        "→   Cookie: ******",
        "#1 ← HTTP/1.1 101",
        "#1 → Text mask ",
        "#1 ← Text 2 B \"hi\"",
        "#1 → Connection Close mask ",
        "#1 connection over",
    ] {
        listener.err(seen).await;
    }
}
