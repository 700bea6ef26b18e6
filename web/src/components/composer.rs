//! Where one writes. Without a line too: what is written waits.

use heartline_core::chat::check_room_name;
use leptos::{html::Input, prelude::*};

use super::{
    comment_style::CommentStyle,
    field::{Complaint, Field},
    join_form::enter,
};
use crate::{
    model::command::{Command, HELP},
    session::chat::ChatSession,
};

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
    let enter = enter(session);
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
        let done = match Command::read(&draft.get_untracked()) {
            Command::Say(text) => {
                session.say(&text, style.get_untracked()).map_err(|error| error.to_string())
            }
            Command::Nick(name) => session.rename(&name).map_err(|fault| fault.to_string()),
            Command::Join(room) => check_room_name(&room).map_err(|fault| fault.to_string()).map(|()| {
                session.room_field.set(room);
                enter.run(());
            }),
            Command::Leave => {
                session.leave();
                Ok(())
            }
            Command::Clear => {
                session.clear();
                Ok(())
            }
            Command::Unknown => Err(HELP.to_owned()),
        };
        match done {
            Ok(()) => {
                complaint.set(String::new());
                draft.set(String::new());
            }
            Err(words) => complaint.set(words),
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
