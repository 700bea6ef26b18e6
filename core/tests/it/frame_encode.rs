//! The other way round: frames into bytes, as a peer writes them, and wrong ones on demand.

use flate2::{Compress, Compression, FlushCompress};
use heartline_core::frame::LengthForm;

/// A frame to be written; any nonsense can be said with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) fin: bool,
    pub(crate) reserved: u8,
    pub(crate) opcode: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) form: LengthForm,
    pub(crate) payload: Vec<u8>,
}

impl Plan {
    /// A whole frame without a mask, its length in the shortest form.
    pub(crate) fn new(opcode: u8, payload: &[u8]) -> Self {
        let form = match payload.len() {
            ..=125 => LengthForm::Bits7,
            126..=0xffff => LengthForm::Bits16,
            _ => LengthForm::Bits64,
        };
        Self { fin: true, reserved: 0, opcode, key: None, form, payload: payload.to_vec() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let length = self.payload.len() as u64;
        let mask = if self.key.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![
            u8::from(self.fin) << 7 | self.reserved << 4 | self.opcode,
            mask | self.form.seven_bits(length),
        ];
        match self.form {
            LengthForm::Bits7 => {}
            LengthForm::Bits16 => bytes.extend_from_slice(&(length as u16).to_be_bytes()),
            LengthForm::Bits64 => bytes.extend_from_slice(&length.to_be_bytes()),
        }
        let key = self.key.unwrap_or_default();
        bytes.extend_from_slice(&key[..self.key.map_or(0, |key| key.len())]);
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// The compressor of a peer.
pub(crate) struct Deflater(Compress);

impl Deflater {
    pub(crate) fn new() -> Self {
        Self(Compress::new(Compression::best(), false))
    }

    /// The payload of a compressed message (RFC 7692 section 7.2.1).
    pub(crate) fn message(&mut self, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(content.len() * 2 + 256);
        let begun = self.0.total_in();
        while {
            let taken = (self.0.total_in() - begun) as usize;
            self.0.compress_vec(&content[taken..], &mut out, FlushCompress::Sync).unwrap();
            out.len() == out.capacity()
        } {
            out.reserve(out.len());
        }
        assert_eq!(self.0.total_in() - begun, content.len() as u64);
        out.truncate(out.len() - 4);
        out
    }

    /// Forgets what came before.
    pub(crate) fn forget(&mut self) {
        self.0.reset();
    }
}
