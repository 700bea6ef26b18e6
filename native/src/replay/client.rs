//! The client that was recorded, towards a server of today.

use std::{sync::Arc, time::Duration};

use heartline_core::{
    frame::Side,
    handshake::{HeadReader, Outcome, Request, Response, outcome},
    inspect::Party,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    play::{Played, Player},
    script,
    script::Script,
};
use crate::{
    cli::replay::ClientConfig,
    client::{
        activity::{Activity, Stream},
        dial::{DialFailure, Progress, Refusal, Step, Steps, io_words},
        ending::Ending,
        signals::Interrupts,
    },
    exit_code::ExitCode,
    net::Breaker,
    output::{self, escape::excerpt, style::Tone},
};

/// How long what does not come is waited for, beyond the time it took when it was recorded.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command to its end.
pub async fn run(config: ClientConfig) -> Ending {
    let script = match script(&config.file, config.line) {
        Ok(script) if script.is_open() => script,
        Ok(script) => {
            let why = format!(
                "the recorded line was refused with {}: a client has nothing to replay",
                script.status
            );
            return Ending::new(ExitCode::Usage, why);
        }
        Err(ending) => return ending,
    };
    let interrupts = Interrupts::catch();
    tokio::select! {
        ending = replay(&config, &script) => ending,
        () = interrupts.caught() => Ending::new(ExitCode::Interrupted, ""),
    }
}

async fn replay(config: &ClientConfig, script: &Script) -> Ending {
    let (mut breaker, progress) = (Breaker::default(), Progress::default());
    let opened = tokio::time::timeout(config.dial_timeout, open(config, script, &progress, &mut breaker));
    let (mut stream, rest) = match opened.await {
        Ok(Ok(opened)) => opened,
        Ok(Err(failure)) => return Ending::new(failure.exit_code(), failure.to_string()),
        Err(_) => {
            let place = config.dialer.endpoint.to_string();
            let failure = DialFailure::timed_out(progress.step(), &place, config.dial_timeout);
            return Ending::new(failure.exit_code(), failure.to_string());
        }
    };
    let player = Player::new(script, Party::Client, Some(config.wait.unwrap_or(PATIENCE)), &mut *stream);
    match player.play(&rest).await {
        Ok(played) => {
            if played.resets {
                breaker.reset();
            }
            drop(stream);
            compared(config, script, &played)
        }
        Err(error) => {
            let why = format!("the line was lost while it was replayed: {}", io_words(&error));
            Ending::new(ExitCode::LineLost, why)
        }
    }
}

/// What came against what was recorded.
fn compared(config: &ClientConfig, script: &Script, played: &Played) -> Ending {
    let wanted: Vec<_> = script.messages(Party::Server).collect();
    let same = played.heard.iter().zip(&wanted).filter(|(heard, wanted)| heard == *wanted).count();
    let (came, wanted) = (played.count, wanted.len() as u64);
    if came < wanted || played.unsent > 0 {
        let unsent = match played.unsent {
            0 => String::new(),
            count => format!(", so {count} frames were not sent"),
        };
        let why = format!(
            "the server answers otherwise than it was recorded: {came} of {wanted} messages came{unsent}; --trace shows what did"
        );
        return Ending::new(ExitCode::NoReply, why);
    }
    let differ = match wanted - same as u64 {
        0 => "all as recorded".to_owned(),
        1 => "one differs from what was recorded".to_owned(),
        count => format!("{count} differ from what was recorded"),
    };
    let more = if came > wanted { format!(", and {} more", came - wanted) } else { String::new() };
    output::note(Tone::Good, &format!("{wanted} messages came, {differ}{more}"), config.colored);
    Ending::fine()
}

/// Dials, and shakes hands as it was recorded.
async fn open(
    config: &ClientConfig,
    script: &Script,
    progress: &Progress,
    breaker: &mut Breaker,
) -> Result<(Box<dyn Stream>, Vec<u8>), DialFailure> {
    let dialer = &config.dialer;
    let broken = |what: String, advice: &str| DialFailure::lasting(Step::Protocol, what, advice);
    let recorded = script.target().map_err(|why| broken(why, "record it again"))?;
    // A path of the URL goes before the recorded one.
    let target = if dialer.endpoint.target == "/" { recorded.as_str() } else { "/" };
    let head = config.rewriting.apply(&script.request, target);
    let request = Request::parse(&head).map_err(|fault| broken(fault.to_string(), "record it again"))?;
    let mut steps = Steps { keep_socket: true, ..Steps::default() };
    let activity = Arc::<Activity>::default();
    let stream = dialer.reach(&dialer.endpoint, progress, &activity, &mut steps).await?;
    *breaker = Breaker::from(steps.socket);
    progress.reached(Step::Http);
    let mut stream = dialer.tap.on(stream, Side::Client, &dialer.endpoint.to_string());
    let place = &dialer.endpoint;
    let lost = |error: std::io::Error| {
        let what = format!("{place} did not answer the handshake ({})", io_words(&error));
        DialFailure::passing(Step::Http, what, "its log says more")
    };
    stream.write_all(&head).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let (mut reader, mut piece) = (HeadReader::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).await.map_err(lost)?;
        if count == 0 {
            let what = format!("{place} hung up without an answer to the handshake");
            return Err(DialFailure::passing(Step::Http, what, "does it speak HTTP on this port?"));
        }
        let mut input = &piece[..count];
        while let Some(head) = reader.read(&mut input).map_err(|fault| not_http(place, &fault.to_string()))? {
            let response = Response::parse(&head).map_err(|fault| not_http(place, &fault.to_string()))?;
            if response.is_informational() {
                continue;
            }
            return match outcome(&request, &response) {
                Outcome::Open(_) => Ok((stream, input.to_vec())),
                Outcome::Broken(breaches, _) => {
                    let what: Vec<String> = breaches.iter().map(ToString::to_string).collect();
                    let what = format!("{place} answers 101, but {}", excerpt(&what.join("; "), 200));
                    Err(broken(what, "the server breaks the protocol; its operator must mend it"))
                }
                Outcome::Refused(refusal) => {
                    let cause = excerpt(&refusal.cause.to_string(), 200);
                    let what = format!("{place} refuses with {}: {cause}", response.status);
                    Err(DialFailure {
                        refusal: Some(Refusal {
                            status: response.status,
                            retry_after: None,
                            body: String::new(),
                        }),
                        ..DialFailure::lasting(Step::Http, what, refusal.cause.advice())
                    })
                }
            };
        }
    }
}

fn not_http(place: &crate::client::dial::Endpoint, why: &str) -> DialFailure {
    let what = format!("{place} answers, but {}", excerpt(why, 120));
    DialFailure::lasting(Step::Http, what, "check the port")
}
