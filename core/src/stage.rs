//! The stage: bullet comments (弹幕, danmaku) in rows.
//!
//! A comment that flies enters at the right and leaves at the left, all in the same time, so that long ones are faster. It may begin in
//! a row as soon as the one before has come in whole, and would not be caught up with: none ever covers another. Those that stand are
//! before those that fly, one in a row.
//!
//! What finds no row waits, for no longer than [`PATIENCE`] and with no more than [`WAITING`] others; what cannot be shown is counted.
//! The stage is not the room: its timeline has them all.
//!
//! ```
//! use heartline_core::stage::{Setting, Stage};
//! use heartline_core::time::Instant;
//! use heartline_core::wire::Lane;
//!
//! let now = Instant::now();
//! let mut stage = Stage::new(Setting::default());
//! stage.resize(800.0, 4);
//! stage.offer(now, "hello", Lane::Scroll);
//! stage.offer(now, "and another", Lane::Scroll);
//! let width = |text: &&str| 8.0 * text.len() as f64; // a page asks the browser
//! let first = stage.poll_flight(now, width).expect("all rows are free");
//! let second = stage.poll_flight(now, width).expect("three rows are");
//! assert_eq!((first.row, second.row), (0, 1));
//! assert!(stage.poll_flight(now, width).is_none());
//! ```

mod row;
mod setting;

use std::collections::VecDeque;

use crate::time::{Duration, Instant};
use crate::wire::Lane;

use row::{Course, Row};
pub use setting::{BadSetting, Setting};

/// The longest that a comment waits for a row: later it would speak of what is over.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The most comments that wait. When one more comes, the oldest is given up.
pub const WAITING: usize = 64;

/// The most rows a stage has, whatever its height.
pub const ROWS: usize = 64;

/// Where comments of any kind `T` are shown.
#[derive(Debug, Clone)]
pub struct Stage<T> {
    setting: Setting,
    moves: bool,
    width: f64,
    /// How many of the rows there is room for.
    height: usize,
    /// All there can be: what is in one that is out of sight may come back into it.
    flying: [Row; ROWS],
    standing: [Row; ROWS],
    waiting: VecDeque<Waiting<T>>,
    paused: Option<Instant>,
    shown: u64,
    dropped: u64,
}

#[derive(Debug, Clone)]
struct Waiting<T> {
    since: Instant,
    lane: Lane,
    comment: T,
}

/// A comment that goes on stage now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flight<T> {
    /// What was offered.
    pub comment: T,
    /// Its row, from the top, beginning with 0.
    pub row: usize,
    /// How long it is there.
    pub lasts: Duration,
    /// Whether it flies from right to left; else it stands.
    pub flies: bool,
}

impl<T> Stage<T> {
    /// A stage without any room: see [`resize`](Self::resize).
    pub fn new(setting: Setting) -> Self {
        Self {
            setting,
            moves: true,
            width: 0.0,
            height: 0,
            flying: [Row::default(); ROWS],
            standing: [Row::default(); ROWS],
            waiting: VecDeque::new(),
            paused: None,
            shown: 0,
            dropped: 0,
        }
    }

    /// The stage is so wide now, in any unit that widths of comments have too, and has so many rows, of which it uses up to [`ROWS`].
    /// What is on its way goes on. A width that is no positive number is no width, and nothing is shown.
    pub fn resize(&mut self, width: f64, rows: usize) {
        self.width = if width.is_finite() { width.max(0.0) } else { 0.0 };
        self.height = rows.min(ROWS);
    }

    /// From now on comments are shown like this; what is on its way goes on as it was.
    pub fn set(&mut self, setting: Setting) {
        self.setting = setting;
    }

    /// Whether anything flies. Where nothing is to move, as `prefers-reduced-motion` asks for, all stand from now on.
    pub fn set_moves(&mut self, moves: bool) {
        self.moves = moves;
    }

    /// Wants `comment` to be shown.
    pub fn offer(&mut self, now: Instant, comment: T, lane: Lane) {
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(Waiting { since: now, lane, comment });
    }

    /// The next comment to go on stage. Call it until there is none, whenever the screen is drawn while somebody
    /// [waits](Self::is_waiting).
    ///
    /// `measure` says how wide a comment is; it is asked only for what has a chance.
    pub fn poll_flight(&mut self, now: Instant, mut measure: impl FnMut(&T) -> f64) -> Option<Flight<T>> {
        if self.paused.is_some() || self.width == 0.0 {
            return None;
        }
        self.give_up(now);
        [Lane::Scroll, Lane::Top, Lane::Bottom].into_iter().find_map(|lane| {
            let place = self.waiting.iter().position(|waiting| waiting.lane == lane)?;
            let flies = lane == Lane::Scroll && self.moves;
            // Nobody is narrower than nothing.
            self.row_for(now, lane, flies, Course::new(self.width, 0.0, self.setting.lasts()))?;
            let width = measure(&self.waiting[place].comment);
            let width = if width.is_finite() { width.max(0.0) } else { 0.0 };
            let course = Course::new(self.width, width, self.setting.lasts());
            let row = self.row_for(now, lane, flies, course)?;
            let waiting = self.waiting.remove(place)?;
            self.rows(flies)[row].take(now, course);
            self.shown += 1;
            Some(Flight { comment: waiting.comment, row, lasts: self.setting.lasts(), flies })
        })
    }

    /// Whether somebody waits for a row.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// All stands still. What is offered meanwhile waits as long.
    pub fn pause(&mut self, now: Instant) {
        if self.paused.is_none() {
            self.give_up(now);
            self.paused = Some(now);
        }
    }

    /// All goes on where it stood.
    pub fn resume(&mut self, now: Instant) {
        let Some(since) = self.paused.take() else { return };
        let pause = now.saturating_duration_since(since);
        self.flying.iter_mut().chain(&mut self.standing).for_each(|row| row.shift(pause));
        for waiting in &mut self.waiting {
            waiting.since = if waiting.since < since { waiting.since + pause } else { now };
        }
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Nothing is on stage any more, and nobody waits. The counts go on.
    pub fn clear(&mut self) {
        self.flying.fill(Row::default());
        self.standing.fill(Row::default());
        self.waiting.clear();
    }

    /// How many comments went on stage.
    pub fn shown(&self) -> u64 {
        self.shown
    }

    /// How many could not.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn give_up(&mut self, now: Instant) {
        while self
            .waiting
            .front()
            .is_some_and(|waiting| now.saturating_duration_since(waiting.since) > PATIENCE)
        {
            self.waiting.pop_front();
            self.dropped += 1;
        }
    }

    fn rows(&mut self, flies: bool) -> &mut [Row; ROWS] {
        if flies { &mut self.flying } else { &mut self.standing }
    }

    /// The first row that is free for it: from the top, or from the bottom for what stands there.
    fn row_for(&self, now: Instant, lane: Lane, flies: bool, course: Course) -> Option<usize> {
        let in_use = self.setting.rows_of(self.height);
        let is_free = |row: &usize| match flies {
            true => self.flying[*row].can_follow(now, course),
            false => self.standing[*row].is_empty(now),
        };
        match lane {
            Lane::Top | Lane::Scroll => (0..in_use).find(is_free),
            Lane::Bottom => (self.height - in_use..self.height).rev().find(is_free),
        }
    }
}
