use heartline_web::model::flow::Flow;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn what_is_missing_from_the_buffer_is_gone() {
    let mut flow = Flow::default();
    flow.hand(100);
    flow.hand(50);
    assert_eq!(flow.look(150), None, "nothing moved");
    assert_eq!(flow.look(120), Some(0), "a part of the first");
    assert_eq!(flow.look(50), Some(1));
    assert_eq!(flow.look(50), None);
    assert_eq!(flow.look(0), Some(1));
    assert!(flow.is_empty());
}

#[wasm_bindgen_test]
fn messages_without_bytes_count_too() {
    let mut flow = Flow::default();
    flow.hand(0);
    assert_eq!(flow.look(0), Some(1));
    flow.hand(10);
    flow.hand(0);
    assert_eq!(flow.look(10), None, "an empty one waits for its turn");
    assert_eq!(flow.look(0), Some(2));
}
