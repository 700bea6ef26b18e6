//! The compressed messages of one direction (RFC 7692), inflated piece by piece and within bounds.

use flate2::{Decompress, FlushDecompress, Status};

use super::Context;

/// What a compressor leaves out at the end of each message.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
const PIECE: usize = 8 << 10;

/// Why a message was not inflated to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InflateFault {
    /// No compressor made these bytes.
    Corrupt,
    /// It came to more than it may.
    TooLong,
}

/// The inflater of one direction. Its window is always the largest: that reads every smaller one as well.
#[derive(Debug)]
pub(super) struct Inflater {
    context: Context,
    limit: u64,
    stream: Decompress,
    piece: Box<[u8]>,
    /// Bytes of the message under way.
    came: u64,
    /// A block said to be the last has ended, and nothing followed it.
    at_end: bool,
    /// A message was not inflated to its end, and the next ones refer to it.
    lost: bool,
}

impl Inflater {
    pub(super) fn new(context: Context, limit: u64) -> Self {
        let stream = Decompress::new(false);
        let piece = vec![0; PIECE].into_boxed_slice();
        Self { context, limit, stream, piece, came: 0, at_end: false, lost: false }
    }

    /// Makes ready for a message. Whether what it may refer to is at hand.
    pub(super) fn begin(&mut self) -> bool {
        if self.context == Context::Fresh {
            self.stream.reset(false);
            self.lost = false;
        }
        self.came = 0;
        self.at_end = false;
        !self.lost
    }

    /// The message under way will not be finished.
    pub(super) const fn give_up(&mut self) {
        self.lost = true;
    }

    pub(super) fn push(&mut self, mut input: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), InflateFault> {
        loop {
            let (came_in, came_out) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(input, &mut self.piece, FlushDecompress::None);
            let taken = (self.stream.total_in() - came_in) as usize;
            let given = (self.stream.total_out() - came_out) as usize;
            input = &input[taken..];
            self.came += given as u64;
            if self.came > self.limit {
                self.lost = true;
                return Err(InflateFault::TooLong);
            }
            out(&self.piece[..given]);
            if taken > 0 {
                self.at_end = false;
            }
            match status {
                Err(_) => {
                    self.lost = true;
                    return Err(InflateFault::Corrupt);
                }
                // Allowed by section 7.2.3.5, and rare: what follows begins anew, without what came before.
                Ok(Status::StreamEnd) => {
                    self.stream.reset(false);
                    self.at_end = true;
                }
                Ok(Status::Ok | Status::BufError) => {}
            }
            let may_hold_more = given == self.piece.len();
            if (input.is_empty() && !may_hold_more) || (taken == 0 && given == 0) {
                return Ok(());
            }
        }
    }

    /// Gives what the end of a message brings.
    pub(super) fn finish(&mut self, out: &mut dyn FnMut(&[u8])) -> Result<(), InflateFault> {
        if self.at_end { Ok(()) } else { self.push(&TAIL, out) }
    }
}
