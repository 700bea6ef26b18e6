use heartline_core::policy::Policy;
use heartline_web::{
    components::app::App,
    settings,
    storage::{StorageError, Store, key},
};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Patch, mount, settled};

#[wasm_bindgen_test]
fn what_was_written_is_read_again() {
    let store = Store::open();
    assert!(!store.is_forbidden());
    store.write("heartline.test", "käse").unwrap();
    assert_eq!(Store::open().read("heartline.test").as_deref(), Some("käse"));
    assert_eq!(store.read("heartline.never"), None);
}

#[wasm_bindgen_test]
fn a_policy_is_remembered_and_a_damaged_one_is_said_and_replaced() {
    let store = Store::open();
    let lan = Policy::preset("lan").unwrap();
    settings::remember(&store, &lan).unwrap();
    assert_eq!(settings::policy(&store), (lan.clone(), None));
    assert_eq!(settings::preset_of(&lan), Some("lan"));

    for damaged in ["{", "[]", r#"{"heartbeat": {"interval_ms": 0}}"#, "\u{0}"] {
        store.write(key::POLICY, damaged).unwrap();
        let (policy, words) = settings::policy(&store);
        assert_eq!(policy, Policy::default());
        assert!(words.is_some_and(|words| words.contains("cannot be used")), "{damaged}");
    }
    window().local_storage().unwrap().unwrap().remove_item(key::POLICY).unwrap();
}

#[wasm_bindgen_test]
async fn a_page_without_storage_says_so_and_works() {
    let _forbidden = Patch::new(
        "window.heldBack = Object.getOwnPropertyDescriptor(window, 'localStorage'); Object.defineProperty(window, 'localStorage', { configurable: true, get() { throw new Error('no'); } })",
        "if (heldBack) Object.defineProperty(window, 'localStorage', heldBack); else delete window.localStorage; delete window.heldBack",
    );
    let store = Store::open();
    assert!(store.is_forbidden());
    assert_eq!(store.read(key::NAME), None);
    assert_eq!(store.write(key::NAME, "Ada"), Err(StorageError::Forbidden));

    let mounted = mount(|| view! { <App /> });
    settled().await;
    assert!(mounted.text("notices").contains("forbids storage"));
    mounted.click("tab-echo").await;
    assert!(!mounted.get("panel-echo").hidden());
}

#[wasm_bindgen_test]
fn storage_that_is_full_is_survived() {
    let _full = Patch::new(
        "Storage.prototype.heldBack = Storage.prototype.setItem; Storage.prototype.setItem = () => { throw new Error('full'); }",
        "Storage.prototype.setItem = Storage.prototype.heldBack; delete Storage.prototype.heldBack",
    );
    assert_eq!(Store::open().write(key::NAME, "Ada"), Err(StorageError::Full));
}
