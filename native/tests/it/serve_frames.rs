//! `/echo`, frame by frame.

use heartline::server::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::serve_peer::{BINARY, CLOSE, PING, PONG, Raw, TEXT, TestServer, frame, handshake};

const RSV1: u8 = 0x40;

/// What holds on `/echo`, asked of whatever stands before it, too: that must change nothing.
pub(crate) async fn protocol(server: &TestServer) {
    messages(server).await;
    fragments(server).await;
    half_ends(server).await;
    closes(server).await;
    breaches(server).await;
    bad_text(server).await;
}

#[tokio::test]
async fn messages_come_back_as_they_came() {
    messages(&TestServer::start(Config::default()).await).await;
}

async fn messages(server: &TestServer) {
    let mut raw = server.echo().await;
    let large = vec![b'x'; 100_000];
    for (kind, payload) in [
        (TEXT, "grüße 弹幕".as_bytes()),
        (BINARY, &[0, 255, 128]),
        (TEXT, b""),
        (BINARY, &large[..125]),
        (BINARY, &large[..126]),
        (BINARY, &large[..65536]),
        (TEXT, &large),
    ] {
        raw.frame(kind, payload).await;
        assert!(raw.read().await == (kind, payload.to_vec()), "{} bytes", payload.len());
    }
}

#[tokio::test]
async fn fragments_come_back_as_one_message_and_pings_between_them_are_answered() {
    fragments(&TestServer::start(Config::default()).await).await;
}

async fn fragments(server: &TestServer) {
    let mut raw = server.echo().await;
    // The letter ü is cut in two.
    raw.frame(0x01, b"gr\xc3").await;
    raw.frame(PING, b"are you there").await;
    assert_eq!(raw.read().await, (PONG, b"are you there".to_vec()));
    raw.frame(0x00, b"\xbc").await;
    raw.frame(0x80, b"n").await;
    assert_eq!(raw.read().await, (TEXT, "grün".into()));
    raw.frame(PONG, b"nobody asked").await;
    raw.frame(TEXT, b"next").await;
    assert_eq!(raw.read().await, (TEXT, b"next".to_vec()));
}

#[tokio::test]
async fn a_pipeline_keeps_its_order() {
    let server = TestServer::start(Config::default()).await;
    let mut raw = server.echo().await;
    let messages: Vec<_> = (0..2000).map(|number: u32| number.to_string()).collect();
    let bytes: Vec<_> = messages.iter().flat_map(|message| frame(TEXT, message.as_bytes())).collect();
    raw.send(&bytes).await;
    for message in &messages {
        assert_eq!(raw.read().await, (TEXT, message.clone().into_bytes()));
    }
    assert!(server.metrics().await.contains("heartline_echo_messages_total 2000"));
}

/// As `printf … | nc` does: all at once, then the end of its half, and it reads on.
#[tokio::test]
async fn who_ends_its_half_still_gets_what_it_sent() {
    half_ends(&TestServer::start(Config::default()).await).await;
}

async fn half_ends(server: &TestServer) {
    let mut raw = server.echo().await;
    raw.send(&[frame(TEXT, b"one"), frame(TEXT, b"two")].concat()).await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(raw.read().await, (TEXT, b"one".to_vec()));
    assert_eq!(raw.read().await, (TEXT, b"two".to_vec()));
    assert_eq!(raw.rest().await, "");
}

#[tokio::test]
async fn a_close_is_echoed_with_its_code() {
    closes(&TestServer::start(Config::default()).await).await;
}

async fn closes(server: &TestServer) {
    for code in [1000_u16, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
        for reason in [&b""[..], b"bye"] {
            let mut raw = server.echo().await;
            let payload = [&code.to_be_bytes()[..], reason].concat();
            // What was said before is answered before.
            raw.send(&[frame(TEXT, b"last"), frame(CLOSE, &payload)].concat()).await;
            assert_eq!(raw.read().await, (TEXT, b"last".to_vec()), "{code}");
            assert_eq!(raw.read().await, (CLOSE, payload), "{code}");
            assert_eq!(raw.rest().await, "", "{code}");
        }
    }
    let mut raw = server.echo().await;
    raw.frame(CLOSE, b"").await;
    assert_eq!(raw.read().await, (CLOSE, Vec::new()));
    assert_eq!(raw.rest().await, "");
}

/// The beginning of a line may come with its handshake, and everything in pieces.
#[tokio::test]
async fn a_close_is_understood_wherever_it_is_cut() {
    let server = TestServer::start(Config::default()).await;
    let close = frame(CLOSE, &[&1014_u16.to_be_bytes()[..], b"bad gateway"].concat());
    let bytes = [frame(TEXT, b"early"), close].concat();
    for ahead in 0..=bytes.len() {
        let mut raw = server.connect().await;
        raw.send(&[handshake("/echo", "").as_bytes(), &bytes[..ahead]].concat()).await;
        assert_eq!(raw.head().await.0, 101);
        raw.send(&bytes[ahead..]).await;
        assert_eq!(raw.read().await, (TEXT, b"early".to_vec()), "{ahead} bytes ahead");
        assert_eq!(raw.closed().await, 1014, "{ahead} bytes ahead");
    }
    let mut raw = server.echo().await;
    for byte in &bytes {
        raw.send(&[*byte]).await;
    }
    assert_eq!(raw.read().await, (TEXT, b"early".to_vec()));
    assert_eq!(raw.closed().await, 1014);
    server.until_metrics_tell(&format!("route=\"echo\",why=\"closed\"}} {}", bytes.len() + 2)).await;
}

#[tokio::test]
async fn against_the_rules_means_1002() {
    breaches(&TestServer::start(Config::default()).await).await;
}

async fn breaches(server: &TestServer) {
    for (what, bytes) in [
        ("reserved bit", frame(TEXT | RSV1, b"x")),
        ("reserved data opcode", frame(0x83, b"x")),
        ("reserved control opcode", frame(0x8b, b"x")),
        ("no mask", vec![TEXT, 1, b'x']),
        ("control frame too long", frame(PING, &[0; 126])),
        ("fragmented ping", frame(0x09, b"x")),
        ("continuation of nothing", frame(0x80, b"x")),
        ("text within a message", [frame(0x01, b"x"), frame(TEXT, b"y")].concat()),
        ("fragmented close", frame(0x08, &1000_u16.to_be_bytes())),
        ("half a close code", frame(CLOSE, &[3])),
    ] {
        assert_eq!(code_at(server, what, &bytes).await, 1002, "{what}");
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535] {
        assert_eq!(code_at(server, "close code", &frame(CLOSE, &code.to_be_bytes())).await, 1002, "{code}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_means_1007() {
    bad_text(&TestServer::start(Config::default()).await).await;
}

async fn bad_text(server: &TestServer) {
    for (what, bytes) in [
        ("one frame", frame(TEXT, b"\xff")),
        ("fragments", [frame(0x01, b"gr\xc3"), frame(0x80, b"x")].concat()),
        ("cut short", frame(TEXT, b"gr\xc3")),
        ("surrogate", frame(TEXT, b"\xed\xa0\x80")),
        ("close reason", frame(CLOSE, b"\x03\xe8\xff")),
        ("close reason of a bad gateway", frame(CLOSE, b"\x03\xf6\xff")),
    ] {
        assert_eq!(code_at(server, what, &bytes).await, 1007, "{what}");
    }
}

#[tokio::test]
async fn too_much_means_1009() {
    let announced = [&[BINARY, 0x80 | 127][..], &(1_u64 << 40).to_be_bytes(), &[1, 2, 3, 4]].concat();
    let fragments = [frame(0x02, &[0; 60_000]), frame(0x00, &[0; 60_000])].concat();
    for (what, bytes) in
        [("one frame", frame(BINARY, &[0; 100_001])), ("announced", announced), ("fragments", fragments)]
    {
        assert_eq!(code_for(what, &bytes).await, 1009, "{what}");
    }
}

/// The code reaches even one that goes on sending: no reset eats it.
#[tokio::test]
async fn endless_fragments_mean_1009_though_each_is_empty() {
    let server = TestServer::start(small()).await;
    let (mut reader, mut writer) = server.echo().await.stream.into_split();
    let sending = tokio::spawn(async move {
        writer.write_all(&frame(0x01, b"")).await?;
        let empty = frame(0x00, b"").repeat(1000);
        loop {
            writer.write_all(&empty).await?;
        }
        #[allow(unreachable_code, reason = "names the type of the error that ends the loop")]
        Ok::<_, std::io::Error>(())
    });
    let mut head = [0; 4];
    reader.read_exact(&mut head[..2]).await.unwrap();
    // On a busy machine the first beat comes before the bound.
    while head[..2] == [PING, 0] {
        reader.read_exact(&mut head[..2]).await.unwrap();
    }
    reader.read_exact(&mut head[2..]).await.unwrap();
    assert_eq!((head[0], u16::from_be_bytes([head[2], head[3]])), (CLOSE, 1009));
    sending.abort();
}

async fn code_for(what: &str, bytes: &[u8]) -> u16 {
    code_at(&TestServer::start(small()).await, what, bytes).await
}

async fn code_at(server: &TestServer, what: &str, bytes: &[u8]) -> u16 {
    let mut raw: Raw = server.echo().await;
    // More than the server will ever look at, so that a reset would follow if it just hung up.
    raw.send(&[bytes, &frame(BINARY, &[0; 50_000])].concat()).await;
    let (first, payload) = raw.read().await;
    assert_eq!(first, CLOSE, "{what}");
    assert_eq!(raw.rest().await, "", "{what}");
    u16::from_be_bytes([payload[0], payload[1]])
}

fn small() -> Config {
    let mut config = Config::default();
    config.line.echo_message_bytes = 100_000;
    config
}
