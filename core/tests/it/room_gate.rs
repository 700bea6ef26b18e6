//! Who may do what, tried by those who should not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use heartline_core::close::code;
use heartline_core::room::{Denied, Gate, Grant, Identity, LineId, RoomSet, SessionTimer};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{ClientMessage, ErrorCode, RejectCode, Resume, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::room_world::{World, hello, resume, saids, seqs};

#[test]
fn nobody_comes_in_without_a_token_that_is_good() {
    for token in [None, Some(""), Some("guess"), Some("ANN"), Some("ann "), Some("gone"), Some("early")] {
        let (mut world, _) = world();
        let line = come(&mut world, "ann", token, vec![resume("tea", None, None)]);
        assert_eq!(world.closed(line), Some(code::UNAUTHORIZED), "{token:?}");
        assert_eq!(world.got(line), [], "{token:?}");
        assert_eq!(world.hub.lines(), 0, "nobody heard of it");
        world.tell(line, &ClientMessage::Join { room: "tea".into(), epoch: None, after: None });
        assert_eq!(world.got(line), [], "and it is not listened to any more");
    }
}

#[test]
fn the_token_of_the_handshake_counts_where_hello_has_none() {
    for (bearer, hello, name) in
        [("ann", None, Some("ann")), ("guess", Some("ann"), Some("ann")), ("ann", Some("guess"), None)]
    {
        let (mut world, _) = world();
        let line = world.open();
        world.session(line).handle_bearer(bearer.to_owned());
        say_hello(&mut world, line, "me", hello, vec![resume("tea", None, None)]);
        let named = world.got(line).iter().find_map(|message| {
            if let ServerMessage::Joined { members, .. } = message {
                Some(members[0].name.clone())
            } else {
                None
            }
        });
        assert_eq!(named.as_deref(), name, "{bearer} in the handshake, {hello:?} in hello");
    }
}

#[test]
fn a_name_is_the_tokens_whatever_a_client_calls_itself() {
    let (mut world, _) = world();
    let ann = come(&mut world, "ann", Some("ann"), tea());
    for lie in ["ann", "", "a\nb", &"x".repeat(1000)] {
        let line = world.open();
        let hello = ClientMessage::Hello {
            client: "bob's own well kept secret".into(),
            dial: 1,
            name: lie.into(),
            token: Some("bob".into()),
            resume: tea(),
        };
        world.tell(line, &hello);
        world.say(line, "tea", 1, "I am ann");
        assert!(world.closed(line).is_none());
        world.cut(line);
    }
    assert!(saids(&world.got(ann)).all(|said| said.name == "bob"));
}

#[test]
fn the_same_secret_under_another_subject_is_somebody_else() {
    let (mut world, _) = world();
    let ann = come(&mut world, "the secret of ann", Some("ann"), tea());
    let you = you(&world.got(ann));
    assert_eq!(you, Identity::of(&secret("the secret of ann"), Some("ann")).to_string());

    // Bob has stolen Ann's secret, and would replace her line by a higher dial, or answer for her message.
    let bob = world.open();
    let (client, resume) = (secret("the secret of ann"), tea());
    let token = Some("bob".to_owned());
    world.tell(bob, &ClientMessage::Hello { client, dial: 9_999, name: "ann".into(), token, resume });
    assert_eq!(world.closed(ann), None);
    world.say(ann, "tea", 1, "hers");
    world.say(bob, "tea", 1, "his");
    let got = world.got(bob);
    assert_eq!(seqs(&got), [1, 2], "the same id of another is no repeat");
    assert_eq!(saids(&got).filter(|said| said.from == you).count(), 1);

    // What others see of Ann is not what she is known by.
    let line = come(&mut world, &you, Some("bob"), tea());
    assert_eq!(world.closed(ann), None);
    world.cut(line);
    let line = world.open();
    let (token, resume) = (Some("ann".to_owned()), tea());
    let posing = format!("{you}{you}");
    world.tell(line, &ClientMessage::Hello { client: posing, dial: 9_999, name: "x".into(), token, resume });
    assert_eq!(world.closed(ann), None, "not even with a token of hers, without the secret");
}

#[test]
fn a_room_the_token_does_not_open_is_neither_joined_nor_read_nor_written_in() {
    let (mut world, _) = world();
    let ann = come(&mut world, "ann", Some("ann"), vec![resume("vault", None, Some(0))]);
    world.say(ann, "vault", 1, "secret");
    let bob =
        come(&mut world, "bob", Some("bob"), vec![resume("vault", None, Some(0)), resume("tea", None, None)]);
    let got = world.got(bob);
    assert_eq!(refused(&got), [("vault".to_owned(), ErrorCode::Forbidden)]);
    world.tell(bob, &ClientMessage::Join { room: "vault".into(), epoch: None, after: Some(0) });
    assert_eq!(refused(&world.got(bob)), [("vault".to_owned(), ErrorCode::Forbidden)]);
    world.tell(bob, &ClientMessage::History { room: "vault".into(), before: 9, limit: 9 });
    assert_eq!(refused(&world.got(bob)), [("vault".to_owned(), ErrorCode::NotJoined)]);
    world.say(bob, "vault", 1, "in");
    assert_eq!(rejected(&world.got(bob)), [(1, RejectCode::Forbidden)]);
    world.say(ann, "vault", 2, "more");
    assert_eq!(world.got(bob), []);
    assert_eq!(world.closed(bob), None);
}

#[test]
fn who_may_only_read_reads_and_who_may_only_write_does_not() {
    let (mut world, _) = world();
    let reader = come(&mut world, "r", Some("reader"), tea());
    let ann = come(&mut world, "ann", Some("ann"), tea());
    world.got(reader);
    world.say(reader, "tea", 1, "psst");
    assert_eq!(rejected(&world.got(reader)), [(1, RejectCode::Forbidden)]);
    world.say(ann, "tea", 1, "hello");
    assert_eq!(seqs(&world.got(reader)), [1]);

    let writer = come(&mut world, "w", Some("writer"), tea());
    assert_eq!(refused(&world.got(writer)), [("tea".to_owned(), ErrorCode::Forbidden)]);
    world.say(ann, "tea", 2, "again");
    assert_eq!(world.got(writer), []);
}

#[test]
fn a_line_ends_with_its_token() {
    let (mut world, _) = world();
    let line = come(&mut world, "ann", Some("minute"), tea());
    let end = world.got(line).into_iter().find_map(|message| {
        if let ServerMessage::Token { ends_ms } = message { Some(ends_ms) } else { None }
    });
    assert_eq!(end, Some(Some(60_000)));
    world.pass(Duration::from_secs(59));
    assert_eq!(world.session(line).poll_timeout().map(|(_, why)| why), Some(SessionTimer::TokenEnds));
    assert_eq!(world.closed(line), None);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.closed(line), Some(code::TOKEN_EXPIRED));
    // And with the same one nobody comes in again: a client without another stays away.
    let line = come(&mut world, "ann", Some("minute"), tea());
    assert_eq!(world.closed(line), Some(code::UNAUTHORIZED));
}

#[test]
fn a_fresh_token_keeps_the_line_and_one_that_is_no_good_changes_nothing() {
    let (mut world, _) = world();
    let line = come(&mut world, "ann", Some("minute"), tea());
    world.pass(Duration::from_secs(30));
    world.got(line);
    for wrong in ["guess", "", "bob", "gone"] {
        renew(&mut world, line, wrong);
        let got = world.got(line);
        assert!(
            matches!(got[..], [ServerMessage::Error { code: ErrorCode::BadToken, .. }]),
            "{wrong}: {got:?}"
        );
    }
    renew(&mut world, line, "hour");
    assert_eq!(world.got(line), [ServerMessage::Token { ends_ms: Some(3_570_000) }]);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.closed(line), None);
    renew(&mut world, line, "ann");
    assert_eq!(world.got(line), [ServerMessage::Token { ends_ms: None }]);
    world.pass(Duration::from_secs(7200));
    assert_eq!(world.closed(line), None);
    for _ in 0..21 {
        renew(&mut world, line, "guess");
    }
    assert_eq!(world.closed(line), Some(code::BAD_MESSAGE), "nobody guesses for ever");
}

#[test]
fn a_token_that_was_taken_back_ends_its_lines_and_no_others() {
    let (mut world, tokens) = world();
    let ann = come(&mut world, "ann", Some("ann"), tea());
    let bob = come(&mut world, "bob", Some("bob"), tea());
    tokens.forget("ann");
    changed(&mut world);
    assert_eq!((world.closed(ann), world.closed(bob)), (Some(code::UNAUTHORIZED), None));
}

#[test]
fn who_may_do_less_than_before_is_put_out_and_told() {
    let (mut world, tokens) = world();
    let ann =
        come(&mut world, "ann", Some("ann"), vec![resume("tea", None, None), resume("vault", None, None)]);
    let other = come(&mut world, "o", Some("reader"), tea());
    world.slow = true;
    for id in 1..=3 {
        world.say(ann, "vault", id, "waits");
    }
    world.got(ann);
    tokens.change("ann", |grant| grant.rooms = RoomSet::of(["tea"]));
    changed(&mut world);
    let got = world.got(ann);
    assert_eq!(refused(&got), [("vault".to_owned(), ErrorCode::Forbidden)]);
    assert_eq!(rejected(&got), [(2, RejectCode::Forbidden), (3, RejectCode::Forbidden)]);
    world.slow = false;
    world.settle();
    world.got(ann);
    world.say(ann, "vault", 4, "still?");
    assert_eq!(rejected(&world.got(ann)), [(4, RejectCode::Forbidden)]);

    tokens.change("ann", |grant| grant.write = false);
    changed(&mut world);
    world.say(ann, "tea", 1, "still?");
    assert_eq!(rejected(&world.got(ann)), [(1, RejectCode::Forbidden)]);
    world.got(other);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.closed(ann), None);
}

#[test]
fn no_token_shows_when_a_session_is_written_out_for_a_log() {
    let (mut world, _) = world();
    let line = world.open();
    world.session(line).handle_bearer("do not tell".to_owned());
    assert!(!format!("{:?}", world.session(line)).contains("do not tell"));
}

/// A gate that knows a few tokens by heart.
#[derive(Debug)]
struct Tokens {
    known: Mutex<BTreeMap<String, Result<Arc<Grant>, Denied>>>,
}

impl Gate for Tokens {
    fn admit(&self, now: Instant, token: Option<&str>) -> Result<Arc<Grant>, Denied> {
        let token = token.ok_or(Denied::Missing)?;
        let grant = self.known.lock().unwrap().get(token).cloned().unwrap_or(Err(Denied::Wrong))?;
        if grant.until.is_some_and(|until| until <= now) { Err(Denied::Expired) } else { Ok(grant) }
    }

    fn review(&self, _: Instant, grant: &Arc<Grant>) -> Result<Arc<Grant>, Denied> {
        let known = self.known.lock().unwrap();
        let mut known = known.values().flatten();
        known.find(|known| known.ticket == grant.ticket).cloned().ok_or(Denied::Withdrawn)
    }
}

impl Tokens {
    fn forget(&self, token: &str) {
        self.known.lock().unwrap().remove(token);
    }

    fn change(&self, token: &str, change: impl FnOnce(&mut Grant)) {
        let mut known = self.known.lock().unwrap();
        let Some(Ok(grant)) = known.get_mut(token) else { panic!("no such token: {token}") };
        change(Arc::make_mut(grant));
    }
}

fn world() -> (World, Arc<Tokens>) {
    let mut world = World::new();
    let mut ticket = 0;
    let mut grant = |subject: &str| {
        ticket += 1;
        let name = Some(subject.into());
        let ticket = Some([ticket; 32]);
        Grant { subject: name.clone(), name, ticket, ..Grant::everything() }
    };
    let soon = |seconds| Some(world.now + Duration::from_secs(seconds));
    let known = [
        ("ann", Ok(grant("ann"))),
        ("bob", Ok(Grant { rooms: RoomSet::of(["tea", "bob-*"]), ..grant("bob") })),
        ("reader", Ok(Grant { write: false, ..grant("reader") })),
        ("writer", Ok(Grant { read: false, ..grant("writer") })),
        ("minute", Ok(Grant { until: soon(60), ..grant("ann") })),
        ("hour", Ok(Grant { until: soon(3600), ..grant("ann") })),
        ("gone", Err(Denied::Expired)),
        ("early", Err(Denied::NotYet)),
    ];
    let known = known.map(|(token, grant)| (token.to_owned(), grant.map(Arc::new)));
    let tokens = Arc::new(Tokens { known: Mutex::new(known.into()) });
    world.gate = tokens.clone();
    (world, tokens)
}

fn come(world: &mut World, who: &str, token: Option<&str>, resume: Vec<Resume>) -> LineId {
    let line = world.open();
    say_hello(world, line, who, token, resume);
    line
}

fn say_hello(world: &mut World, line: LineId, who: &str, with: Option<&str>, resume: Vec<Resume>) {
    let mut hello = hello(who, 1, resume);
    let ClientMessage::Hello { token, .. } = &mut hello else { unreachable!() };
    *token = with.map(str::to_owned);
    world.tell(line, &hello);
}

fn renew(world: &mut World, line: LineId, token: &str) {
    world.tell(line, &ClientMessage::Token { token: token.to_owned() });
}

fn changed(world: &mut World) {
    let now = world.now;
    for client in world.clients.values_mut() {
        client.session.handle_gate_changed(now);
    }
    world.settle();
}

fn tea() -> Vec<Resume> {
    vec![resume("tea", None, None)]
}

/// As `hello` of the rooms' world makes it.
fn secret(who: &str) -> String {
    let ClientMessage::Hello { client, .. } = hello(who, 1, vec![]) else { unreachable!() };
    client
}

fn you(got: &[ServerMessage]) -> String {
    let Some(ServerMessage::Welcome { you, .. }) = got.first() else { panic!("{got:?}") };
    you.clone()
}

fn refused(got: &[ServerMessage]) -> Vec<(String, ErrorCode)> {
    let refused = got.iter().filter_map(|message| {
        if let ServerMessage::Error { code, room: Some(room), .. } = message {
            Some((room.clone(), code.clone()))
        } else {
            None
        }
    });
    refused.collect()
}

fn rejected(got: &[ServerMessage]) -> Vec<(u64, RejectCode)> {
    let rejected = got.iter().filter_map(|message| {
        if let ServerMessage::Rejected { id, code, .. } = message { Some((*id, code.clone())) } else { None }
    });
    rejected.collect()
}
