//! What a line typed at `heartline relay` means.

use heartline_core::fault::{Act, Cut, Fault, When, Whose};

/// The keys and words, on one line.
pub(super) const HELP: &str = "m: mute pongs; s: stall; b: blackhole; k: corrupt a frame; c: cut by FIN; r: cut by RST; x: no faults \
     any more; l: who is here; or a fault in words, such as \"server: delay 200ms\"; #N before it means one connection; Ctrl-D ends";

/// One typed line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    Nothing,
    Set(Option<u64>, Fault),
    Clear(Option<u64>),
    List,
    Help,
}

/// Reads a line.
///
/// # Errors
/// Words on what would have been right.
pub(super) fn read(line: &str) -> Result<Verb, String> {
    let line = line.trim();
    let (connection, words) = match line.strip_prefix('#') {
        None => (None, line),
        Some(rest) => {
            let (number, words) = rest.split_once(' ').unwrap_or((rest, ""));
            let number = number.parse().map_err(|_| format!("\"#{number}\" is no connection's number"))?;
            (Some(number), words.trim())
        }
    };
    let both = |act| Ok(Verb::Set(connection, Fault { whose: Whose::Both, act, when: When::Now }));
    match words {
        "" if connection.is_none() => Ok(Verb::Nothing),
        "m" => both(Act::MutePongs),
        "s" => both(Act::Stall),
        "b" => both(Act::Blackhole),
        "k" => both(Act::Corrupt),
        "c" => both(Act::Cut(Cut::Fin)),
        "r" => both(Act::Cut(Cut::Reset)),
        "x" => Ok(Verb::Clear(connection)),
        "l" => Ok(Verb::List),
        "?" | "h" | "help" => Ok(Verb::Help),
        words if words.contains(':') => words
            .parse()
            .map(|fault| Verb::Set(connection, fault))
            .map_err(|error: heartline_core::fault::FaultError| error.to_string()),
        _ => {
            Err("unknown: ? tells the keys, and a fault in words is such as \"server: delay 200ms\""
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_words() {
        let fault = |text: &str| text.parse::<Fault>().unwrap();
        assert_eq!(read("m"), Ok(Verb::Set(None, fault("both: mute-pongs"))));
        assert_eq!(read(" #3 r "), Ok(Verb::Set(Some(3), fault("both: cut rst"))));
        assert_eq!(
            read("#3 server: stall after 5s"),
            Ok(Verb::Set(Some(3), fault("server: stall after 5s")))
        );
        assert_eq!(read("x"), Ok(Verb::Clear(None)));
        assert_eq!(read("#12 x"), Ok(Verb::Clear(Some(12))));
        assert_eq!((read(""), read("l"), read("?")), (Ok(Verb::Nothing), Ok(Verb::List), Ok(Verb::Help)));
        for wrong in ["#x m", "#3", "mm", "server: explode"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
