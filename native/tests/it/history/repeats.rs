//! Said once, whatever is sent again.

use heartline_core::room::engine::{Draft, Refusal, Ticket};
use heartline_core::wire::{Lane, Style};

use super::Place;
use super::caller::{Caller, draft, name};

pub(super) async fn a_repeat_gets_the_place_it_had<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let given = caller.chat("tea", "ann", 1, 5).await;
    let again = caller.chat("tea", "ann", 1, 5).await;
    assert_eq!(again, given);
    let renamed = Draft { name: name("Ann"), at: 1, ..draft("ann", 3, "ann says 3") };
    assert_eq!(caller.append("tea", renamed).await, Ok(given[2]), "another name is no other message");
    let new = caller.append("tea", draft("ann", 6, "new")).await.unwrap();
    assert!(new > given[4]);
    caller.follow("tea", 6).await;
    assert_eq!(caller.followed("tea").len(), 6, "a repeat is not told twice");
}

pub(super) async fn racing_repeats_get_one_place<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let mut tickets: Vec<Vec<Ticket>> = Vec::new();
    for id in 1..=20 {
        let many = (0..10).map(|_| caller.say("tea", draft("ann", id, "again and again"))).collect();
        tickets.push(many);
    }
    let mut given = Vec::new();
    for tickets in tickets {
        let first = caller.outcome(tickets[0]).await.unwrap();
        for ticket in tickets {
            assert_eq!(caller.outcome(ticket).await, Ok(first));
        }
        given.push(first);
    }
    caller.append("tea", draft("ann", 21, "the end")).await.unwrap();
    assert_eq!(caller.follow("tea", 21).await.len(), 21);
    assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
}

pub(super) async fn a_number_is_not_used_for_other_words<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let plain = draft("ann", 1, "words");
    let styled = Draft { style: Some(Style { colour: None, lane: Lane::Top }), ..plain.clone() };
    let seq = caller.append("tea", plain.clone()).await.unwrap();
    let other = Draft { text: "other words".to_owned(), ..plain.clone() };
    assert_eq!(caller.append("tea", other).await, Err(Refusal::IdReused));
    assert_eq!(caller.append("tea", styled).await, Err(Refusal::IdReused));
    assert_eq!(caller.append("tea", plain).await, Ok(seq));
    assert_eq!(caller.all("tea").await.len(), 1);
}

pub(super) async fn numbers_rise<P: Place>() {
    let mut place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let five = caller.append("tea", draft("ann", 5, "five")).await.unwrap();
    assert_eq!(caller.append("tea", draft("ann", 4, "four")).await, Err(Refusal::Expired));
    let nine = caller.append("tea", draft("ann", 9, "nine")).await.unwrap();
    assert_eq!(caller.append("tea", draft("ann", 6, "six")).await, Err(Refusal::Expired));
    assert!(nine > five);
    if P::LASTS {
        caller = place.kill(caller).await;
        caller.enter("tea").await;
        assert_eq!(caller.append("tea", draft("ann", 6, "six")).await, Err(Refusal::Expired));
        assert_eq!(caller.append("tea", draft("ann", 5, "five")).await, Ok(five));
    }
    caller.append("tea", draft("ann", 10, "ten")).await.unwrap();
    assert_eq!(caller.all("tea").await.len(), 3);
}

pub(super) async fn authors_and_rooms_count_apart<P: Place>() {
    let place = P::new().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    caller.enter("coffee").await;
    let ann = caller.append("tea", draft("ann", 7, "hi")).await.unwrap();
    let bob = caller.append("tea", draft("bob", 7, "hi")).await.unwrap();
    assert!(ann < bob, "one number of two authors is two messages");
    caller.append("coffee", draft("ann", 3, "hi")).await.unwrap();
    assert_eq!(caller.append("tea", draft("ann", 3, "hi")).await, Err(Refusal::Expired));
    assert_eq!((caller.all("tea").await.len(), caller.all("coffee").await.len()), (2, 1));
}

pub(super) async fn what_was_trimmed_is_not_said_twice<P: Place>() {
    let mut place = P::small().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let given = caller.chat("tea", "ann", 1, 10).await;
    caller.chat("tea", "bob", 1, 20 * P::FEW).await;
    // The trimming may come a little later than what makes it necessary.
    while caller.all("tea").await.first().is_none_or(|first| first.seq <= given[9]) {}
    for id in [1, 5, 10] {
        let again = draft("ann", id, &format!("ann says {id}"));
        assert_eq!(caller.append("tea", again).await, Err(Refusal::Expired));
    }
    if P::LASTS {
        caller = place.kill(caller).await;
        caller.enter("tea").await;
        assert_eq!(caller.append("tea", draft("ann", 10, "ann says 10")).await, Err(Refusal::Expired));
    }
    caller.append("tea", draft("ann", 11, "new")).await.unwrap();
}
