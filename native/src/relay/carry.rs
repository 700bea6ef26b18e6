//! One direction of a connection: bytes are read, and go on when the faults of the line say so.

use std::{collections::VecDeque, io, time::Instant};

use heartline_core::{fault::Step, frame::Side};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
};

use super::{
    control::Control,
    onlooker::Onlooker,
    splice::{LARGE, Splice},
};
use crate::net::Breaker;

/// Bytes of one direction that can be under way here. The next are read when these were taken.
pub(super) const ROOM: usize = 64 << 10;
/// Bytes that are moved unread at once.
const MOST: usize = 1 << 20;
/// Arrivals that are told apart; further ones count as one.
const ARRIVALS: usize = 1024;

/// Bytes that have come and not gone on.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
    /// How many of them came when.
    arrivals: VecDeque<(usize, Instant)>,
}

/// How a direction has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WayEnd {
    /// By the end of its stream, which was passed on.
    Fin,
    /// Whoever sends it has reset the connection.
    SenderReset,
    /// Whoever reads it has.
    ReaderReset,
    /// By a fault: nothing goes on.
    Cut,
}

impl Buffer {
    pub(super) fn new() -> Self {
        let bytes = vec![0; ROOM].into_boxed_slice();
        Self { bytes, from: 0, to: 0, arrivals: VecDeque::new() }
    }

    pub(super) fn has_room(&self) -> bool {
        self.to - self.from < ROOM
    }

    pub(super) fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Reads what there is room for; 0 at the end of the stream. Cancel-safe.
    pub(super) async fn read(&mut self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        if self.to == ROOM {
            self.bytes.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        let count = from.read(&mut self.bytes[self.to..]).await?;
        self.arrived(count);
        Ok(count)
    }

    /// Puts in what was read elsewhere, as far as there is room.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let count = bytes.len().min(ROOM - self.to);
        self.bytes[self.to..self.to + count].copy_from_slice(&bytes[..count]);
        self.arrived(count);
    }

    /// What came last.
    pub(super) fn last(&self, count: usize) -> &[u8] {
        &self.bytes[self.to - count..self.to]
    }

    fn arrived(&mut self, count: usize) {
        let now = Instant::now();
        self.to += count;
        let is_full = self.arrivals.len() == ARRIVALS;
        match self.arrivals.back_mut() {
            Some(last) if is_full => *last = (last.0 + count, now),
            _ if count > 0 => self.arrivals.push_back((count, now)),
            _ => {}
        }
    }

    /// The bytes that came first, together, and when.
    fn first(&mut self) -> (Instant, &mut [u8]) {
        match self.arrivals.front() {
            Some((count, at)) => (*at, &mut self.bytes[self.from..self.from + count]),
            None => (Instant::now(), &mut []),
        }
    }

    /// So many of the first are gone.
    fn take(&mut self, count: usize) {
        self.from += count;
        if let Some(first) = self.arrivals.front_mut() {
            first.0 -= count;
            if first.0 == 0 {
                self.arrivals.pop_front();
            }
        }
        if self.is_empty() {
            (self.from, self.to) = (0, 0);
        }
    }

    /// Puts what came second to what came first; `false` if there is nothing.
    fn join(&mut self) -> bool {
        if self.arrivals.len() < 2 {
            return false;
        }
        let first = self.arrivals.pop_front();
        if let (Some(first), Some(second)) = (first, self.arrivals.front_mut()) {
            second.0 += first.0;
        }
        true
    }
}

/// One direction of a connection.
pub(super) struct Way<'c> {
    side: Side,
    control: &'c Control,
    onlooker: &'c Onlooker,
    changes: watch::Receiver<u64>,
    has_ended: bool,
    /// The sockets of the sender and the reader, where nothing is between them and us.
    sockets: Option<(&'c Breaker, &'c Breaker)>,
    splice: Option<Splice>,
}

/// What came of a look at whether large payload can be moved without being read.
enum Large {
    /// There is none. All goes its usual way.
    No,
    /// Some was moved, or the faults have changed: ask again.
    Again,
    /// It ends here.
    End(WayEnd),
}

impl<'c> Way<'c> {
    /// What `side` sends.
    pub(super) fn new(
        side: Side,
        control: &'c Control,
        onlooker: &'c Onlooker,
        sockets: Option<(&'c Breaker, &'c Breaker)>,
    ) -> Self {
        let changes = control.changes();
        Self { side, control, onlooker, changes, has_ended: false, sockets, splice: None }
    }

    /// Carries it until that ends, in whatever way.
    pub(super) async fn carry(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        buffer: &mut Buffer,
    ) -> WayEnd {
        loop {
            self.changes.borrow_and_update();
            if buffer.is_empty() && !self.has_ended {
                match self.large().await {
                    Large::No => {}
                    Large::Again => continue,
                    Large::End(end) => return end,
                }
            }
            let (arrived, bytes) = buffer.first();
            let (until, may_read) = match self.control.next(self.side, arrived, bytes) {
                Step::Pass(count) => {
                    let written = async {
                        to.write_all(&buffer.bytes[buffer.from..buffer.from + count]).await?;
                        // Below TLS there is a buffer; it is not to wait for more.
                        if count == buffer.to - buffer.from { to.flush().await } else { Ok(()) }
                    };
                    if written.await.is_err() {
                        return WayEnd::ReaderReset;
                    }
                    buffer.take(count);
                    continue;
                }
                Step::Drop(count) => {
                    buffer.take(count);
                    continue;
                }
                Step::Cut => return WayEnd::Cut,
                Step::More if buffer.join() => continue,
                Step::More if self.has_ended => {
                    // Half a header that nothing follows goes on as it came.
                    let rest = to.write_all(&buffer.bytes[buffer.from..buffer.to]).await;
                    let ended = rest.is_ok() && to.shutdown().await.is_ok();
                    return if ended { WayEnd::Fin } else { WayEnd::ReaderReset };
                }
                Step::More => (None, true),
                Step::Wait { until, may_read } => (until, may_read),
            };
            if let Some(end) = self.wait(from, buffer, until, may_read).await {
                return end;
            }
        }
    }

    /// Reads, or waits until something is to be asked again.
    async fn wait(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        buffer: &mut Buffer,
        until: Option<Instant>,
        may_read: bool,
    ) -> Option<WayEnd> {
        let later = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        let was_empty = buffer.is_empty();
        let may_read = may_read && !self.has_ended && buffer.has_room();
        tokio::select! {
            read = buffer.read(from), if may_read => match read {
                Ok(0) => self.has_ended = true,
                Ok(count) => {
                    let begins_frame = || was_empty && self.control.is_between_frames(self.side);
                    self.onlooker.passed(self.side, buffer.last(count), begins_frame);
                }
                // TLS without its own goodbye.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.has_ended = true,
                Err(_) => return Some(WayEnd::SenderReset),
            },
            () = later => {}
            // The sender is part of the control, and as old.
            _ = self.changes.changed() => {}
        }
        None
    }

    /// Moves large payload from socket to socket, where nobody looks at it and nothing is to happen to it. Of the frame that
    /// follows a large one the header is looked at where it is, for another large one may be behind it.
    async fn large(&mut self) -> Large {
        let Some((sender, reader)) = self.sockets else { return Large::No };
        let (control, side) = (self.control, self.side);
        let is_next = control.length(side) >= LARGE && control.is_between_frames(side);
        if !(is_next || control.unseen(side) >= LARGE) || !self.onlooker.is_blind(side) {
            return Large::No;
        }
        let splice = match &self.splice {
            Some(splice) => splice,
            None => match Splice::between(sender, reader) {
                Some(splice) => self.splice.insert(splice),
                None => {
                    self.sockets = None;
                    return Large::No;
                }
            },
        };
        // Bytes that were let pass where they are, and must go on now.
        let mut owed = 0;
        if is_next {
            let header = tokio::select! {
                header = splice.peek() => header,
                _ = self.changes.changed() => return Large::Again,
            };
            match header {
                Ok(header) if header.is_empty() => {
                    self.has_ended = true;
                    return Large::Again;
                }
                Ok(header) if control.pass_unchanged(side, &header) => owed = header.len(),
                Ok(_) => return Large::No,
                Err(_) => return Large::End(WayEnd::SenderReset),
            }
        }
        loop {
            let unseen = usize::try_from(control.unseen(side)).unwrap_or(usize::MAX);
            let most = unseen.saturating_add(owed).min(MOST);
            let taken = tokio::select! {
                taken = splice.take(most) => taken,
                _ = self.changes.changed(), if owed == 0 => return Large::Again,
            };
            let count = match taken {
                Ok(0) => {
                    self.has_ended = true;
                    return Large::Again;
                }
                Ok(count) => count,
                Err(_) => return Large::End(WayEnd::SenderReset),
            };
            if splice.give(count).await.is_err() {
                return Large::End(WayEnd::ReaderReset);
            }
            let paid = owed.min(count);
            owed -= paid;
            control.passed_unseen(side, count - paid);
            if owed == 0 {
                return Large::Again;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_buffer_moves_its_rest_to_the_front_and_keeps_arrivals_apart() {
        let mut buffer = Buffer::new();
        buffer.push(&vec![1; ROOM - 2]);
        buffer.push(&[2, 3, 4]);
        assert!(!buffer.has_room(), "one byte more than there is room for");
        buffer.take(ROOM - 2);
        assert_eq!(buffer.first().1, [2, 3]);
        assert_eq!(buffer.read(&mut &[5_u8, 6][..]).await.unwrap(), 2);
        assert_eq!((buffer.first().1.to_vec(), buffer.last(2)), (vec![2, 3], &[5, 6][..]));
        buffer.take(1);
        assert!(buffer.join());
        assert_eq!(buffer.first().1, [3, 5, 6]);
        buffer.take(3);
        assert!(buffer.is_empty() && !buffer.join());
    }
}
