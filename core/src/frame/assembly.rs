//! Messages out of fragments.

use crate::time::Instant;

use super::Keep;
use super::inflate::{InflateFault, Inflater};
use super::kept::Kept;
use super::utf8::{BadUtf8, Utf8Check};
use super::violation::Violation;

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// How a message was packed, and how far it could be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not compressed.
    Plain,
    /// Compressed, and inflated here.
    Inflated,
    /// Marked as compressed where no compression was agreed on; as it came.
    NotAgreed,
    /// No compressor made this; what was inflated before the fault.
    Corrupt,
    /// It inflates to more than [`Keep::inflated`]; what was inflated before that.
    TooLong,
    /// It refers to a message that could not be inflated, so neither can this one; as it came.
    ContextLost,
}

/// A message: its fragments put together, and inflated where that was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Text or bytes.
    pub kind: Kind,
    /// How many frames it came in; 1 if it was not fragmented.
    pub fragments: u64,
    /// How many control frames came between them.
    pub controls_between: u64,
    /// Payload bytes on the wire.
    pub wire_bytes: u64,
    /// How it was packed.
    pub compression: Compression,
    /// Its beginning, and its length; of a compressed one what it was inflated to.
    pub content: Kept,
    /// When its first byte came.
    pub begun: Instant,
}

/// A message of which not all fragments have come.
#[derive(Debug)]
pub(super) struct Assembly {
    message: Message,
    /// Of a text that has been good so far, and can be read at all.
    utf8: Option<Utf8Check>,
}

impl Assembly {
    pub(super) fn begin(
        kind: Kind,
        is_marked: bool,
        at: Instant,
        keep: &Keep,
        inflater: Option<&mut Inflater>,
    ) -> Self {
        let compression = match inflater {
            _ if !is_marked => Compression::Plain,
            None => Compression::NotAgreed,
            Some(inflater) => {
                if inflater.begin() {
                    Compression::Inflated
                } else {
                    Compression::ContextLost
                }
            }
        };
        let is_readable = matches!(compression, Compression::Plain | Compression::Inflated);
        let message = Message {
            kind,
            fragments: 0,
            controls_between: 0,
            wire_bytes: 0,
            compression,
            content: Kept::new(keep.message),
            begun: at,
        };
        Self { message, utf8: (kind == Kind::Text && is_readable).then(Utf8Check::default) }
    }

    pub(super) const fn next_fragment(&mut self) {
        self.message.fragments += 1;
    }

    pub(super) const fn control_between(&mut self) {
        self.message.controls_between += 1;
    }

    /// Whether the inflater is in the middle of it.
    pub(super) const fn is_inflating(&self) -> bool {
        matches!(self.message.compression, Compression::Inflated)
    }

    /// Whether bytes change anything but counters.
    pub(super) const fn wants_bytes(&self) -> bool {
        self.utf8.is_some() || !self.message.content.is_full() || self.is_inflating()
    }

    /// Counts bytes that need not be looked at.
    pub(super) const fn pass(&mut self, count: u64) {
        self.message.wire_bytes = self.message.wire_bytes.saturating_add(count);
        if !matches!(self.message.compression, Compression::Corrupt | Compression::TooLong) {
            self.message.content.pass(count);
        }
    }

    /// Takes unmasked payload.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        inflater: Option<&mut Inflater>,
        violations: &mut Vec<Violation>,
    ) {
        self.message.wire_bytes = self.message.wire_bytes.saturating_add(bytes.len() as u64);
        match (self.message.compression, inflater) {
            (Compression::Inflated, Some(inflater)) => {
                self.inflate(violations, |out| inflater.push(bytes, out));
            }
            (Compression::Corrupt | Compression::TooLong, _) => {}
            (Compression::Plain | Compression::NotAgreed | Compression::ContextLost, _)
            | (Compression::Inflated, None) => self.take(bytes, violations),
        }
    }

    /// The last fragment has ended.
    pub(super) fn finish(
        mut self,
        inflater: Option<&mut Inflater>,
        violations: &mut Vec<Violation>,
    ) -> Message {
        if let (Compression::Inflated, Some(inflater)) = (self.message.compression, inflater) {
            self.inflate(violations, |out| inflater.finish(out));
        }
        let ended = self.utf8.as_ref().map_or(Ok(()), Utf8Check::finish);
        self.judge_text(ended, violations);
        self.message
    }

    /// No more will come of it.
    pub(super) fn cut(self) -> Message {
        self.message
    }

    fn inflate(
        &mut self,
        violations: &mut Vec<Violation>,
        work: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), InflateFault>,
    ) {
        match work(&mut |bytes| self.take(bytes, violations)) {
            Ok(()) => {}
            Err(InflateFault::Corrupt) => {
                self.message.compression = Compression::Corrupt;
                self.utf8 = None;
                violations.push(Violation::NotDeflate);
            }
            // Our own bound, and no fault of the sender's.
            Err(InflateFault::TooLong) => {
                self.message.compression = Compression::TooLong;
                self.utf8 = None;
            }
        }
    }

    fn take(&mut self, bytes: &[u8], violations: &mut Vec<Violation>) {
        self.message.content.push(bytes);
        let checked = self.utf8.as_mut().map_or(Ok(()), |utf8| utf8.push(bytes));
        self.judge_text(checked, violations);
    }

    fn judge_text(&mut self, checked: Result<(), BadUtf8>, violations: &mut Vec<Violation>) {
        if let Err(BadUtf8(at)) = checked {
            violations.push(Violation::TextNotUtf8 { at });
            self.utf8 = None;
        }
    }
}
