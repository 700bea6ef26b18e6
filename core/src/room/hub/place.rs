use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::presence::Presence;
use super::{Errand, ErrandId, Hub, LineId, Timer};
use crate::room::engine::{Head, Request, Unavailable};
use crate::room::talk::{Enter, FromHub, encoded, weight};
use crate::time::Instant;
use crate::wire::{HoldCode, ServerMessage};

/// A room somebody is in.
#[derive(Debug)]
pub(super) struct Place {
    /// Where it stands; unknown until the engine has opened it. `last` is what was fanned out.
    pub(super) head: Option<Head>,
    pub(super) here: BTreeMap<LineId, Here>,
    pub(super) presence: Presence,
    /// What waits for the room to be open.
    pub(super) errands: VecDeque<(ErrandId, Errand)>,
    /// How many of them the engine was asked to do.
    pub(super) errands_underway: usize,
    /// The armed [`Timer::Presence`].
    timer: Option<Instant>,
    /// The armed [`Timer::Open`].
    retry: Option<Instant>,
}

/// One line in one room.
#[derive(Debug)]
pub(super) struct Here {
    /// Tells this stay from an earlier one of the same line, whose reads may still come in.
    pub(super) visit: u64,
    pub(super) stage: Stage,
    /// The last seq handed to the line.
    pub(super) sent: u64,
    /// The last telling of members it heard.
    pub(super) told: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The room is being opened.
    Waiting { epoch: Option<String>, after: Option<u64> },
    /// It has more than was fanned out here. Before that is called a loss the engine is asked: where several servers share
    /// a history, this one may have heard less of it.
    Ahead,
    /// It wants the last messages first.
    FirstPage,
    /// It reads history from `sent` on and gets no live messages.
    Behind,
    /// It has everything and gets what comes.
    Live,
}

impl Here {
    /// Up to where the line has the room, or says that it does.
    pub(super) const fn has(&self) -> u64 {
        match &self.stage {
            Stage::Waiting { after: Some(after), .. } => *after,
            Stage::Waiting { after: None, .. } => u64::MAX,
            Stage::Ahead | Stage::FirstPage | Stage::Behind | Stage::Live => self.sent,
        }
    }
}

impl Hub {
    pub(super) fn enter(&mut self, now: Instant, id: LineId, enter: Enter) {
        let Enter { room, epoch, after } = enter;
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.rooms.insert(room.clone());
        self.tally.resumes += u64::from(after.is_some());
        let (identity, name) = (line.identity, line.name.clone());
        self.tickets += 1;
        let here = Here { visit: self.tickets, stage: Stage::Waiting { epoch, after }, sent: 0, told: 0 };
        let is_new = self.make_place(now, &room);
        if let Some(place) = self.places.get_mut(&room) {
            place.here.insert(id, here);
            place.presence.arrive(identity, name);
        }
        if is_new {
            self.open(&room);
        } else {
            self.begin(id, &room);
        }
        self.presence_due(now, &room);
    }

    /// Makes the room if there is none. Returns whether there was none.
    pub(super) fn make_place(&mut self, now: Instant, room: &Arc<str>) -> bool {
        let is_new = !self.places.contains_key(room);
        if is_new {
            let place = Place {
                head: None,
                here: BTreeMap::new(),
                presence: Presence::new(&self.config, now),
                errands: VecDeque::new(),
                errands_underway: 0,
                timer: None,
                retry: None,
            };
            self.places.insert(room.clone(), place);
        }
        is_new
    }

    pub(super) fn leave(&mut self, now: Instant, id: LineId, room: &Arc<str>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if !line.rooms.remove(room) {
            return;
        }
        line.behind.retain(|behind| behind != room);
        let identity = line.identity;
        if let Some(place) = self.places.get_mut(room) {
            place.here.remove(&id);
            place.presence.lose(now, identity);
        }
        self.presence_due(now, room);
    }

    pub(super) fn open(&mut self, room: &Arc<str>) {
        if let Some(place) = self.places.get_mut(room)
            && place.head.is_none()
        {
            place.retry = None;
            self.requests.push_back(Request::Open { room: room.clone() });
        }
    }

    pub(super) fn opened(&mut self, now: Instant, room: &Arc<str>, head: Result<Head, Unavailable>) {
        let Some(place) = self.places.get_mut(room) else { return };
        if let (Some(old), Ok(new)) = (&place.head, &head)
            && old.epoch != new.epoch
        {
            let was = old.epoch.to_string();
            return self.begin_anew(room, was, new.clone());
        }
        // The second answer comes to a room that was left and entered again while the first was underway.
        if place.head.is_some() || place.retry.is_some() {
            return;
        }
        let lines: Vec<LineId> = place.here.keys().copied().collect();
        match head {
            Ok(head) => {
                place.head = Some(head);
                for line in lines {
                    self.begin(line, room);
                }
                self.run_errands(room);
            }
            Err(Unavailable(_)) => {
                // Nobody has to ask again: whoever waits is let in as soon as the room opens.
                let at = now + self.config.retry;
                place.retry = Some(at);
                self.timers.insert((at, Timer::Open(room.clone())));
                let retry_ms = u64::try_from(self.config.retry.as_millis()).unwrap_or(u64::MAX);
                let code = HoldCode::Unavailable;
                let hold =
                    encoded(&ServerMessage::Hold { room: room.to_string(), from_id: 0, code, retry_ms });
                for line in lines {
                    if self.unwritten(line) <= self.config.window {
                        self.deliver(line, hold.clone());
                    }
                }
                self.refuse_errands(now, room);
            }
        }
    }

    /// The engine has lost a tail of an open room: whoever is there hears of the new epoch and gets all there is in it.
    fn begin_anew(&mut self, room: &Arc<str>, was: String, head: Head) {
        let Some(place) = self.places.get_mut(room) else { return };
        place.head = Some(head);
        let lines: Vec<LineId> = place.here.keys().copied().collect();
        for here in place.here.values_mut() {
            // What is read for it counts in the old epoch.
            self.tickets += 1;
            here.visit = self.tickets;
            here.stage = if here.stage == Stage::FirstPage {
                // It was sent nothing yet: of the new epoch, too, the last messages will do.
                Stage::Waiting { epoch: None, after: None }
            } else {
                Stage::Waiting { epoch: Some(was.clone()), after: Some(here.sent) }
            };
        }
        for line in lines {
            self.begin(line, room);
        }
    }

    /// Says `joined` to a line that waits for it, and finds out how far behind it is.
    fn begin(&mut self, id: LineId, room: &Arc<str>) {
        let (Some(place), Some(line)) = (self.places.get_mut(room), self.lines.get_mut(&id)) else { return };
        let (Some(head), Some(here)) = (&place.head, place.here.get_mut(&id)) else { return };
        let Stage::Waiting { epoch, after } = &here.stage else { return };
        let anew = epoch.as_ref().is_some_and(|epoch| **epoch != *head.epoch);
        let after = if anew { Some(0) } else { *after };
        let last = head.last;
        here.sent = after.unwrap_or(last);
        here.stage = match after {
            None if last > 0 => Stage::FirstPage,
            Some(after) if after < last => Stage::Behind,
            Some(after) if after > last => Stage::Ahead,
            Some(_) | None => Stage::Live,
        };
        let (is_live, is_ahead) = (here.stage == Stage::Live, here.stage == Stage::Ahead);
        if !is_live && !line.behind.contains(room) {
            line.behind.push_back(room.clone());
        }
        if !is_ahead {
            self.tell_joined(id, room, last);
        }
        self.read_on(id);
    }

    /// Says `joined` to a line: the room goes up to `last`.
    pub(super) fn tell_joined(&mut self, id: LineId, room: &Arc<str>, last: u64) {
        let (Some(place), Some(line)) = (self.places.get_mut(room), self.lines.get(&id)) else { return };
        let (Some(head), Some(here)) = (&place.head, place.here.get_mut(&id)) else { return };
        here.told = place.presence.version();
        let joined = ServerMessage::Joined {
            room: room.to_string(),
            epoch: head.epoch.to_string(),
            last,
            members: place.presence.list(line.identity),
            total: place.presence.total(),
        };
        self.deliver(id, encoded(&joined));
    }

    /// Tells who came and went, if it is time; arms the room's timer; forgets the room when nobody is left.
    pub(super) fn presence_due(&mut self, now: Instant, room: &Arc<str>) {
        self.tell_presence(now, room);
        let Some(place) = self.places.get_mut(room) else { return };
        let errands = place.errands.len() + place.errands_underway;
        if place.here.is_empty() && place.presence.here() == 0 && errands == 0 {
            if let Some(at) = place.timer {
                self.timers.remove(&(at, Timer::Presence(room.clone())));
            }
            if let Some(at) = place.retry {
                self.timers.remove(&(at, Timer::Open(room.clone())));
            }
            self.places.remove(room);
            self.requests.push_back(Request::Close { room: room.clone() });
            return;
        }
        let next = place.presence.poll_timeout();
        if next != place.timer {
            if let Some(at) = place.timer {
                self.timers.remove(&(at, Timer::Presence(room.clone())));
            }
            if let Some(at) = next {
                self.timers.insert((at, Timer::Presence(room.clone())));
            }
            place.timer = next;
        }
    }

    fn tell_presence(&mut self, now: Instant, room: &Arc<str>) {
        let Some(place) = self.places.get_mut(room) else { return };
        if !place.presence.handle_timeout(now) {
            return;
        }
        if let Some(roster) = place.presence.take_roster() {
            self.requests.push_back(Request::Here { room: room.clone(), roster });
        }
        let latest = place.presence.version();
        let shared = place.presence.news_since(room, latest.saturating_sub(1)).map(|news| encoded(&news));
        let mut missed = false;
        for (&id, here) in &mut place.here {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            if here.told == latest || matches!(here.stage, Stage::Waiting { .. } | Stage::Ahead) {
                continue;
            }
            let news = if here.told + 1 < latest {
                place.presence.news_since(room, here.told).map(|news| encoded(&news))
            } else if place.presence.is_own_arrival(line.identity) {
                None
            } else {
                shared.clone()
            };
            let weight = news.as_ref().map_or(0, |news| weight(news));
            if line.unwritten > 0 && line.unwritten + weight > self.config.window {
                missed = true;
                continue;
            }
            here.told = latest;
            if let Some(news) = news {
                line.unwritten += weight;
                self.out.push_back((id, FromHub::Deliver(news)));
            }
        }
        place.presence.set_missed(missed);
    }
}
