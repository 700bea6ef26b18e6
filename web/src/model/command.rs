//! What is written into the composer: mostly something to say.

/// What can be written besides messages, as help.
pub const HELP: &str =
    "/nick NAME, /join ROOM, /leave and /clear are known here; // says a message that begins with one /";

/// A line from the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A message.
    Say(String),
    /// To be called otherwise.
    Nick(String),
    /// To go to another room, and stay in this one.
    Join(String),
    /// To leave the room that is shown.
    Leave,
    /// Not to see what was said so far.
    Clear,
    /// Nothing that is known here.
    Unknown,
}

impl Command {
    /// Reads a line. Whatever does not begin with one slash is said.
    pub fn read(line: &str) -> Self {
        let Some(word) = line.strip_prefix('/') else { return Self::Say(line.to_owned()) };
        if word.starts_with('/') {
            return Self::Say(word.to_owned());
        }
        let (name, rest) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
        match (name, rest.trim()) {
            ("nick", rest) if !rest.is_empty() => Self::Nick(rest.to_owned()),
            ("join", rest) if !rest.is_empty() => Self::Join(rest.to_owned()),
            ("leave", "") => Self::Leave,
            ("clear", "") => Self::Clear,
            _ => Self::Unknown,
        }
    }
}
