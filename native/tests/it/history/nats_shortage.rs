//! Brokers that are too few, or have no room: they take nothing, say so, and go on when they can.

use std::time::Duration;

use heartline::server::history::Health;
use heartline_core::room::engine::Refusal;

use super::caller::{Caller, chained, draft, seqs};
use super::nats::Nats;

/// How long it may take until all is well again, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many messages of 8 KiB are more than the small broker has room for.
const TOO_MANY: u64 = 400;

#[tokio::test]
async fn without_a_quorum_nothing_is_taken_until_it_is_back() {
    let mut place = Nats::cluster().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    one.chat("tea", "ann", 1, 3).await;
    place.broker.kill(0).await;
    place.broker.kill(1).await;
    let refused = one.append("tea", draft("ann", 4, "ann says 4")).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    one.until_health(|health| *health != Health::Ready).await;

    place.broker.revive(0).await.unwrap();
    one.until_health(|health| *health == Health::Ready).await;
    insist(&mut one, 4, "ann says 4").await;
    let said = one.follow("tea", 4).await;
    chained(&said);
    assert_eq!(said.len(), 4, "each once: {:?}", seqs(&said));
    assert_eq!(one.enter("tea").await.epoch, head.epoch);
}

#[tokio::test]
async fn a_broker_without_room_takes_nothing_and_loses_nothing() {
    let mut place = Nats::told("jetstream { max_file_store: 1MB }").await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    let text = |id: u64| format!("{id} {}", "x".repeat(8 << 10));
    let mut accepted = Vec::new();
    let mut refused = None;
    for id in 1..TOO_MANY {
        match one.append("tea", draft("ann", id, &text(id))).await {
            Ok(seq) => accepted.push(seq),
            Err(why) => {
                refused = Some((id, why));
                break;
            }
        }
    }
    let (id, why) = refused.expect("a megabyte is full at some time");
    assert!(matches!(why, Refusal::Unavailable(_)), "{why:?}");
    one.until_health(|health| *health != Health::Ready).await;
    // What was taken and could not be noted is there, too, and not accepted: it is found when it comes again.
    let there = seqs(&one.all("tea").await);
    assert!(there.starts_with(&accepted) && there.len() <= accepted.len() + 1, "{there:?}: {accepted:?}");

    place.broker.kill(0).await;
    place.broker.configure(0, "jetstream { max_file_store: 1GB }");
    place.broker.revive(0).await.unwrap();
    accepted.push(insist(&mut one, id, &text(id)).await);
    assert_eq!(seqs(&one.all("tea").await), accepted);
    assert_eq!(one.enter("tea").await.epoch, head.epoch);
}

/// What becomes of a message that is sent again, as clients do, whenever the broker is said to be there.
async fn insist(caller: &mut Caller, id: u64, text: &str) -> u64 {
    let taken = async {
        loop {
            caller.until_health(|health| *health == Health::Ready).await;
            match caller.append("tea", draft("ann", id, text)).await {
                Ok(seq) => return seq,
                Err(refusal) => assert!(matches!(refusal, Refusal::Unavailable(_)), "{refusal:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("it is taken in the end")
}
