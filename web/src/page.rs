//! What the page knows of where it is.

use wasm_bindgen::JsCast;

use crate::model::address::Origin;

/// Where this page came from.
///
/// A page opened from a file has no server; it is taken to be beside a `heartline serve` with its defaults.
pub fn origin() -> Origin {
    let location = leptos::prelude::window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let host = location.host().ok().filter(|host| !host.is_empty());
    let host = host.map(|host| past_trunk(&host).unwrap_or(host));
    Origin { secure, host: host.unwrap_or_else(|| "127.0.0.1:8080".to_owned()) }
}

/// The server behind `trunk serve`.
///
/// Trunk's proxy answers no subprotocol, and a browser refuses a line on which it offered one and got none. So a page
/// under development dials the server itself, which takes the Origin of any loopback page.
fn past_trunk(host: &str) -> Option<String> {
    let name = host.strip_suffix(":8081").filter(|_| cfg!(debug_assertions))?;
    Some([name, ":8080"].concat())
}

/// What stands before the room in the page's address.
const ROOM: &str = "#room=";

/// The room that the page's address names, for whoever was sent a link.
pub fn linked_room() -> Option<String> {
    let hash = leptos::prelude::window().location().hash().ok()?;
    let room = js_sys::decode_uri_component(hash.strip_prefix(ROOM)?).ok()?;
    Some(String::from(room)).filter(|room| !room.is_empty())
}

/// Names the room in the page's address, so that it can be sent to others. Goes back nowhere: a room is no page of its own.
pub fn link_room(room: &str) {
    let address = [ROOM, &String::from(js_sys::encode_uri_component(room))].concat();
    // A browser that keeps its address as it is takes nothing from anybody.
    let _ = leptos::prelude::window()
        .history()
        .and_then(|history| history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address)));
}

/// Lets the browser save a text as a file.
pub fn save(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let document = leptos::prelude::document();
    let made = web_sys::Blob::new_with_str_sequence(&parts).and_then(|blob| {
        let url = web_sys::Url::create_object_url_with_blob(&blob)?;
        let link: web_sys::HtmlAnchorElement = document.create_element("a")?.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
        web_sys::Url::revoke_object_url(&url)
    });
    // A browser that saves nothing has said so itself.
    drop(made);
}
