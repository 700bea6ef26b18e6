//! The way between one hub and the store: requests wait to be committed together, replies take their time.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use heartline_core::room::engine::{Appended, Entry, Refusal, Reply, Request, Unavailable};
use heartline_core::time::{Duration, Instant};

use super::Store;

/// What is wrong with the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It can be read, and takes nothing more.
    Full,
    /// It says what it cannot do, though it may have done it.
    Doubtful,
    /// It cannot do anything.
    Down,
}

/// One hub's way to the store.
#[derive(Debug)]
pub(crate) struct Desk {
    waiting: VecDeque<Request>,
    /// When all that waits is committed.
    commit_at: Option<Instant>,
    followed: BTreeSet<Arc<str>>,
    /// News of rooms on their way here. They may come after a page that has them.
    news: VecDeque<(Instant, Arc<str>, Entry)>,
    replies: VecDeque<(Instant, Reply)>,
    /// The longest each step takes.
    delay: Duration,
    random: fastrand::Rng,
}

/// A message that was committed, for all desks.
pub(crate) type News = (Arc<str>, Entry);

impl Desk {
    pub(crate) fn new(delay: Duration, seed: u64) -> Self {
        Self {
            waiting: VecDeque::new(),
            commit_at: None,
            followed: BTreeSet::new(),
            news: VecDeque::new(),
            replies: VecDeque::new(),
            delay,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    pub(crate) fn ask(&mut self, now: Instant, request: Request) {
        self.waiting.push_back(request);
        if self.commit_at.is_none() {
            self.commit_at = Some(now + self.some_time());
        }
    }

    pub(crate) fn hear(&mut self, now: Instant, (room, entry): News) {
        if self.followed.contains(&room) {
            let at = self.news.back().map_or(now, |(at, ..)| *at).max(now + self.some_time());
            self.news.push_back((at, room, entry));
        }
    }

    /// Commits what waits, if it is time. Returns what is new in the store.
    pub(crate) fn commit(&mut self, now: Instant, store: &mut Store, trouble: Trouble) -> Vec<News> {
        let mut news = Vec::new();
        if self.commit_at.take_if(|at| *at <= now).is_some() {
            for request in std::mem::take(&mut self.waiting) {
                let (reply, new) = self.answer(store, trouble, request);
                if let Some(reply) = reply {
                    let at = self.replies.back().map_or(now, |(at, _)| *at).max(now + self.some_time());
                    self.replies.push_back((at, reply));
                }
                news.extend(new);
            }
        }
        news
    }

    /// The server dies: what waits may have been committed, all of it or a part, and nobody is told. Returns what is new.
    pub(crate) fn die(&mut self, store: &mut Store) -> Vec<News> {
        let committed = self.random.usize(0..=self.waiting.len());
        let mut news = Vec::new();
        for request in self.waiting.drain(..).take(committed).collect::<Vec<_>>() {
            if let Request::Append { room, draft, .. } = request
                && let Ok(Appended::New(entry)) = store.append(&room, draft)
            {
                news.push((room, entry));
            }
        }
        *self = Self::new(self.delay, self.random.u64(..));
        news
    }

    pub(crate) fn poll_reply(&mut self, now: Instant) -> Option<Reply> {
        while let Some((_, room, entry)) = self.news.pop_front_if(|(at, ..)| *at <= now) {
            let at = self.replies.back().map_or(now, |(at, _)| *at).max(now);
            self.replies.push_back((at, Reply::Followed { room, entry }));
        }
        self.replies.pop_front_if(|(at, _)| *at <= now).map(|(_, reply)| reply)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let news = self.news.front().map(|(at, ..)| *at);
        let reply = self.replies.front().map(|(at, _)| *at);
        [self.commit_at, news, reply].into_iter().flatten().min()
    }

    fn answer(
        &mut self,
        store: &mut Store,
        trouble: Trouble,
        request: Request,
    ) -> (Option<Reply>, Option<News>) {
        let down = || Unavailable("it is down".to_owned());
        let is_down = trouble == Trouble::Down;
        match request {
            Request::Open { room } => {
                let head = if is_down { Err(down()) } else { Ok(store.open(&room)) };
                if head.is_ok() {
                    self.followed.insert(room.clone());
                }
                (Some(Reply::Opened { room, head }), None)
            }
            Request::Close { room } => {
                self.followed.remove(&room);
                (None, None)
            }
            Request::Here { .. } => panic!("the other servers hear of it at once"),
            Request::Append { ticket, room, draft } => {
                let appended = match trouble {
                    Trouble::None | Trouble::Doubtful => store.append(&room, draft),
                    Trouble::Full | Trouble::Down => Err(Refusal::Unavailable(down())),
                };
                let (seq, new) = match appended {
                    Ok(Appended::New(entry)) => (Ok(entry.seq), Some((room, entry))),
                    Ok(Appended::Repeat(seq)) => (Ok(seq), None),
                    Err(refusal) => (Err(refusal), None),
                };
                let lies = trouble == Trouble::Doubtful && self.random.bool();
                let seq = if lies { Err(Refusal::Unavailable(down())) } else { seq };
                (Some(Reply::Appended { ticket, seq }), new)
            }
            Request::ReadAfter { ticket, room, after, most } => {
                let page = if is_down { Err(down()) } else { Ok(store.read_after(&room, after, most)) };
                (Some(Reply::Page { ticket, page }), None)
            }
            Request::ReadBefore { ticket, room, before, most } => {
                let page = if is_down { Err(down()) } else { Ok(store.read_before(&room, before, most)) };
                (Some(Reply::Page { ticket, page }), None)
            }
        }
    }

    fn some_time(&mut self) -> Duration {
        self.delay.mul_f64(self.random.f64())
    }
}
