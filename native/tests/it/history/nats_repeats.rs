//! Messages that the broker took twice, as one does now and then that has not put in yet what was on its way.

use heartline_core::room::engine::Most;

use super::caller::{Caller, chained, draft, seqs};
use super::nats::Nats;
use super::nats_trouble::streams;

#[tokio::test]
async fn of_two_repeats_the_first_counts() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    say_again(&place, 10).await;
    assert_eq!(one.append("tea", draft("bob", 1, "after it")).await, Ok(12));
    let said = one.follow("tea", 11).await;
    assert_eq!(seqs(&said), (1..=10).chain([12]).collect::<Vec<_>>());
    assert_eq!(one.append("tea", draft("ann", 11, "goes on")).await, Ok(13));
    assert_eq!(seqs(&one.all("tea").await), (1..=10).chain([12, 13]).collect::<Vec<_>>());
    assert_eq!(one.append("tea", draft("ann", 10, "ann says 10")).await, Ok(10), "there it counts");
    // Also for whoever never saw the first one come.
    one.close().await;
    let mut two = Caller::at(&place).await;
    two.enter("tea").await;
    assert_eq!(two.append("tea", draft("ann", 10, "ann says 10")).await, Ok(10));
    let page = two.after("tea", 10, Most { messages: 10, bytes: 10_000 }).await;
    assert_eq!(seqs(&page.entries), [12, 13]);
}

#[tokio::test]
async fn a_page_has_the_first_of_two_repeats() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    one.close().await;
    say_again(&place, 10).await;
    let mut two = Caller::at(&place).await;
    two.enter("tea").await;
    let said = two.all("tea").await;
    chained(&said);
    assert_eq!(seqs(&said), (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_author_whose_messages_were_all_trimmed_is_not_taken_for_a_repeat() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let mut two = Caller::at(&place).await;
    one.enter("tea").await;
    one.chat("tea", "ann", 1, 3).await;
    one.chat("tea", "bob", 1, 1).await;
    one.follow("tea", 4).await;
    let stream = streams(&place).await.get_stream("HEARTLINE").await.unwrap();
    stream.purge().sequence(4).await.unwrap();
    two.enter("tea").await;
    assert_eq!(two.append("tea", draft("ann", 4, "of whom nothing is left")).await, Ok(5));
    assert_eq!(seqs(&one.follow("tea", 5).await), [1, 2, 3, 4, 5]);
}

/// Puts a copy of the message at this place at the end, as nothing but the broker can.
async fn say_again(place: &Nats, seq: u64) {
    let streams = streams(place).await;
    let stream = streams.get_stream("HEARTLINE").await.unwrap();
    let message = stream.get_raw_message(seq).await.unwrap();
    streams.publish(message.subject, message.payload).await.unwrap().await.unwrap();
}
