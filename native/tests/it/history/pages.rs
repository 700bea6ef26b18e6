//! Reading back, a piece at a time.

use heartline_core::room::engine::{Entry, Most, Reply};

use super::Place;
use super::caller::{ALL, Caller, chained, draft, seqs};

const FEW: Most = Most { messages: 5, bytes: usize::MAX };

pub(super) async fn pages_are_bounded_in_both_directions<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let seq = caller.chat("tea", "ann", 1, 20).await;
    let last = seq[19];

    let page = caller.after("tea", seq[2], FEW).await;
    assert_eq!((seqs(&page.entries), page.more, page.last), (seq[3..8].to_vec(), true, last));
    let page = caller.after("tea", seq[14], FEW).await;
    assert_eq!((seqs(&page.entries), page.more, page.last), (seq[15..].to_vec(), false, last));
    let page = caller.after("tea", seq[17], FEW).await;
    assert_eq!((seqs(&page.entries), page.more), (seq[18..].to_vec(), false));
    let page = caller.after("tea", last, FEW).await;
    assert_eq!((page.entries.len(), page.more, page.last), (0, false, last));

    let page = caller.before("tea", u64::MAX, FEW).await;
    assert_eq!((seqs(&page.entries), page.more, page.last), (seq[15..].to_vec(), true, last));
    let page = caller.before("tea", seq[5], FEW).await;
    assert_eq!((seqs(&page.entries), page.more), (seq[..5].to_vec(), false));
    let page = caller.before("tea", seq[3], FEW).await;
    assert_eq!((seqs(&page.entries), page.more, page.last), (seq[..3].to_vec(), false, last));
    let page = caller.before("tea", seq[0], FEW).await;
    assert_eq!((page.entries.len(), page.more), (0, false));

    let one = caller.all("tea").await[0].encoded.len();
    for (bytes, taken) in [(1, 1), (one, 1), (3 * one + one / 2, 3)] {
        let most = Most { messages: 100, bytes };
        let page = caller.after("tea", 0, most).await;
        assert_eq!((seqs(&page.entries), page.more), (seq[..taken].to_vec(), true), "{bytes} bytes");
        let page = caller.before("tea", seq[9], most).await;
        assert_eq!((seqs(&page.entries), page.more), (seq[9 - taken..9].to_vec(), true), "{bytes} bytes");
    }
}

pub(super) async fn pages_walk_through_all_of_it<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    // Another room between, where all rooms have their seqs from one row.
    for id in 1..=40 {
        caller.append("tea", draft("ann", id, "hi")).await.unwrap();
        caller.append("coffee", draft("ann", id, "hi")).await.unwrap();
    }
    let all = caller.follow("tea", 40).await;
    let most = Most { messages: 7, bytes: usize::MAX };
    let mut forth: Vec<Entry> = Vec::new();
    loop {
        let after = forth.last().map_or(0, |entry| entry.seq);
        let page = caller.after("tea", after, most).await;
        forth.extend(page.entries);
        if !page.more {
            break;
        }
    }
    assert_eq!(forth, all);
    let mut back: Vec<Entry> = Vec::new();
    loop {
        let before = back.first().map_or(u64::MAX, |entry| entry.seq);
        let page = caller.before("tea", before, most).await;
        back.splice(0..0, page.entries);
        if !page.more {
            break;
        }
    }
    assert_eq!(back, all);
}

pub(super) async fn a_page_and_what_is_followed_leave_no_hole<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    for round in 0..20 {
        for id in 1..=15 {
            caller.say("tea", draft("ann", round * 15 + id, "hi"));
        }
        caller.after("tea", 0, ALL).await;
    }
    let followed = caller.follow("tea", 300).await;
    chained(&followed);
    // Whatever a page had, it is all there was up to its last; and what was followed before it was in it or in one asked for
    // later: a reader who goes on from a page's last with what is followed misses nothing and hears nothing twice.
    for reply in &caller.heard {
        let Reply::Page { page, .. } = reply else { continue };
        let page = page.as_ref().unwrap();
        assert_eq!(page.entries.last().map_or(0, |entry| entry.seq), page.last);
        assert_eq!(page.entries, followed[..page.entries.len()]);
    }
    let all = caller.all("tea").await;
    assert_eq!(all, followed, "a page that is asked for later has all that was followed before");
}

pub(super) async fn nobody_misses_the_beginning_unknowingly<P: Place>() {
    let place = P::small().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let given = caller.chat("tea", "ann", 1, 20 * P::FEW).await;
    while caller.all("tea").await.first().is_none_or(|first| first.seq <= given[9]) {}
    let page = caller.after("tea", 0, ALL).await;
    assert_eq!(page.last, *given.last().unwrap());
    assert!(page.entries.len() >= P::FEW.min(10), "what may be kept is kept: {}", page.entries.len());
    assert_eq!(page.entries.last().map(|entry| entry.seq), Some(page.last));
    chained(&page.entries);
    let first = &page.entries[0];
    assert!(first.prev > 0, "a reader from the beginning sees that something was before");
    let before = caller.before("tea", first.seq, ALL).await;
    assert_eq!((before.entries.len(), before.more), (0, false));
}

pub(super) async fn a_room_nobody_spoke_in_is_empty<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    for room in ["tea", "never opened"] {
        let page = caller.after(room, 0, ALL).await;
        assert_eq!((page.entries.len(), page.more, page.last), (0, false, 0));
        let page = caller.before(room, u64::MAX, ALL).await;
        assert_eq!((page.entries.len(), page.more, page.last), (0, false, 0));
    }
}
