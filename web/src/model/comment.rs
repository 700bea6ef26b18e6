//! A message as a bullet comment.

use std::cell::Cell;

use heartline_core::{
    chat::Spoken,
    wire::{Lane, Style},
};

use super::hue;

/// The most characters that fly. Nobody reads more in passing; the timeline has the rest.
const LONGEST: usize = 80;

/// What goes over the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// Its words, on one line. Somebody else's: text, never markup.
    pub text: String,
    /// The class of its writer's colour.
    pub hue: &'static str,
    /// The colour its writer chose for it, as `#rrggbb`.
    pub colour: Option<String>,
    /// Whether it was written here.
    pub own: bool,
    /// How wide it is, once it was measured.
    pub width: Cell<Option<f64>>,
}

impl Comment {
    /// What flies for a message, and where.
    pub fn of(spoken: &Spoken) -> (Self, Lane) {
        let Style { colour, lane } = spoken.style.unwrap_or_default();
        let comment = Self {
            text: shortened(&spoken.text),
            hue: hue::class(&spoken.from),
            colour: colour.map(String::from),
            own: spoken.own,
            width: Cell::new(None),
        };
        (comment, lane)
    }
}

fn shortened(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        for character in (!line.is_empty()).then_some(' ').into_iter().chain(word.chars()) {
            if line.chars().count() == LONGEST {
                line.push('…');
                return line;
            }
            line.push(character);
        }
    }
    line
}
