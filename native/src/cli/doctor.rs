//! `heartline doctor`: what is typed, and what it comes to.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use super::{GlobalArgs, UsageError, line::DialArgs, quantity::duration};
use crate::client::dial::Dialer;

/// How long one dial may take, unless told otherwise.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// The shortest watch that can tell anything.
const SHORTEST: Duration = Duration::from_secs(2);
/// The longest: what takes longer is a case for monitoring.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Bytes that a message of ours may have: it is sent again and again.
const TEXT: usize = 1000;

/// The flags of `heartline doctor`.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = "\
First a survey, which takes seconds: name, addresses, TLS, handshake, first message, pings, echo, round trips. Then the \
watch: some 16 lines side by side, never more than 20, opened over a second, each with one kind of life only (silence, \
TCP keepalive, pings, pongs, messages), so that it shows what keeps a line up, in which direction, and what ends it. \
Beside them one plain GET of the same path shows how long HTTP keeps an idle connection. Lines that send messages send \
the text \"heartline doctor N\" at every beat, N being the line's number: choose another by --data, or send none by \
--no-data where a server acts upon messages.")]
pub struct DoctorArgs {
    /// Where to and how.
    #[command(flatten)]
    pub dial: DialArgs,

    /// How long to watch. An idle timer is found if it is shorter than this; one that drops lines without a word is
    /// found to 5 % if it is shorter than two fifths of it.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "3m", help_heading = "Watch")]
    pub length: Duration,
    /// The survey only.
    #[arg(long, conflicts_with_all = ["length", "beat", "report", "policy"], help_heading = "Watch")]
    pub quick: bool,
    /// Time between two signs of the lines that have any: a sixtieth of --for, from 0.5 to 5 s.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Watch")]
    pub beat: Option<Duration>,
    /// What to send as a message.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Watch")]
    pub data: Option<String>,
    /// Send no message at all.
    #[arg(long, conflicts_with = "data", help_heading = "Watch")]
    pub no_data: bool,

    /// Write the whole report as one JSON object to standard output.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Write the report as one page that needs nothing else, with a picture of each line.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Write the heartbeat that fits to a file for --policy of the other commands.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub policy: Option<PathBuf>,
}

/// What the flags come to.
pub struct DoctorConfig {
    /// How to dial.
    pub dialer: Dialer,
    /// The URL, as it may be shown.
    pub url: String,
    /// How long one dial may take.
    pub dial_timeout: Duration,
    /// Certificates are not checked.
    pub unchecked: bool,
    /// How long to watch; not at all where `None`.
    pub length: Option<Duration>,
    /// Time between two signs, where it was given.
    pub beat: Option<Duration>,
    /// Messages.
    pub data: Data,
    /// One JSON object instead of words.
    pub json: bool,
    /// Where the page goes.
    pub report: Option<PathBuf>,
    /// Where the policy goes.
    pub policy: Option<PathBuf>,
    /// What every command takes.
    pub global: GlobalArgs,
}

/// What is sent as a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Data {
    /// `heartline doctor N`.
    Usual,
    /// This.
    Text(String),
    /// Nothing.
    None,
}

impl DoctorArgs {
    /// Checks what can be checked before a dial.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(self, global: GlobalArgs) -> Result<DoctorConfig, UsageError> {
        if !(SHORTEST..=LONGEST).contains(&self.length) {
            return Err(UsageError("--for must be between 2 s and 7 d".to_owned()));
        }
        if self.beat.is_some_and(|beat| beat < Duration::from_millis(100) || beat * 3 > self.length) {
            return Err(UsageError("--beat must be at least 100 ms and at most a third of --for".to_owned()));
        }
        let data = match self.data {
            _ if self.no_data => Data::None,
            None => Data::Usual,
            Some(text) if text.is_empty() || text.len() > TEXT => {
                return Err(UsageError(format!("--data must have 1 to {TEXT} bytes; --no-data sends none")));
            }
            Some(text) => Data::Text(text),
        };
        for (flag, path) in [("--report", &self.report), ("--policy", &self.policy)] {
            if let Some(path) = path
                && let Err(why) = may_hold_a_file(path)
            {
                return Err(UsageError(format!("{flag}: cannot write {}: {why}", path.display())));
            }
        }
        let dialer = self.dial.resolve()?;
        Ok(DoctorConfig {
            url: dialer.endpoint.to_string(),
            dialer,
            dial_timeout: self.dial.way.dial_timeout.unwrap_or(DIAL_TIMEOUT),
            unchecked: self.dial.way.insecure,
            length: (!self.quick).then_some(self.length),
            beat: self.beat,
            data,
            json: self.json,
            report: self.report,
            policy: self.policy,
            global,
        })
    }
}

/// Whoever waits for minutes wants to know before that the result has no place.
fn may_hold_a_file(path: &Path) -> Result<(), &'static str> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (path.is_dir(), folder.is_none_or(Path::is_dir)) {
        (true, _) => Err("this is a folder"),
        (false, false) => Err("there is no such folder"),
        (false, true) => Ok(()),
    }
}
