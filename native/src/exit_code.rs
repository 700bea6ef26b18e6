//! How the program ends, as a number a script can act upon.

/// The exit codes of every `heartline` command.
///
/// The tens say who has to act: nobody (0), the caller (1 to 3), whoever runs the way to the server (10 to 15),
/// whoever runs the server (20 to 31). From 50 on `heartline doctor` tells what ends lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum ExitCode {
    /// All went as asked. A reader that went away (broken pipe) is fine, too.
    Fine = 0,
    /// Something of this machine failed: a file, the terminal, a port to listen on.
    Own = 1,
    /// The command line, or the input, is not what the command takes.
    Usage = 2,
    /// What was to be looked at is damaged, or is no history or recording.
    Damaged = 3,
    /// Cannot connect: the host name does not resolve.
    Name = 10,
    /// Cannot connect: no TCP connection (or Unix socket) to the address.
    Tcp = 11,
    /// Cannot connect: the proxy does not let us through.
    Proxy = 12,
    /// Cannot connect: no TLS with the server, or not with a certificate to trust.
    Tls = 13,
    /// Cannot connect: the server does not answer, or not in HTTP.
    Http = 14,
    /// The server breaks the WebSocket protocol, in the handshake or later.
    Protocol = 15,
    /// The server answered the handshake with a refusal: an HTTP status other than 101.
    Refused = 20,
    /// The peer closed the line with a code that says stay away.
    ClosedByPeer = 30,
    /// The line is lost (no close frame, reset, or silent for too long) and is not dialled again.
    LineLost = 31,
    /// The line was fine, but the replies that were waited for did not come.
    NoReply = 40,
    /// The doctor: an idle timer ends lines, and tells.
    IdleTimer = 50,
    /// The doctor: an idle timer forgets lines without a word.
    SilentIdleTimer = 51,
    /// The doctor: lines end at the same age, whatever they do.
    Lifetime = 52,
    /// The doctor: all lines ended at one moment.
    Event = 53,
    /// The doctor: the server's program stopped answering, its system did not.
    Frozen = 54,
    /// The doctor: the path was lost without a word.
    PathLost = 55,
    /// The doctor: lines that do not answer pings are ended.
    PongDemanded = 56,
    /// The doctor: lines that do not speak first are ended.
    FirstMessageDemanded = 57,
    /// The doctor: lines end upon the message that was sent.
    MessageRefused = 58,
    /// The doctor: lines end for several reasons, or for one that cannot be told.
    Unclear = 59,
    /// The user, or the system, interrupted the program (as shells report SIGINT: 128 + 2).
    Interrupted = 130,
}

impl ExitCode {
    /// Every code with the words of the manual page.
    pub const ALL: [(Self, &'static str); 25] = [
        (Self::Fine, "fine; a broken pipe is fine, too"),
        (Self::Own, "something of this machine failed: a file, the terminal, a port to listen on"),
        (Self::Usage, "wrong usage, or input the command cannot take"),
        (Self::Damaged, "the history or the recording is damaged, or is none"),
        (Self::Name, "cannot connect: the host name does not resolve"),
        (Self::Tcp, "cannot connect: no TCP connection"),
        (Self::Proxy, "cannot connect: the proxy does not let us through"),
        (Self::Tls, "cannot connect: no TLS, or no certificate to trust"),
        (Self::Http, "cannot connect: no answer, or none in HTTP"),
        (Self::Protocol, "the server breaks the WebSocket protocol"),
        (Self::Refused, "the server refused the handshake with an HTTP status"),
        (Self::ClosedByPeer, "the peer closed the line with a code that says stay away"),
        (Self::LineLost, "the line is lost for good"),
        (Self::NoReply, "the replies waited for did not come"),
        (Self::IdleTimer, "doctor: an idle timer ends lines, and tells"),
        (Self::SilentIdleTimer, "doctor: an idle timer forgets lines without a word"),
        (Self::Lifetime, "doctor: lines end at the same age, whatever they do"),
        (Self::Event, "doctor: all lines ended at one moment"),
        (Self::Frozen, "doctor: the server's program stopped answering, its system did not"),
        (Self::PathLost, "doctor: the path was lost without a word"),
        (Self::PongDemanded, "doctor: lines that do not answer pings are ended"),
        (Self::FirstMessageDemanded, "doctor: lines that do not speak first are ended"),
        (Self::MessageRefused, "doctor: lines end upon the message that was sent"),
        (Self::Unclear, "doctor: lines end for several reasons, or for one that cannot be told"),
        (Self::Interrupted, "interrupted"),
    ];

    /// The number the shell sees.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_rise() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|(code, _)| code.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
