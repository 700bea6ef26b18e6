//! The watch over close codes, in whichever pieces the bytes come.

use heartline_core::close::may_be_sent;
use heartline_core::frame::{CloseWatch, Side, Stopped, Violation};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::frame_encode::Plan;

const KEY: [u8; 4] = [0x42, 0x04, 0xcb, 0x9a];

/// What a library does not take, that judges by RFC 6455 alone.
fn is_unknown(code: u16) -> bool {
    code == 1014 || !may_be_sent(code)
}

#[test]
fn it_stops_in_the_middle_of_a_code_however_the_bytes_come() {
    let before =
        [Plan::new(1, b"text"), Plan::new(2, &[8; 300]), Plan::new(9, b""), Plan::new(2, &[0; 70_000])];
    for (side, key) in [(Side::Client, Some(KEY)), (Side::Server, None)] {
        let mask = |plan: &Plan| Plan { key, ..plan.clone() }.encode();
        let (close, header) =
            (mask(&closing(1014, "bad gateway".as_bytes())), if key.is_some() { 6 } else { 2 });
        let messages: Vec<u8> = before.iter().flat_map(mask).collect();
        let bytes = [&messages[..], &close, b"never looked at"].concat();
        for size in [1, 2, 3, 7, 125, 4096, bytes.len()] {
            let (passed, stopped) = watch(side, &bytes, size);
            assert!(passed == bytes[..messages.len() + header + 1], "{side:?}, {size} at a time");
            let said = Stopped { code: 1014, reason: "bad gateway".to_owned(), violation: None };
            assert_eq!(stopped, Some(said), "{side:?}, {size} at a time");
        }
    }
}

#[test]
fn what_may_not_be_sent_is_named() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let (_, stopped) = watch(Side::Server, &closing(code, b"why").encode(), 3);
        let violation = Some(Violation::CloseCode(code));
        assert_eq!(stopped, Some(Stopped { code, reason: "why".to_owned(), violation }));
    }
    let (_, stopped) = watch(Side::Server, &closing(1014, b"\xff").encode(), 9);
    let violation = Some(Violation::ReasonNotUtf8);
    assert_eq!(stopped, Some(Stopped { code: 1014, reason: "\u{fffd}".to_owned(), violation }));
}

#[test]
fn all_else_passes() {
    let known = (1000..=1013).chain(3000..=4999).filter(|code| may_be_sent(*code));
    let not_for_it = [
        ("nothing said", Plan::new(8, b"")),
        ("half a code", Plan::new(8, &[3])),
        ("fragmented", Plan { fin: false, ..closing(1014, b"") }),
        ("reserved bits", Plan { reserved: 4, ..closing(1014, b"") }),
        ("too long", closing(1014, &[b'x'; 124])),
        ("masked by a server", Plan { key: Some(KEY), ..closing(1014, b"") }),
        ("no close frame", Plan::new(2, &1014_u16.to_be_bytes())),
    ];
    let plans = known.map(|code| ("known", closing(code, b"fine"))).chain(not_for_it);
    for (what, plan) in plans {
        let bytes = plan.encode();
        for size in [1, bytes.len()] {
            assert_eq!(watch(Side::Server, &bytes, size), (bytes.clone(), None), "{what}: {plan:?}");
        }
    }
}

#[test]
fn half_a_close_frame_is_none_yet() {
    let bytes = closing(1014, b"reason").encode();
    for end in 0..bytes.len() {
        let (passed, stopped) = watch(Side::Server, &bytes[..end], 1);
        assert_eq!((passed.len(), stopped), (end.min(3), None));
    }
}

fn closing(code: u16, reason: &[u8]) -> Plan {
    Plan::new(8, &[&code.to_be_bytes(), reason].concat())
}

/// What passes, and what was stopped at, of bytes that come in pieces of `size`.
fn watch(side: Side, bytes: &[u8], size: usize) -> (Vec<u8>, Option<Stopped>) {
    let mut watch = CloseWatch::new(side, is_unknown);
    let mut passed = Vec::new();
    for piece in bytes.chunks(size) {
        let count = watch.pass(piece);
        passed.extend_from_slice(&piece[..count]);
    }
    (passed, watch.stopped())
}
