//! One direction of a line, frame by frame.

use crate::frame::{CloseBody, Header, HeaderReader, Opcode};
use crate::time::{Duration, Instant};

use super::machine::Step;

/// Payload bytes of a close frame that are kept: no right one has more.
const CLOSE_BODY: usize = 125;

/// What a direction has brought so far, whether it arrived or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Whole frames.
    pub frames: u64,
    /// Bytes, headers included.
    pub bytes: u64,
    /// What its first close frame said, once that was whole.
    pub close: Option<CloseBody>,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) dropped: bool,
    /// A bit of its first payload byte is to be turned over.
    pub(super) corrupted: bool,
}

#[derive(Debug)]
pub(super) struct Way {
    reader: HeaderReader,
    frame: Option<Underway>,
    tally: Tally,
    /// The payload length of the frame that began last.
    length: u64,
    /// When its last byte came, or the line began.
    heard: Instant,
    /// Bytes that may pass now where they are throttled, and since when that is true. Less than none after a burst.
    allowance: f64,
    refilled: Instant,
}

/// A frame of which payload is still to come.
#[derive(Debug)]
struct Underway {
    header: Header,
    left: u64,
    fate: Fate,
    /// The payload so far of a close frame, as sent.
    close: Vec<u8>,
}

impl Way {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            reader: HeaderReader::default(),
            frame: None,
            tally: Tally::default(),
            length: 0,
            heard: now,
            allowance: 0.0,
            refilled: now,
        }
    }

    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) const fn heard(&self) -> Instant {
        self.heard
    }

    pub(super) fn hear(&mut self, at: Instant) {
        self.heard = self.heard.max(at);
    }

    /// Whether what came last ended inside a frame or its header.
    pub(super) fn is_inside(&self) -> bool {
        self.frame.is_some() || !self.reader.so_far().is_empty()
    }

    /// Whether the frame under way has another fate than to pass as it is.
    pub(super) fn is_fated(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| frame.fate != Fate::default())
    }

    /// Payload that is still to come of a frame nobody needs to look into.
    pub(super) fn unseen(&self) -> u64 {
        let frame = self.frame.as_ref().filter(|frame| frame.header.opcode != Opcode::Close);
        frame.map_or(0, |frame| frame.left)
    }

    /// The payload length of the frame that began last.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// So much of it has passed.
    pub(super) fn skip(&mut self, count: u64) {
        self.tally.bytes += count;
        if let Some(frame) = &mut self.frame {
            frame.left = frame.left.saturating_sub(count);
            if frame.left == 0 {
                self.end();
            }
        }
    }

    /// Lets everything pass, and only counts.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.frame.is_some() {
                let taken = self.payload(rest);
                rest = &rest[taken..];
            } else if let Some(header) = self.reader.read(&mut rest) {
                self.begin(header, Fate::default());
            }
        }
        self.tally.bytes += bytes.len() as u64;
    }

    /// Takes bytes of one frame, at most up to its end, and at most `limit` of its payload. `decide` says what becomes of a
    /// frame that begins here.
    pub(super) fn step(
        &mut self,
        bytes: &mut [u8],
        limit: usize,
        decide: impl FnOnce(&Header) -> Fate,
    ) -> Step {
        let mut head = 0;
        if self.frame.is_none() {
            let mut rest = &*bytes;
            // Of a header whose beginning has passed, the rest passes, too.
            let has_passed = !self.reader.so_far().is_empty();
            let before = self.reader.clone();
            let header = self.reader.read(&mut rest);
            head = bytes.len() - rest.len();
            let fate = match &header {
                Some(header) if !has_passed => decide(header),
                Some(_) | None => Fate::default(),
            };
            match header {
                Some(header) => self.begin(header, fate),
                None if has_passed && head > 0 => {
                    self.tally.bytes += head as u64;
                    return Step::Pass(head);
                }
                None => {
                    self.reader = before;
                    return Step::More;
                }
            }
            if self.frame.is_none() {
                // It has no payload, and is over.
                self.tally.bytes += head as u64;
                return if fate.dropped { Step::Drop(head) } else { Step::Pass(head) };
            }
        }
        let Some(frame) = &mut self.frame else { return Step::More };
        let fate = frame.fate;
        let room = if fate.dropped { bytes.len() - head } else { (bytes.len() - head).min(limit.max(1)) };
        let payload = &mut bytes[head..head + room];
        if let (true, [first, ..]) = (fate.corrupted, &mut *payload) {
            *first ^= 1;
            frame.fate.corrupted = false;
        }
        let taken = head + self.payload(&bytes[head..head + room]);
        self.tally.bytes += taken as u64;
        match (taken, fate.dropped) {
            (0, _) => Step::More,
            (taken, true) => Step::Drop(taken),
            (taken, false) => Step::Pass(taken),
        }
    }

    /// Bytes that may pass now at this rate; none before the moment that stands there instead.
    pub(super) fn allowance(&mut self, now: Instant, rate: u64) -> Result<usize, Instant> {
        let rate = rate as f64;
        let burst = (rate / 10.0).max(1.0);
        let since = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.allowance = (self.allowance + since * rate).min(burst);
        self.refilled = now;
        if self.allowance >= 1.0 {
            return Ok(self.allowance as usize);
        }
        // Not for a byte at a time, where it goes faster.
        let missing = (burst / 2.0).max(1.0) - self.allowance;
        Err(now + Duration::try_from_secs_f64(missing / rate).unwrap_or(Duration::MAX / 4))
    }

    /// Bytes have passed where they are throttled.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.allowance -= bytes as f64;
    }

    fn begin(&mut self, header: Header, fate: Fate) {
        self.length = header.length;
        self.frame = Some(Underway { header, left: header.length, fate, close: Vec::new() });
        if header.length == 0 {
            self.end();
        }
    }

    /// Takes payload of the frame under way; gives how many bytes.
    fn payload(&mut self, bytes: &[u8]) -> usize {
        let Some(frame) = &mut self.frame else { return 0 };
        let taken = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
        frame.left -= taken as u64;
        if frame.header.opcode == Opcode::Close {
            let room = CLOSE_BODY.saturating_sub(frame.close.len()).min(taken);
            frame.close.extend_from_slice(&bytes[..room]);
        }
        if frame.left == 0 {
            self.end();
        }
        taken
    }

    fn end(&mut self) {
        let Some(frame) = self.frame.take() else { return };
        self.tally.frames += 1;
        if frame.header.opcode == Opcode::Close && self.tally.close.is_none() {
            self.tally.close = Some(close_body(&frame));
        }
    }
}

fn close_body(frame: &Underway) -> CloseBody {
    let mut payload = frame.close.clone();
    if let Some(key) = frame.header.masking_key {
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    }
    match payload.split_first_chunk::<2>() {
        None => CloseBody { code: None, reason: String::new() },
        Some((code, reason)) => CloseBody {
            code: Some(u16::from_be_bytes(*code)),
            reason: String::from_utf8_lossy(reason).into_owned(),
        },
    }
}
