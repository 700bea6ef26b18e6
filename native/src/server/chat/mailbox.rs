//! What the hub has for one line. An empty mailbox costs next to nothing, and most lines are idle most of the time.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use heartline_core::room::FromHub;

/// More than the hub ever hands to a line that does not take it: a window of small messages, and answers to all a client may have
/// underway. A line over it is cut.
const MOST: usize = 4096;

/// The line's end.
#[derive(Debug)]
pub(super) struct Mailbox(Arc<Mutex<Inner>>);

/// The hub's end. Dropped, it tells the line that nothing will come any more.
#[derive(Debug)]
pub(super) struct Slot(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    mail: VecDeque<FromHub>,
    closed: bool,
    waker: Option<Waker>,
}

/// A mailbox and the slot for it.
pub(super) fn mailbox() -> (Slot, Mailbox) {
    let inner = Arc::new(Mutex::new(Inner::default()));
    (Slot(Arc::clone(&inner)), Mailbox(inner))
}

impl Slot {
    /// Drops something in. Returns false if the mailbox is full; then the slot is to be thrown away.
    pub(super) fn put(&self, mail: FromHub) -> bool {
        let waker = {
            let mut inner = lock(&self.0);
            if inner.mail.len() >= MOST {
                return false;
            }
            inner.mail.push_back(mail);
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let waker = {
            let mut inner = lock(&self.0);
            inner.closed = true;
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Mailbox {
    /// All that is in it; `None` once the hub has thrown the slot away.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<VecDeque<FromHub>>> {
        let mut inner = lock(&self.0);
        if !inner.mail.is_empty() {
            return Poll::Ready(Some(mem::take(&mut inner.mail)));
        }
        if inner.closed {
            return Poll::Ready(None);
        }
        match &mut inner.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            empty @ None => *empty = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

/// Nobody panics while holding it, and if so, a queue has no half state.
fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn mail_comes_in_order_and_a_thrown_slot_ends_it() {
        let (slot, mailbox) = mailbox();
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            while let Some(mail) = poll_fn(|cx| mailbox.poll_take(cx)).await {
                all.extend(mail);
            }
            all
        });
        tokio::task::yield_now().await;
        assert!(slot.put(FromHub::HistoryTold));
        assert!(slot.put(FromHub::Deliver("one".into())));
        drop(slot);
        assert_eq!(reader.await.unwrap(), [FromHub::HistoryTold, FromHub::Deliver("one".into())]);
    }

    #[test]
    fn a_full_mailbox_takes_no_more() {
        let (slot, _mailbox) = mailbox();
        assert!((0..MOST).all(|_| slot.put(FromHub::HistoryTold)));
        assert!(!slot.put(FromHub::HistoryTold));
    }
}
