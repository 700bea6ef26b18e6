//! What a probe says, so that its echo can be told from anything else.
//!
//! A payload names its run and its number, carries a checksum over both and over its filling, and the filling follows from the
//! number. So an echo that was changed, repeated or reordered is recognised, and so is one that belongs to somebody else's run.
//!
//! - Text: `hp1-RUN-NUMBER-CHECK-` in hexadecimal, then letters (and a few characters of two, three and four bytes).
//! - Binary: `HLP1`, the run (4 bytes), the number (8), the checksum (4), big-endian, then any bytes.

use crate::line::Message;

use super::plan::ProbeKind;

const TEXT_MARK: &str = "hp1-";
const BINARY_MARK: &[u8] = b"HLP1";
/// Bytes before the filling of a text whose number has one digit: mark, run, number, checksum, and what parts them.
pub(super) const TEXT_HEADER: usize = TEXT_MARK.len() + 8 + 1 + 1 + 1 + 8 + 1;
/// Bytes before the filling of a binary.
pub(super) const BINARY_HEADER: usize = BINARY_MARK.len() + 16;
/// One character each of two, three and four bytes: whoever mangles UTF-8 mangles these.
const WIDE: &str = "é漢🙂";

/// What a message that came in is, seen from one run of probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recognised {
    /// The probe of this number, byte for byte.
    Intact(u64),
    /// A probe of this run that was changed on the way; the number it bears, if that can still be read.
    Changed(Option<u64>),
    /// Not of this run.
    Foreign,
}

/// Writes the probes of one run and recognises their echoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payload {
    /// Which run: a random number, so that two runs in one place are not mixed up.
    pub(super) run: u32,
    pub(super) kind: ProbeKind,
    /// Bytes; what the header needs is the least.
    pub(super) size: usize,
}

impl Payload {
    pub(super) fn write(&self, number: u64) -> Message {
        match self.kind {
            ProbeKind::Text => Message::Text(self.text(number)),
            ProbeKind::Binary => Message::Binary(self.binary(number)),
        }
    }

    pub(super) fn recognise(&self, message: &Message) -> Recognised {
        let claimed = match message {
            Message::Text(text) => self.claimed_in_text(text),
            Message::Binary(bytes) => self.claimed_in_bytes(bytes),
        };
        match claimed {
            None => Recognised::Foreign,
            Some(Some(number)) if self.write(number) == *message => Recognised::Intact(number),
            Some(number) => Recognised::Changed(number),
        }
    }

    fn text(&self, number: u64) -> String {
        let header = |check: u32| format!("{TEXT_MARK}{:08x}-{number:x}-{check:08x}-", self.run);
        let room = self.size.saturating_sub(header(0).len());
        let mut filling = String::with_capacity(room);
        if room >= WIDE.len() {
            filling.push_str(WIDE);
        }
        let mut pattern = Pattern::new(self.run, number);
        while filling.len() < room {
            filling.push(char::from(b'a' + pattern.byte() % 26));
        }
        header(checksum(self.run, number, filling.as_bytes())) + &filling
    }

    fn binary(&self, number: u64) -> Vec<u8> {
        let mut pattern = Pattern::new(self.run, number);
        let filling: Vec<u8> = (BINARY_HEADER..self.size).map(|_| pattern.byte()).collect();
        let mut bytes = Vec::with_capacity(BINARY_HEADER + filling.len());
        bytes.extend_from_slice(BINARY_MARK);
        bytes.extend_from_slice(&self.run.to_be_bytes());
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.extend_from_slice(&checksum(self.run, number, &filling).to_be_bytes());
        bytes.extend_from_slice(&filling);
        bytes
    }

    /// The number that a text claims to bear: `None` if it is not of this run, `Some(None)` if the number cannot be read.
    ///
    /// The mark may stand anywhere and in either case: servers that answer `You said: …` or shout are told apart from strangers.
    fn claimed_in_text(&self, text: &str) -> Option<Option<u64>> {
        let lower = text.to_ascii_lowercase();
        let mark = format!("{TEXT_MARK}{:08x}-", self.run);
        let rest = &lower[lower.find(&mark)? + mark.len()..];
        let number = rest.split('-').next().and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Some(number)
    }

    fn claimed_in_bytes(&self, bytes: &[u8]) -> Option<Option<u64>> {
        // A text probe may come back as a Binary message: that too is a change, not a stranger.
        if let Some(claimed) = std::str::from_utf8(bytes).ok().and_then(|text| self.claimed_in_text(text)) {
            return Some(claimed);
        }
        let rest = bytes.strip_prefix(BINARY_MARK)?.strip_prefix(&self.run.to_be_bytes())?;
        Some(rest.first_chunk::<8>().map(|number| u64::from_be_bytes(*number)))
    }
}

/// Bytes that follow from run and number alone (xorshift64*).
struct Pattern(u64);

impl Pattern {
    fn new(run: u32, number: u64) -> Self {
        Self((number ^ (u64::from(run) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
    }
}

/// FNV-1a over run, number and filling: it need not withstand malice, only accidents.
fn checksum(run: u32, number: u64, filling: &[u8]) -> u32 {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = run.to_be_bytes().iter().fold(0x811c_9dc5, step);
    let hash = number.to_be_bytes().iter().fold(hash, step);
    filling.iter().fold(hash, step)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_probe_has_the_size_asked_for_and_is_recognised() {
        for kind in [ProbeKind::Text, ProbeKind::Binary] {
            for size in [0, 20, 40, 50, 56, 1_000] {
                for number in [0, 1, 4_096, u64::MAX] {
                    let payload = payload(kind, size);
                    let message = payload.write(number);
                    assert!(message.len() == size || (size < 48 && message.len() > size));
                    assert_eq!(payload.recognise(&message), Recognised::Intact(number));
                }
            }
        }
    }

    #[test]
    fn one_changed_byte_anywhere_is_seen() {
        let payload = payload(ProbeKind::Binary, 64);
        let Message::Binary(bytes) = payload.write(7) else { panic!("binary was asked for") };
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x20;
            assert!(
                !matches!(payload.recognise(&Message::Binary(changed)), Recognised::Intact(_)),
                "byte {at}"
            );
        }
    }

    #[test]
    fn shouted_wrapped_and_retyped_echoes_are_changed_not_foreign() {
        let payload = payload(ProbeKind::Text, 64);
        let Message::Text(text) = payload.write(7) else { panic!("text was asked for") };
        for changed in [
            Message::Text(text.to_uppercase()),
            Message::Text(format!("You said: {text}")),
            Message::Text(text[..text.len() - 1].to_owned()),
            Message::Binary(text.clone().into_bytes()),
        ] {
            assert_eq!(payload.recognise(&changed), Recognised::Changed(Some(7)), "{changed:?}");
        }
    }

    #[test]
    fn what_others_say_is_foreign() {
        let payload = payload(ProbeKind::Text, 64);
        let other = Payload { run: 8, ..payload };
        for foreign in [
            other.write(7),
            Message::Text("Request served by 7".to_owned()),
            Message::Binary(vec![]),
            Message::Binary(b"HLP1".to_vec()),
        ] {
            assert_eq!(payload.recognise(&foreign), Recognised::Foreign, "{foreign:?}");
        }
    }

    fn payload(kind: ProbeKind, size: usize) -> Payload {
        Payload { run: 0xdead_0001, kind, size }
    }
}
