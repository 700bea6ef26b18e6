//! Reading no faster than so many messages a second: what is not read waits with its sender.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A rate with a burst of one second's worth.
pub(super) struct Throttle {
    each: Duration,
    /// When the messages so far are paid for. More than a second ahead means wait.
    paid_until: Instant,
    sleep: Pin<Box<Sleep>>,
}

const BURST: Duration = Duration::from_secs(1);

impl Throttle {
    pub(super) fn new(per_second: u32) -> Self {
        let now = Instant::now();
        Self { each: BURST / per_second.max(1), paid_until: now, sleep: Box::pin(sleep_until(now)) }
    }

    /// Ready when a message may be read.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let free_at = self.paid_until + self.each - BURST.max(self.each);
        if free_at <= Instant::now() {
            return Poll::Ready(());
        }
        self.sleep.as_mut().reset(free_at);
        self.sleep.as_mut().poll(cx)
    }

    /// Counts a message that was read.
    pub(super) fn spend(&mut self) {
        self.paid_until = self.paid_until.max(Instant::now()) + self.each;
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_rate_holds() {
        let mut throttle = Throttle::new(10);
        let start = Instant::now();
        for _ in 0..10 {
            poll_fn(|cx| throttle.poll(cx)).await;
            throttle.spend();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            poll_fn(|cx| throttle.poll(cx)).await;
            throttle.spend();
        }
        let elapsed = start.elapsed();
        assert!(
            elapsed >= Duration::from_millis(1990) && elapsed <= Duration::from_millis(2110),
            "{elapsed:?}"
        );
    }
}
