//! What the page itself has to say: storage that is forbidden, a policy that could not be read.

use leptos::prelude::*;

/// The words to show. Whoever has something to say adds to it through the context.
#[derive(Clone, Copy)]
pub struct Notices(RwSignal<Vec<String>>);

impl Notices {
    /// Nothing to say yet.
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Says something, once.
    pub fn say(self, words: String) {
        self.0.update(|all| {
            if !all.contains(&words) {
                all.push(words);
            }
        });
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

/// The notices, above everything else.
#[component]
pub fn NoticeList() -> impl IntoView {
    let notices = expect_context::<Notices>();
    view! {
        <div role="status" data-testid="notices">
            <For each=move || notices.0.get() key=String::clone let:words>
                <p class="notice">{words}</p>
            </For>
        </div>
    }
}
