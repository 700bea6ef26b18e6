//! A frame as RFC 6455 draws it, field by field.

use super::{Frame, Party};
use crate::frame::LengthForm;

/// A field of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    /// As RFC 6455, section 5.2 names it.
    pub name: &'static str,
    /// How many bits it has.
    pub count: u64,
    /// What stands there: bits up to eight of them, else hexadecimal digits; nothing for the payload.
    pub value: String,
    /// What that means, in words.
    pub means: String,
}

impl Frame {
    /// How the length is written; the shortest way where the relay did not say.
    #[must_use]
    pub const fn form(&self) -> LengthForm {
        match (self.length_bits, self.length) {
            (7, _) | (0, 0..=125) => LengthForm::Bits7,
            (16, _) | (0, 126..=0xffff) => LengthForm::Bits16,
            _ => LengthForm::Bits64,
        }
    }

    /// Its fields, in their order.
    #[must_use]
    pub fn bits(&self) -> Vec<Bits> {
        let few = |name, count: usize, value: u8, means: &str| Bits {
            name,
            count: count as u64,
            value: format!("{value:0count$b}"),
            means: means.to_owned(),
        };
        let flag = |name, set: bool, means: [&str; 2]| few(name, 1, set.into(), means[usize::from(set)]);
        let form = self.form();
        let is_control = self.opcode >= 8;
        let seven = match form {
            LengthForm::Bits7 => bytes(self.length),
            LengthForm::Bits16 => "the length is in the next 16 bits".to_owned(),
            LengthForm::Bits64 => "the length is in the next 64 bits".to_owned(),
        };
        let whole = if is_control { "a control frame is always whole" } else { "its message ends here" };
        let unused = ["unused", "set, though nothing was agreed that uses it"];
        let mut fields = vec![
            flag("FIN", self.fin, ["its message goes on", whole]),
            flag(
                "RSV1",
                self.reserved & 0b100 != 0,
                ["not compressed", "compressed, where permessage-deflate was agreed"],
            ),
            flag("RSV2", self.reserved & 0b010 != 0, unused),
            flag("RSV3", self.reserved & 0b001 != 0, unused),
            few("Opcode", 4, self.opcode, &self.name),
            flag(
                "MASK",
                self.masking_key.is_some(),
                match self.from {
                    Party::Client => ["not masked, though a client must", "masked, as a client must"],
                    Party::Server => ["not masked, as a server must not", "masked, though a server must not"],
                },
            ),
            few("Payload len", 7, form.seven_bits(self.length), &seven),
        ];
        let extended = match form {
            LengthForm::Bits7 => None,
            LengthForm::Bits16 => Some((16, format!("{:04x}", self.length))),
            LengthForm::Bits64 => Some((64, format!("{:016x}", self.length))),
        };
        fields.extend(extended.map(|(count, value)| Bits {
            name: "Extended payload length",
            count,
            value,
            means: bytes(self.length),
        }));
        fields.extend(self.masking_key.as_ref().map(|key| Bits {
            name: "Masking-Key",
            count: 32,
            value: key.clone(),
            means: "each payload byte was XORed with one of these four, in turn".to_owned(),
        }));
        fields.push(Bits {
            name: "Payload data",
            count: self.length.saturating_mul(8),
            value: String::new(),
            means: bytes(self.length),
        });
        fields
    }
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
