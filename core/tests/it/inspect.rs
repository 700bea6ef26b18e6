//! The feed of a relay, and its frames as bits.

use heartline_core::inspect::{Bits, Frame, FromRelay, ToRelay};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_masked_text_frame_is_the_one_of_rfc_6455() {
    // Section 5.7: 0x81 0x85 0x37 0xfa 0x21 0x3d …
    let frame = frame(
        r#""from":"client","fin":true,"opcode":1,"name":"Text","masking_key":"37fa213d","length":5,"length_bits":7"#,
    );
    let bits = frame.bits();
    assert_eq!(written(&bits), "1 0 0 0 0001 1 0000101 37fa213d");
    assert_eq!(bits.iter().map(|field| field.count).sum::<u64>(), 8 + 8 + 32 + 40);
    assert_eq!(means(&bits, "MASK"), "masked, as a client must");
    assert_eq!(means(&bits, "Payload data"), "5 bytes");
}

#[test]
fn each_length_form_has_its_field() {
    for (length, length_bits, fields, seven, extended) in [
        (125, 7, 8, "1111101", None),
        (256, 16, 9, "1111110", Some("0100")),
        (65_536, 64, 9, "1111111", Some("0000000000010000")),
        // Longer than it need be, as it was sent.
        (5, 64, 9, "1111111", Some("0000000000000005")),
        // An older relay does not say: then it is taken to be the shortest.
        (256, 0, 9, "1111110", Some("0100")),
    ] {
        let frame = frame(&format!(
            r#""from":"server","fin":true,"opcode":2,"name":"Binary","masking_key":null,"length":{length},"length_bits":{length_bits}"#
        ));
        let bits = frame.bits();
        assert_eq!(bits.len(), fields, "{length} in {length_bits}");
        let value = |name| bits.iter().find(|field| field.name == name).map(|field| &*field.value);
        assert_eq!(value("Payload len"), Some(seven));
        assert_eq!(value("Extended payload length"), extended);
        assert_eq!(means(&bits, "MASK"), "not masked, as a server must not");
    }
}

#[test]
fn what_must_not_be_is_said() {
    let frame =
        frame(r#""from":"client","fin":false,"opcode":9,"name":"Ping","masking_key":null,"length":0"#);
    let frame = Frame { reserved: 0b110, ..frame };
    let bits = frame.bits();
    assert_eq!(written(&bits), "0 1 1 0 1001 0 0000000");
    assert_eq!(means(&bits, "MASK"), "not masked, though a client must");
    assert!(means(&bits, "RSV2").contains("nothing was agreed"));
}

#[test]
fn messages_of_the_feed_are_read_and_written() {
    let told = FromRelay::parse(r#"{"type": "missed", "count": 7, "unknown": true}"#);
    assert_eq!(told, Ok(FromRelay::Missed { count: 7 }));
    let why = FromRelay::parse(r#"{"type": "gossip"}"#).unwrap_err();
    assert!(why.contains("gossip"), "{why}");
    assert_eq!(ToRelay::Clear { connection: None }.to_text(), r#"{"type":"clear"}"#);
}

fn frame(fields: &str) -> Frame {
    let json = format!(
        r#"{{"type":"frame","connection":1,"t":0.5,"took":0.0,"number":0,"position":0,"reserved":0,"payload":{{}},"violations":[],{fields}}}"#
    );
    let Ok(FromRelay::Frame(frame)) = FromRelay::parse(&json) else { panic!("no frame: {json}") };
    *frame
}

fn written(bits: &[Bits]) -> String {
    let values: Vec<&str> =
        bits.iter().map(|field| &*field.value).filter(|value| !value.is_empty()).collect();
    values.join(" ")
}

fn means<'a>(bits: &'a [Bits], name: &str) -> &'a str {
    bits.iter().find(|field| field.name == name).map(|field| &*field.means).unwrap()
}
