//! Keeps the end of a list in view, unless its reader scrolled away from it.

use leptos::{html::Ol, prelude::*};

/// How far from the end, in pixels, still counts as being there.
const NEAR: i32 = 48;

/// Scrolls `list` to its end whenever `last` changes, if its reader was there. Returns what to do on `scroll`.
pub fn follow_end<K: PartialEq + 'static>(
    list: NodeRef<Ol>,
    last: impl Fn() -> K + 'static,
) -> impl Fn(web_sys::Event) {
    // Noted when the reader scrolls: once new entries are in the document nobody can tell where the reader was.
    let at_end = StoredValue::new(true);
    Effect::new(move |before: Option<K>| {
        let now = last();
        if before.as_ref() != Some(&now) {
            // The new entry is drawn by the next frame.
            request_animation_frame(move || {
                // By then the list may be gone, and what is known of it.
                if let Some(list) = list.try_get_untracked().flatten()
                    && at_end.try_get_value() == Some(true)
                {
                    list.set_scroll_top(list.scroll_height());
                }
            });
        }
        now
    });
    move |_| {
        if let Some(list) = list.get_untracked() {
            at_end.set_value(list.scroll_height() - list.scroll_top() - list.client_height() < NEAR);
        }
    }
}
