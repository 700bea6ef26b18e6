//! Where one writes. Without a line too: what is written waits.

use leptos::{html::Input, prelude::*};

use super::{
    comment_style::CommentStyle,
    field::{Complaint, Field},
};
use crate::session::chat::ChatSession;

/// One line to write on; Enter sends.
#[component]
pub fn Composer(
    /// The chat.
    session: ChatSession,
    /// What is being written.
    draft: RwSignal<String>,
) -> impl IntoView {
    let complaint = RwSignal::new(String::new());
    let style = RwSignal::new(None);
    let outside = move || session.room.with(Option::is_none);
    let input = NodeRef::<Input>::new();
    // Whoever joins means to write; and the button that had the focus is gone.
    Effect::new(move |was_outside: Option<bool>| {
        let is_outside = outside();
        if was_outside == Some(true) && !is_outside {
            // Enabled by the next frame. By then the tab may be closed.
            request_animation_frame(move || {
                if let Some(input) = input.try_get_untracked().flatten() {
                    let _ = input.focus();
                }
            });
        }
        is_outside
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        match session.say(&draft.get_untracked(), style.get_untracked()) {
            Ok(()) => {
                complaint.set(String::new());
                draft.set(String::new());
            }
            Err(error) => complaint.set(error.to_string()),
        }
    };
    view! {
        <form class="stack-tight" on:submit=submit>
            <div class="row compose">
                <Field id="chat-input" label="Message">
                    <input
                        id="chat-input"
                        node_ref=input
                        data-testid="chat-input"
                        autocomplete="off"
                        enterkeyhint="send"
                        dir="auto"
                        bind:value=draft
                        disabled=outside
                    />
                </Field>
                <button class="main" data-testid="chat-send" disabled=outside>"Send"</button>
            </div>
            <Show when=move || session.stage.shown.get()>
                <CommentStyle style />
            </Show>
            <Complaint testid="chat-input-complaint" words=complaint.into() />
        </form>
    }
}
