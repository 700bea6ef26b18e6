use super::{Entry, Most};

/// What is left of a [`Most`] while a page is filled.
#[derive(Debug)]
pub struct Budget {
    most: Most,
    messages: usize,
    bytes: usize,
}

impl Budget {
    /// All of it.
    pub const fn new(most: Most) -> Self {
        Self { most, messages: 0, bytes: 0 }
    }

    /// Whether the next message still goes into the page. The first always does, so that reading gets on.
    pub fn take(&mut self, entry: &Entry) -> bool {
        self.messages += 1;
        self.bytes += entry.encoded.len();
        self.messages == 1 || (self.messages <= self.most.messages && self.bytes <= self.most.bytes)
    }
}
