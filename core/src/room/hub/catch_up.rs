//! History for those who are behind: a piece at a time, as fast as the line drains, one room after the other.

use std::sync::Arc;

use super::fan_out::gap;
use super::place::{Here, Stage};
use super::{Hub, LineId, Timer, Waiting};
use crate::room::engine::{Most, Page, Request, Ticket, Unavailable};
use crate::room::talk::{FromHub, encoded};
use crate::time::Instant;
use crate::wire::{ErrorCode, ServerMessage};

impl Hub {
    pub(super) fn drained(&mut self, id: LineId, bytes: usize) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.unwritten = line.unwritten.saturating_sub(bytes);
            self.read_on(id);
        }
    }

    /// Asks for the next piece of history for a line, if it is behind somewhere and has drained enough.
    pub(super) fn read_on(&mut self, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if line.reading || line.unwritten > self.config.window / 2 {
            return;
        }
        while let Some(room) = line.behind.pop_front() {
            let Some(here) = self.places.get(&room).and_then(|place| place.here.get(&id)) else { continue };
            let visit = here.visit;
            let first = match here.stage {
                Stage::FirstPage => true,
                Stage::Behind | Stage::Ahead => false,
                Stage::Waiting { .. } | Stage::Live => continue,
            };
            let after = here.sent;
            line.reading = true;
            let ticket = self.ticket(Waiting::Read { line: id, room: room.clone(), visit });
            let request = if first {
                // Only its beginning must be found; what does not fit the window is read again as the line drains.
                let most = Most { messages: self.config.first_page as usize, bytes: usize::MAX };
                Request::ReadBefore { ticket, room, before: u64::MAX, most }
            } else {
                Request::ReadAfter { ticket, room, after, most: self.most(u32::MAX) }
            };
            self.requests.push_back(request);
            return;
        }
    }

    pub(super) fn history(&mut self, line: LineId, room: Arc<str>, before: u64, limit: u32) {
        if !self.lines.contains_key(&line) {
            return;
        }
        let before = self.sent_before(line, &room, before);
        let most = self.most(limit.clamp(1, self.config.first_page));
        let ticket = self.ticket(Waiting::History { line, room: room.clone(), before });
        self.requests.push_back(Request::ReadBefore { ticket, room, before, most });
    }

    pub(super) fn page(&mut self, now: Instant, ticket: Ticket, page: Result<Page, Unavailable>) {
        match self.waiting.remove(&ticket) {
            Some(Waiting::Read { line, room, visit }) => self.read(now, line, &room, visit, page),
            Some(Waiting::History { line, room, before }) => self.tell_history(line, &room, before, page),
            Some(Waiting::Errand(underway)) => self.errand_read(now, &underway, page),
            Some(Waiting::Say { .. }) | None => {}
        }
    }

    fn read(
        &mut self,
        now: Instant,
        id: LineId,
        room: &Arc<str>,
        visit: u64,
        page: Result<Page, Unavailable>,
    ) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.reading = false;
        let here = self.places.get_mut(room).and_then(|place| {
            let head = place.head.as_ref()?.last;
            place.here.get_mut(&id).filter(|here| here.visit == visit).map(|here| (here, head))
        });
        // The client left that room while this was underway, or joined it anew.
        let Some((here, head)) = here else { return self.read_on(id) };
        let Ok(page) = page else {
            line.reading = true;
            line.behind.push_back(room.clone());
            self.timers.insert((now + self.config.retry, Timer::Read(id)));
            return;
        };
        let mut out: Vec<Arc<str>> = Vec::new();
        let mut room_for = self.config.window / 2;
        let mut whole = true;
        let joined = (here.stage == Stage::Ahead).then(|| head.max(page.last));
        if let Some(last) = joined {
            here.stage = Stage::Behind;
            if here.sent > last {
                // It lost nothing by our doing, and must not wait for a `prev` that never comes.
                self.tally.gaps += 1;
                out.push(gap(room, here.sent, None));
                here.sent = last;
            }
        }
        if here.stage == Stage::FirstPage {
            // What is before the first page was not asked for: it is no hole. Where nothing is left at all, all of it is one.
            here.sent = page.entries.first().map_or(0, |entry| entry.prev);
            here.stage = Stage::Behind;
        }
        for entry in page.entries {
            if entry.seq <= here.sent {
                continue;
            }
            if !out.is_empty() && entry.encoded.len() > room_for {
                whole = false;
                break;
            }
            room_for = room_for.saturating_sub(entry.encoded.len());
            if entry.prev != here.sent {
                self.tally.gaps += 1;
                out.push(gap(room, here.sent, Some(entry.seq)));
            }
            here.sent = entry.seq;
            out.push(entry.encoded);
        }
        if whole && !page.more && here.sent < page.last {
            // History ends before the head: its tail was trimmed or lost.
            self.tally.gaps += 1;
            out.push(gap(room, here.sent, None));
            here.sent = page.last;
        }
        if here.sent >= head {
            here.stage = Stage::Live;
        } else if out.is_empty() {
            // An engine that has nothing to read and knows of nothing, though it told us of more: go on at the head.
            self.tally.gaps += 1;
            out.push(gap(room, here.sent, None));
            (here.sent, here.stage) = (head, Stage::Live);
        } else {
            line.behind.push_back(room.clone());
        }
        if let Some(last) = joined {
            self.tell_joined(id, room, last);
        }
        for message in out {
            self.deliver(id, message);
        }
        self.read_on(id);
    }

    fn tell_history(&mut self, line: LineId, room: &Arc<str>, before: u64, page: Result<Page, Unavailable>) {
        match page {
            Ok(page) => {
                // Meanwhile it may have joined anew, from further back.
                let before = self.sent_before(line, room, before);
                let entries: Vec<_> = page.entries.into_iter().filter(|entry| entry.seq < before).collect();
                let first = entries.first().map(|entry| (entry.seq, entry.prev));
                let (seq, prev) =
                    first.unwrap_or_else(|| (before.min(page.last + 1), before.saturating_sub(1)));
                if !page.more && prev != 0 && seq > 1 {
                    // Nothing older is left, and this is not the room's beginning.
                    self.tally.gaps += 1;
                    self.deliver(line, gap(room, 0, Some(seq)));
                }
                for entry in entries {
                    self.deliver(line, entry.encoded);
                }
            }
            Err(unavailable) => {
                let error = ServerMessage::Error {
                    code: ErrorCode::Busy,
                    why: unavailable.to_string(),
                    room: Some(room.to_string()),
                };
                self.deliver(line, encoded(&error));
            }
        }
        if self.lines.contains_key(&line) {
            self.out.push_back((line, FromHub::HistoryTold));
        }
    }

    /// What may be told of a room out of its turn: what the line was not sent yet would seem to have a hole before it.
    fn sent_before(&self, line: LineId, room: &Arc<str>, before: u64) -> u64 {
        let here = self.places.get(room).and_then(|place| place.here.get(&line));
        before.min(here.map_or(0, Here::has).saturating_add(1))
    }

    /// A piece that fits the window of a line that has drained half of it.
    pub(super) fn most(&self, messages: u32) -> Most {
        Most { messages: messages.min(1000) as usize, bytes: self.config.window / 2 }
    }
}
