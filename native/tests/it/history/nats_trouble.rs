//! What happens to brokers, and what servers make of it. Nothing that was accepted is lost, nothing is there twice, and whoever
//! follows hears all of it in one order, or that it begins anew.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream;
use heartline::server::history::{Health, History, HistoryConfig, HistoryError, NatsConfig};
use heartline_core::room::Identity;
use heartline_core::room::engine::{Draft, Entry, Refusal, Reply, Ticket};
use heartline_core::wire::ServerMessage;

use super::Place;
use super::caller::{Caller, chained, draft};
use super::nats::Nats;

/// From a refusal to the next try, as clients wait.
const HOLD: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_broker_that_is_killed_in_the_middle_loses_nothing() {
    let mut place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let mut two = Caller::at(&place).await;
    let head = one.enter("tea").await;
    assert_eq!(two.enter("tea").await, head);
    let mut accepted = Accepted::new();
    for round in 0..3 {
        // All of the round before may have been in before the broker died. Then nobody noticed yet that it did, and what is
        // said now finds out. One that is in was answered by the broker that lives.
        settled(&mut one, draft("the first", round + 1, "the round begins")).await.unwrap();
        let underway = say_all(&mut one, round);
        one.outcome(underway[10].0).await.unwrap();
        place.broker.kill(0).await;
        place.broker.revive(0).await.unwrap();
        accepted.append(&mut insist(&mut one, underway).await);
    }
    agree(&mut one, &mut two, &accepted).await;
    assert_eq!(one.enter("tea").await.epoch, head.epoch);
}

#[tokio::test]
async fn a_frozen_broker_is_unavailable_and_goes_on() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let mut two = Caller::at(&place).await;
    one.enter("tea").await;
    two.enter("tea").await;
    let underway = say_all(&mut one, 0);
    one.outcome(underway[10].0).await.unwrap();
    place.broker.stop(0);
    one.until_health(|health| *health != Health::Ready).await;
    let refused = one.append("tea", draft("eve", 1, "hi")).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    place.broker.resume(0);
    one.until_health(|health| *health == Health::Ready).await;
    let accepted = insist(&mut one, underway).await;
    agree(&mut one, &mut two, &accepted).await;
}

#[tokio::test]
async fn a_stream_that_is_gone_begins_a_new_epoch() {
    let mut place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    place.broker.kill(0).await;
    std::fs::remove_dir_all(place.broker.store(0)).unwrap();
    place.broker.revive(0).await.unwrap();

    let anew = opened_anew(&mut one, &head.epoch).await;
    assert_eq!(anew.1, 0, "nothing is left");
    let seq = one.append("tea", draft("ann", 11, "after the loss")).await.unwrap();
    assert_eq!(one.all("tea").await.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [seq]);
    let mut next = Caller::at(&place).await;
    assert_eq!(next.enter("tea").await.epoch, anew.0, "all servers count in the same");
}

#[tokio::test]
async fn a_stream_that_lost_its_end_begins_a_new_epoch() {
    let mut place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    one.follow("tea", 10).await;
    place.broker.kill(0).await;
    let (store, copy) = (place.broker.store(0), tempfile::tempdir().unwrap());
    copy_all(&store, copy.path());
    place.broker.revive(0).await.unwrap();
    one.until_health(|health| *health == Health::Ready).await;
    one.chat("tea", "bob", 1, 10).await;
    one.follow("tea", 20).await;
    place.broker.kill(0).await;
    std::fs::remove_dir_all(&store).unwrap();
    copy_all(copy.path(), &store);
    place.broker.revive(0).await.unwrap();

    let (_, last) = opened_anew(&mut one, &head.epoch).await;
    assert_eq!((last, one.all("tea").await.len()), (10, 10), "what is left is there");
    one.chat("tea", "bob", 1, 10).await;
    assert_eq!(one.all("tea").await.len(), 20);
}

#[tokio::test]
async fn servers_that_all_were_away_still_find_out_that_the_stream_is_gone() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    one.close().await;
    let streams = streams(&place).await;
    streams.get_stream("HEARTLINE").await.unwrap().purge().await.unwrap();
    let mut two = Caller::at(&place).await;
    // The seqs of what was deleted are not given again: that is a hole, not a lost end.
    let purged = two.enter("tea").await;
    assert_eq!((purged.epoch, purged.last), (head.epoch.clone(), 10));
    two.close().await;
    streams.delete_stream("HEARTLINE").await.unwrap();
    let mut three = Caller::at(&place).await;
    assert_ne!(three.enter("tea").await.epoch, head.epoch);
}

#[tokio::test]
async fn a_leader_of_three_that_dies_takes_nothing_with_it() {
    let mut place = Nats::cluster().await;
    let mut one = Caller::at(&place).await;
    let mut two = Caller::at(&place).await;
    let head = one.enter("tea").await;
    assert_eq!(two.enter("tea").await.epoch, head.epoch);
    let underway = say_all(&mut one, 0);
    one.outcome(underway[10].0).await.unwrap();
    let leader = place.broker.leader("HEARTLINE").await.unwrap();
    place.broker.kill(leader).await;
    let accepted = insist(&mut one, underway).await;
    // The same through the other server gets the same places.
    for id in 1..=20 {
        let again = draft("guest 0", id, &format!("guest 0 says {id}"));
        let of_one = settled(&mut one, again.clone()).await;
        assert_eq!(settled(&mut two, again).await, of_one);
    }
    agree(&mut one, &mut two, &accepted).await;
    assert_eq!(one.enter("tea").await.epoch, head.epoch);
    place.broker.revive(leader).await.unwrap();
}

#[tokio::test]
async fn a_broker_may_come_later() {
    let mut place = Nats::alone().await;
    place.broker.kill(0).await;
    let history = History::open(&place.config()).await.unwrap();
    assert!(matches!(&*history.desk.health().borrow(), Health::Unavailable(_)));
    place.broker.revive(0).await.unwrap();
    let mut caller = Caller::of(history).await;
    caller.enter("tea").await;
    caller.append("tea", draft("ann", 1, "hi")).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_at_the_start_in_words() {
    let place = Nats::alone().await;
    let config = jetstream::stream::Config { name: "TAKEN".to_owned(), ..Default::default() };
    streams(&place).await.create_stream(config).await.unwrap();
    let taken = NatsConfig { stream: "TAKEN".to_owned(), ..place.config.clone() };
    let missing = NatsConfig { credentials: Some("/nowhere/at/all".into()), ..place.config.clone() };
    for (config, words) in [(taken, "choose another name"), (missing, "/nowhere/at/all")] {
        let error: HistoryError = History::open(&HistoryConfig::Nats(config)).await.err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
}

pub(super) async fn streams(place: &Nats) -> jetstream::Context {
    jetstream::new(async_nats::connect(place.broker.url()).await.unwrap())
}

/// Where what was accepted stands.
type Accepted = BTreeMap<u64, (String, u64)>;

type Underway = Vec<(Ticket, String, u64)>;

/// Twenty messages of each of four guests, all at once.
fn say_all(caller: &mut Caller, round: u64) -> Underway {
    let mut underway = Vec::new();
    for id in round * 20 + 1..=round * 20 + 20 {
        for guest in 0..4 {
            let who = format!("guest {guest}");
            let ticket = caller.say("tea", draft(&who, id, &format!("{who} says {id}")));
            underway.push((ticket, who, id));
        }
    }
    underway
}

/// Sends again what was not accepted, as clients do: each guest's in its order, from the first that was not.
async fn insist(caller: &mut Caller, underway: Underway) -> Accepted {
    let mut accepted = Accepted::new();
    for (ticket, who, id) in underway {
        let mut outcome = caller.outcome(ticket).await;
        if let Err(Refusal::Unavailable(_)) = outcome {
            outcome = settled(caller, draft(&who, id, &format!("{who} says {id}"))).await;
        }
        match outcome {
            Ok(seq) => drop(accepted.insert(seq, (Identity::of(&who, None).to_string(), id))),
            // One that was sent behind it came in first; a client would have held that back.
            Err(refusal) => assert_eq!(refusal, Refusal::Expired, "{who} {id}"),
        }
    }
    accepted
}

/// What becomes of a message that is sent again for as long as the broker is away.
async fn settled(caller: &mut Caller, draft: Draft) -> Result<u64, Refusal> {
    loop {
        match caller.append("tea", draft.clone()).await {
            Err(Refusal::Unavailable(_)) => tokio::time::sleep(HOLD).await,
            settled => return settled,
        }
    }
}

/// Both heard and can read the same, in one order, nothing twice, and all that was accepted.
async fn agree(one: &mut Caller, two: &mut Caller, accepted: &Accepted) {
    settled(one, draft("the last", 1, "the end")).await.unwrap();
    let heard_by_one = until_the_end(one).await;
    assert_eq!(until_the_end(two).await, heard_by_one);
    chained(&heard_by_one);
    assert_eq!(one.all("tea").await, heard_by_one);
    let said: Accepted = heard_by_one.iter().map(|entry| (entry.seq, who_and_what(entry))).collect();
    for (seq, message) in accepted {
        assert_eq!(said.get(seq), Some(message), "{seq} was accepted");
    }
    let mut once: Vec<&(String, u64)> = said.values().collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), said.len(), "something is there twice");
}

async fn until_the_end(caller: &mut Caller) -> Vec<Entry> {
    let heard = caller.until(|heard| {
        heard
            .iter()
            .any(|reply| format!("{reply:?}").contains("the end") && matches!(reply, Reply::Followed { .. }))
            .then_some(())
    });
    heard.await;
    caller.followed("tea")
}

fn who_and_what(entry: &Entry) -> (String, u64) {
    let Ok(ServerMessage::Said(said)) = ServerMessage::decode(&entry.encoded) else {
        panic!("{}", entry.encoded)
    };
    (said.from, said.id)
}

/// The new epoch, which nobody asked for, and where it stands.
pub(super) async fn opened_anew(caller: &mut Caller, old: &str) -> (std::sync::Arc<str>, u64) {
    caller
        .until(|heard| {
            heard.iter().find_map(|reply| match reply {
                Reply::Opened { head: Ok(head), .. } if &*head.epoch != old => {
                    Some((head.epoch.clone(), head.last))
                }
                Reply::Opened { .. }
                | Reply::Appended { .. }
                | Reply::Page { .. }
                | Reply::There { .. }
                | Reply::Followed { .. } => None,
            })
        })
        .await
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
