//! Faults of `heartline relay`: what both ends see of each, and that `heartline echo` finds those it is made to find.

use std::time::{Duration, Instant};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    chat_cli::Server,
    program::{PATIENCE, run},
    relay::{Far, Relay, end, open, read},
};

const PONG: &[u8] = b"\x8a\x01!";
const TEXT: &[u8] = b"\x81\x02hi";
const MASKED: &[u8] = b"\x81\x82\x00\x00\x00\x00hi";

/// A relay with this fault, and both ends of a line through it.
async fn faulty(fault: &str) -> (Relay, TcpStream, TcpStream) {
    let far = Far::start().await;
    let relay = Relay::start(&far.url(), &["--fault", fault]).await;
    let (near, server) = open(&relay, &far).await;
    (relay, near, server)
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
}

#[tokio::test]
async fn muted_pongs_do_not_arrive_and_all_else_does() {
    let (_relay, mut near, mut server) = faulty("server: mute-pongs").await;
    send(&mut server, &[PONG, TEXT, PONG, TEXT].concat()).await;
    assert_eq!(read(&mut near, 8).await, [TEXT, TEXT].concat());
    send(&mut near, &[PONG, MASKED].concat()).await;
    assert_eq!(read(&mut server, 11).await, [PONG, MASKED].concat());
}

#[tokio::test]
async fn a_blackhole_takes_all_in_and_gives_nothing_out_until_it_is_cleared() {
    let (mut relay, mut near, mut server) = faulty("client: blackhole after 1 frames").await;
    send(&mut near, MASKED).await;
    assert_eq!(read(&mut server, 8).await, MASKED);
    relay.program.err("client: blackhole after 1 frames has begun").await;
    // More than all buffers hold: it is read.
    let big = [&b"\x82\xff\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"[..], &vec![0; 32 << 20]].concat();
    tokio::time::timeout(PATIENCE, near.write_all(&big)).await.expect("it is not read").unwrap();
    send(&mut server, TEXT).await;
    assert_eq!(read(&mut near, 4).await, TEXT, "the other direction is as it was");
    relay.program.type_line("x").await;
    relay.program.err("no faults any more").await;
    send(&mut near, PONG).await;
    assert_eq!(read(&mut server, 3).await, PONG);
}

#[tokio::test]
async fn a_stall_stops_the_writer_and_loses_nothing() {
    let (mut relay, mut near, mut server) = faulty("client: stall").await;
    let frame =
        [&b"\x82\xff\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"[..], &vec![5; 32 << 20]].concat();
    let mut written = 0;
    while let Ok(count) =
        tokio::time::timeout(Duration::from_millis(300), near.write(&frame[written..])).await
    {
        written += count.unwrap();
        assert!(written < frame.len(), "it is read all the same");
    }
    send(&mut server, TEXT).await;
    assert_eq!(read(&mut near, 4).await, TEXT);
    relay.program.type_line("#1 x").await;
    let whole = frame.clone();
    let (_, came) = tokio::join!(near.write_all(&frame[written..]), read(&mut server, whole.len()));
    assert!(came == whole, "something was lost");
}

#[tokio::test]
async fn a_delay_and_a_throttle_take_their_time_and_lose_nothing() {
    let (_relay, mut near, mut server) = faulty("server: delay 300ms").await;
    let begun = Instant::now();
    send(&mut server, TEXT).await;
    assert_eq!(read(&mut near, 4).await, TEXT);
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    let (_relay, mut near, mut server) = faulty("both: throttle 10k").await;
    let frame = [&b"\x82\x7e\x28\x00"[..], &[9; 10 << 10]].concat();
    let begun = Instant::now();
    send(&mut server, &frame).await;
    assert_eq!(read(&mut near, frame.len()).await, frame);
    // The first tenth of a second comes at once.
    assert!(begun.elapsed() >= Duration::from_millis(850), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn one_corrupted_frame_is_found_by_whoever_compares() {
    let (_relay, mut near, mut server) = faulty("client: corrupt after 1 frames").await;
    send(&mut near, &[MASKED, MASKED, MASKED].concat()).await;
    assert_eq!(read(&mut server, 24).await, [MASKED, b"\x81\x82\x00\x00\x00\x00ii", MASKED].concat());
    let server = Server::start().await;
    let relay = Relay::start(&server.ws("/echo"), &["--fault", "server: corrupt"]).await;
    let outcome = run(&["echo", &relay.url()], b"one\n").await;
    assert!(outcome.stderr.contains("not what was sent") && outcome.stdout == "nne\n", "{outcome:?}");
}

#[tokio::test]
async fn cuts_are_seen_as_they_were_asked_for() {
    // What the client sees, and the server; a reset is `None`.
    for (fault, client, server) in [
        ("both: cut fin after 1 frames", Some(&b""[..]), Some(&b""[..])),
        ("both: cut rst after 1 frames", None, None),
        ("server: cut rst after 1 frames", None, Some(b"")),
        ("client: cut rst after 1 frames", Some(b""), None),
        ("server: cut 1012 after 1 frames", Some(b"\x88\x02\x03\xf4"), Some(b"")),
        ("both: cut 4321 after 200ms of silence", Some(b"\x88\x02\x10\xe1"), Some(b"masked")),
    ] {
        let (mut relay, mut near, mut far) = faulty(fault).await;
        // One frame in the direction that is counted. A reset may overtake it.
        let (sender, reader) =
            if fault.starts_with("client") { (&mut near, &mut far) } else { (&mut far, &mut near) };
        send(sender, b"\x8a\x00").await;
        if !fault.contains("rst") {
            assert_eq!(read(reader, 2).await, b"\x8a\x00", "{fault}");
        }
        let (near, far) = tokio::join!(end(&mut near), end(&mut far));
        for (sees, expected) in [(near, client), (far, server)] {
            match expected {
                None => assert!(sees.0, "{fault}: no reset but {sees:?}"),
                Some(b"masked") => {
                    let [0x88, 0x82, a, b, _, _, first, second] = sees.1[..] else {
                        panic!("{fault}: {sees:?}")
                    };
                    assert_eq!([first ^ a, second ^ b], 4321_u16.to_be_bytes());
                }
                Some(bytes) => {
                    assert!(!sees.0, "{fault}: a reset");
                    let rest = sees.1.strip_prefix(b"\x8a\x00").unwrap_or(&sees.1);
                    assert_eq!(rest, bytes, "{fault}");
                }
            }
        }
        let told = relay.program.err("over").await;
        assert!(told.contains(&format!("cut here: {fault}")), "{told}");
    }
}

#[tokio::test]
async fn a_close_code_waits_for_the_end_of_a_frame_and_no_longer_than_it_must() {
    let (mut relay, mut near, mut server) = faulty("server: stall after 24h").await;
    send(&mut server, b"\x81\x04ab").await;
    assert_eq!(read(&mut near, 4).await, b"\x81\x04ab");
    relay.program.type_line("server: cut 1001").await;
    relay.program.err("server: cut 1001 (all connections)").await;
    send(&mut server, b"cd\x81\x00").await;
    assert_eq!(end(&mut near).await, (false, b"cd\x88\x02\x03\xe9".to_vec()));
    // The end of the frame never comes: then there is no place for a code.
    let (mut relay, mut near, mut server) = faulty("server: stall after 24h").await;
    send(&mut server, b"\x81\x04ab").await;
    assert_eq!(read(&mut near, 4).await, b"\x81\x04ab");
    relay.program.type_line("both: cut 1001").await;
    assert_eq!(end(&mut near).await, (false, vec![]));
    assert_eq!(end(&mut server).await.1.len(), 8, "the other direction had its place");
}

#[tokio::test]
async fn faults_are_typed_while_it_runs() {
    let far = Far::start().await;
    let mut relay = Relay::start(&far.url(), &[]).await;
    let (mut near, mut server) = open(&relay, &far).await;
    relay.program.err("#1 127.0.0.1").await;
    for (typed, told) in [
        ("?", "b: blackhole"),
        ("l", "#1 127.0.0.1:"),
        ("nonsense", "unknown"),
        ("server: explode", "mute-pongs, stall"),
        ("#7 m", "no connection #7 is open"),
        ("m", "both: mute-pongs (all connections)"),
        ("l", "(both: mute-pongs)"),
        ("#1 x", "no faults any more (#1)"),
        ("#1 server: mute-pongs", "server: mute-pongs (#1)"),
    ] {
        relay.program.type_line(typed).await;
        relay.program.err(told).await;
    }
    send(&mut server, &[PONG, TEXT].concat()).await;
    assert_eq!(read(&mut near, 4).await, TEXT);
    // One that comes later has what was set for all.
    let (mut near, mut server) = open(&relay, &far).await;
    send(&mut near, &[PONG, MASKED].concat()).await;
    assert_eq!(read(&mut server, 8).await, MASKED);
    // To cut at once is for those that are there, and not for those that come.
    relay.program.type_line("c").await;
    assert_eq!(end(&mut near).await, (false, vec![]));
    drop((near, server));
    let (mut near, mut server) = open(&relay, &far).await;
    send(&mut server, TEXT).await;
    assert_eq!(read(&mut near, 4).await, TEXT);
    relay.program.type_line("r").await;
    assert!(end(&mut near).await.0);
}

#[tokio::test]
async fn echo_finds_a_mute_server_and_a_blackhole_within_its_policy() {
    let server = Server::start().await;
    let to = server.ws("/echo");
    let found = async |fault: &str| {
        let relay = Relay::start(&to, &["--fault", fault]).await;
        let begun = Instant::now();
        let patience = ["--reconnect", "never", "--ping-interval", "1", "--ping-timeout", "0.5"];
        let url = relay.url();
        let args = [&["connect", "--no-input"], &patience[..], &[&url]].concat();
        run(&args, b"").await.failed(31, &["no answer"]);
        // Three beats of a second, then grace and a probe of half a second each; the rest is the machine's.
        assert!(begun.elapsed() < Duration::from_secs(15), "{fault}: {:?}", begun.elapsed());
    };
    tokio::join!(
        found("server: mute-pongs after 5 frames"),
        found("client: blackhole after 3 frames"),
        found("server: blackhole after 3 frames")
    );
}

#[tokio::test]
async fn who_leaves_during_a_stall_is_let_go_once_it_is_over() {
    let (mut relay, near, mut server) = faulty("server: stall").await;
    drop(near);
    assert_eq!(end(&mut server).await, (false, vec![]));
    drop(server);
    relay.program.type_line("x").await;
    assert!(relay.program.err("over").await.contains("the client hung up"));
}
