//! `/inspect` of `heartline relay`: what it tells, whom, and what it can be asked.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use heartline_core::inspect::{End, FromRelay, Party, ToRelay, VERSION};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    peer::{frame, read_frame},
    program::{PATIENCE, run},
    relay::{Far, Relay, end, open, read, request},
};

/// Somebody who reads the feed.
struct Reader(WebSocketStream<TcpStream>);

impl Reader {
    async fn start(relay: &Relay) -> Self {
        let stream = relay.dial().await;
        Self(client_async(&relay.feed, stream).await.unwrap().0)
    }

    async fn next(&mut self) -> FromRelay {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing comes");
            if let Message::Text(text) = message.expect("the feed has ended").unwrap() {
                return serde_json::from_str(text.as_str()).unwrap_or_else(|error| panic!("{error}: {text}"));
            }
        }
    }

    async fn ask(&mut self, text: impl Into<String>) {
        self.0.send(Message::Text(text.into().into())).await.unwrap();
    }
}

#[tokio::test]
async fn everything_that_passes_is_told_and_secrets_are_not() {
    let far = Far::start().await;
    let relay = Relay::start(&far.url(), &["-H", "Authorization: Bearer s3cret", "--no-compression"]).await;
    let mut reader = Reader::start(&relay).await;
    let FromRelay::Hello { version: VERSION, to, connections, faults, .. } = reader.next().await else {
        panic!()
    };
    assert_eq!((to, connections, faults), (format!("{}/", far.url()), vec![], vec![]));

    let (mut near, mut server) = open(&relay, &far).await;
    let FromRelay::Begun(begun) = reader.next().await else { panic!() };
    assert!(begun.from.starts_with("127.0.0.1:"));
    let number = begun.connection;
    let FromRelay::Request { connection, target, fields, breaches, .. } = reader.next().await else {
        panic!()
    };
    assert_eq!((connection, target.as_str(), breaches), (number, "/", vec![]));
    assert!(fields.contains(&("Authorization".to_owned(), "Bearer ******".to_owned())), "{fields:?}");
    let FromRelay::Response { status: 101, trouble, .. } = reader.next().await else { panic!() };
    assert_eq!(trouble, Vec::<String>::new());

    near.write_all(b"\x81\x82\x01\x02\x03\x04ik").await.unwrap();
    let FromRelay::Frame(text) = reader.next().await else { panic!() };
    assert_eq!(
        (text.connection, text.from, text.number, text.name.as_str()),
        (number, Party::Client, 0, "Text")
    );
    assert_eq!((text.payload.text.as_deref(), text.masking_key.as_deref()), (Some("hi"), Some("01020304")));
    let long = frame(2, &[7; 10_000]);
    server.write_all(&[&long[..], b"\x09\x00", b"\x88\x05\x03\xe9bye"].concat()).await.unwrap();
    let FromRelay::Frame(binary) = reader.next().await else { panic!() };
    assert_eq!((binary.from, binary.length, binary.payload.cut), (Party::Server, 10_000, true));
    let FromRelay::Frame(ping) = reader.next().await else { panic!() };
    assert_eq!(ping.violations.len(), 1, "a control frame in fragments: {ping:?}");
    let FromRelay::Frame(close) = reader.next().await else { panic!() };
    let close = close.close.unwrap();
    assert_eq!((close.code, close.reason.as_str()), (Some(1001), "bye"));
    drop((near, server));
    let FromRelay::Ended { end, client, server, .. } = reader.next().await else { panic!() };
    assert_eq!(end, End::Close { by: Party::Server, code: Some(1001), reason: "bye".to_owned() });
    assert_eq!((client.frames, server.frames), (1, 3));
}

#[tokio::test]
async fn faults_are_set_by_message_and_nonsense_changes_nothing() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let (mut near, mut server) = open(&relay, &far).await;
    relay.program.err("open after").await;
    let mut reader = Reader::start(&relay).await;
    let FromRelay::Hello { connections, .. } = reader.next().await else { panic!() };
    assert_eq!(connections.len(), 1);
    for (nonsense, words) in [
        ("", "no request"),
        ("[1,2", "no request"),
        (r#"{"type":"explode"}"#, "explode"),
        (r#"{"type":"fault","text":"server: explode"}"#, "mute-pongs"),
        (r#"{"type":"fault","connection":9,"text":"server: stall"}"#, "no connection #9"),
        (r#"{"type":"clear","connection":"x"}"#, "no request"),
        (&"x".repeat(10_000), "at most 4096"),
    ] {
        reader.ask(nonsense).await;
        let FromRelay::Error { why } = reader.next().await else { panic!("{nonsense} was taken") };
        assert!(why.contains(words), "{nonsense}: {why}");
    }
    reader.0.send(Message::Binary(vec![1].into())).await.unwrap();
    let FromRelay::Error { why } = reader.next().await else { panic!() };
    assert!(why.contains("text"), "{why}");

    let text = "server: mute-pongs".to_owned();
    let fault = ToRelay::Fault { connection: Some(connections[0].connection), text: text.clone() };
    reader.ask(serde_json::to_string(&fault).unwrap()).await;
    assert_eq!(reader.next().await, FromRelay::Fault { connection: Some(1), text: text.clone() });
    let FromRelay::Fired { connection: 1, text: fired, .. } = reader.next().await else { panic!() };
    assert_eq!(fired, text);
    relay.program.err("from the feed: server: mute-pongs (#1)").await;
    server.write_all(b"\x8a\x00\x81\x00").await.unwrap();
    assert_eq!(read(&mut near, 2).await, b"\x81\x00");
    reader.ask(r#"{"type":"clear"}"#).await;
    // Before it come the heads and the frames, now that somebody looks.
    while reader.next().await != (FromRelay::Cleared { connection: None }) {}
    server.write_all(b"\x8a\x00").await.unwrap();
    assert_eq!(read(&mut near, 2).await, b"\x8a\x00");
}

#[tokio::test]
async fn only_who_has_the_token_reads_it_and_nothing_of_it_goes_to_the_server() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let url = relay.feed.split('?').next().unwrap().to_owned();
    run(&["connect", "--no-input", &url], b"").await.failed(20, &["401", "token that the relay has printed"]);
    let wrong = format!("{url}?token=AAAAAAAAAAAAAAAAAAAAAA");
    run(&["connect", "--no-input", &wrong], b"").await.failed(20, &["401"]);
    assert!(relay.program.err("was not let in").await.contains("token"));
    // A page of somebody else, even with it.
    let mut near = relay.dial().await;
    let target = relay.feed.split(&relay.address).nth(1).unwrap();
    let asked = request(target, &relay.address, "Origin: https://evil.example\r\n");
    near.write_all(asked.as_bytes()).await.unwrap();
    assert!(String::from_utf8(end(&mut near).await.1).unwrap().starts_with("HTTP/1.1 403"));
    // By a header, as programs have it.
    let token = relay.feed.split("token=").nth(1).unwrap();
    let mut ask = url.as_str().into_client_request().unwrap();
    ask.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
    let mut reader = Reader(client_async(ask, relay.dial().await).await.unwrap().0);
    assert!(matches!(reader.next().await, FromRelay::Hello { .. }));
    tokio::time::timeout(Duration::from_millis(100), far.accept()).await.expect_err("the server was dialled");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_how_much_it_has_missed() {
    let far = Far::start().await;
    let relay = Relay::start(&far.url(), &[]).await;
    let mut reader = Reader::start(&relay).await;
    assert!(matches!(reader.next().await, FromRelay::Hello { .. }), "from here on it is looked at");
    let (mut near, mut server) = open(&relay, &far).await;
    // Far more than the sockets on the way hold, without a message taken.
    let count = 20_000_u64;
    let one = frame(2, &[7; 1000]);
    let ((), ()) = tokio::join!(
        async {
            for _ in 0..count {
                server.write_all(&one).await.unwrap();
            }
        },
        async {
            let mut unread = vec![0; 1 << 16];
            let mut left = one.len() * count as usize;
            while left > 0 {
                left -= near.read(&mut unread).await.unwrap();
            }
        }
    );
    drop((near, server));
    let (mut frames, mut missed) = (0, 0);
    loop {
        let told = reader.next().await;
        frames += u64::from(matches!(told, FromRelay::Frame(_)));
        if let FromRelay::Missed { count } = told {
            missed += count;
        } else if let FromRelay::Ended { .. } = told {
            break;
        }
    }
    assert!(missed > 0, "all of {frames} were told");
    // Beside the frames there are some that begin and end.
    assert!((count..count + 8).contains(&(frames + missed)), "{frames} were told, {missed} missed");
}

#[tokio::test]
async fn a_reader_that_leaves_is_let_go() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let mut reader = Reader::start(&relay).await;
    reader.0.close(None).await.unwrap();
    relay.program.err("reads the feed no more").await;
    let (mut near, mut server) = open(&relay, &far).await;
    near.write_all(b"\x82\x81\x00\x00\x00\x00x").await.unwrap();
    assert_eq!(read_frame(&mut server).await, Some((2, b"x".to_vec())));
}

#[tokio::test]
async fn who_comes_late_is_told_the_heads_and_what_is_new() {
    let far = Far::start().await;
    let relay = Relay::start(&far.url(), &[]).await;
    let (mut near, mut server) = open(&relay, &far).await;
    near.write_all(b"\x01\x81\x00\x00\x00\x00a").await.unwrap();
    assert_eq!(read(&mut server, 7).await.len(), 7);
    // In the middle of a frame of the server.
    server.write_all(b"\x82\x04ab").await.unwrap();
    assert_eq!(read(&mut near, 4).await.len(), 4);
    let mut reader = Reader::start(&relay).await;
    assert!(matches!(reader.next().await, FromRelay::Hello { .. }));
    server.write_all(b"cd").await.unwrap();
    assert_eq!(read(&mut near, 2).await, b"cd");
    near.write_all(b"\x80\x81\x00\x00\x00\x00b").await.unwrap();
    assert!(matches!(reader.next().await, FromRelay::Request { .. }));
    assert!(matches!(reader.next().await, FromRelay::Response { status: 101, .. }));
    let FromRelay::Frame(frame) = reader.next().await else { panic!() };
    assert_eq!((frame.name.as_str(), frame.number, frame.violations), ("Continuation", 0, vec![]));
    assert_eq!(read(&mut server, 7).await.len(), 7);
    server.write_all(b"\x81\x01x").await.unwrap();
    let FromRelay::Frame(frame) = reader.next().await else { panic!() };
    assert_eq!((frame.from, frame.payload.text.as_deref()), (Party::Server, Some("x")));
}

/// Large payloads go another way while nobody looks at them, so it is changed while they pass.
#[tokio::test]
async fn large_messages_pass_whole_whatever_is_looked_at_or_set_meanwhile() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let (near, server) = open(&relay, &far).await;
    let (mut near_reads, mut near_writes) = near.into_split();
    let (mut server_reads, mut server_writes) = server.into_split();
    let frames: Vec<Vec<u8>> = (0..600_usize)
        .map(|number| {
            let length = [0, 1, 200, 16 << 10, 40_000, 1000, 65_000][number * 5 % 7];
            frame(2, &(0..length).map(|at| (at * 31 + number) as u8).collect::<Vec<_>>())
        })
        .collect();
    let (sent, half) = (frames.concat(), frames[..300].concat().len());
    let (up, down) = (sent.clone(), sent.clone());
    let up = tokio::spawn(async move {
        near_writes.write_all(&up).await.unwrap();
        near_writes
    });
    let down = tokio::spawn(async move {
        server_writes.write_all(&down).await.unwrap();
        server_writes
    });
    let (mut came_up, mut came_down) = (vec![0; sent.len()], vec![0; sent.len()]);
    // Halfway both writers wait for their readers.
    server_reads.read_exact(&mut came_up[..half]).await.unwrap();
    near_reads.read_exact(&mut came_down[..half]).await.unwrap();
    let mut reader = Reader::start(&relay).await;
    relay.program.type_line("both: stall after 24h").await;
    relay.program.err("both: stall").await;
    server_reads.read_exact(&mut came_up[half..half + 1_000_000]).await.unwrap();
    relay.program.type_line("x").await;
    relay.program.err("no faults").await;
    let (first, second) = tokio::join!(
        server_reads.read_exact(&mut came_up[half + 1_000_000..]),
        near_reads.read_exact(&mut came_down[half..])
    );
    first.and(second).unwrap();
    assert!(came_up == sent && came_down == sent, "the bytes are not the same");
    // Both writers hang up in the middle of a large frame.
    for writer in [up, down] {
        let mut writer = writer.await.unwrap();
        writer.write_all(&frames[4][..20_000]).await.unwrap();
        writer.shutdown().await.unwrap();
    }
    let (mut rest_up, mut rest_down) = (Vec::new(), Vec::new());
    server_reads.read_to_end(&mut rest_up).await.unwrap();
    near_reads.read_to_end(&mut rest_down).await.unwrap();
    assert!(rest_up == frames[4][..20_000] && rest_down == rest_up, "the last bytes are not the same");
    loop {
        if let FromRelay::Ended { client, server, .. } = reader.next().await {
            let bytes = sent.len() as u64 + 20_000;
            assert_eq!((client.frames, client.bytes), (600, bytes));
            assert_eq!((server.frames, server.bytes), (600, bytes));
            break;
        }
    }
}
