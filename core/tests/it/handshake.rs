//! Both heads of the handshake as fields, and what they make together.

use heartline_core::frame::{Context, Side};
use heartline_core::handshake::{
    AnswerBreach, Cause, DeflateFault, HeadFault, HeadReader, KeyFault, LONGEST_HEAD, Outcome, Request,
    RequestBreach, Response, accept_for, outcome,
};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const KEY: &str = "cHgSMsfxKpnmpXM1KcHPOw==";
const ACCEPT: &str = "eB70U2oE9e8g9MHF5BTL6gjhEGQ=";

fn request(more: &str) -> Request {
    let head = format!(
        "GET /echo?token=1 HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n{more}\r\n"
    );
    Request::parse(head.as_bytes()).unwrap()
}

fn answer(head: &str) -> Response {
    Response::parse(format!("{head}\r\n\r\n").as_bytes()).unwrap()
}

fn yes(more: &str) -> Response {
    answer(&format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}{more}"
    ))
}

fn cause(request: &Request, head: &str) -> Cause {
    match outcome(request, &answer(head)) {
        Outcome::Refused(refusal) => refusal.cause,
        other @ (Outcome::Open(_) | Outcome::Broken(..)) => panic!("{head} is no refusal but {other:?}"),
    }
}

fn broken(request: &Request, response: &Response) -> Vec<AnswerBreach> {
    match outcome(request, response) {
        Outcome::Broken(breaches, _) => breaches,
        other @ (Outcome::Open(_) | Outcome::Refused(_)) => panic!("nothing is wrong: {other:?}"),
    }
}

#[test]
fn the_handshake_of_the_seed_is_a_line() {
    assert_eq!(accept_for(KEY), ACCEPT);
    // The example of RFC 6455 section 1.3.
    assert_eq!(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let request = request("");
    assert!(request.is_websocket() && request.breaches().is_empty());
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/echo?token=1"));
    let Outcome::Open(agreement) = outcome(&request, &yes("")) else { panic!("it is a line") };
    assert_eq!((agreement.subprotocol, agreement.deflate), (None, None));
}

#[test]
fn names_keep_their_spelling_and_are_found_in_any() {
    let response = answer("HTTP/1.1 200 OK\r\nX-Ab: one\r\nx-aB:two\r\n folded\r\nno field here");
    let names: Vec<_> = response.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["X-Ab", "x-aB"]);
    assert_eq!(response.fields.all("x-ab").collect::<Vec<_>>(), ["one", "two folded"]);
    assert_eq!(response.odd_lines, ["no field here"]);
}

#[test]
fn each_breach_of_a_request_is_named() {
    let breaches = |head: &str| Request::parse(head.as_bytes()).unwrap().breaches();
    assert_eq!(
        breaches("POST / HTTP/1.0\r\n\r\n"),
        [
            RequestBreach::Method("POST".to_owned()),
            RequestBreach::Version("HTTP/1.0".to_owned()),
            RequestBreach::Host(0),
            RequestBreach::Upgrade,
            RequestBreach::Connection,
            RequestBreach::NoKey,
            RequestBreach::NoWebSocketVersion,
        ]
    );
    let rest = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c, WebSocket\r\nConnection: UPGRADE\r\n";
    assert_eq!(
        breaches(&format!("{rest}Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 8\r\n\r\n")),
        [RequestBreach::Key(KeyFault::Length(3)), RequestBreach::WebSocketVersion("8".to_owned())]
    );
    assert_eq!(
        breaches(&format!(
            "{rest}Sec-WebSocket-Key: ?\r\nSec-WebSocket-Key: ?\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )),
        [RequestBreach::Key(KeyFault::NotBase64), RequestBreach::Twice("Sec-WebSocket-Key")]
    );
    assert!(!Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap().is_websocket());
}

#[test]
fn each_breach_of_a_101_is_named() {
    let found = broken(&request(""), &answer("HTTP/1.1 101 Web\r\nSec-WebSocket-Accept: x"));
    let accept = AnswerBreach::Accept { expected: ACCEPT.to_owned(), found: "x".to_owned() };
    assert_eq!(found, [AnswerBreach::Upgrade, AnswerBreach::Connection, accept]);
    let none = answer("HTTP/1.1 101 Web\r\nUpgrade: websocket\r\nConnection: upgrade");
    assert_eq!(broken(&request(""), &none), [AnswerBreach::NoAccept]);

    let offering = request("Sec-WebSocket-Protocol: chat, graphql-ws\r\n");
    let Outcome::Open(agreement) = outcome(&offering, &yes("\r\nSec-WebSocket-Protocol: graphql-ws")) else {
        panic!("it was offered")
    };
    assert_eq!(agreement.subprotocol.as_deref(), Some("graphql-ws"));
    let other = AnswerBreach::Subprotocol("Chat".to_owned());
    assert_eq!(broken(&offering, &yes("\r\nSec-WebSocket-Protocol: Chat")), [other]);
    let several = broken(&offering, &yes("\r\nSec-WebSocket-Protocol: chat, graphql-ws"));
    assert_eq!(several, [AnswerBreach::Subprotocols]);
    let extension = AnswerBreach::Extension("permessage-deflate".to_owned());
    assert_eq!(broken(&offering, &yes("\r\nSec-WebSocket-Extensions: permessage-deflate")), [extension]);
}

#[test]
fn compression_is_agreed_on_by_its_parameters() {
    let offering = request(
        "Sec-WebSocket-Extensions: x-unknown; a=\"1;2,3\", permessage-deflate; client_max_window_bits\r\n",
    );
    let answered = |parameters: &str| {
        outcome(&offering, &yes(&format!("\r\nSec-WebSocket-Extensions: permessage-deflate{parameters}")))
    };
    let Outcome::Open(agreement) = answered("; server_no_context_takeover; client_max_window_bits=\"10\"")
    else {
        panic!("it was offered")
    };
    let deflate = agreement.deflate.unwrap();
    assert_eq!(
        (deflate.context(Side::Client), deflate.context(Side::Server)),
        (Context::TakenOver, Context::Fresh)
    );
    assert_eq!((deflate.client_bits, deflate.server_bits), (10, 15));

    for (parameters, fault) in [
        ("; level=9", DeflateFault::Unknown("level".to_owned())),
        ("; server_max_window_bits=16", DeflateFault::Value("server_max_window_bits".to_owned())),
        ("; server_max_window_bits", DeflateFault::Value("server_max_window_bits".to_owned())),
        ("; server_no_context_takeover=1", DeflateFault::Value("server_no_context_takeover".to_owned())),
        (
            "; server_no_context_takeover; server_no_context_takeover",
            DeflateFault::Twice("server_no_context_takeover".to_owned()),
        ),
    ] {
        let Outcome::Broken(breaches, _) = answered(parameters) else { panic!("{parameters} cannot be") };
        assert_eq!(breaches, [AnswerBreach::Deflate(fault)]);
    }
    let plain = request("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    let unasked = yes("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9");
    assert_eq!(broken(&plain, &unasked), [AnswerBreach::Deflate(DeflateFault::NotOffered)]);
}

#[test]
fn each_refusal_says_why() {
    let right = request("");
    let page = Cause::NotWebSocket { html: true };
    assert_eq!(cause(&right, "HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=utf-8"), page);
    let moved = Cause::Redirect { location: Some("wss://b.example/".to_owned()) };
    assert_eq!(cause(&right, "HTTP/1.1 301 Moved Permanently\r\nLocation: wss://b.example/"), moved);
    let unknown = Cause::Unauthorised { scheme: Some("Bearer".to_owned()) };
    assert_eq!(cause(&right, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\""), unknown);
    assert_eq!(cause(&right, "HTTP/1.1 403 Forbidden"), Cause::Forbidden { origin: false });
    let from_page = request("Origin: https://c.example\r\n");
    assert_eq!(cause(&from_page, "HTTP/1.1 403 Forbidden"), Cause::Forbidden { origin: true });
    for (status, cause_of_it) in [
        (404, Cause::NotFound),
        (405, Cause::Method),
        (407, Cause::ProxyAuthentication),
        (418, Cause::Other),
        (429, Cause::TooMany),
        (431, Cause::Limit),
        (500, Cause::ServerFault),
        (502, Cause::Gateway),
        (503, Cause::Unavailable),
        (504, Cause::Gateway),
    ] {
        assert_eq!(cause(&right, &format!("HTTP/1.1 {status} x")), cause_of_it);
    }
    let old = Cause::OldHttp("HTTP/1.0".to_owned());
    assert_eq!(cause(&right, "HTTP/1.0 200 OK"), old);
}

#[test]
fn a_proxy_that_drops_upgrade_is_told_from_a_client_that_sends_none() {
    let right = request("");
    let wrong = Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    for head in ["HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13", "HTTP/1.1 400 Bad Request"] {
        assert_eq!(cause(&right, head), Cause::UpgradeDropped);
        assert_eq!(cause(&wrong, head), Cause::BadRequest);
    }
    let other = Cause::OtherVersion("7, 8".to_owned());
    assert_eq!(cause(&right, "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 7, 8"), other);
}

#[test]
fn who_answered_is_told_as_evidence() {
    let response =
        answer("HTTP/1.1 502 Bad Gateway\r\nServer: istio-envoy\r\nVIA: 1.1 x\r\nDate: now\r\nCF-Ray: 1");
    let Outcome::Refused(refusal) = outcome(&request(""), &response) else { panic!("502 is a refusal") };
    let told: Vec<_> = refusal.evidence.iter().map(|one| (one.field.as_str(), one.suggests)).collect();
    assert_eq!(
        told,
        [("Server", "Envoy under Istio"), ("VIA", "a proxy that names itself"), ("CF-Ray", "Cloudflare")]
    );
}

#[test]
fn what_is_not_http_is_told_at_its_first_bytes() {
    for (bytes, what) in [
        (&b"\x16\x03\x01"[..], "TLS"),
        (b"SSH-2.0-x", "SSH"),
        (b"\x81\x05hello", "frame"),
        (b"{}", "something else"),
    ] {
        let mut input = bytes;
        let fault = HeadReader::new().read(&mut input).unwrap_err();
        assert!(fault.to_string().contains(what), "{fault}");
    }
    assert!(
        Response::parse(b"HTTP/1.1 banana\r\n\r\n").is_err() && Request::parse(b"GET /\r\n\r\n").is_err()
    );
}

#[test]
fn an_endless_head_is_given_up_at_its_bound() {
    let mut reader = HeadReader::new();
    let mut start = &b"HTTP/1.1 200 OK\r\n"[..];
    assert_eq!(reader.read(&mut start), Ok(None));
    let line = b"a: b\r\n".repeat(100);
    let fault = (0..LONGEST_HEAD).find_map(|_| reader.read(&mut &line[..]).err());
    assert_eq!(fault, Some(HeadFault::TooLong));
    assert_eq!(reader.so_far().len(), LONGEST_HEAD);
}

proptest! {
    #![proptest_config(crate::fixed(200))]

    #[test]
    fn a_head_in_any_pieces_is_the_same(cuts in proptest::collection::vec(1usize..40, 1..20)) {
        let whole = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 101 Web\r\nUpgrade: websocket\r\n\r\n\x81\x01a";
        let (mut reader, mut heads, mut rest) = (HeadReader::new(), Vec::new(), &whole[..]);
        for cut in cuts.iter().cycle() {
            let (mut piece, after) = rest.split_at((*cut).min(rest.len()));
            let before = piece.len();
            heads.extend(reader.read(&mut piece).unwrap());
            rest = &rest[before - piece.len()..];
            prop_assert!(rest.len() >= after.len());
            if heads.len() == 2 {
                break;
            }
        }
        prop_assert!(Response::parse(&heads[0]).unwrap().is_informational());
        prop_assert!(!Response::parse(&heads[1]).unwrap().is_informational());
        prop_assert_eq!(rest, b"\x81\x01a");
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "(GET|HTTP/1.1 101) [ -~\r\n]{0,200}") {
        for head in [bytes.as_slice(), text.as_bytes()] {
            let _ = HeadReader::new().read(&mut &head[..]);
            let (asked, answered) = (Request::parse(head), Response::parse(head));
            if let Ok(asked) = &asked {
                let _ = asked.breaches();
            }
            if let Ok(answered) = &answered {
                let _ = outcome(&request(""), answered);
            }
        }
    }
}
