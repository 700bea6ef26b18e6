//! The messages of `heartline.v1`: what goes out comes back, and what is wrong is told in words.

use heartline_core::wire::{
    Beat, ClientMessage, Colour, DecodeError, ErrorCode, HoldCode, Lane, Limits, MAX_MESSAGE_BYTES,
    MAX_NUMBER, Member, NameFault, RejectCode, Resume, Said, ServerMessage, Style, check_name,
};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;

#[test]
fn the_wire_form_is_what_the_tables_say() {
    let say = ClientMessage::Say { room: "a".into(), id: 7, text: "hi".into(), style: None };
    assert_eq!(say.encode(), r#"{"type":"say","room":"a","id":7,"text":"hi"}"#);
    let gap = ServerMessage::Gap { room: "a".into(), after: 3, next: Some(9) };
    assert_eq!(gap.encode(), r#"{"type":"gap","room":"a","after":3,"next":9}"#);
    let hold = ServerMessage::Hold { room: "a".into(), from_id: 4, code: HoldCode::TooFast, retry_ms: 250 };
    assert_eq!(hold.encode(), r#"{"type":"hold","room":"a","from_id":4,"code":"too_fast","retry_ms":250}"#);
    let style = Style { colour: Some(Colour { red: 255, green: 136, blue: 0 }), lane: Lane::Top };
    let said = Said {
        room: "a".into(),
        seq: 2,
        prev: 1,
        at: 1000,
        from: "f".into(),
        name: "n".into(),
        id: 1,
        text: "t".into(),
        style: Some(style),
    };
    assert_eq!(
        ServerMessage::Said(said).encode(),
        concat!(
            r##"{"type":"said","room":"a","seq":2,"prev":1,"at":1000,"from":"f","name":"n","id":1,"##,
            r##""text":"t","style":{"colour":"#ff8800","lane":"top"}}"##
        )
    );
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let hello = r#"{"type":"hello","client":"secret","dial":1,"name":"n"}"#;
    assert_eq!(
        ClientMessage::decode(hello),
        Ok(ClientMessage::Hello {
            client: "secret".into(),
            dial: 1,
            name: "n".into(),
            token: None,
            resume: vec![]
        })
    );
    assert_eq!(
        ClientMessage::decode(r#"{"type":"join","room":"a","after":null}"#),
        Ok(ClientMessage::Join { room: "a".into(), epoch: None, after: None })
    );
    assert_eq!(
        ServerMessage::decode(r#"{"type":"welcome","session":"s","you":"y"}"#),
        Ok(ServerMessage::Welcome {
            session: "s".into(),
            you: "y".into(),
            heartbeat: Beat::default(),
            limits: Limits::default()
        })
    );
}

#[test]
fn unknown_fields_are_ignored_and_unknown_words_kept() {
    assert_eq!(
        ClientMessage::decode(r#"{"n":1,"later":{"deep":[1,2]},"type":"ping"}"#),
        Ok(ClientMessage::Ping { n: 1 })
    );
    let error = ServerMessage::decode(r#"{"type":"error","code":"on_fire","why":"smoke"}"#);
    let code = ErrorCode::Other("on_fire".into());
    assert_eq!(error, Ok(ServerMessage::Error { code, why: "smoke".into(), room: None }));
    let said = r#"{"type":"say","room":"a","id":1,"text":"t","style":{"lane":"diagonal"}}"#;
    let style = Some(Style { colour: None, lane: Lane::Scroll });
    assert_eq!(
        ClientMessage::decode(said),
        Ok(ClientMessage::Say { room: "a".into(), id: 1, text: "t".into(), style })
    );
}

#[test]
fn what_is_not_a_message_is_told_apart() {
    for text in ["", "hello", "[]", "[\"ping\",1]", "null", "7", "{", "{\"type\":\"ping\",\"n\":1", "{} {}"] {
        let error = ClientMessage::decode(text);
        assert!(
            matches!(error, Err(DecodeError::NotJson(_) | DecodeError::BadField { .. })),
            "{text}: {error:?}"
        );
    }
    assert_eq!(ClientMessage::decode(r#"{"type":"dance"}"#), Err(DecodeError::UnknownType("dance".into())));
    for (text, word) in [
        (r#"{"type":"say","room":"a","id":1}"#, "text"),
        (r#"{"type":"ping"}"#, "n"),
        (r#"{"n":1}"#, "type"),
        (r#"{"type":7}"#, "string"),
        (r#"{"type":"ping","n":-1}"#, "-1"),
        (r#"{"type":"ping","n":1.5}"#, "1.5"),
        (r#"{"type":"ping","n":"1"}"#, "string"),
        (r#"{"type":"ping","n":9007199254740992}"#, "2^53"),
        (r#"{"type":"join","room":"a","after":9007199254740992}"#, "2^53"),
        (r#"{"type":"say","room":"a","id":1,"text":"t","style":{"colour":"red;"}}"#, "#rrggbb"),
    ] {
        match ClientMessage::decode(text) {
            Err(DecodeError::BadField { why, .. }) => assert!(why.contains(word), "{text}: {why}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_message_over_the_limit_is_not_parsed() {
    let long = format!(r#"{{"type":"ping","n":1,"more":"{}"}}"#, "x".repeat(MAX_MESSAGE_BYTES));
    assert_eq!(ClientMessage::decode(&long), Err(DecodeError::TooLong { bytes: long.len() }));
    let deep = "[".repeat(MAX_MESSAGE_BYTES - 20);
    assert!(ClientMessage::decode(&format!(r#"{{"type":"ping","n":{deep}"#)).is_err());
}

#[test]
fn absurd_limits_are_clamped_and_never_refused() {
    let welcome = r#"{"type":"welcome","session":"s","you":"y","heartbeat":{"interval_ms":-5,"grace_ms":1e300},
        "limits":{"text_bytes":0,"rooms":-1,"in_flight":1e99,"first_page":99999999999999,"outbox_age_s":0.5}}"#;
    let Ok(ServerMessage::Welcome { heartbeat, limits, .. }) = ServerMessage::decode(welcome) else {
        panic!("not a welcome")
    };
    assert_eq!(heartbeat, Beat { interval_ms: 0, grace_ms: MAX_NUMBER });
    let limits = limits.clamped();
    assert_eq!((limits.text_bytes, limits.rooms, limits.outbox_age_s), (1, 1, 1));
    assert_eq!((limits.in_flight, limits.first_page), (1024, 10_000));
    assert_eq!(Limits::default().clamped(), Limits::default());
}

#[test]
fn the_longest_text_fits_a_message_whatever_is_in_it() {
    let limits = Limits::default();
    let said = Said {
        room: "\u{1}".repeat(limits.room_bytes as usize),
        seq: MAX_NUMBER,
        prev: MAX_NUMBER,
        at: MAX_NUMBER,
        from: "f".repeat(16),
        name: "\u{1}".repeat(limits.name_bytes as usize),
        id: MAX_NUMBER,
        text: "\u{1}".repeat(limits.text_bytes as usize),
        style: None,
    };
    assert!(ServerMessage::Said(said).encode().len() <= limits.message_bytes as usize);
}

#[test]
fn names_that_a_terminal_would_obey_are_refused() {
    assert_eq!(check_name("弹幕 room", 64), Ok(()));
    assert_eq!(check_name("", 64), Err(NameFault::Empty));
    assert_eq!(check_name(" \u{3000} ", 64), Err(NameFault::Empty));
    assert_eq!(check_name("four", 3), Err(NameFault::TooLong { bytes: 4, limit: 3 }));
    for control in ['\0', '\n', '\u{1b}', '\u{7f}', '\u{85}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}']
    {
        assert_eq!(check_name(&format!("a{control}b"), 64), Err(NameFault::Control(control)));
    }
}

proptest! {
    #![proptest_config(fixed(256))]

    #[test]
    fn what_a_client_says_comes_back(message in client_message()) {
        prop_assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn what_a_server_says_comes_back(message in server_message()) {
        prop_assert_eq!(ServerMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = ClientMessage::decode(&text);
        let _ = ServerMessage::decode(&text);
    }

    #[test]
    fn no_damaged_message_makes_the_reader_panic(message in server_message(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut letters: Vec<char> = message.encode().chars().collect();
        let at = at.index(letters.len());
        letters[at] = with;
        let text: String = letters.into_iter().collect();
        if let Ok(read) = ServerMessage::decode(&text) {
            prop_assert_eq!(ServerMessage::decode(&read.encode()), Ok(read));
        }
        let _ = ClientMessage::decode(&text);
    }
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..100u64, 0..=MAX_NUMBER, Just(MAX_NUMBER)]
}

fn style() -> impl Strategy<Value = Option<Style>> {
    let colour = prop::option::of((any::<u8>(), any::<u8>(), any::<u8>()));
    let lane = prop_oneof![Just(Lane::Scroll), Just(Lane::Top), Just(Lane::Bottom)];
    prop::option::of((colour, lane).prop_map(|(colour, lane)| Style {
        colour: colour.map(|(red, green, blue)| Colour { red, green, blue }),
        lane,
    }))
}

fn resume() -> impl Strategy<Value = Resume> {
    (".{0,8}", prop::option::of(".{0,8}"), prop::option::of(number()))
        .prop_map(|(room, epoch, after)| Resume { room, epoch, after })
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (".{0,30}", number(), ".{0,9}", prop::option::of(".{0,9}"), prop::collection::vec(resume(), 0..4))
            .prop_map(|(client, dial, name, token, resume)| ClientMessage::Hello {
                client,
                dial,
                name,
                token,
                resume
            }),
        resume().prop_map(|Resume { room, epoch, after }| ClientMessage::Join { room, epoch, after }),
        ".{0,9}".prop_map(|room| ClientMessage::Leave { room }),
        (".{0,9}", number(), any::<u32>()).prop_map(|(room, before, limit)| ClientMessage::History {
            room,
            before,
            limit
        }),
        ".{0,30}".prop_map(|token| ClientMessage::Token { token }),
        (".{0,9}", number(), ".{0,40}", style()).prop_map(|(room, id, text, style)| ClientMessage::Say {
            room,
            id,
            text,
            style
        }),
        number().prop_map(|n| ClientMessage::Ping { n }),
        number().prop_map(|n| ClientMessage::Pong { n }),
    ]
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec((".{0,9}", ".{0,9}").prop_map(|(from, name)| Member { from, name }), 0..4)
}

fn limits() -> impl Strategy<Value = Limits> {
    any::<[u32; 8]>().prop_map(
        |[message_bytes, text_bytes, name_bytes, room_bytes, rooms, in_flight, first_page, outbox_age_s]| {
            Limits {
                message_bytes,
                text_bytes,
                name_bytes,
                room_bytes,
                rooms,
                in_flight,
                first_page,
                outbox_age_s,
            }
        },
    )
}

fn said() -> impl Strategy<Value = Said> {
    ((".{0,9}", number(), number(), number(), ".{0,16}"), (".{0,9}", number(), ".{0,40}", style())).prop_map(
        |((room, seq, prev, at, from), (name, id, text, style))| Said {
            room,
            seq,
            prev,
            at,
            from,
            name,
            id,
            text,
            style,
        },
    )
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        (".{0,9}", ".{0,9}", (number(), number()), limits()).prop_map(
            |(session, you, (interval_ms, grace_ms), limits)| ServerMessage::Welcome {
                session,
                you,
                heartbeat: Beat { interval_ms, grace_ms },
                limits
            }
        ),
        (".{0,9}", ".{0,9}", number(), members(), number()).prop_map(
            |(room, epoch, last, members, total)| ServerMessage::Joined { room, epoch, last, members, total }
        ),
        said().prop_map(ServerMessage::Said),
        (".{0,9}", number(), number()).prop_map(|(room, id, seq)| ServerMessage::Accepted { room, id, seq }),
        (".{0,9}", number(), ".{0,9}", ".{0,9}").prop_map(|(room, id, code, why)| ServerMessage::Rejected {
            room,
            id,
            code: RejectCode::from(code),
            why
        }),
        (".{0,9}", number(), ".{0,9}", number()).prop_map(|(room, from_id, code, retry_ms)| {
            ServerMessage::Hold { room, from_id, code: HoldCode::from(code), retry_ms }
        }),
        (".{0,9}", number(), prop::option::of(number())).prop_map(|(room, after, next)| ServerMessage::Gap {
            room,
            after,
            next
        }),
        (".{0,9}", members(), members(), number())
            .prop_map(|(room, joined, left, total)| { ServerMessage::Members { room, joined, left, total } }),
        number().prop_map(|within_ms| ServerMessage::Draining { within_ms }),
        prop::option::of(number()).prop_map(|ends_ms| ServerMessage::Token { ends_ms }),
        (".{0,9}", ".{0,9}", prop::option::of(".{0,9}")).prop_map(|(code, why, room)| ServerMessage::Error {
            code: ErrorCode::from(code),
            why,
            room
        }),
        number().prop_map(|n| ServerMessage::Ping { n }),
        number().prop_map(|n| ServerMessage::Pong { n }),
    ]
}
