use heartline_web::model::{
    dump::dump,
    inspection::{Inspection, What},
};
use wasm_bindgen_test::wasm_bindgen_test;

const HELLO: &str = r#"{"type":"hello","version":1,"to":"ws://server/","began_ms":0,
    "connections":[{"connection":1,"t":0.1,"from":"127.0.0.1:5000"}],"faults":[]}"#;

#[wasm_bindgen_test]
fn lines_come_go_and_bear_faults() {
    let mut told = Inspection::default();
    told.take(HELLO);
    assert_eq!(told.to, "ws://server/");
    told.take(r#"{"type":"begun","connection":2,"t":1.0,"from":"127.0.0.1:5001"}"#);
    told.take(r#"{"type":"fault","connection":2,"text":"server: mute-pongs"}"#);
    told.take(r#"{"type":"fault","connection":null,"text":"both: delay 200ms"}"#);
    let lines = told.lines();
    let faults = |at: usize| lines[at].faults.join(", ");
    assert_eq!((lines[0].number, &*faults(0)), (2, "server: mute-pongs, both: delay 200ms"));
    assert_eq!((lines[1].number, &*faults(1)), (1, "both: delay 200ms"));
    assert_eq!(told.faults, ["both: delay 200ms"], "those to come have it, too");
    told.take(r#"{"type":"cleared","connection":2}"#);
    assert!(told.lines()[0].faults.is_empty() && !told.lines()[1].faults.is_empty());
    told.take(
        r#"{"type":"ended","connection":1,"t":2.5,"end":{"how":"fin","by":"server"},"client":{"frames":0,"bytes":0},"server":{"frames":0,"bytes":0}}"#,
    );
    let ended = &told.lines()[1];
    assert!(
        ended.end.as_ref().is_some_and(|end| end.contains("FIN")) && ended.faults.is_empty(),
        "{ended:?}"
    );
}

#[wasm_bindgen_test]
fn frames_are_rows_that_can_be_chosen_and_opened() {
    let mut told = Inspection::default();
    told.take(HELLO);
    told.take(&frame(1, "Text", r#"{"text":"<b>hello</b>"}"#));
    told.take(&frame(2, "Binary", r#"{"base64":"AP8Q"}"#));
    let rows = told.rows(None, "");
    assert_eq!(rows.iter().map(|row| &*row.text).collect::<Vec<_>>(), ["<b>hello</b>", "00 ff 10"]);
    assert_eq!(rows[0].time, "1.250");
    assert_eq!(told.rows(Some(2), "").len(), 1);
    assert_eq!(told.rows(None, "HELLO").len(), 1, "in any case of letters");
    assert_eq!(told.rows(None, "binary").len(), 1, "by opcode, too");
    assert!(matches!(rows[1].what, What::Frame(_)));
    assert_eq!(told.frame(rows[1].key).map(|frame| frame.connection), Some(2));
}

#[wasm_bindgen_test]
fn what_is_no_message_of_a_relay_is_a_row_and_harms_nothing() {
    let mut told = Inspection::default();
    for text in ["", "hello", r#"{"type":"gossip"}"#, r#"{"type":"hello"}"#] {
        told.take(text);
    }
    let rows = told.rows(None, "");
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.name == "unreadable" && row.text.contains("not a message of a relay")));
}

#[wasm_bindgen_test]
fn a_flood_is_kept_to_its_end_and_saved_as_it_came() {
    let mut told = Inspection::default();
    told.take(HELLO);
    for number in 0..1_500 {
        told.take(&frame(1, "Text", &format!(r#"{{"text":"number {number}"}}"#)));
    }
    let rows = told.rows(None, "");
    assert_eq!((rows.len(), &*rows[999].text), (1_000, "number 1499"));
    let lines = told.as_lines();
    assert_eq!(lines.lines().count(), 1_000);
    assert!(lines.lines().next().is_some_and(|first| first.contains("number 500")));
}

#[wasm_bindgen_test]
fn bytes_stand_in_rows_of_sixteen() {
    let rows = dump("heartline says hi\n".as_bytes());
    assert_eq!((&*rows[0].at, &*rows[0].text), ("0000", "heartline says h"));
    assert_eq!((&*rows[1].at, &*rows[1].hex, &*rows[1].text), ("0010", "69 0a", "i·"));
    assert!(dump(&[]).is_empty());
}

fn frame(connection: u64, name: &str, payload: &str) -> String {
    format!(
        r#"{{"type":"frame","connection":{connection},"t":1.25,"took":0.0,"from":"client","number":0,"position":0,"fin":true,
        "reserved":0,"opcode":1,"name":"{name}","masking_key":null,"length":3,"payload":{payload},"violations":[]}}"#
    )
}
