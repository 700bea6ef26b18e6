use heartline_web::{components::app::App, storage::key};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use crate::support::{Mounted, mount, settled};

#[wasm_bindgen_test]
async fn tabs_answer_to_clicks_and_arrow_keys() {
    let page = page().await;
    assert!(is_shown(&page, "chat"));
    page.click("tab-echo").await;
    assert!(is_shown(&page, "echo"));
    page.press("tab-echo", "ArrowLeft").await;
    assert!(is_shown(&page, "chat"));
    page.press("tab-chat", "ArrowLeft").await;
    assert!(is_shown(&page, "doctor"), "round the end");
    page.press("tab-doctor", "ArrowRight").await;
    assert!(is_shown(&page, "chat"));
    page.press("tab-chat", "End").await;
    assert!(is_shown(&page, "doctor"));
    assert_eq!(page.get("tab-chat").tab_index(), -1);
    assert_eq!(document().active_element().unwrap().id(), "tab-doctor", "the focus goes along");
    page.press("tab-doctor", "Home").await;
    assert!(is_shown(&page, "chat"));
}

#[wasm_bindgen_test]
async fn nothing_on_the_page_needs_an_unsafe_policy() {
    let page = page().await;
    assert!(page.root.query_selector("[style], style, script, [onclick]").unwrap().is_none());
}

#[wasm_bindgen_test]
async fn every_control_has_a_name() {
    let page = page().await;
    let controls = page.root.query_selector_all("input, select, textarea").unwrap();
    assert!(controls.length() > 10);
    for index in 0..controls.length() {
        let control: web_sys::Element = controls.item(index).unwrap().unchecked_into();
        let label = format!("label[for='{}']", control.id());
        assert!(page.root.query_selector(&label).unwrap().is_some(), "{} has a label", control.outer_html());
    }
}

#[wasm_bindgen_test]
async fn the_echo_url_is_the_page_s_own_server_and_is_checked() {
    let page = page().await;
    page.click("tab-echo").await;
    let url = || page.get("echo-url").unchecked_into::<HtmlInputElement>().value();
    let host = window().location().host().unwrap();
    assert_eq!(url(), format!("ws://{host}/echo"));

    page.write("echo-url", "http://example.org/socket").await;
    page.click("echo-connect").await;
    assert!(page.text("echo-complaint").contains("http and https are for pages"));
    assert!(page.find("echo-connect").is_some(), "nothing was dialled");
    page.click("echo-suggestion").await;
    assert_eq!(url(), "ws://example.org/socket");
    assert_eq!(page.text("echo-complaint"), "");
}

#[wasm_bindgen_test]
async fn a_chat_wants_a_name() {
    let page = page().await;
    page.write("chat-name", "  ").await;
    page.click("chat-join").await;
    assert!(page.text("chat-complaint").contains("cannot be your name"));
    assert!(page.get("chat-input").has_attribute("disabled"));
    assert_eq!(page.text("badge-state"), "Not connected");
}

#[wasm_bindgen_test]
async fn a_token_is_hidden_checked_and_stored_nowhere() {
    let page = page().await;
    let field = page.get("chat-token").unchecked_into::<HtmlInputElement>();
    assert_eq!(field.type_(), "password");
    page.write("chat-name", "Ada").await;
    page.write("chat-token", "two secrets").await;
    page.click("chat-join").await;
    let complaint = page.text("chat-complaint");
    assert!(complaint.contains("cannot be your token") && !complaint.contains("secrets"), "{complaint}");
    let storage = window().local_storage().unwrap().unwrap();
    for index in 0..storage.length().unwrap() {
        let key = storage.key(index).unwrap().unwrap();
        assert!(!storage.get_item(&key).unwrap().unwrap().contains("secrets"), "{key}");
    }
}

#[wasm_bindgen_test]
async fn a_policy_that_cannot_work_is_refused_in_the_core_s_words() {
    let page = page().await;
    let json = page.get("policy-json").unchecked_into::<HtmlTextAreaElement>().value();
    page.write("policy-json", &json.replace("\"cap_ms\": 20000", "\"cap_ms\": 1")).await;
    page.click("policy-set").await;
    assert!(page.text("policy-complaint").contains("cap"), "{}", page.text("policy-complaint"));

    page.write("policy-json", &json.replace("\"cap_ms\": 20000", "\"cap_ms\": 30000")).await;
    page.click("policy-set").await;
    assert_eq!(page.text("policy-complaint"), "");
    let storage = window().local_storage().unwrap().unwrap();
    assert!(storage.get_item(key::POLICY).unwrap().unwrap().contains("30000"));
    storage.remove_item(key::POLICY).unwrap();
}

/// The whole page as a first visitor sees it.
async fn page() -> Mounted {
    window().local_storage().unwrap().unwrap().clear().unwrap();
    let mounted = mount(|| view! { <App /> });
    settled().await;
    mounted
}

fn is_shown(page: &Mounted, tab: &str) -> bool {
    let panel = page.get(&format!("panel-{tab}"));
    let button = page.get(&format!("tab-{tab}"));
    !panel.hidden() && button.get_attribute("aria-selected").as_deref() == Some("true")
}
