use crate::time::{Duration, Instant};

/// The least room between two comments of a row, in the unit of their widths.
const APART: f64 = 24.0;

/// How a comment goes about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// From where the stage ends on the right, when it begins, to where it ends on the left.
    stage: f64,
    width: f64,
    lasts: Duration,
}

impl Course {
    pub(super) fn new(stage: f64, width: f64, lasts: Duration) -> Self {
        Self { stage, width, lasts }
    }

    /// In widths a second.
    fn speed(&self) -> f64 {
        (self.stage + self.width) / self.lasts.as_secs_f64()
    }
}

/// One row, and who went into it last. Nobody overtakes, so that one leaves it last, too.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    last: Option<(Instant, Course)>,
}

impl Row {
    pub(super) fn is_empty(&self, now: Instant) -> bool {
        self.last.is_none_or(|(began, last)| now >= began + last.lasts)
    }

    /// Whether one that flies may begin.
    pub(super) fn can_follow(&self, now: Instant, next: Course) -> bool {
        let Some((began, last)) = self.last.filter(|_| !self.is_empty(now)) else { return true };
        let gone_at = began + last.lasts;
        // Both move evenly: who is apart at both ends of the time they share is so all along.
        let left = gone_at.saturating_duration_since(now).as_secs_f64();
        let tail = last.speed() * left;
        let head_then = next.stage - next.speed() * left;
        tail + APART <= next.stage && head_then >= APART
    }

    pub(super) fn take(&mut self, now: Instant, course: Course) {
        self.last = Some((now, course));
    }

    /// Time has stood still for it.
    pub(super) fn shift(&mut self, pause: Duration) {
        if let Some((began, _)) = &mut self.last {
            *began += pause;
        }
    }
}
