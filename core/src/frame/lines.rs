//! A header in lines, bit by bit, as Wireshark shows it.

use super::header::{Header, LengthForm};

impl Header {
    /// One line per field, with the bits it stands in: `1... .... = Fin: True`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let truth = |set: bool| if set { ("1", "True") } else { ("0", "False") };
        let (fin, is_fin) = truth(self.fin);
        let (mask, is_masked) = truth(self.masking_key.is_some());
        let (opcode, seven) = (self.opcode.bits(), self.form.seven_bits(self.length));
        let seven_bits = format!(".{:03b} {:04b} = Payload length: {seven}", seven >> 4, seven & 0x0f);
        let mut lines = vec![
            format!("{fin}... .... = Fin: {is_fin}"),
            format!(".{:03b} .... = Reserved: {}", self.reserved.0, self.reserved),
            format!(".... {opcode:04b} = Opcode: {} ({opcode})", self.opcode.name()),
            format!("{mask}... .... = Mask: {is_masked}"),
        ];
        let extended = match self.form {
            LengthForm::Bits7 => None,
            LengthForm::Bits16 => Some(16),
            LengthForm::Bits64 => Some(64),
        };
        if let Some(bits) = extended {
            lines.push(format!("{seven_bits} Extended Payload Length ({bits} bits)"));
            lines.push(format!("Extended Payload length ({bits} bits): {}", self.length));
        } else {
            lines.push(seven_bits);
        }
        if let Some(key) = self.masking_key {
            lines.push(format!("Masking-Key: {:08x}", u32::from_be_bytes(key)));
        }
        lines
    }
}
