//! Where one writes. Without a line too: what is written waits.

use leptos::prelude::*;

use super::field::{Complaint, Field};
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
    let outside = move || session.room.with(Option::is_none);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        match session.say(&draft.get_untracked()) {
            Ok(()) => {
                complaint.set(String::new());
                draft.set(String::new());
            }
            Err(error) => complaint.set(error.to_string()),
        }
    };
    view! {
        <form on:submit=submit>
            <div class="row compose">
                <Field id="chat-input" label="Message">
                    <input
                        id="chat-input"
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
            <Complaint testid="chat-input-complaint" words=complaint.into() />
        </form>
    }
}
