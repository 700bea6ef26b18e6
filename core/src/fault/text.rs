//! The one spelling of a fault.

use std::{fmt, str::FromStr, time::Duration};

use super::{Act, Cut, Fault, When, Whose};

/// A day: whatever is to happen later is not waited for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A text that is no fault. Always its writer's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Nothing says whose bytes are meant.
    #[error("say whose bytes are meant: \"client: …\", \"server: …\" or \"both: …\"")]
    Whose,
    /// It says nothing that can happen.
    #[error(
        "\"{0}\" is nothing that can go wrong here: mute-pongs, stall, blackhole, delay TIME, throttle SIZE, corrupt and \
         cut fin|rst|CODE are"
    )]
    Act(String),
    /// A time that is none.
    #[error("\"{0}\" is no time: write it as 250ms, 5s, 2m or 1h, up to a day")]
    Time(String),
    /// A size that is none.
    #[error("\"{0}\" is no number of bytes a second: write it as 512, 10k or 1M; at least 1")]
    Size(String),
    /// A close code that is none.
    #[error("a line is cut by fin, by rst, or with a close code from 1000 to 4999, not by \"{0}\"")]
    Cut(String),
    /// What stands behind `after` is no moment.
    #[error("\"after {0}\" is no moment: write after 5s, after 10 frames, or after 5s of silence")]
    When(String),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (whose, rest) = text.split_once(':').ok_or(FaultError::Whose)?;
        let whose = match whose.trim() {
            "client" => Whose::Client,
            "server" => Whose::Server,
            "both" => Whose::Both,
            _ => return Err(FaultError::Whose),
        };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let at = words.iter().position(|word| *word == "after");
        let (what, after) = words.split_at(at.unwrap_or(words.len()));
        Ok(Self { whose, act: act(what)?, when: when(after.get(1..))? })
    }
}

fn act(words: &[&str]) -> Result<Act, FaultError> {
    match words {
        ["mute-pongs"] => Ok(Act::MutePongs),
        ["stall"] => Ok(Act::Stall),
        ["blackhole"] => Ok(Act::Blackhole),
        ["delay", typed] => time(typed).map(Act::Delay),
        ["throttle", typed] => size(typed).map(Act::Throttle),
        ["corrupt"] => Ok(Act::Corrupt),
        ["cut"] => Ok(Act::Cut(Cut::Fin)),
        ["cut", how] => cut(how).map(Act::Cut),
        _ => Err(FaultError::Act(quoted(words))),
    }
}

fn cut(typed: &str) -> Result<Cut, FaultError> {
    match typed {
        "fin" => Ok(Cut::Fin),
        "rst" => Ok(Cut::Reset),
        _ => {
            let code = typed.parse().ok().filter(|code| (1000..5000).contains(code));
            code.map(Cut::Code).ok_or_else(|| FaultError::Cut(quoted(&[typed])))
        }
    }
}

/// What stands behind `after`, if there is one.
fn when(words: Option<&[&str]>) -> Result<When, FaultError> {
    match words {
        None => Ok(When::Now),
        Some([typed]) => time(typed).map(When::Time),
        Some([typed, "of", "silence"]) => time(typed).map(When::Silence),
        Some([typed, "frames" | "frame"]) => match typed.parse() {
            Ok(0) => Ok(When::Now),
            Ok(count) => Ok(When::Frames(count)),
            Err(_) => Err(FaultError::When(quoted(&[typed, "frames"]))),
        },
        Some(words) => Err(FaultError::When(quoted(words))),
    }
}

fn time(typed: &str) -> Result<Duration, FaultError> {
    let wrong = || FaultError::Time(quoted(&[typed]));
    let (number, unit) = split_unit(typed);
    let factor = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * factor).ok().filter(|time| *time <= LONGEST);
    time.ok_or_else(wrong)
}

fn size(typed: &str) -> Result<u64, FaultError> {
    let (number, unit) = split_unit(typed);
    let factor = match unit {
        "" => Some(1),
        "k" | "K" => Some(1 << 10),
        "M" => Some(1 << 20),
        _ => None,
    };
    let size = factor.and_then(|factor: u64| number.parse::<u64>().ok()?.checked_mul(factor));
    size.filter(|size| *size > 0).ok_or_else(|| FaultError::Size(quoted(&[typed])))
}

fn split_unit(typed: &str) -> (&str, &str) {
    typed.split_at(typed.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(typed.len()))
}

/// What was typed, short enough for a message.
fn quoted(words: &[&str]) -> String {
    words.join(" ").chars().take(60).collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.whose, self.act, self.when)
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "both",
        })
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MutePongs => f.write_str("mute-pongs"),
            Self::Stall => f.write_str("stall"),
            Self::Blackhole => f.write_str("blackhole"),
            Self::Delay(time) => write!(f, "delay {}", Written(*time)),
            Self::Throttle(size) => write!(f, "throttle {size}"),
            Self::Corrupt => f.write_str("corrupt"),
            Self::Cut(Cut::Fin) => f.write_str("cut fin"),
            Self::Cut(Cut::Reset) => f.write_str("cut rst"),
            Self::Cut(Cut::Code(code)) => write!(f, "cut {code}"),
        }
    }
}

impl fmt::Display for When {
    /// With a space before it, and nothing at all for [`When::Now`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => Ok(()),
            Self::Time(time) => write!(f, " after {}", Written(*time)),
            Self::Frames(count) => write!(f, " after {count} frames"),
            Self::Silence(time) => write!(f, " after {} of silence", Written(*time)),
        }
    }
}

/// A time as it is typed.
struct Written(Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_nanos() == 0 {
            write!(f, "{}s", self.0.as_secs())
        } else {
            write!(f, "{}ms", self.0.as_secs_f64() * 1e3)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_fault_has_one_spelling() {
        for text in [
            "server: mute-pongs",
            "client: blackhole after 5s",
            "both: cut 1012 after 10 frames",
            "client: stall after 250ms of silence",
            "server: delay 200ms",
            "server: throttle 10240 after 60s",
            "both: corrupt",
            "both: cut fin",
            "client: cut rst",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn others_are_understood() {
        for (text, same) in [
            (" server:cut ", "server: cut fin"),
            ("client: throttle 10k after 1m", "client: throttle 10240 after 60s"),
            ("client: delay 1.5", "client: delay 1500ms"),
            ("both:  stall  after 1 frame", "both: stall after 1 frames"),
            ("both: stall after 0 frames", "both: stall"),
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), same);
        }
    }

    #[test]
    fn what_is_no_fault_is_told_what_would_be_right() {
        let told = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        for text in ["", "stall", "me: stall", "clients: stall"] {
            assert!(told(text).contains("client: …"), "{text}");
        }
        assert!(told("client:").contains("blackhole"));
        assert!(told("client: explode now").contains("\"explode now\""));
        assert!(told("client: delay").contains("delay TIME"));
        for text in ["client: delay soon", "client: delay -1s", "client: delay 1w", "client: delay 25h"] {
            assert!(told(text).contains("no time"), "{text}");
        }
        for text in ["client: throttle 0", "client: throttle 1T", "client: throttle 99999999999999M"] {
            assert!(told(text).contains("bytes a second"), "{text}");
        }
        for text in ["client: cut 999", "client: cut 5000", "client: cut off"] {
            assert!(told(text).contains("1000 to 4999"), "{text}");
        }
        for text in ["client: stall after", "client: stall after x frames", "client: stall after 1 of peace"]
        {
            assert!(told(text).contains("no moment"), "{text}");
        }
        assert!(told("client: stall after dusk").contains("no time"));
    }
}
