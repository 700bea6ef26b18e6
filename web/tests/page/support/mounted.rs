use std::any::Any;

use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

/// A mounted view; gone again when dropped.
pub(crate) struct Mounted {
    pub(crate) root: HtmlElement,
    // Its `Drop` takes the view down.
    _handle: Box<dyn Any>,
}

/// Mounts a view in a place of its own.
pub(crate) fn mount<F, N>(view: F) -> Mounted
where
    F: FnOnce() -> N + 'static,
    N: IntoView + 'static,
{
    let root: HtmlElement = document().create_element("section").unwrap().unchecked_into();
    document().body().unwrap().append_child(&root).unwrap();
    let handle = mount_to(root.clone(), view);
    Mounted { root, _handle: Box::new(handle) }
}

/// Lets what the last press set in motion come to rest.
pub(crate) async fn settled() {
    leptos::task::tick().await;
    leptos::task::tick().await;
}

/// Looks with every frame of the screen whether it is there, as long as the test runner has patience.
pub(crate) async fn until(what: &str, is_there: impl Fn() -> bool) {
    while !is_there() {
        let frame = Promise::new(&mut |drawn, _| {
            assert_ne!(window().request_animation_frame(&drawn).unwrap(), 0, "waiting for {what}");
        });
        JsFuture::from(frame).await.unwrap();
    }
}

impl Mounted {
    pub(crate) fn find(&self, testid: &str) -> Option<Element> {
        self.root.query_selector(&format!("[data-testid='{testid}']")).unwrap()
    }

    pub(crate) fn get(&self, testid: &str) -> HtmlElement {
        self.find(testid).unwrap_or_else(|| panic!("{testid} is on the page")).unchecked_into()
    }

    pub(crate) fn text(&self, testid: &str) -> String {
        self.get(testid).text_content().unwrap()
    }

    pub(crate) async fn click(&self, testid: &str) {
        self.get(testid).click();
        settled().await;
    }

    /// Writes into an input or a text area, as a user would.
    pub(crate) async fn write(&self, testid: &str, text: &str) {
        let control = self.get(testid);
        match control.dyn_ref::<HtmlInputElement>() {
            Some(input) => input.set_value(text),
            None => control.unchecked_ref::<HtmlTextAreaElement>().set_value(text),
        }
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        control.dispatch_event(&Event::new_with_event_init_dict("input", &init).unwrap()).unwrap();
        settled().await;
    }

    /// Presses a key on a control.
    pub(crate) async fn press(&self, testid: &str, key: &str) {
        let init = web_sys::KeyboardEventInit::new();
        init.set_key(key);
        init.set_bubbles(true);
        init.set_cancelable(true);
        let event = web_sys::KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
        self.get(testid).dispatch_event(&event).unwrap();
        settled().await;
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.root.remove();
    }
}
