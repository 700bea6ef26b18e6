use crate::time::Instant;

use super::assembly::{Assembly, Kind, Message};
use super::close_body::CloseBody;
use super::header::{Header, HeaderReader, Opcode};
use super::inflate::Inflater;
use super::kept::Kept;
use super::violation::Violation;
use super::{Context, Keep, Side};

/// Payload is unmasked in pieces of this size, so that endless frames need no more room.
const PIECE: usize = 4 << 10;

/// A frame with everything there is to see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number in this direction, from 0.
    pub number: u64,
    /// Where its header begins, in bytes after the handshake in this direction.
    pub position: u64,
    /// When its first byte came.
    pub begun: Instant,
    /// When its last byte came.
    pub ended: Instant,
    /// The fields before the payload.
    pub header: Header,
    /// The payload, unmasked. Its total is less than the header's length only where the stream was cut.
    pub payload: Kept,
    /// What a whole close frame says.
    pub close: Option<CloseBody>,
    /// The message that this frame completes.
    pub message: Option<Message>,
    /// What is wrong with it.
    pub violations: Vec<Violation>,
}

impl Frame {
    /// The kept payload as it was on the wire; the same as the payload where there is no mask.
    #[must_use]
    pub fn masked_payload(&self) -> Vec<u8> {
        let mut bytes = self.payload.bytes().to_vec();
        if let Some(key) = self.header.masking_key {
            mask(&mut bytes, key, 0);
        }
        bytes
    }
}

/// A frame whose end has not come; it may be a long way off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Underway {
    /// The fields before the payload.
    pub header: Header,
    /// Payload bytes that have come.
    pub received: u64,
    /// When its first byte came.
    pub begun: Instant,
}

/// What was left unfinished when the stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The beginning of a header.
    pub header: Vec<u8>,
    /// A frame with a part of its payload.
    pub frame: Option<Frame>,
    /// A message that lacks fragments.
    pub message: Option<Message>,
}

/// Takes one direction of a line apart. It keeps no more than [`Keep`] says, an inflater's window and one header,
/// whatever comes, and holds back no frame: what was read stays with the caller.
#[derive(Debug)]
pub struct Dissector {
    side: Side,
    keep: Keep,
    inflater: Option<Inflater>,
    reader: HeaderReader,
    /// When the first byte of the header under way came.
    begun: Option<Instant>,
    frame: Option<Frame>,
    joins: Joins,
    assembly: Option<Assembly>,
    frames: u64,
    position: u64,
    closed: bool,
    /// What begins the message under way may have passed before.
    joined_late: bool,
}

/// Whether the payload of the frame under way belongs to the message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joins {
    Message,
    Nothing,
}

impl Dissector {
    /// A dissector for what `side` sends, from the first byte after its head of the handshake.
    #[must_use]
    pub fn new(side: Side, keep: Keep) -> Self {
        Self {
            side,
            keep,
            inflater: None,
            reader: HeaderReader::default(),
            begun: None,
            frame: None,
            joins: Joins::Nothing,
            assembly: None,
            frames: 0,
            position: 0,
            closed: false,
            joined_late: false,
        }
    }

    /// permessage-deflate was agreed on: RSV1 marks compressed messages, and they are inflated.
    #[must_use]
    pub fn inflating(mut self, context: Context) -> Self {
        self.inflater = Some(Inflater::new(context, self.keep.inflated));
        self
    }

    /// It joins a line that is under way, between two frames: what it was not shown is nobody's fault. Fragments that go on with
    /// a message of before are none of one, and what is compressed with reference to what was before is not inflated.
    #[must_use]
    pub fn joining(mut self) -> Self {
        self.joined_late = true;
        if let Some(inflater) = &mut self.inflater {
            inflater.give_up();
        }
        self
    }

    /// Takes bytes from `input` up to the end of the next frame and gives that frame; `None` once all were taken.
    ///
    /// `at` is when the bytes came. In which pieces they come makes no difference but for the times.
    pub fn read(&mut self, at: Instant, input: &mut &[u8]) -> Option<Frame> {
        if self.frame.is_none() {
            if input.is_empty() {
                return None;
            }
            let begun = *self.begun.get_or_insert(at);
            let header = self.reader.read(input)?;
            self.begun = None;
            self.begin(header, begun);
        }
        self.take_payload(input);
        let is_whole = self.frame.as_ref().is_some_and(|frame| frame.payload.total() == frame.header.length);
        if is_whole { self.frame.take().map(|frame| self.finish(frame, at)) } else { None }
    }

    /// The frame whose payload is coming in.
    #[must_use]
    pub fn underway(&self) -> Option<Underway> {
        let frame = self.frame.as_ref()?;
        Some(Underway { header: frame.header, received: frame.payload.total(), begun: frame.begun })
    }

    /// How many frames were read to their end.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// The stream has ended: what it left unfinished. A line that ended in good order leaves nothing.
    #[must_use]
    pub fn end(mut self, at: Instant) -> End {
        if let Some(frame) = &mut self.frame {
            frame.ended = at;
        }
        End {
            header: self.reader.so_far().to_vec(),
            frame: self.frame,
            message: self.assembly.map(Assembly::cut),
        }
    }

    fn begin(&mut self, header: Header, begun: Instant) {
        let mut violations = self.header_violations(&header);
        let kind = match header.opcode {
            Opcode::Text => Some(Kind::Text),
            Opcode::Binary => Some(Kind::Binary),
            Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong | Opcode::Unknown(_) => None,
        };
        if let Some(kind) = kind {
            self.joined_late = false;
            if let Some(given_up) = self.assembly.take() {
                violations.push(Violation::MessageInsideMessage);
                if let Some(inflater) = self.inflater.as_mut().filter(|_| given_up.is_inflating()) {
                    inflater.give_up();
                }
            }
            let inflater = self.inflater.as_mut();
            self.assembly = Some(Assembly::begin(kind, header.reserved.rsv1(), begun, &self.keep, inflater));
        }
        let carries_on = kind.is_some() || header.opcode == Opcode::Continuation;
        self.joins = Joins::Nothing;
        match &mut self.assembly {
            Some(assembly) if carries_on => {
                assembly.next_fragment();
                self.joins = Joins::Message;
            }
            Some(assembly) => assembly.control_between(),
            None if carries_on && !self.joined_late => violations.push(Violation::NothingToContinue),
            None => {}
        }
        self.frame = Some(Frame {
            number: self.frames,
            position: self.position,
            begun,
            ended: begun,
            header,
            payload: Kept::new(self.keep.frame),
            close: None,
            message: None,
            violations,
        });
    }

    fn header_violations(&self, header: &Header) -> Vec<Violation> {
        let opcode = header.opcode;
        let may_mark = self.inflater.is_some();
        let begins = matches!(opcode, Opcode::Text | Opcode::Binary);
        let meaningless = if may_mark { header.reserved.without_rsv1() } else { header.reserved };
        let unknown = if let Opcode::Unknown(bits) = opcode { bits } else { 0 };
        let is_masked = header.masking_key.is_some();
        [
            (!meaningless.is_empty(), Violation::ReservedBits(meaningless)),
            (may_mark && header.reserved.rsv1() && !begins, Violation::CompressedMark),
            (unknown != 0, Violation::UnknownOpcode(unknown)),
            (opcode.is_control() && !header.fin, Violation::FragmentedControl),
            (opcode.is_control() && header.length > 125, Violation::LongControl(header.length)),
            (!header.form.is_minimal(header.length), Violation::LengthNotMinimal),
            (header.length >> 63 != 0, Violation::LengthTooHigh),
            (self.side == Side::Client && !is_masked, Violation::NotMasked),
            (self.side == Side::Server && is_masked, Violation::Masked),
            (self.closed && !opcode.is_control(), Violation::DataAfterClose),
        ]
        .into_iter()
        .filter_map(|(is_so, violation)| is_so.then_some(violation))
        .collect()
    }

    fn take_payload(&mut self, input: &mut &[u8]) {
        let Some(frame) = &mut self.frame else { return };
        let mut assembly = self.assembly.as_mut().filter(|_| self.joins == Joins::Message);
        let mut piece = [0; PIECE];
        while !input.is_empty() {
            let offset = frame.payload.total();
            let missing =
                usize::try_from(frame.header.length - offset).unwrap_or(usize::MAX).min(input.len());
            if missing == 0 {
                return;
            }
            let wants_bytes = assembly.as_deref().is_some_and(Assembly::wants_bytes);
            if frame.payload.is_full() && !wants_bytes {
                frame.payload.pass(missing as u64);
                if let Some(assembly) = &mut assembly {
                    assembly.pass(missing as u64);
                }
                *input = &input[missing..];
                return;
            }
            let (now, rest) = input.split_at(missing.min(PIECE));
            let piece = &mut piece[..now.len()];
            piece.copy_from_slice(now);
            if let Some(key) = frame.header.masking_key {
                mask(piece, key, offset);
            }
            frame.payload.push(piece);
            if let Some(assembly) = &mut assembly {
                assembly.push(piece, self.inflater.as_mut(), &mut frame.violations);
            }
            *input = rest;
        }
    }

    fn finish(&mut self, mut frame: Frame, at: Instant) -> Frame {
        frame.ended = at;
        if frame.header.opcode == Opcode::Close {
            let (payload, is_cut) = (frame.payload.bytes(), frame.payload.is_cut());
            frame.close = Some(CloseBody::read(payload, is_cut, &mut frame.violations));
            self.closed = true;
        }
        if self.joins == Joins::Message && frame.header.fin {
            let inflater = self.inflater.as_mut();
            frame.message =
                self.assembly.take().map(|assembly| assembly.finish(inflater, &mut frame.violations));
        }
        self.frames += 1;
        self.position =
            self.position.saturating_add(frame.header.size() as u64).saturating_add(frame.header.length);
        frame
    }
}

/// Puts the mask on, or takes it off; `offset` is where in the payload the bytes begin.
pub(super) fn mask(bytes: &mut [u8], key: [u8; 4], offset: u64) {
    let turned = [0, 1, 2, 3].map(|at: u64| key[(offset.wrapping_add(at) % 4) as usize]);
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte ^= turned[at % 4];
    }
}
