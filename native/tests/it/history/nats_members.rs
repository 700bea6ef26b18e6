//! Servers that share a history tell each other who is in their rooms.

use async_nats::Client;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use heartline_core::room::Identity;
use serde_json::{Value, json};

use super::Caller;
use super::nats::Nats;

#[tokio::test]
async fn each_hears_who_is_at_the_other() {
    let place = Nats::alone().await;
    let (mut one, mut two) = (Caller::at(&place).await, Caller::at(&place).await);
    one.enter("a.b").await;
    one.here("a.b", &["ada"]);
    two.enter("a.b").await;
    two.here("a.b", &["bob", "弹幕"]);
    one.until_there("a.b", &["bob", "弹幕"]).await;
    two.until_there("a.b", &["ada"]).await;
    one.here("a.b", &["ada", "eve"]);
    two.until_there("a.b", &["ada", "eve"]).await;
    two.leave("a.b");
    one.until_there("a.b", &[]).await;
    two.enter("a.b").await;
    two.here("a.b", &["bob"]);
    one.until_there("a.b", &["bob"]).await;
    one.close().await;
    two.until_there("a.b", &[]).await;
}

#[tokio::test]
async fn what_was_told_while_the_broker_was_away_is_told_again() {
    let mut place = Nats::alone().await;
    let (mut one, mut two) = (Caller::at(&place).await, Caller::at(&place).await);
    for caller in [&mut one, &mut two] {
        caller.enter("tea").await;
    }
    one.here("tea", &["ada"]);
    two.here("tea", &["bob"]);
    one.until_there("tea", &["bob"]).await;
    place.broker.kill(0).await;
    two.here("tea", &["bob", "eve"]);
    place.broker.revive(0).await.unwrap();
    one.until_there("tea", &["bob", "eve"]).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_gone_with_all_who_were_there() {
    let place = Nats::alone().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    caller.here("tea", &["ada"]);
    let other = Other::of(&place).await;
    other.tell(r"room.dGVh", &json!("hello")).await;
    other.roster(1, "tea", &["bob"]).await;
    caller.until_there("tea", &["bob"]).await;
    caller.until_there("tea", &[]).await;
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_asked_for() {
    let place = Nats::alone().await;
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    caller.here("tea", &["ada"]);
    let other = Other::of(&place).await;
    let mut heard = other.client.subscribe("HEARTLINE_HERE.beat").await.unwrap();
    other.roster(1, "tea", &["bob"]).await;
    caller.until_there("tea", &["bob"]).await;
    // Whoever is new is asked once; then nothing is lacking, until a roster is.
    while !asks(&heard.next().await.unwrap().payload) {}
    other.tell("beat", &json!({"server": OTHER, "count": 1})).await;
    let again = heard.next().await.unwrap();
    assert!(!asks(&again.payload), "{again:?}");
    other.tell("beat", &json!({"server": OTHER, "count": 2})).await;
    while !asks(&heard.next().await.unwrap().payload) {}
}

const OTHER: &str = "00000000000000ff";

/// Another server, as far as these tests need one.
struct Other {
    client: Client,
}

impl Other {
    async fn of(place: &Nats) -> Self {
        Self { client: async_nats::connect(place.broker.url()).await.unwrap() }
    }

    async fn roster(&self, count: u64, room: &str, who: &[&str]) {
        let members: Vec<(String, &str)> =
            who.iter().map(|name| (Identity::of(name, None).to_string(), *name)).collect();
        let subject = format!("room.{}", BASE64_URL_SAFE_NO_PAD.encode(room));
        let told = json!({
            "server": OTHER, "count": count, "room": room, "members": members, "total": who.len(), "asks": true,
        });
        self.tell(&subject, &told).await;
    }

    async fn tell(&self, subject: &str, told: &Value) {
        let subject = format!("HEARTLINE_HERE.{subject}");
        self.client.publish(subject, told.to_string().into()).await.unwrap();
        self.client.flush().await.unwrap();
    }
}

/// Whether the server under test wants to hear everything again.
fn asks(beat: &[u8]) -> bool {
    let beat: Value = serde_json::from_slice(beat).unwrap();
    beat["server"] != OTHER && beat["asks_for_all"] == true
}
