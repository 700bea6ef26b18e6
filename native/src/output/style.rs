//! Colours, where they are wanted.

use std::{env, fmt, io::IsTerminal};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum ColorChoice {
    /// At a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl ColorChoice {
    /// Whether to colour what goes to `stream`.
    pub fn wanted(self, stream: &impl IsTerminal) -> bool {
        self.decide(stream.is_terminal(), env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()))
            && (self == Self::Always || env::var_os("TERM").is_none_or(|term| term != "dumb"))
    }

    /// An explicit choice outranks the environment (<https://no-color.org>).
    fn decide(self, at_terminal: bool, no_color: bool) -> bool {
        match self {
            Self::Auto => at_terminal && !no_color,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tone {
    /// What others wrote.
    Received,
    /// What was typed here.
    Sent,
    /// News about the line.
    Info,
    /// Good news.
    Good,
    /// Something to know.
    Warning,
    /// Something went wrong.
    Bad,
}

impl Tone {
    /// `text` in this tone's colour, or as it is.
    pub fn paint(self, text: impl fmt::Display, colored: bool) -> String {
        if !colored {
            return text.to_string();
        }
        let code = match self {
            Self::Received => "36",
            Self::Sent | Self::Info => "2",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_choice_outranks_the_environment() {
        assert!(ColorChoice::Auto.decide(true, false));
        assert!(!ColorChoice::Auto.decide(true, true));
        assert!(!ColorChoice::Auto.decide(false, false));
        assert!(ColorChoice::Always.decide(false, true));
        assert!(!ColorChoice::Never.decide(true, false));
    }

    #[test]
    fn paint_is_nothing_without_colour() {
        assert_eq!(Tone::Bad.paint("x", false), "x");
        assert_eq!(Tone::Bad.paint("x", true), "\x1b[31mx\x1b[0m");
    }
}
