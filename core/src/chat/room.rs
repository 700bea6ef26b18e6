mod accepted;
mod gaps;
mod holds;
mod pages;

use std::collections::VecDeque;

use crate::time::Instant;
use crate::wire::{MAX_NUMBER, Member, Said};

use super::chain::{Chain, Link};
use super::entry::{Entry, Gap, Spoken, ToldBy};
use super::event::RoomEvent;
use super::members::Members;
use super::own::Written;
use super::timeline::{Placed, Timeline};
pub(super) use holds::{Fence, Hold};
use pages::Asked;

/// A room this client is in, or wants to be in.
#[derive(Debug)]
pub struct Room {
    name: String,
    presence: Presence,
    chain: Chain,
    timeline: Timeline,
    members: Members,
    /// The head at the last join, until everything up to it is here.
    catching_up_to: Option<u64>,
    hold: Option<Hold>,
    /// The server takes nothing above this number on this line before something up to it comes.
    fence: Option<u64>,
    /// After a hold, how many own messages may be under way at a time: what is behind a held one is sent in vain.
    window: Option<usize>,
    /// The latest own message that was settled by its own return. A hold on it may still be on its way.
    returned: Option<Written>,
    page: Option<Asked>,
    /// Own messages that are accepted and did not come back yet.
    accepted: VecDeque<Spoken>,
    next_id: u64,
    /// Nobody asked to be here: it is for messages that an earlier run left.
    errand: bool,
}

/// How this line and a room stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// Not asked on this line.
    Apart,
    /// Asked, not answered.
    Asked,
    /// In.
    In,
    /// Not let in; only the user asks again.
    Refused,
}

/// What the client must do after a message of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Nothing,
    /// Join again from where we stand.
    JoinAgain,
}

/// What there is to tell: events of the room, and words about what cannot be.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) events: Vec<RoomEvent>,
    pub(super) odd: Vec<String>,
}

impl Room {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its seqs count in at present; `None` before the first join.
    pub fn epoch(&self) -> Option<&str> {
        self.chain.epoch()
    }

    /// What was said.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Who is here, as of the last join or later.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Whether this client is in, on the present line.
    pub fn is_in(&self) -> bool {
        self.presence == Presence::In
    }

    /// Whether the server did not let this client in.
    pub fn is_refused(&self) -> bool {
        self.presence == Presence::Refused
    }

    /// Whether all that was there at the last join is here.
    pub fn is_caught_up(&self) -> bool {
        self.is_in() && self.catching_up_to.is_none()
    }

    /// Whether every own message that was accepted came back and stands in the timeline.
    pub fn accepted_are_back(&self) -> bool {
        self.accepted.is_empty()
    }

    /// Until when own messages wait because the server asked for it.
    pub fn held_until(&self) -> Option<Instant> {
        self.hold.as_ref().map(|hold| hold.until)
    }

    /// Whether nobody asked to be here: messages that an earlier run left are delivered, and then it is left.
    pub fn is_errand(&self) -> bool {
        self.errand
    }

    /// Whether an older page was asked for and is not here yet.
    pub fn is_paging(&self) -> bool {
        self.page.is_some()
    }

    pub(super) fn new(name: String, first_id: u64) -> Self {
        Self {
            name,
            presence: Presence::Apart,
            chain: Chain::default(),
            timeline: Timeline::default(),
            members: Members::default(),
            catching_up_to: None,
            hold: None,
            fence: None,
            window: None,
            returned: None,
            page: None,
            accepted: VecDeque::new(),
            next_id: first_id,
            errand: false,
        }
    }

    /// A room that only earlier messages need.
    pub(super) fn errand(name: String, first_id: u64) -> Self {
        Self { errand: true, ..Self::new(name, first_id) }
    }

    /// The user wants to be here; asks again where it was refused.
    pub(super) fn set_wanted(&mut self) {
        self.errand = false;
        if self.is_refused() {
            self.presence = Presence::Apart;
        }
    }

    pub(super) fn presence(&self) -> Presence {
        self.presence
    }

    pub(super) fn set_presence(&mut self, presence: Presence) {
        self.presence = presence;
    }

    /// What to resume from: epoch and position.
    pub(super) fn position(&self) -> (Option<String>, Option<u64>) {
        match (self.chain.epoch(), self.chain.position()) {
            (Some(epoch), Some(after)) => (Some(epoch.to_owned()), Some(after)),
            (Some(_) | None, _) => (None, None),
        }
    }

    pub(super) fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    pub(super) fn accepted(&self) -> impl Iterator<Item = &Spoken> {
        self.accepted.iter()
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id
    }

    pub(super) fn used_id(&mut self, id: u64) {
        self.next_id = self.next_id.max(id.saturating_add(1));
    }

    /// The line ended: nothing of it is left but what we know.
    pub(super) fn line_ended(&mut self) {
        if self.presence != Presence::Refused {
            self.presence = Presence::Apart;
        }
        self.chain.line_ended();
        self.hold = None;
        self.fence = None;
        self.window = None;
        self.returned = None;
        self.page = None;
    }

    pub(super) fn joined(
        &mut self,
        epoch: String,
        last: u64,
        members: Vec<Member>,
        total: u64,
        told: &mut Told,
    ) {
        let position = self.chain.position();
        let anew = self.chain.epoch().is_some_and(|known| known != epoch);
        let how = self.chain.joined(epoch, last);
        if anew {
            // What was accepted in the old epoch will not come back in the new one.
            self.place_accepted(u64::MAX, told);
            self.page = None;
            self.timeline.begin_era();
        } else if let Some(lost) = position.filter(|position| *position > last) {
            told.odd.push(format!("the room ends at {last} now, but {lost} was seen; something may be lost"));
        }
        if last == 0 && self.timeline.oldest().is_none() {
            // Nothing was ever said here, so nothing older can be asked for.
            self.timeline.reached_the_beginning();
        }
        self.presence = Presence::In;
        self.members.replace(members, total);
        self.catching_up_to = Some(last);
        told.events.push(RoomEvent::Joined { how, last });
        if anew && let Some(mark) = self.timeline.iter().next_back().map(Entry::key) {
            told.events.push(RoomEvent::Entry { key: mark, newest: true });
        }
        self.note_caught_up(told);
    }

    pub(super) fn said(&mut self, said: Said, own: bool, told: &mut Told) -> Next {
        if self.presence != Presence::In {
            told.odd.push(format!("message {} came before we were let in; ignored", said.seq));
            return Next::Nothing;
        }
        let (seq, prev) = (said.seq, said.prev);
        match self.chain.said(seq, prev) {
            Link::Next => self.append(said, own, told),
            Link::Older => self.fill_in(said, own, told),
            Link::Later => {}
            Link::Hole { after } => {
                told.events.push(RoomEvent::Healing { after, seen: seq });
                return Next::JoinAgain;
            }
            Link::LastingHole { after } => {
                let gap = Gap { era: self.timeline.era(), after, next: Some(seq), told_by: ToldBy::Client };
                self.place_gap(gap, told);
                self.append(said, own, told);
            }
            Link::Lie(why) => {
                told.odd.push(format!("message {seq} (after {prev}) cannot be: {why}; ignored"))
            }
        }
        Next::Nothing
    }

    pub(super) fn members_changed(
        &mut self,
        joined: Vec<Member>,
        left: Vec<Member>,
        total: u64,
        told: &mut Told,
    ) {
        self.members.change(joined.clone(), &left, total);
        told.events.push(RoomEvent::Members { joined, left, total: self.members.total() });
    }

    /// The server knows an own message of this number.
    pub(super) fn learn_id(&mut self, id: u64) {
        // Numbers are given out singly: one near the end of all numbers is a lie, and following it would leave none.
        if id < MAX_NUMBER / 2 {
            self.used_id(id);
        }
    }

    /// The next message in order.
    fn append(&mut self, said: Said, own: bool, told: &mut Told) {
        let spoken = Spoken::new(self.timeline.era(), said, own);
        let (key, starts, prev) = (spoken.key(), self.timeline.oldest().is_none(), spoken.prev);
        if let Placed::At(_) = self.timeline.place(spoken) {
            told.events.push(RoomEvent::Entry { key, newest: true });
        }
        if starts && prev == 0 {
            self.timeline.reached_the_beginning();
        }
        self.settle_accepted(told);
        self.note_caught_up(told);
    }

    fn note_caught_up(&mut self, told: &mut Told) {
        let position = self.chain.position().unwrap_or(0);
        if self.catching_up_to.is_some_and(|head| position >= head) {
            self.catching_up_to = None;
            told.events.push(RoomEvent::CaughtUp);
        }
    }
}
