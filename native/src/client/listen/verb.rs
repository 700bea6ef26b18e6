//! What a line typed at `heartline listen` means.

use heartline_core::close::{code, may_be_sent};

/// The verbs, on one line.
pub(super) const HELP: &str =
    "/to N or /to all: whom lines are for; /who; /close N [CODE [REASON]]; //text sends /text; Ctrl-D ends";

/// Whom lines are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum To {
    All,
    One(u64),
}

impl To {
    pub(super) fn includes(self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == number,
        }
    }
}

/// One typed line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    Nothing,
    Say(String),
    Address(To),
    Who,
    Close { guest: u64, code: u16, reason: String },
    Help,
}

/// Reads a line. Whatever does not begin with one slash is said.
///
/// # Errors
/// Words on what would have been right.
pub(super) fn read(line: &str) -> Result<Verb, String> {
    if line.is_empty() {
        return Ok(Verb::Nothing);
    }
    if let Some(text) = line.strip_prefix("//") {
        return Ok(Verb::Say(format!("/{text}")));
    }
    let Some(words) = line.strip_prefix('/') else { return Ok(Verb::Say(line.to_owned())) };
    let mut words = words.splitn(4, ' ').filter(|word| !word.is_empty());
    match (words.next(), words.next()) {
        (Some("to"), Some("all")) => Ok(Verb::Address(To::All)),
        (Some("to"), Some(number)) => guest(number).map(|number| Verb::Address(To::One(number))),
        (Some("who"), None) => Ok(Verb::Who),
        (Some("close"), Some(number)) => {
            let guest = guest(number)?;
            let code = match words.next() {
                None => code::NORMAL,
                Some(typed) => close_code(typed)?,
            };
            Ok(Verb::Close { guest, code, reason: words.next().unwrap_or_default().to_owned() })
        }
        (Some("help" | "?"), None) => Ok(Verb::Help),
        _ => Err(format!("unknown: {HELP}")),
    }
}

fn guest(typed: &str) -> Result<u64, String> {
    typed
        .trim_start_matches('#')
        .parse()
        .map_err(|_| format!("\"{typed}\" is no guest's number; /who tells them"))
}

/// Codes an endpoint may send (RFC 6455, section 7.4).
fn close_code(typed: &str) -> Result<u16, String> {
    match typed.parse() {
        Ok(code) if may_be_sent(code) => Ok(code),
        _ => Err(format!(
            "\"{typed}\" is no close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_verbs() {
        assert_eq!(read("hello"), Ok(Verb::Say("hello".into())));
        assert_eq!(read("//x"), Ok(Verb::Say("/x".into())));
        assert_eq!(read(""), Ok(Verb::Nothing));
        assert_eq!(read("/to #2"), Ok(Verb::Address(To::One(2))));
        assert_eq!(read("/to all"), Ok(Verb::Address(To::All)));
        assert_eq!(read("/who"), Ok(Verb::Who));
        assert_eq!(
            read("/close 1 4000 see you soon"),
            Ok(Verb::Close { guest: 1, code: 4000, reason: "see you soon".into() })
        );
        for wrong in ["/to", "/to x", "/close 1 1005", "/close 1 1006", "/nonsense"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
