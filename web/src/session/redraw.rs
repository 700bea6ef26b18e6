//! Draws a list that changes fast no more often than an eye can follow.

use std::{cell::Cell, rc::Rc};

use heartline_core::time::{Duration, Instant};

use crate::timer::Timer;

/// The least time between two drawings: three frames of most screens.
const PAUSE: Duration = Duration::from_millis(50);

/// Says when to draw: at once after a pause, else when the pause is over.
pub struct Redraw {
    last: Rc<Cell<Option<Instant>>>,
    timer: Timer,
}

impl Redraw {
    /// Calls `draw` for what had to wait.
    pub fn new(draw: impl Fn() + 'static) -> Self {
        let last = Rc::new(Cell::new(None));
        let timer = Timer::new({
            let last = last.clone();
            move || {
                last.set(Some(Instant::now()));
                draw();
            }
        });
        Self { last, timer }
    }

    /// Something changed: whether to draw it now. If not, it is drawn later.
    pub fn is_due(&self) -> bool {
        let now = Instant::now();
        let left = self
            .last
            .get()
            .map_or(Duration::ZERO, |last| PAUSE.saturating_sub(now.saturating_duration_since(last)));
        if left.is_zero() {
            self.timer.clear();
            self.last.set(Some(now));
            return true;
        }
        self.timer.arm(left);
        false
    }
}
