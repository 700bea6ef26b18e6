//! Through proxies made by hand.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
    sync::mpsc,
};

use crate::{
    peer::{Peer, read_head},
    program::{command, finish, run},
    relay::Relay,
};

/// A CONNECT proxy that sends everything to `target`, whatever was asked for, and tells what was.
async fn connect_proxy(target: u16, asked: mpsc::Sender<String>) -> Peer {
    Peer::start(move |mut stream, _| {
        let asked = asked.clone();
        async move {
            asked.send(read_head(&mut stream).await).await.unwrap();
            let mut there = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n").await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut there).await;
        }
    })
    .await
}

/// A SOCKS 5 proxy with or without a password, that sends everything to `target` and tells the host asked for.
async fn socks_proxy(target: u16, password: Option<&'static str>, asked: mpsc::Sender<String>) -> Peer {
    Peer::start(move |mut stream, _| {
        let asked = asked.clone();
        async move {
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await.unwrap();
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await.unwrap();
            let method = if password.is_some() { 2 } else { 0 };
            if !methods.contains(&method) {
                stream.write_all(&[5, 0xff]).await.unwrap();
                return;
            }
            stream.write_all(&[5, method]).await.unwrap();
            if let Some(password) = password {
                stream.read_u8().await.unwrap();
                let _user = counted(&mut stream).await;
                let right = counted(&mut stream).await == password;
                stream.write_all(&[1, u8::from(!right)]).await.unwrap();
                if !right {
                    return;
                }
            }
            let mut request = [0; 4];
            stream.read_exact(&mut request).await.unwrap();
            assert_eq!(request, [5, 1, 0, 3], "CONNECT to a name");
            let host = counted(&mut stream).await;
            let _port = stream.read_u16().await.unwrap();
            asked.send(host).await.unwrap();
            let mut there = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut there).await;
        }
    })
    .await
}

async fn counted(stream: &mut TcpStream) -> String {
    let len = stream.read_u8().await.unwrap();
    let mut text = vec![0; usize::from(len)];
    stream.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn by_connect_with_credentials() {
    let server = Peer::echoing().await;
    let (asked, mut heads) = mpsc::channel(1);
    let proxy = connect_proxy(server.port, asked).await;
    let by = format!("http://ann:pw@127.0.0.1:{}", proxy.port);
    let outcome = run(&["connect", "--proxy", &by, "-n", "1", "ws://far.example:81/x"], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("CONNECT far.example:81 HTTP/1.1\r\nHost: far.example:81\r\n"), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic YW5uOnB3\r\n"), "{head}");
}

#[tokio::test]
async fn a_relay_goes_through_it_too() {
    let server = Peer::echoing().await;
    let (asked, mut heads) = mpsc::channel(1);
    let proxy = connect_proxy(server.port, asked).await;
    let by = format!("http://127.0.0.1:{}", proxy.port);
    let relay = Relay::start("ws://far.example:81", &["--proxy", &by]).await;
    let outcome = run(&["connect", "-n", "1", &relay.url()], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
    assert!(heads.recv().await.unwrap().starts_with("CONNECT far.example:81 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn by_the_environment() {
    let server = Peer::echoing().await;
    let (asked, mut heads) = mpsc::channel(1);
    let proxy = connect_proxy(server.port, asked).await;
    for name in ["http_proxy", "ALL_PROXY"] {
        let mut program = command(&["connect", "-n", "1", "ws://far.example/"]);
        program.env(name, format!("http://127.0.0.1:{}", proxy.port));
        let outcome = finish(program, b"hi\n").await;
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
        assert!(heads.recv().await.unwrap().starts_with("CONNECT far.example:80 "));
    }
    // This machine is never reached by a proxy elsewhere, and no_proxy names the rest.
    let mut program = command(&["connect", "-n", "1", &server.url()]);
    program.env("http_proxy", "http://127.0.0.1:1");
    assert_eq!(finish(program, b"hi\n").await.code, 0);
    let mut program = command(&["connect", "ws://far.invalid/"]);
    program.env("http_proxy", "http://127.0.0.1:1").env("no_proxy", ".invalid");
    finish(program, b"").await.failed(10, &["far.invalid"]);
}

/// This machine, by an address that is not called loopback, and a port nobody listens on.
const NOBODY: &str = "ws://0.0.0.0:1/";

#[tokio::test]
async fn the_environment_is_not_passed_over() {
    let dial = || command(&["connect", NOBODY]);
    let mut program = dial();
    program.env("ALL_PROXY", "http://127.0.0.1:1").env("no_proxy", "far.example, *");
    finish(program, b"").await.failed(11, &["0.0.0.0:1"]);
    let mut program = dial();
    program.env("ALL_PROXY", "socks4://ann:secret@127.0.0.1:1");
    let outcome = finish(program, b"").await;
    outcome.failed(12, &["the kind socks4", "--proxy"]);
    assert!(!outcome.stderr.contains("secret"), "{outcome:?}");
}

#[tokio::test]
async fn by_socks_which_resolves_the_name() {
    let server = Peer::echoing().await;
    let (asked, mut hosts) = mpsc::channel(1);
    let proxy = socks_proxy(server.port, None, asked.clone()).await;
    let by = format!("socks5h://127.0.0.1:{}", proxy.port);
    let outcome = run(&["connect", "--proxy", &by, "-n", "1", "ws://far.example/"], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
    assert_eq!(hosts.recv().await.unwrap(), "far.example");

    let proxy = socks_proxy(server.port, Some("right"), asked).await;
    let by = |user: &str| format!("socks5h://{user}127.0.0.1:{}", proxy.port);
    let outcome =
        run(&["connect", "--proxy", &by("ann:right@"), "-n", "1", "ws://far.example/"], b"hi\n").await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let outcome = run(&["connect", "--proxy", &by("ann:wrong@"), "ws://far.example/"], b"").await;
    outcome.failed(12, &["does not take these credentials"]);
    assert!(!outcome.stderr.contains("wrong"), "{outcome:?}");
    run(&["connect", "--proxy", &by(""), "ws://far.example/"], b"").await.failed(12, &["wants credentials"]);
}

#[tokio::test]
async fn proxies_that_refuse_or_are_not_there() {
    let proxy = Peer::answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\nwho are you").await;
    let by = format!("http://127.0.0.1:{}", proxy.port);
    let outcome = run(&["connect", "--proxy", &by, "ws://far.example/"], b"").await;
    outcome.failed(12, &["407", "who are you", "user:password@"]);

    let proxy = Peer::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    let by = format!("http://127.0.0.1:{}", proxy.port);
    run(&["connect", "--proxy", &by, "ws://far.example/"], b"").await.failed(12, &["502"]);

    let outcome =
        run(&["connect", "--proxy", "http://ann:secret@127.0.0.1:1", "ws://far.example/"], b"").await;
    outcome.failed(12, &["the proxy 127.0.0.1:1 cannot be reached", "connection refused"]);
    assert!(!outcome.stderr.contains("secret"), "{outcome:?}");

    let proxy = Peer::answering("SSH-2.0-x\r\n").await;
    let by = format!("socks5h://127.0.0.1:{}", proxy.port);
    let outcome = run(&["connect", "--proxy", &by, "--dial-timeout", "5", "ws://far.example/"], b"").await;
    outcome.failed(12, &["proxy"]);
}
