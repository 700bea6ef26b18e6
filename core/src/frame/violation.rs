use super::header::Reserved;

/// A breach of the protocol by whoever sent the frame. Each kind is told at most once per frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A reserved bit that no agreed extension gives a meaning to.
    #[error("reserved bits {0} are set, and no extension that uses them was agreed on")]
    ReservedBits(Reserved),
    /// RSV1, which marks a compressed message, on a frame that does not begin one.
    #[error("RSV1 is set on a frame that begins no message")]
    CompressedMark,
    /// 0x3 to 0x7 or 0xb to 0xf.
    #[error("opcode {0:#x} has no meaning")]
    UnknownOpcode(u8),
    /// A control frame without FIN.
    #[error("a control frame may not be fragmented")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("a control frame holds at most 125 bytes and this one {0}")]
    LongControl(u64),
    /// A length in a longer form than it needs.
    #[error("the length is written in more bytes than it needs")]
    LengthNotMinimal,
    /// A 64-bit length with the highest bit set.
    #[error("the highest bit of the 64-bit length is set")]
    LengthTooHigh,
    /// A client's frame without a mask.
    #[error("a client must mask its frames")]
    NotMasked,
    /// A server's frame with a mask.
    #[error("a server must not mask its frames")]
    Masked,
    /// A continuation of nothing; it is shown, and joined to nothing.
    #[error("a continuation, and no message is under way")]
    NothingToContinue,
    /// A Text or Binary frame before the message under way was finished; that message is given up and a new one begins.
    #[error("a new message begins before the last fragment of the one under way")]
    MessageInsideMessage,
    /// Text that is not UTF-8.
    #[error("the text is not UTF-8 from byte {at} of the message on")]
    TextNotUtf8 {
        /// The first wrong byte, from the beginning of the message.
        at: u64,
    },
    /// A compressed message that no compressor made.
    #[error("the compressed message cannot be inflated")]
    NotDeflate,
    /// A close frame with one byte: half a code.
    #[error("a close frame holds nothing, or a code of two bytes and a reason")]
    HalfACloseCode,
    /// A close code that may not be sent.
    #[error("close code {0} may not be sent")]
    CloseCode(u16),
    /// A close reason that is not UTF-8.
    #[error("the reason for closing is not UTF-8")]
    ReasonNotUtf8,
    /// A data frame after a close frame.
    #[error("data after the close frame")]
    DataAfterClose,
}

impl Violation {
    /// The document and section that forbids it.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::ReservedBits(_) | Self::UnknownOpcode(_) | Self::LengthNotMinimal | Self::LengthTooHigh => {
                "RFC 6455 section 5.2"
            }
            Self::NotMasked | Self::Masked => "RFC 6455 section 5.1",
            Self::NothingToContinue | Self::MessageInsideMessage => "RFC 6455 section 5.4",
            Self::FragmentedControl | Self::LongControl(_) => "RFC 6455 section 5.5",
            Self::HalfACloseCode | Self::ReasonNotUtf8 | Self::DataAfterClose => "RFC 6455 section 5.5.1",
            Self::CloseCode(..=2999) => "RFC 6455 section 7.4.1",
            Self::CloseCode(_) => "RFC 6455 section 7.4.2",
            Self::TextNotUtf8 { .. } => "RFC 6455 section 8.1",
            Self::CompressedMark => "RFC 7692 section 6",
            Self::NotDeflate => "RFC 7692 section 7.2.2",
        }
    }
}
