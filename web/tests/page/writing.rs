//! What helps somebody who writes to a server: JSON in lines, what was sent before, what was kept.

use heartline_core::line::Message;
use heartline_web::model::{
    json,
    payload::{self, Form},
    recall::{self, Recall},
    saved::{self, Saved},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn json_is_put_into_lines_and_nothing_in_it_changes() {
    let written = r#"{"a":[1,2.50,{"deep":[]}],"text":"a \"quoted\" {brace}, and: 茶\\","big":12345678901234567890123,"none":{ }}"#;
    let pretty = json::pretty(written);
    assert_eq!(
        pretty,
        r#"{
  "a": [
    1,
    2.50,
    {
      "deep": []
    }
  ],
  "text": "a \"quoted\" {brace}, and: 茶\\",
  "big": 12345678901234567890123,
  "none": {}
}"#
    );
    assert_eq!(json::pretty(&pretty), pretty, "once is enough");
    assert_eq!(json::pretty(" true "), "true");
    for other in ["{\"a\":", "hello", "", "[1] [2]"] {
        assert_eq!(json::pretty(other), other, "what is no JSON stays as it is");
    }
}

#[wasm_bindgen_test]
fn json_goes_out_as_written_or_not_at_all() {
    let written = " {\"a\": 1}\n";
    assert_eq!(Form::Json.read(written), Ok(Message::Text(written.into())));
    let error = Form::Json.read("{\"a\": }").unwrap_err().to_string();
    assert!(error.starts_with("this is not JSON: ") && error.contains("column 7"), "{error}");
}

#[wasm_bindgen_test]
fn a_message_can_be_written_again() {
    let text = Message::Text("hello".into());
    assert_eq!(payload::write(&text), (Form::Text, "hello".into()));
    let bytes = Message::Binary(vec![1, 254]);
    let (form, written) = payload::write(&bytes);
    assert_eq!(form.read(&written), Ok(bytes));
}

#[wasm_bindgen_test]
fn arrow_keys_go_back_to_what_was_sent_and_forth_to_the_draft() {
    let mut sent = Recall::default();
    assert_eq!(sent.older(one("draft")), None, "nothing was sent yet");
    for text in ["first", "second", "second"] {
        sent.remember(one(text));
    }
    assert_eq!(sent.older(one("draft")), Some(one("second")));
    assert_eq!(sent.older(one("second")), Some(one("first")), "the same twice is remembered once");
    assert_eq!(sent.older(one("first")), None);
    assert_eq!(sent.newer(), Some(one("second")));
    assert_eq!(sent.newer(), Some(one("draft")));
    assert_eq!(sent.newer(), None);

    for n in 0..2 * recall::KEPT {
        sent.remember(one(&n.to_string()));
    }
    let steps = std::iter::from_fn(|| sent.older(one(""))).count();
    assert_eq!(steps, recall::KEPT);
}

#[wasm_bindgen_test]
fn kept_messages_are_bounded_and_read_again() {
    let mut list = Vec::new();
    assert!(saved::add(&mut list, Saved::new(Form::Hex, "ca fe")));
    assert!(saved::add(&mut list, one("hello")));
    assert!(saved::add(&mut list, Saved::new(Form::Hex, "ca fe")), "and comes to the front");
    assert_eq!(list.iter().map(|one| one.written.as_str()).collect::<Vec<_>>(), ["ca fe", "hello"]);
    assert_eq!(list[0].form(), Form::Hex);
    assert_eq!(saved::from_json(&saved::to_json(&list)), list);
    assert!(!saved::add(&mut list, one(&"x".repeat(saved::LONGEST + 1))));
    assert_eq!(list.len(), 2);
    for n in 0..2 * saved::KEPT {
        saved::add(&mut list, one(&n.to_string()));
    }
    assert_eq!(list.len(), saved::KEPT);
    for other in ["", "{}", "[1]", "null"] {
        assert!(saved::from_json(other).is_empty(), "{other}");
    }
}

fn one(written: &str) -> Saved {
    Saved::new(Form::Text, written)
}
