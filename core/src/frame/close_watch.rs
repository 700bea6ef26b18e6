use super::Side;
use super::close_body::CloseBody;
use super::dissector::mask;
use super::header::{Header, HeaderReader, Opcode};
use super::violation::Violation;

/// Lets the bytes of one direction pass, and stops at a close frame with a code that whoever reads behind it must not see.
///
/// WebSocket libraries judge codes themselves, some by an older list than IANA's, and what they do not know they answer and
/// report as something else. Of all other frames only the headers are looked at.
#[derive(Debug)]
pub struct CloseWatch {
    side: Side,
    stops_at: fn(u16) -> bool,
    reader: HeaderReader,
    place: Place,
    /// Of a close frame, unmasked. Nothing is allocated before there is one.
    close: Vec<u8>,
}

/// A close frame that was stopped at, as soon as it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The code it was stopped for.
    pub code: u16,
    /// The reason; what is no UTF-8 in it becomes U+FFFD.
    pub reason: String,
    /// The worst of what is wrong with it, if anything is: a code that may not be sent, or a reason that is not UTF-8.
    pub violation: Option<Violation>,
}

#[derive(Debug)]
enum Place {
    Header,
    /// So many bytes of the frame are still to pass.
    Payload(u64),
    /// A close frame whose code is not known yet.
    Code(Header),
    /// Behind the code that was stopped at. Nothing passes any more.
    Reason(Header),
}

impl CloseWatch {
    /// A watch over what `side` sends, which stops at the codes that `stops_at` says.
    #[must_use]
    pub fn new(side: Side, stops_at: fn(u16) -> bool) -> Self {
        Self { side, stops_at, reader: HeaderReader::default(), place: Place::Header, close: Vec::new() }
    }

    /// Looks at the next bytes, and gives how many of them may pass: all, until it stops.
    ///
    /// What passes ends in the middle of the code: whoever reads it has the beginning of a frame, and no frame.
    pub fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        let mut passed = if matches!(self.place, Place::Reason(_)) { 0 } else { bytes.len() };
        loop {
            match &self.place {
                Place::Header => match self.reader.read(&mut rest) {
                    Some(header) if self.has_code(&header) => self.place = Place::Code(header),
                    Some(header) => self.place = Place::Payload(header.length),
                    None => return passed,
                },
                Place::Payload(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    let left = left - here as u64;
                    rest = &rest[here..];
                    if left > 0 {
                        self.place = Place::Payload(left);
                        return passed;
                    }
                    self.place = Place::Header;
                }
                Place::Code(header) => {
                    let header = *header;
                    self.take(&header, 2, &mut rest);
                    let Some(code) = self.code() else { return passed };
                    if (self.stops_at)(code) {
                        passed = bytes.len() - rest.len() - 1;
                        self.place = Place::Reason(header);
                    } else {
                        self.close.clear();
                        self.place = Place::Payload(header.length - 2);
                    }
                }
                Place::Reason(header) => {
                    let header = *header;
                    self.take(&header, header.length as usize, &mut rest);
                    return passed;
                }
            }
        }
    }

    /// The close frame that it stopped at, once its last byte was looked at.
    #[must_use]
    pub fn stopped(&self) -> Option<Stopped> {
        let Place::Reason(header) = &self.place else { return None };
        if (self.close.len() as u64) < header.length {
            return None;
        }
        let mut violations = Vec::new();
        let body = CloseBody::read(&self.close, false, &mut violations);
        Some(Stopped { code: body.code?, reason: body.reason, violation: violations.first().copied() })
    }

    /// Whether it is a close frame with a code, and right as far as its header tells. Others are left to whoever reads on.
    fn has_code(&self, header: &Header) -> bool {
        header.opcode == Opcode::Close
            && header.fin
            && header.reserved.is_empty()
            && matches!(header.length, 2..=125)
            && header.masking_key.is_some() == (self.side == Side::Client)
    }

    /// Takes bytes of a close frame until there are `wanted`.
    fn take(&mut self, header: &Header, wanted: usize, rest: &mut &[u8]) {
        let at = self.close.len();
        let (taken, left) = rest.split_at(wanted.saturating_sub(at).min(rest.len()));
        self.close.extend_from_slice(taken);
        if let Some(key) = header.masking_key {
            mask(&mut self.close[at..], key, at as u64);
        }
        *rest = left;
    }

    fn code(&self) -> Option<u16> {
        self.close.first_chunk::<2>().map(|code| u16::from_be_bytes(*code))
    }
}
