//! Messages that somebody keeps to send them again, also on later visits.

use serde::{Deserialize, Serialize};

use super::payload::Form;

/// How many are kept; beyond it the oldest goes.
pub const KEPT: usize = 50;

/// The longest that is kept, in bytes of what was written. Longer ones belong into a file.
pub const LONGEST: usize = 16 << 10;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Saved {
    /// How it becomes a message: [`Form::word`].
    form: String,
    /// What was written.
    pub written: String,
}

impl Saved {
    /// What was written in this form.
    pub fn new(form: Form, written: &str) -> Self {
        Self { form: form.word().to_owned(), written: written.to_owned() }
    }

    /// Its form.
    pub fn form(&self) -> Form {
        Form::from_word(&self.form).unwrap_or(Form::Text)
    }
}

/// Adds one in front; one that was there comes to the front. Whether it could be kept.
pub fn add(list: &mut Vec<Saved>, one: Saved) -> bool {
    if one.written.len() > LONGEST {
        return false;
    }
    list.retain(|other| *other != one);
    list.insert(0, one);
    list.truncate(KEPT);
    true
}

/// A list as it was stored; what cannot be read any more counts as not there.
pub fn from_json(json: &str) -> Vec<Saved> {
    serde_json::from_str(json).unwrap_or_default()
}

/// A list, to be stored.
pub fn to_json(list: &[Saved]) -> String {
    serde_json::to_string(list).unwrap_or_default()
}
