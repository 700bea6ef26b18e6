use heartline_core::line::Message;
use heartline_web::model::payload::{Form, PayloadError, show};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn three_forms_of_writing() {
    assert_eq!(Form::Text.read(" as it is "), Ok(Message::Text(" as it is ".into())));
    assert_eq!(Form::Hex.read("00 fF 7f\n01"), Ok(Message::Binary(vec![0, 255, 127, 1])));
    assert_eq!(Form::Hex.read(""), Ok(Message::Binary(vec![])));
    assert_eq!(Form::Base64.read("aGVs bG8="), Ok(Message::Binary(b"hello".to_vec())));
    for form in Form::ALL {
        assert_eq!(Form::from_word(form.word()), Some(form));
    }
}

#[wasm_bindgen_test]
fn what_stands_for_no_bytes_is_told() {
    assert_eq!(Form::Hex.read("0x41"), Err(PayloadError::NotHex));
    assert_eq!(Form::Hex.read("414"), Err(PayloadError::HalfByte));
    assert_eq!(Form::Base64.read("a*"), Err(PayloadError::NotBase64));
}

#[wasm_bindgen_test]
fn messages_are_shown_whole_or_cut_in_words() {
    assert_eq!(show(&Message::Binary(vec![0, 10, 255])), "00 0a ff");
    assert_eq!(show(&Message::Text("häl".into())), "häl");
    assert!(show(&Message::Text("ä".repeat(100_000))).ends_with("(cut here)"));
    assert!(show(&Message::Binary(vec![7; 1 << 20])).len() < 4_000);
}
