//! Notices by the system, for when nobody looks at the page.

use js_sys::Reflect;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// The most characters of what somebody said that a notice shows.
const LONGEST: usize = 200;

/// Whether this browser knows such notices at all. Pages that came over plain `http` from elsewhere than this machine get none.
pub fn is_known() -> bool {
    Reflect::has(&leptos::prelude::window(), &"Notification".into()).unwrap_or_default()
}

/// Whether the page may show them, as far as was decided yet.
pub fn is_allowed() -> bool {
    is_known() && Notification::permission() == NotificationPermission::Granted
}

/// Asks whoever sits there, unless it was decided. Whether the page may show them. Browsers want a click before it.
pub async fn ask() -> bool {
    if is_known()
        && Notification::permission() == NotificationPermission::Default
        && let Ok(asked) = Notification::request_permission()
    {
        // The answer is read below.
        let _ = JsFuture::from(asked).await;
    }
    is_allowed()
}

/// Shows one, in the place of an earlier one with the same `tag`.
pub fn show(title: &str, body: &str, tag: &str) {
    let options = NotificationOptions::new();
    options.set_body(&body.chars().take(LONGEST).collect::<String>());
    options.set_tag(tag);
    // Some phones let only service workers show any: then there is none, and the count stands in the tab.
    let _ = Notification::new_with_options(title, &options);
}
