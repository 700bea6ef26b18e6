use std::fmt;

/// What a frame is for (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// 0: goes on with the message under way.
    Continuation,
    /// 1: begins a message of text.
    Text,
    /// 2: begins a message of bytes.
    Binary,
    /// 8: ends the line.
    Close,
    /// 9: wants a Pong with the same payload.
    Ping,
    /// 10: answers a Ping, or is a one-way sign of life.
    Pong,
    /// 3 to 7 (data) and 11 to 15 (control): reserved, without a meaning.
    Unknown(u8),
}

impl Opcode {
    const fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => Self::Unknown(other),
        }
    }

    /// The four bits on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
            Self::Unknown(bits) => bits,
        }
    }

    /// Whether it is a control frame: 8 and above.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.bits() >= 8
    }

    /// The name that Wireshark shows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Continuation => "Continuation",
            Self::Text => "Text",
            Self::Binary => "Binary",
            Self::Close => "Connection Close",
            Self::Ping => "Ping",
            Self::Pong => "Pong",
            Self::Unknown(_) => "Unknown",
        }
    }
}

/// RSV1 to RSV3, as a number from 0 to 7; RSV1 is the highest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved(pub u8);

impl Reserved {
    /// RSV1: permessage-deflate marks the first frame of a compressed message with it.
    #[must_use]
    pub const fn rsv1(self) -> bool {
        self.0 & 0b100 != 0
    }

    /// The others.
    #[must_use]
    pub const fn without_rsv1(self) -> Self {
        Self(self.0 & 0b011)
    }

    /// Whether none is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// How a length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// In seven bits: 0 to 125.
    Bits7,
    /// 126 in the seven bits, then 16 more.
    Bits16,
    /// 127 in the seven bits, then 64 more.
    Bits64,
}

impl LengthForm {
    /// What stands in the seven bits for a frame of `length` bytes.
    #[must_use]
    pub const fn seven_bits(self, length: u64) -> u8 {
        match self {
            Self::Bits7 => length as u8 & 0x7f,
            Self::Bits16 => 126,
            Self::Bits64 => 127,
        }
    }

    /// Whether `length` would not have fitted a shorter form.
    #[must_use]
    pub const fn is_minimal(self, length: u64) -> bool {
        match self {
            Self::Bits7 => true,
            Self::Bits16 => length > 125,
            Self::Bits64 => length > 0xffff,
        }
    }
}

/// Everything before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Fin: the last frame of its message.
    pub fin: bool,
    /// Reserved: RSV1 to RSV3.
    pub reserved: Reserved,
    /// Opcode.
    pub opcode: Opcode,
    /// Masking-Key, where Mask is set.
    pub masking_key: Option<[u8; 4]>,
    /// Payload length, in bytes.
    pub length: u64,
    /// How the length is written.
    pub form: LengthForm,
}

impl Header {
    /// How many bytes the header takes: 2 to 14.
    #[must_use]
    pub const fn size(&self) -> usize {
        let length = match self.form {
            LengthForm::Bits7 => 0,
            LengthForm::Bits16 => 2,
            LengthForm::Bits64 => 8,
        };
        2 + length + if self.masking_key.is_some() { 4 } else { 0 }
    }
}

/// Collects a header from pieces.
#[derive(Clone, Debug, Default)]
pub struct HeaderReader {
    bytes: [u8; 14],
    have: usize,
}

impl HeaderReader {
    /// Takes what belongs to the header. Once it is whole, the reader is ready for the next.
    pub fn read(&mut self, input: &mut &[u8]) -> Option<Header> {
        while self.have < self.wanted() {
            let (first, rest) = input.split_first()?;
            self.bytes[self.have] = *first;
            self.have += 1;
            *input = rest;
        }
        let header = self.parse();
        self.have = 0;
        Some(header)
    }

    /// What has come of a header that is not whole.
    #[must_use]
    pub fn so_far(&self) -> &[u8] {
        &self.bytes[..self.have]
    }

    const fn wanted(&self) -> usize {
        if self.have < 2 { 2 } else { self.key_at() + if self.is_masked() { 4 } else { 0 } }
    }

    const fn is_masked(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }

    const fn key_at(&self) -> usize {
        match self.bytes[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    fn parse(&self) -> Header {
        let [first, second, ..] = self.bytes;
        let number = |from: usize, to: usize| {
            self.bytes[from..to].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let (form, length) = match second & 0x7f {
            126 => (LengthForm::Bits16, number(2, 4)),
            127 => (LengthForm::Bits64, number(2, 10)),
            short => (LengthForm::Bits7, u64::from(short)),
        };
        let key = self.bytes[self.key_at()..].first_chunk::<4>();
        Header {
            fin: first & 0x80 != 0,
            reserved: Reserved(first >> 4 & 0b111),
            opcode: Opcode::from_bits(first & 0x0f),
            masking_key: key.copied().filter(|_| self.is_masked()),
            length,
            form,
        }
    }
}
