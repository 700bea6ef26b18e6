//! The stage of a chat: what flies over it, and how its user wants that.

use heartline_core::{
    chat::Spoken,
    stage::{Flight, Setting, Stage},
    time::Instant,
};
use leptos::prelude::*;

use super::set_if_new;
use crate::{
    model::comment::Comment,
    storage::{Store, key},
};

/// The stage's state. Copies are the same stage.
#[derive(Clone, Copy)]
pub struct StageSession {
    /// Whether it is shown in place of the timeline.
    pub shown: RwSignal<bool>,
    /// How comments are shown.
    pub setting: RwSignal<Setting>,
    /// Whether all stands still.
    pub paused: RwSignal<bool>,
    /// How many comments found no room.
    pub dropped: RwSignal<u64>,
    /// Rings when a comment came.
    pub came: Trigger,
    inner: StoredValue<Stage<Comment>, LocalStorage>,
}

impl StageSession {
    /// As its user left it on an earlier visit. What cannot be read any more counts as not there.
    pub fn new() -> Self {
        let store = Store::open();
        let setting =
            store.read(key::STAGE).and_then(|json| Setting::from_json(&json).ok()).unwrap_or_default();
        Self {
            shown: RwSignal::new(store.read(key::VIEW).as_deref() == Some("stage")),
            setting: RwSignal::new(setting),
            paused: RwSignal::new(false),
            dropped: RwSignal::new(0),
            came: Trigger::new(),
            inner: StoredValue::new_local(Stage::new(setting)),
        }
    }

    /// A message that was said just now. Nobody looks at a stage that is not shown: there it counts neither as shown nor as dropped.
    pub fn offer(self, spoken: &Spoken) {
        if self.shown.try_get_untracked() != Some(true) {
            return;
        }
        let (comment, lane) = Comment::of(spoken);
        self.with(|stage| stage.offer(Instant::now(), comment, lane));
        self.came.notify();
    }

    /// It is that wide now, has so many rows, and things may move on it.
    pub fn fit(self, width: f64, rows: usize, moves: bool) {
        self.with(|stage| {
            stage.resize(width, rows);
            stage.set_moves(moves);
        });
    }

    /// The next to go on stage.
    pub fn poll(self, measure: impl FnMut(&Comment) -> f64) -> Option<Flight<Comment>> {
        self.with(|stage| stage.poll_flight(Instant::now(), measure)).flatten()
    }

    /// Whether to poll again when the screen is drawn next.
    pub fn is_waiting(self) -> bool {
        self.with(|stage| stage.is_waiting() && !stage.is_paused()) == Some(true)
    }

    /// Shows it in place of the timeline, or the timeline in place of it.
    pub fn show(self, shown: bool) {
        self.with(Stage::clear);
        self.shown.set(shown);
        // Only a convenience: where storage is forbidden, the page said so already.
        let _ = Store::open().write(key::VIEW, if shown { "stage" } else { "timeline" });
    }

    /// Lets all stand still, or go on.
    pub fn pause(self, pause: bool) {
        let now = Instant::now();
        self.with(|stage| if pause { stage.pause(now) } else { stage.resume(now) });
        self.paused.set(pause);
        self.came.notify();
    }

    /// Shows what comes from now on like this, also on later visits.
    pub fn set(self, setting: Setting) {
        self.with(|stage| stage.set(setting));
        self.setting.set(setting);
        let _ = Store::open().write(key::STAGE, &setting.to_json());
    }

    /// Tells how many found no room, as of now.
    pub fn count(self) {
        if let Some(dropped) = self.with(|stage| stage.dropped()) {
            set_if_new(self.dropped, dropped);
        }
    }

    fn with<R>(self, act: impl FnOnce(&mut Stage<Comment>) -> R) -> Option<R> {
        self.inner.try_update_value(act)
    }
}

impl Default for StageSession {
    fn default() -> Self {
        Self::new()
    }
}
