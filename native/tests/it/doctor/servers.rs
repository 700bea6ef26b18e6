//! Servers that end lines by themselves, each in its own way.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{Instant, interval_at, sleep, sleep_until},
};

use super::{Exam, Scenario, examine, side_by_side};
use crate::{
    peer::{PING, PONG, Peer, TEXT, close, frame, header, read_frame, switching, try_read_head},
    program::start,
};

/// How a server treats its lines.
#[derive(Clone, Copy)]
pub(super) struct Ways {
    /// Ends a line after this time without a frame of the client.
    idle: Option<Duration>,
    /// Ends a line at this age.
    lifetime: Option<Duration>,
    /// Ends a line that has said nothing by then.
    first_word: Option<Duration>,
    /// Says something this often.
    chatter: Option<Duration>,
    answers_pings: bool,
    /// Only messages count for `idle`.
    wants_messages: bool,
    /// Hears nothing any more when this time has passed since the watch began, and goes on talking.
    deaf_after: Option<Duration>,
    /// How long an answer takes.
    delay: Duration,
    ending: Ending,
}

#[derive(Clone, Copy)]
pub(super) enum Ending {
    Code(u16),
    Fin,
    Reset,
}

pub(super) const USUAL: Ways = Ways {
    idle: None,
    lifetime: None,
    first_word: None,
    chatter: None,
    answers_pings: true,
    wants_messages: false,
    deaf_after: None,
    delay: Duration::ZERO,
    ending: Ending::Fin,
};

/// The connections of the survey and of plain HTTP. The lines that are watched come then, all at once.
const BEFORE_WATCH: usize = 9;

const THREE: Option<Duration> = Some(Duration::from_secs(3));

pub(super) async fn server(ways: Ways) -> Peer {
    let watched = Arc::<OnceLock<Instant>>::default();
    Peer::start(move |stream, number| {
        let watched = Arc::clone(&watched);
        async move {
            if number > BEFORE_WATCH {
                watched.get_or_init(Instant::now);
            }
            live(stream, ways, &watched).await;
        }
    })
    .await
}

/// `watched`: since when the doctor watches.
async fn live(mut stream: TcpStream, ways: Ways, watched: &OnceLock<Instant>) {
    if matches!(ways.ending, Ending::Reset) {
        stream.set_zero_linger().unwrap();
    }
    // A doctor whose time is over leaves a line that it is just opening.
    let Some(head) = try_read_head(&mut stream).await else { return };
    if header(&head, "Upgrade").is_none() {
        // As servers refuse what is no handshake, which is all that a proxy may leave of one.
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        return;
    }
    if stream.write_all(switching(&head, "").as_bytes()).await.is_err() {
        return;
    }
    let (mut reader, mut writer) = stream.into_split();
    let (found, mut frames) = mpsc::channel(16);
    let reading = tokio::spawn(async move {
        while let Some(frame) = read_frame(&mut reader).await {
            if found.send(frame).await.is_err() {
                return;
            }
        }
    });
    let opened = Instant::now();
    let never = Duration::from_secs(86_400);
    let (mut heard, mut has_spoken) = (opened, false);
    let mut chatter = interval_at(opened + ways.chatter.unwrap_or(never), ways.chatter.unwrap_or(never));
    loop {
        let first_word = ways.first_word.filter(|_| !has_spoken).map(|by| opened + by);
        let ends = [ways.idle.map(|idle| heard + idle), ways.lifetime.map(|age| opened + age), first_word];
        let end = ends.into_iter().flatten().min().unwrap_or(opened + never);
        let answer = tokio::select! {
            received = frames.recv() => {
                let Some((opcode, payload)) = received else { return };
                let watched = watched.get().map_or(Duration::ZERO, Instant::elapsed);
                if ways.deaf_after.is_some_and(|after| watched >= after) {
                    continue;
                }
                if opcode == TEXT || !ways.wants_messages {
                    heard = Instant::now();
                }
                sleep(ways.delay).await;
                has_spoken |= opcode == TEXT;
                match opcode {
                    PING if !ways.answers_pings => continue,
                    PING => frame(PONG, &payload),
                    PONG => continue,
                    other => frame(other, &payload),
                }
            }
            _ = chatter.tick() => frame(TEXT, b"tick"),
            () = sleep_until(end) => break,
        };
        if writer.write_all(&answer).await.is_err() {
            return;
        }
    }
    if let Ending::Code(code) = ways.ending {
        let _ = writer.write_all(&close(code, "idle")).await;
        // The client's close frame, or its end.
        let _ = frames.recv().await;
    }
    reading.abort();
    let _ = reading.await;
}

fn scenario(name: &'static str, ways: Ways, check: fn(&Exam)) -> Scenario {
    Box::pin(async move {
        let server = server(ways).await;
        check(&examine(name, &server.url(), &[]).await);
    })
}

#[tokio::test]
async fn servers_are_told_apart_by_what_they_do() {
    let five = Some(Duration::from_secs(5));
    side_by_side(vec![
        Box::pin(takes_few_lines()),
        Box::pin(wants_pongs()),
        Box::pin(stands_still()),
        scenario(
            "talks on and hears no more",
            Ways { chatter: Some(Duration::from_secs(1)), deaf_after: five, ..USUAL },
            |exam| {
                exam.is("frozen", 54).ends("lost").after("moment", 5.0);
            },
        ),
        scenario(
            "closes on idle with a code",
            Ways { idle: THREE, ending: Ending::Code(4000), ..USUAL },
            |exam| {
                exam.is("idle_timer", 50).ends("closed").after("period", 3.0);
                exam.sign("client_control", "resets").sign("tcp_probe", "does_not");
            },
        ),
        scenario("drops TCP on idle", Ways { idle: THREE, ..USUAL }, |exam| {
            exam.is("idle_timer", 50).ends("cut").after("period", 3.0).sign("client_control", "resets");
        }),
        scenario("resets on idle", Ways { idle: THREE, ending: Ending::Reset, ..USUAL }, |exam| {
            exam.is("idle_timer", 50).ends("cut").after("period", 3.0).sign("client_control", "resets");
        }),
        scenario("caps the lifetime of busy lines", Ways { lifetime: five, ..USUAL }, |exam| {
            exam.is("lifetime", 52).after("period", 5.0);
        }),
        scenario(
            "counts what comes from the client only",
            Ways { idle: THREE, chatter: Some(Duration::from_secs(1)), ..USUAL },
            |exam| {
                exam.is("idle_timer", 50).after("period", 3.0);
                exam.sign("client_control", "resets").sign("server_data", "does_not");
            },
        ),
        scenario("counts messages only", Ways { idle: THREE, wants_messages: true, ..USUAL }, |exam| {
            exam.is("idle_timer", 50).after("period", 3.0);
            exam.sign("client_control", "does_not").sign("tcp_probe", "does_not");
        }),
        scenario(
            "is far away",
            Ways { idle: THREE, delay: Duration::from_millis(300), ending: Ending::Code(1001), ..USUAL },
            |exam| {
                exam.is("idle_timer", 50).ends("closed").after("period", 3.0);
                exam.sign("client_control", "resets");
            },
        ),
        scenario("never answers pings", Ways { answers_pings: false, ..USUAL }, |exam| {
            exam.is("nothing_ended", 0);
            assert_eq!(exam.report["survey"]["answers_ping"], false, "{}", exam.told());
        }),
        scenario(
            "wants a first word",
            Ways { first_word: THREE, ending: Ending::Code(4001), ..USUAL },
            |exam| {
                exam.is("first_message_demanded", 57).ends("closed").after("period", 3.0);
            },
        ),
    ])
    .await;
}

/// A server that does not take as many lines as the doctor would like.
async fn takes_few_lines() {
    let peer = Peer::start(|mut stream, number| async move {
        if number > BEFORE_WATCH {
            let _ = try_read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n").await;
            return;
        }
        live(stream, Ways { idle: THREE, ..USUAL }, &OnceLock::new()).await;
    })
    .await;
    let exam = examine("takes few lines", &peer.url(), &[]).await;
    exam.is("idle_timer", 50).after("period", 3.0).sign("client_control", "resets");
    let failed = exam.report["watch"]["failed"].as_array().unwrap();
    assert!(failed.len() >= 8 && failed[0]["why"].as_str().unwrap().contains("429"), "{failed:?}");
}

/// Our own server, which ends a line that does not answer its pings.
async fn wants_pongs() {
    let mut server = start(&["serve", "--listen", "127.0.0.1:0", "--interval", "1s", "--grace", "0.5s"]);
    let url = echo_url(&server.out().await);
    examine("wants pongs", &url, &[]).await.is("pong_demanded", 56);
}

/// Our own server, stopped in the middle.
async fn stands_still() {
    let mut server = start(&["serve", "--listen", "127.0.0.1:0"]);
    let url = echo_url(&server.out().await);
    let stopping = async {
        // The survey has a few lines at a time, the watch many.
        while lines_at(&url).await <= BEFORE_WATCH {
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_secs(5)).await;
        server.signal("-STOP").await;
    };
    let (exam, ()) = tokio::join!(examine("stands still", &url, &[]), stopping);
    exam.is("frozen", 54).ends("lost").after("moment", 5.0);
}

/// How many connections our own server has.
async fn lines_at(url: &str) -> usize {
    let address = url.trim_start_matches("ws://").trim_end_matches("/echo");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    let count = told.lines().find_map(|line| line.strip_prefix("heartline_connections "));
    count.unwrap().parse().unwrap()
}

fn echo_url(line: &str) -> String {
    line.replace("heartline listening on http", "ws") + "/echo"
}
