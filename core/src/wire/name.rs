/// What is wrong with a name. Its writer is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// Over the limit.
    #[error("it is {bytes} bytes long and may be {limit}")]
    TooLong {
        /// How long it is, in bytes.
        bytes: usize,
        /// How long it may be.
        limit: u32,
    },
    /// A character that moves the cursor, turns the direction of writing or cannot be seen.
    #[error("it holds the control character U+{:04X}", u32::from(*.0))]
    Control(char),
}

/// Whether a member's or a room's name may be used: not empty, not too long, nothing in it that a terminal or a page would obey
/// instead of show.
///
/// # Errors
/// The first fault found.
pub fn check_name(name: &str, limit: u32) -> Result<(), NameFault> {
    if name.len() > limit as usize {
        return Err(NameFault::TooLong { bytes: name.len(), limit });
    }
    if let Some(control) = name.chars().find(|&c| is_control(c)) {
        return Err(NameFault::Control(control));
    }
    if name.trim().is_empty() {
        return Err(NameFault::Empty);
    }
    Ok(())
}

/// Controls of terminals, of lines and of the direction of writing, and what has no width of its own.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
