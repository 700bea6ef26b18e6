//! Listening to frames: which messages they make, and what wants an answer.

use heartline_core::frame::{Header, HeaderReader, Opcode};
use sha2::{Digest as _, Sha256};

/// What tells one message from another: a hash of its kind and its payload, without the mask.
pub(super) type Digest = [u8; 32];

/// Bytes a control frame has at most (RFC 6455 section 5.5).
const CONTROL: usize = 125;

/// A frame that was heard to its end.
pub(super) struct Heard {
    pub(super) opcode: Opcode,
    /// The payload of a control frame.
    pub(super) control: Vec<u8>,
    /// The message it completes.
    pub(super) message: Option<Digest>,
}

/// Hears the frames of one side. Of messages it keeps a hash, so that their length does not matter.
#[derive(Default)]
pub(super) struct Ear {
    reader: HeaderReader,
    /// The frame under way, and how much of its payload has come.
    frame: Option<(Header, u64)>,
    control: Vec<u8>,
    message: Option<Sha256>,
}

impl Ear {
    /// Takes bytes, and gives the frames that they complete.
    pub(super) fn hear(&mut self, mut input: &[u8]) -> Vec<Heard> {
        let mut heard = Vec::new();
        while !input.is_empty() {
            let Some((header, came)) = &mut self.frame else {
                if let Some(header) = self.reader.read(&mut input) {
                    self.begin(header, &mut heard);
                }
                continue;
            };
            let left = usize::try_from(header.length - *came).unwrap_or(usize::MAX);
            let (taken, rest) = input.split_at(left.min(input.len()));
            let key = header.masking_key.unwrap_or_default();
            let bytes: Vec<u8> =
                taken.iter().zip(*came..).map(|(byte, at)| byte ^ key[(at % 4) as usize]).collect();
            *came += taken.len() as u64;
            input = rest;
            let is_over = *came == header.length;
            if header.opcode.is_control() {
                let room = CONTROL.saturating_sub(self.control.len()).min(bytes.len());
                self.control.extend_from_slice(&bytes[..room]);
            } else if let Some(message) = &mut self.message {
                message.update(&bytes);
            }
            if is_over {
                self.end(&mut heard);
            }
        }
        heard
    }

    fn begin(&mut self, header: Header, heard: &mut Vec<Heard>) {
        if matches!(header.opcode, Opcode::Text | Opcode::Binary) {
            self.message = Some(Sha256::new_with_prefix([header.opcode.bits()]));
        }
        let is_empty = header.length == 0;
        self.frame = Some((header, 0));
        if is_empty {
            self.end(heard);
        }
    }

    fn end(&mut self, heard: &mut Vec<Heard>) {
        let Some((header, _)) = self.frame.take() else { return };
        let control = std::mem::take(&mut self.control);
        let completes = header.fin && !header.opcode.is_control();
        let message = if completes { self.message.take() } else { None };
        heard.push(Heard {
            opcode: header.opcode,
            control,
            message: message.map(|message| message.finalize().into()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_the_same_whatever_its_mask_and_its_fragments() {
        let digest = |bytes: &[u8]| {
            let mut ear = Ear::default();
            let single: Vec<Heard> = bytes.chunks(1).flat_map(|byte| ear.hear(byte)).collect();
            single.into_iter().find_map(|heard| heard.message).unwrap()
        };
        let plain = digest(b"\x81\x05Hello");
        assert_eq!(digest(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), plain);
        assert_eq!(digest(b"\x01\x03Hel\x89\x01!\x80\x02lo"), plain);
        assert_ne!(digest(b"\x82\x05Hello"), plain);
    }

    #[test]
    fn a_ping_is_heard_with_what_it_carries() {
        let heard = Ear::default().hear(b"\x89\x82\x01\x02\x03\x04ik");
        assert_eq!((heard[0].opcode, heard[0].control.as_slice()), (Opcode::Ping, &b"hi"[..]));
    }
}
