//! What one server noted as seen, and another does not find: the stream has lost it, though nobody who is here saw it.

use futures_util::TryStreamExt as _;
use serde_json::Value;

use super::caller::Caller;
use super::nats::Nats;
use super::nats_trouble::{opened_anew, streams};

#[tokio::test]
async fn what_was_accepted_is_noted_beside_the_stream() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    let (_, note) = note(&place).await;
    assert_eq!((&note["epoch"], &note["seq"]), (&(*head.epoch).into(), &10.into()));
    assert_eq!((&note["room"], &note["id"]), (&"tea".into(), &10.into()));
}

#[tokio::test]
async fn a_place_that_was_given_anew_while_nobody_was_there_begins_a_new_epoch() {
    for (field, other) in [("id", 99), ("seq", 9), ("seq", 11)] {
        let place = Nats::alone().await;
        let mut one = Caller::at(&place).await;
        let head = one.enter("tea").await;
        one.chat("tea", "ann", 1, 10).await;
        one.close().await;
        rewrite(&place, field, other).await;
        let mut two = Caller::at(&place).await;
        let anew = two.enter("tea").await;
        assert_ne!(anew.epoch, head.epoch, "{field} {other}");
        assert_eq!((anew.last, two.all("tea").await.len()), (10, 10), "what is left is there");
    }
}

#[tokio::test]
async fn servers_look_for_what_others_noted_while_they_run() {
    let place = Nats::alone().await;
    let mut one = Caller::at(&place).await;
    let head = one.enter("tea").await;
    one.chat("tea", "ann", 1, 10).await;
    rewrite(&place, "id", 99).await;
    let (_, last) = opened_anew(&mut one, &head.epoch).await;
    assert_eq!((last, one.all("tea").await.len()), (10, 10), "what is left is there");
}

/// The only note there is.
async fn note(place: &Nats) -> (String, Value) {
    let meta = streams(place).await.get_stream("HEARTLINE_META").await.unwrap();
    let notes = meta.info_with_subjects("HEARTLINE_META.seen.*").await.unwrap();
    let notes: Vec<(String, usize)> = notes.try_collect().await.unwrap();
    let [(subject, _)] = &notes[..] else { panic!("of one server: {notes:?}") };
    let message = meta.get_last_raw_message_by_subject(subject).await.unwrap();
    (subject.clone(), serde_json::from_slice(&message.payload).unwrap())
}

/// Another server notes the same, but for something that is not so.
async fn rewrite(place: &Nats, field: &str, value: u64) {
    let (subject, mut note) = note(place).await;
    note[field] = value.into();
    let other = format!("{subject}0");
    streams(place).await.publish(other, note.to_string().into()).await.unwrap().await.unwrap();
}
