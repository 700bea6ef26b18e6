//! A server that asks for tokens, and those who come without, with a wrong one, or as somebody else.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use heartline::server::Config;
use heartline::server::gatekeeper::Gatekeeper;
use heartline::server::guard::Door;
use heartline_core::close::code;
use heartline_core::wire::{ClientMessage, ErrorCode, RejectCode, ServerMessage};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::chat_cli::Bot;
use crate::chat_peer::{Peer, Place, hello, resume};
use crate::program::{command, run, start, start_command};

const ADA: &str = "token-of-ada-0123456789";
const BOB: &str = "token-of-bob-0123456789";
const READER: &str = "token-of-a-reader-01234";
const NOBODY: &str = "token-of-nobody-0123456";

#[tokio::test]
async fn strangers_come_by_token_and_by_nothing_else() {
    let (place, _files) = guarded().await;
    let rebound =
        [("host", "rebound.evil.example"), ("origin", "http://evil.example"), ("x-forwarded-for", "1.2.3.4")];
    for token in [None, Some(NOBODY)] {
        for headers in [&rebound[..], &[("origin", "null")], &[]] {
            let mut peer = dial(place.address, headers).await;
            greet(&mut peer, "ada", 1, token).await;
            let closed = peer.closed().await;
            assert_eq!(u16::from(closed.code), code::UNAUTHORIZED, "{headers:?}: by loopback, too");
            assert!(closed.reason.contains("ask whoever runs this server"), "{closed:?}");
        }
    }
    let mut peer = dial(place.address, &rebound).await;
    greet(&mut peer, "ada", 1, Some(ADA)).await;
    peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;

    // What asks for no token itself is shown to none but its bearers, the page and the probes excepted.
    for (path, token, status) in [
        ("/metrics", "", 421),
        ("/metrics", NOBODY, 421),
        ("/metrics", ADA, 200),
        ("/echo", "", 421),
        ("/echo", ADA, 426),
        ("/readyz", "", 200),
        ("/healthz", "", 200),
    ] {
        let answer = ask(place.address, path, token).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path} with {token:?}: {answer}");
    }
}

#[tokio::test]
async fn where_hosts_are_named_a_token_is_not_enough() {
    let files = files();
    let door = Door::allowing(&["ours.example".to_owned()], &[]).unwrap();
    let gate = Arc::new(Gatekeeper::open(Some(&files.path().join("tokens")), None).unwrap());
    let place = Place::with(Config { door, gate, ..Config::default() }).await;
    let mut peer = dial(place.address, &[("host", "ours.example")]).await;
    greet(&mut peer, "ada", 1, Some(ADA)).await;
    peer.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
    let foreign = [("host", "ours.example"), ("origin", "http://evil.example")];
    let mut peer = dial(place.address, &foreign).await;
    assert_eq!(u16::from(peer.closed().await.code), code::FOREIGN_ORIGIN);
    assert!(ask(place.address, "/readyz", ADA).await.starts_with("HTTP/1.1 421 "));
}

#[tokio::test]
async fn nobody_poses_as_another_or_takes_a_line_that_is_not_theirs() {
    let (place, _files) = guarded().await;
    let (you, mut ada) = member(&place, "ada", 1, ADA).await;

    // Ada's secret and a higher dial under Bob's token; what others see of her as a secret, even with her token.
    for (secret, token) in [("ada", BOB), (&*you, ADA), (&*you, BOB)] {
        let (from, mut thief) = member(&place, secret, 9_999, token).await;
        assert_ne!(from, you);
        thief.say("tea", 1, "it is I, Ada").await;
        let said = ada.said().await;
        assert_ne!(said.from, you);
        assert_eq!(said.name == "Ada", token == ADA, "the name is the token's");
    }
    ada.say("tea", 1, "still here").await;
    assert_eq!(ada.said().await.from, you);

    // With her own secret and token she takes over herself.
    let (again, _new) = member(&place, "ada", 2, ADA).await;
    assert_eq!(again, you);
    assert_eq!(u16::from(ada.closed().await.code), code::REPLACED);
}

#[tokio::test]
async fn rooms_and_rights_are_the_tokens() {
    let (place, _files) = guarded().await;
    let (_, mut bob) = member(&place, "bob", 1, BOB).await;
    bob.tell(&ClientMessage::Join { room: "vault".into(), epoch: None, after: Some(0) }).await;
    let told = bob.until(|message| matches!(message, ServerMessage::Error { .. })).await;
    let ServerMessage::Error { code: ErrorCode::Forbidden, room, .. } = told else { panic!("{told:?}") };
    assert_eq!(room.as_deref(), Some("vault"));
    bob.say("vault", 1, "in?").await;
    forbidden(&mut bob).await;

    let (_, mut reader) = member(&place, "reader", 1, READER).await;
    reader.say("tea", 1, "may I?").await;
    forbidden(&mut reader).await;
    bob.say("tea", 2, "hello").await;
    assert_eq!(reader.said().await.text, "hello");
}

#[tokio::test]
async fn the_file_is_read_again_and_a_broken_one_is_not_taken() {
    let files = files();
    let tokens = files.path().join("tokens");
    let mut server = start(&["serve", "--listen", "127.0.0.1:0", "--tokens", tokens.to_str().unwrap()]);
    let address = server.out().await.rsplit('/').next().unwrap().parse().unwrap();
    let (mut ada, mut bob) = (dial(address, &[]).await, dial(address, &[]).await);
    for (peer, secret, token) in [(&mut ada, "ada", ADA), (&mut bob, "bob", BOB)] {
        greet(peer, secret, 1, Some(token)).await;
        peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    }

    fs::write(&tokens, format!("# broken\n{ADA}; Ada\n")).unwrap();
    server.signal("-HUP").await;
    let told = server.err("stays as it was").await;
    assert!(told.contains("line 2") && told.contains("token; name; rooms") && !told.contains(ADA), "{told}");

    fs::write(&tokens, format!("{BOB}; Bob; tea; r\n")).unwrap();
    server.signal("-HUP").await;
    server.err("read again").await;
    assert_eq!(u16::from(ada.closed().await.code), code::UNAUTHORIZED);
    bob.say("tea", 1, "may I still?").await;
    forbidden(&mut bob).await;
    server.signal("-TERM").await;
    assert_eq!(u16::from(bob.closed().await.code), code::DRAINING);
    drop((ada, bob));
    assert_eq!(server.code().await, 0);
}

#[tokio::test]
async fn no_token_is_in_the_log_the_metrics_or_an_answer() {
    let files = files();
    let tokens = files.path().join("tokens");
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--tokens", tokens.to_str().unwrap()]);
    // More than anybody runs it with: what must not be logged must not be logged at any level.
    serve.env("RUST_LOG", "trace");
    let mut process = serve.spawn().unwrap();
    let mut out = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut told = process.stderr.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut log = String::new();
        told.read_to_string(&mut log).await.unwrap();
        log
    });
    let address = out.next_line().await.unwrap().unwrap().rsplit('/').next().unwrap().parse().unwrap();

    let mut answers = String::new();
    for (bearer, token, comes_in) in
        [(ADA, None, true), (NOBODY, None, false), (BOB, Some(ADA), true), (BOB, Some(NOBODY), false)]
    {
        let mut peer = dial(address, &[("authorization", &format!("Bearer {bearer}"))]).await;
        greet(&mut peer, "ada", 1, token).await;
        if !comes_in {
            answers += &peer.closed().await.reason;
            continue;
        }
        peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
        peer.tell(&ClientMessage::Token { token: NOBODY.to_owned() }).await;
        answers += &peer.until(|message| matches!(message, ServerMessage::Error { .. })).await.encode();
        peer.text(&format!(r#"{{"type":"token","token":["{NOBODY}"]}}"#)).await;
        answers += &peer.until(|message| matches!(message, ServerMessage::Error { .. })).await.encode();
    }
    answers += &ask(address, "/metrics", ADA).await;
    assert!(answers.contains("why=\"unauthorized\""), "{answers}");

    let pid = rustix::process::Pid::from_raw(i32::try_from(process.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(process.wait().await.unwrap().code(), Some(0));
    answers += &reading.await.unwrap();
    for secret in ["token-of", "well kept secret"] {
        assert!(!answers.contains(secret), "\"{secret}\" was told: {answers}");
    }
}

#[tokio::test]
async fn a_terminal_shows_its_token_and_fetches_it_anew_for_each_dial() {
    let (place, files) = guarded().await;
    let url = format!("http://{}", place.address);
    let (token, count) = (files.path().join("token"), files.path().join("count"));
    fs::write(&token, ADA).unwrap();
    let fetch = format!("echo x >> {}; cat {}", count.display(), token.display());
    let fetched = || fs::read_to_string(&count).unwrap_or_default().lines().count();
    let chat = ["chat", &url, "--room", "tea", "--name", "whoever", "--json", "--token-command", &fetch];

    let mut bot = Bot::of(start(&chat));
    bot.until(|event| event["event"] == "caught_up").await;
    bot.program.type_line("hello").await;
    let said = bot.until(|event| event["event"] == "said").await;
    assert_eq!((said["name"].as_str(), fetched()), (Some("Ada"), 1));
    bot.program.end_input();
    assert_eq!(bot.program.code().await, 0);

    // Refused twice in a row is final; a first dial for which there is no token is, too.
    fs::write(&token, NOBODY).unwrap();
    let mut bot = Bot::of(start(&chat));
    let exit = bot.until(|event| event["event"] == "exit").await;
    assert_eq!(exit["code"], 30, "{exit}");
    assert!(exit["why"].as_str().unwrap().contains("4401"), "{exit}");
    assert_eq!(fetched(), 3);
    run(&["chat", &url, "--name", "a", "--token-command", "exit 7"], b"")
        .await
        .failed(1, &["token command", "7"]);

    // By the environment, where no other user reads it; and without one.
    let mut chat = command(&["chat", &url, "--room", "tea", "--name", "whoever", "--json"]);
    chat.env("HEARTLINE_TOKEN", BOB);
    let mut bot = Bot::of(start_command(chat));
    bot.until(|event| event["event"] == "caught_up").await;
    run(&["chat", &url, "--name", "a"], b"").await.failed(30, &["4401", "a token is needed here"]);
}

#[tokio::test]
async fn a_server_the_world_can_reach_wants_to_be_told() {
    let everywhere = ["serve", "--listen", "0.0.0.0:0"];
    run(&everywhere, b"").await.failed(2, &["--tokens", "--jwt-key", "--open"]);
    let missing = ["serve", "--listen", "127.0.0.1:0", "--tokens", "/no/such/file"];
    run(&missing, b"").await.failed(2, &["--tokens /no/such/file", "no such file"]);
    let files = files();
    let tokens = files.path().join("tokens");
    let tokens = ["--tokens", tokens.to_str().unwrap()];
    run(&[&["serve", "--open"][..], &tokens].concat(), b"").await.failed(2, &["--tokens"]);
    let mut server = start(&[&everywhere[..], &tokens].concat());
    server.out().await;
    server.err("readable for everybody on the way").await;
    server.signal("-TERM").await;
    assert_eq!(server.code().await, 0);
}

fn files() -> TempDir {
    let files = tempfile::tempdir().unwrap();
    let tokens =
        format!("# who may come in\n{ADA}; Ada; *\n{BOB}; Bob; tea, bob-*; rw\n{READER}; Reader; tea; r\n");
    fs::write(files.path().join("tokens"), tokens).unwrap();
    files
}

async fn guarded() -> (Place, TempDir) {
    let files = files();
    let gate = Arc::new(Gatekeeper::open(Some(&files.path().join("tokens")), None).unwrap());
    (Place::with(Config { gate, ..Config::default() }).await, files)
}

async fn dial(address: SocketAddr, headers: &[(&'static str, &str)]) -> Peer {
    Peer::dial(address, headers, TcpSocket::new_v4().unwrap()).await.unwrap()
}

/// Says hello, under a name that is the secret's and so always a lie.
async fn greet(peer: &mut Peer, secret: &str, dial: u64, with: Option<&str>) {
    let mut hello = hello(secret, dial, vec![resume("tea", None)]);
    let ClientMessage::Hello { token, .. } = &mut hello else { unreachable!() };
    *token = with.map(str::to_owned);
    peer.tell(&hello).await;
}

/// What others see of it, and its line.
async fn member(place: &Place, secret: &str, number: u64, token: &str) -> (String, Peer) {
    let mut peer = dial(place.address, &[]).await;
    greet(&mut peer, secret, number, Some(token)).await;
    let welcome = peer.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
    let ServerMessage::Welcome { you, .. } = welcome else { unreachable!() };
    peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    (you, peer)
}

async fn forbidden(peer: &mut Peer) {
    let told = peer.until(|message| matches!(message, ServerMessage::Rejected { .. })).await;
    assert!(matches!(told, ServerMessage::Rejected { code: RejectCode::Forbidden, .. }), "{told:?}");
}

/// What a stranger is answered.
async fn ask(address: SocketAddr, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let authorization =
        if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: elsewhere.example\r\n{authorization}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
