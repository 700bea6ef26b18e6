//! Why a command ends: one sentence and one exit code.

use heartline_core::{
    close::code,
    line::{Cause, Ended, LineEnd, Reason},
};

use super::{
    dial::{DialFailure, Step},
    driver::Trouble,
};
use crate::exit_code::ExitCode;

/// Why a command ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// What the shell sees.
    pub code: ExitCode,
    /// What the user reads: what happened, who is at fault, what to do. Empty if there is nothing to say.
    pub text: String,
}

impl Ending {
    /// All went as asked.
    pub fn fine() -> Self {
        Self { code: ExitCode::Fine, text: String::new() }
    }

    /// With words.
    pub fn new(code: ExitCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// Standard output failed. A broken pipe is the reader's way to say that it has enough.
    pub fn output(error: &std::io::Error) -> Self {
        match error.kind() == std::io::ErrorKind::BrokenPipe {
            true => Self::fine(),
            false => Self::new(ExitCode::Own, format!("cannot write to standard output: {error}")),
        }
    }

    /// A line that is not dialled again, and what the shell knows about its end.
    pub fn closed(reason: &Reason, trouble: Option<&Trouble>) -> Self {
        match reason {
            Reason::Manual => Self::fine(),
            Reason::Final(end) | Reason::FirstDial(end) | Reason::NoReconnect(end) => {
                Self::ended(end, trouble)
            }
        }
    }

    /// One generation that ended.
    pub fn ended(end: &LineEnd, trouble: Option<&Trouble>) -> Self {
        let told = match trouble {
            Some(Trouble::Violation(what)) => {
                let text = format!("the server broke the WebSocket protocol: {what}; have the server mended");
                return Self::new(ExitCode::Protocol, text);
            }
            Some(Trouble::Dial(failure)) => Some(failure),
            None => None,
        };
        let code = match &end.cause {
            Cause::Peer(Ended::Code { code: code::NORMAL, .. }) => ExitCode::Fine,
            Cause::Peer(Ended::Code { code, .. }) => {
                return Self::new(ExitCode::ClosedByPeer, format!("{end}; {}", advice(*code)));
            }
            Cause::Peer(Ended::Eof | Ended::Reset { .. }) => {
                let advice = "the server died, or something between cut the line: their logs say more";
                return Self::new(ExitCode::LineLost, format!("{end}; {advice}"));
            }
            Cause::HeartbeatLost { .. } => {
                let advice = "the server hangs, or the way to it is cut: check both";
                return Self::new(ExitCode::LineLost, format!("{end}; {advice}"));
            }
            Cause::NoWelcome { .. } => ExitCode::LineLost,
            Cause::Peer(Ended::DialFailed { .. } | Ended::Refused { .. }) | Cause::DialTimeout { .. } => {
                let code = told.map_or(ExitCode::Tcp, exit_code);
                return Self::new(code, told.map_or_else(|| end.to_string(), ToString::to_string));
            }
            Cause::WrongProtocol { .. } => ExitCode::Protocol,
            Cause::Redialled | Cause::Manual => ExitCode::Fine,
        };
        Self::new(code, end.to_string())
    }
}

/// What to do about a close code.
fn advice(code: u16) -> &'static str {
    match code {
        code::NO_STATUS => "it gave no reason: its log may",
        1001 | 1012 | 1013 | code::DRAINING => "it may be back soon: try again",
        1002 => "one side breaks the protocol: the server's log says which",
        1003 | 1007 => {
            "it does not take this kind of message: try text instead of --binary, or the other way round"
        }
        1008 | 3000 | 3003 | code::UNAUTHORIZED => "check credentials, and what the server allows",
        1009 => "send smaller messages",
        1010 => "this client speaks no extensions",
        1011 | 1014 => "the server is at fault: its log says more",
        _ => "the server decided so: its documentation says why",
    }
}

/// The code of the step that failed.
pub(crate) fn exit_code(failure: &DialFailure) -> ExitCode {
    match (failure.step, &failure.refusal) {
        (_, Some(_)) => ExitCode::Refused,
        (Step::Name, None) => ExitCode::Name,
        (Step::Tcp, None) => ExitCode::Tcp,
        (Step::Proxy, None) => ExitCode::Proxy,
        (Step::Tls, None) => ExitCode::Tls,
        (Step::Http, None) => ExitCode::Http,
        (Step::Protocol, None) => ExitCode::Protocol,
        (Step::Token, None) => ExitCode::Own,
    }
}
