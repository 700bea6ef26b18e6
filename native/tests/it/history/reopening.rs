//! What outlives a server, however it ends.

use heartline_core::room::engine::Ticket;

use super::caller::{Caller, chained, draft, seqs};
use super::{Place, Second};

pub(super) async fn closed_and_opened_it_goes_on<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    let was = caller.enter("tea").await;
    let given = caller.chat("tea", "ann", 1, 30).await;
    let all = caller.all("tea").await;
    caller.close().await;

    let mut caller = Caller::at(&place).await;
    let is = caller.enter("tea").await;
    if !P::LASTS {
        assert_ne!(is.epoch, was.epoch, "what forgets says so by its epoch");
        assert_eq!((is.last, caller.all("tea").await.len()), (0, 0));
        return;
    }
    assert_eq!((is.epoch, is.last), (was.epoch, given[29]));
    assert_eq!(caller.all("tea").await, all);
    assert_eq!(caller.chat("tea", "ann", 1, 30).await, given, "repeats are known");
    caller.append("tea", draft("ann", 31, "next")).await.unwrap();
    let next = caller.follow("tea", 1).await;
    assert_eq!((next[0].prev, caller.followed("tea").len()), (given[29], 1));
}

pub(super) async fn killed_it_has_what_it_accepted<P: Place>() {
    let mut place = P::new().await;
    let mut caller = Caller::at(&place).await;
    let was = caller.enter("tea").await;
    let given = caller.chat("tea", "ann", 1, 50).await;
    let on_its_way: Vec<Ticket> =
        (51..=250).map(|id| caller.say("tea", draft("ann", id, &format!("ann says {id}")))).collect();
    caller.outcome(on_its_way[20]).await.unwrap();
    let told: Vec<Option<u64>> =
        on_its_way.iter().map(|&ticket| caller.outcome_so_far(ticket)?.ok()).collect();

    let mut caller = place.kill(caller).await;
    let is = caller.enter("tea").await;
    if !P::LASTS {
        assert_ne!(is.epoch, was.epoch, "what forgets says so by its epoch");
        return;
    }
    assert_eq!(is.epoch, was.epoch);
    let before = caller.all("tea").await;
    assert_eq!(seqs(&before)[..50], given);
    let again = caller.chat("tea", "ann", 1, 250).await;
    assert_eq!(again[..50], given);
    for (told, again) in told.iter().zip(&again[50..]) {
        assert!(told.is_none_or(|told| told == *again), "{told:?} was accepted, {again} it is now");
    }
    let all = caller.all("tea").await;
    assert_eq!(seqs(&all), again, "each once");
    assert_eq!(all[..before.len()], before);
    chained(&all);
}

pub(super) async fn a_place_is_never_given_twice<P: Place>() {
    let mut place = P::new().await;
    let mut caller = Caller::at(&place).await;
    let mut highest = caller.enter("tea").await;
    for round in 0..5 {
        let given = caller.chat("tea", &format!("guest {round}"), 1, 7).await;
        assert!(given[0] > highest.last, "{} was given before", given[0]);
        caller.say("tea", draft("nobody", round + 1, "on its way"));
        highest.last = given[6];
        caller = place.kill(caller).await;
        let head = caller.enter("tea").await;
        if P::LASTS {
            assert_eq!(head.epoch, highest.epoch, "nothing was lost, and yet it begins anew");
            assert!(head.last >= highest.last, "{head:?}");
        } else {
            assert_ne!(head.epoch, highest.epoch);
        }
        highest = head;
    }
}

pub(super) async fn a_second_server<P: Place>() {
    let place = P::new().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    match P::SECOND {
        Second::Refused => {
            let refused = Caller::open(&place).await.err().expect("both write one file").to_string();
            assert!(refused.contains("another"), "{refused}");
            one.append("tea", draft("ann", 1, "hi")).await.unwrap();
            one.close().await;
            let mut next = Caller::at(&place).await;
            assert_eq!(next.all("tea").await.len(), 1, "the place is free when the first has left");
        }
        Second::Apart => {
            let mut two = Caller::at(&place).await;
            assert_ne!(two.enter("tea").await.epoch, head.epoch);
            one.append("tea", draft("ann", 1, "hi")).await.unwrap();
            assert_eq!(two.all("tea").await.len(), 0);
        }
        Second::Shares => {
            let mut two = Caller::at(&place).await;
            assert_eq!(two.enter("tea").await, head);
            let mut tickets = Vec::new();
            for id in 1..=50 {
                // The same message through both, and one of each's own.
                let racing = draft("ann", id, "hi");
                tickets.push((one.say("tea", racing.clone()), two.say("tea", racing)));
                one.say("tea", draft("bob", id, "hi"));
                two.say("tea", draft("eve", id, "hi"));
            }
            for (ticket_of_one, ticket_of_two) in tickets {
                let seq = one.outcome(ticket_of_one).await.unwrap();
                assert_eq!(two.outcome(ticket_of_two).await, Ok(seq));
            }
            let followed = one.follow("tea", 150).await;
            assert_eq!(two.follow("tea", 150).await, followed);
            chained(&followed);
            assert_eq!(two.all("tea").await, followed);
        }
    }
}
