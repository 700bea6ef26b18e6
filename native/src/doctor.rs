//! `heartline doctor`: who cuts a line, by what means, after how long, and what to set.
//!
//! The shell's half: it opens lines, gives each its life, and writes down what became of it. What follows from that is
//! decided by `heartline_core::doctor`.

mod calendar;
mod certificate;
mod html;
mod knock;
mod line;
mod marks;
mod plain;
mod rules;
mod show;
mod survey;
mod watch;
mod wire;

use std::{
    fs, io,
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use heartline_core::doctor::{
    Cause, Life, Report, ServerPings, Sign, Story, Survey, TcpKeepalive, VERSION, Watch,
};
use serde::Serialize;
use serde_json::json;

use self::{
    rules::{Habits, Rules},
    show::{Page, Progress},
};
use crate::{
    cli::doctor::DoctorConfig,
    client::{dial::io_words, ending::Ending, signals::Interrupts},
    exit_code::ExitCode,
    private::write_whole,
};

/// Runs the command to its end.
pub async fn run(mut config: DoctorConfig) -> Ending {
    let interrupts = Interrupts::catch();
    let started = calendar::rfc3339(calendar::now());
    let text = rules::text(&config.data, 0);
    let surveying =
        survey::survey(&mut config.dialer, config.dial_timeout, text.as_deref(), config.unchecked);
    let (mut survey, outcome) = tokio::select! {
        surveyed = surveying => surveyed,
        () = interrupts.caught() => {
            return Ending::new(ExitCode::Interrupted, "interrupted before anything was known");
        }
    };
    let mut page = Page::new(config.global);
    if !config.json {
        show::survey(&config.url, &survey, &mut page);
        if let Err(error) = page.print() {
            return Ending::output(&error);
        }
    }
    let (mut watch, mut stories) = (Watch::default(), Vec::new());
    if let (Ok(()), Some(length)) = (&outcome, config.length) {
        let rules = rules(&config, length, &survey);
        let mut progress = Progress::new(length, config.global);
        let dialer = Arc::new(config.dialer);
        watch.beat = rules.beat;
        let found = watch::watch(&dialer, config.dial_timeout, rules, interrupts.caught(), &mut |scene| {
            progress.show(&scene);
        })
        .await;
        progress.end();
        (watch.lasted, watch.interrupted, watch.failed) = (found.lasted, found.interrupted, found.failed);
        stories = found.stories;
        survey.http_keepalive = found.http_keepalive;
        survey.server_pings = survey.server_pings.or_else(|| server_pings(&stories));
    }
    if config.length.is_none() {
        let survey = json!({ "version": VERSION, "url": config.url, "started": started, "survey": survey });
        return match (outcome, if config.json { print(&survey) } else { Ok(()) }) {
            (_, Err(error)) => Ending::output(&error),
            (Err(failure), Ok(())) => Ending::new(failure.exit_code(), failure.to_string()),
            (Ok(()), Ok(())) => Ending::fine(),
        };
    }
    let report = Report::new(config.url, started, watch, survey, stories, tcp_keepalive());
    let written = if config.json {
        print(&report)
    } else {
        show::verdict(&report, &mut page);
        page.print()
    };
    if let Err(error) = written {
        return Ending::output(&error);
    }
    let pages = [
        (config.report.as_deref(), "--report", html::page(&report)),
        (config.policy.as_deref(), "--policy", report.policy.to_json() + "\n"),
    ];
    for (path, flag, text) in pages {
        if let Some(path) = path
            && let Err(error) = write_whole(path, |file| file.write_all(text.as_bytes()))
        {
            let why = io_words(&error);
            return Ending::new(ExitCode::Own, format!("{flag}: cannot write {}: {why}", path.display()));
        }
    }
    match outcome {
        Err(failure) => Ending::new(failure.exit_code(), failure.to_string()),
        Ok(()) => Ending::new(exit_code(report.verdict.cause, report.watch.interrupted), ""),
    }
}

fn rules(config: &DoctorConfig, length: Duration, survey: &Survey) -> Rules {
    let round_trip = survey.round_trips.ping.or(survey.round_trips.echo).unwrap_or_default();
    Rules {
        zero: Instant::now(),
        length,
        beat: config.beat.unwrap_or_else(|| Rules::usual_beat(length)),
        patience: Rules::usual_patience(length, round_trip),
        data: config.data.clone(),
        habits: Habits {
            answers_ping: survey.answers_ping == Some(true),
            echoes: survey.echoes == Some(true),
        },
    }
}

/// One JSON object to standard output.
fn print(object: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string(object)? + "\n";
    io::stdout().lock().write_all(json.as_bytes())
}

/// What a script acts upon.
fn exit_code(cause: Cause, interrupted: bool) -> ExitCode {
    match cause {
        Cause::NothingEnded if interrupted => ExitCode::Interrupted,
        Cause::NothingEnded => ExitCode::Fine,
        Cause::IdleTimer => ExitCode::IdleTimer,
        Cause::SilentIdleTimer => ExitCode::SilentIdleTimer,
        Cause::Lifetime => ExitCode::Lifetime,
        Cause::Event => ExitCode::Event,
        Cause::Frozen => ExitCode::Frozen,
        Cause::PathLost => ExitCode::PathLost,
        Cause::PongDemanded => ExitCode::PongDemanded,
        Cause::FirstMessageDemanded => ExitCode::FirstMessageDemanded,
        Cause::MessageRefused => ExitCode::MessageRefused,
        Cause::Several | Cause::Ambiguous | Cause::Unexplained => ExitCode::Unclear,
        Cause::NoLine => ExitCode::LineLost,
    }
}

/// The server's own pings, as lines saw them on which no ping of ours is answered.
fn server_pings(stories: &[Story]) -> Option<ServerPings> {
    let quiet = stories.iter().filter(|story| matches!(story.life, Life::Mute | Life::TcpKeepalive));
    let pings = quiet.map(|story| {
        let pings = story.marks.iter().filter(|mark| mark.sign == Sign::ServerControl);
        pings.map(|mark| mark.at).collect::<Vec<_>>()
    });
    let pings = pings.max_by_key(Vec::len).filter(|pings| !pings.is_empty())?;
    let mut gaps: Vec<Duration> = pings.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort();
    let count = u32::try_from(pings.len()).unwrap_or(u32::MAX);
    Some(ServerPings { count, every: gaps.get(gaps.len() / 2).copied() })
}

/// How this machine's TCP probes; where it does not say, what Linux has unless told otherwise.
fn tcp_keepalive() -> TcpKeepalive {
    let read = |name| {
        let path = format!("/proc/sys/net/ipv4/tcp_keepalive_{name}");
        fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok())
    };
    let usual = TcpKeepalive::default();
    let seconds = |name, usual| read(name).map_or(usual, |seconds| Duration::from_secs(seconds.into()));
    TcpKeepalive {
        idle: seconds("time", usual.idle),
        interval: seconds("intvl", usual.interval),
        probes: read("probes").unwrap_or(usual.probes),
    }
}
