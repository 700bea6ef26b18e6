//! Keeps the end of a list in view, unless its reader scrolled away from it.

use leptos::{html::Div, prelude::*};

/// How far from the end, in pixels, still counts as being there.
const NEAR: i32 = 48;

/// The end of a list, and whether its reader is there.
#[derive(Clone, Copy)]
pub struct End {
    list: NodeRef<Div>,
    // Noted when the reader scrolls: once new entries are in the document nobody can tell where the reader was.
    is_near: StoredValue<bool>,
    /// Whether something came that the reader has scrolled away from.
    pub is_missed: RwSignal<bool>,
}

/// Scrolls `list` to its end whenever `last` changes, if its reader was there.
pub fn follow_end<K: PartialEq + 'static>(list: NodeRef<Div>, last: impl Fn() -> K + 'static) -> End {
    let end = End { list, is_near: StoredValue::new(true), is_missed: RwSignal::new(false) };
    Effect::new(move |before: Option<K>| {
        let now = last();
        if before.as_ref() != Some(&now) {
            // The new entry is drawn by the next frame. By then the list may be gone, and what is known of it.
            request_animation_frame(move || match end.is_near.try_get_value() {
                Some(true) => end.jump(),
                Some(false) => {
                    end.is_missed.try_set(true);
                }
                None => {}
            });
        }
        now
    });
    end
}

impl End {
    /// Whether its reader is there.
    pub fn is_near(self) -> bool {
        self.is_near.get_value()
    }

    /// What to do when the reader has scrolled.
    pub fn on_scroll(self) {
        if let Some(list) = self.list.get_untracked() {
            let is_near = list.scroll_height() - list.scroll_top() - list.client_height() < NEAR;
            self.is_near.set_value(is_near);
            if is_near {
                self.is_missed.set(false);
            }
        }
    }

    /// Goes there.
    pub fn jump(self) {
        if let Some(list) = self.list.try_get_untracked().flatten() {
            list.set_scroll_top(list.scroll_height());
            self.is_missed.try_set(false);
        }
    }
}
