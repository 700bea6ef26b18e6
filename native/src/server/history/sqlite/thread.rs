//! The threads, and what becomes of those who wait for one that fell.
//!
//! A panic is a bug of ours. It must not look like a history that works: `/readyz` turns red, whoever waits is told that it is
//! unavailable (whether their message is in the file is not known, as after any failed commit: sent again, it finds its place), and
//! whoever comes later is told the same, until an operator starts the server anew. Nothing is appended by guess after a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;

use heartline_core::room::engine::{Refusal, Reply, Request, Unavailable};
use tokio::sync::{mpsc, watch};

use crate::server::history::Health;

/// Why nothing is taken any more.
const FELL: &str = "a thread of the history has panicked, which is a bug; start the server anew";

/// Lets `work` serve what is asked until nobody is left who could ask. It keeps in its hands (the vector) what it has not answered.
pub(super) fn run(
    asked: &Receiver<Request>,
    replies: &mpsc::Sender<Reply>,
    health: &watch::Sender<Health>,
    work: impl FnOnce(&mut Vec<Request>),
) {
    let mut in_hand = Vec::new();
    // What the work owned is dropped by the panic, and of the rest only the vector is looked at, of which any state will do.
    if catch_unwind(AssertUnwindSafe(|| work(&mut in_hand))).is_ok() {
        return;
    }
    tracing::error!("{FELL}");
    health.send_replace(Health::Unavailable(FELL.to_owned()));
    for request in in_hand.into_iter().chain(asked.iter()) {
        if let Some(reply) = refuse(request) {
            // A hub that is gone asks no more either.
            let _ = replies.blocking_send(reply);
        }
    }
}

/// Whether a thread fell. Nothing that comes later makes that good.
pub(super) fn is_fallen(health: &Health) -> bool {
    matches!(health, Health::Unavailable(why) if why == FELL)
}

fn refuse(request: Request) -> Option<Reply> {
    let why = Unavailable(FELL.to_owned());
    match request {
        Request::Open { room } => Some(Reply::Opened { room, head: Err(why) }),
        Request::Close { .. } | Request::Here { .. } => None,
        Request::Append { ticket, .. } => {
            Some(Reply::Appended { ticket, seq: Err(Refusal::Unavailable(why)) })
        }
        Request::ReadAfter { ticket, .. } | Request::ReadBefore { ticket, .. } => {
            Some(Reply::Page { ticket, page: Err(why) })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use heartline_core::room::Identity;
    use heartline_core::room::engine::{Draft, Most, Ticket};

    use super::*;

    #[test]
    fn whoever_waits_for_a_thread_that_fell_is_told_and_so_is_whoever_comes_later() {
        let (ask, asked) = channel();
        let (replies, mut told) = mpsc::channel(16);
        let (health, well) = watch::channel(Health::Ready);
        let fallen = thread::spawn(move || {
            run(&asked, &replies, &health, |in_hand| {
                // A batch of two is under way; the third waits behind it.
                in_hand.extend([asked.recv().unwrap(), asked.recv().unwrap()]);
                panic!("a bug");
            });
        });
        for request in [append(1), open(), append(2)] {
            ask.send(request).unwrap();
        }
        assert!(is_refused(told.blocking_recv(), Some(1)));
        assert!(is_refused(told.blocking_recv(), None));
        assert!(is_refused(told.blocking_recv(), Some(2)));
        assert!(matches!(&*well.borrow(), Health::Unavailable(why) if why.contains("bug")));
        assert!(is_fallen(&well.borrow()));

        let most = Most { messages: 1, bytes: 1 };
        ask.send(Request::Close { room: "tea".into() }).unwrap();
        ask.send(Request::ReadAfter { ticket: Ticket(3), room: "tea".into(), after: 0, most }).unwrap();
        assert!(is_refused(told.blocking_recv(), Some(3)), "the one that needs no answer gets none");
        drop(ask);
        fallen.join().unwrap();
        assert_eq!(told.blocking_recv(), None, "it ends when nobody can ask any more");
    }

    #[test]
    fn a_thread_that_comes_to_its_end_leaves_everything_as_it_is() {
        let (ask, asked) = channel();
        let (replies, mut told) = mpsc::channel(1);
        let (health, well) = watch::channel(Health::Ready);
        drop(ask);
        run(&asked, &replies, &health, |_| assert!(asked.recv_timeout(Duration::ZERO).is_err()));
        assert_eq!(*well.borrow(), Health::Ready);
        drop(replies);
        assert_eq!(told.blocking_recv(), None);
    }

    fn open() -> Request {
        Request::Open { room: "tea".into() }
    }

    fn append(ticket: u64) -> Request {
        let draft = Draft {
            from: Identity::of("ada", None),
            name: "Ada".into(),
            id: ticket,
            at: 0,
            text: "hi".to_owned(),
            style: None,
        };
        Request::Append { ticket: Ticket(ticket), room: "tea".into(), draft }
    }

    fn is_refused(reply: Option<Reply>, by: Option<u64>) -> bool {
        match reply {
            Some(Reply::Opened { head: Err(_), .. }) => by.is_none(),
            Some(Reply::Appended { ticket, seq: Err(Refusal::Unavailable(_)) }) => by == Some(ticket.0),
            Some(Reply::Page { ticket, page: Err(_) }) => by == Some(ticket.0),
            Some(
                Reply::Opened { .. }
                | Reply::Appended { .. }
                | Reply::Page { .. }
                | Reply::There { .. }
                | Reply::Followed { .. },
            )
            | None => false,
        }
    }
}
