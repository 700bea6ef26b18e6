//! What to send on an echo line, as text or as bytes.

use leptos::prelude::*;

use super::field::{Complaint, Field};
use crate::{model::payload::Form, session::echo::EchoSession};

/// One line to write on, in one of three forms.
#[component]
pub fn EchoComposer(
    /// The line to send on.
    session: EchoSession,
) -> impl IntoView {
    let form = RwSignal::new(Form::Text);
    let written = RwSignal::new(String::new());
    let complaint = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let sent = form
            .get_untracked()
            .read(&written.get_untracked())
            .map_err(|error| error.to_string())
            .and_then(|message| session.send(message).map_err(|refused| refused.to_string()));
        match sent {
            Ok(()) => {
                complaint.set(String::new());
                written.set(String::new());
            }
            Err(words) => complaint.set(words),
        }
    };
    let choose = move |event| {
        if let Some(chosen) = Form::from_word(&event_target_value(&event)) {
            form.set(chosen);
        }
    };
    view! {
        <form class="stack-tight" on:submit=submit>
            <div class="row compose-form">
                <Field id="echo-form" label="Send as">
                    <select id="echo-form" data-testid="echo-form" on:change=choose>
                        {Form::ALL.map(|form| view! { <option value=form.word()>{form.word()}</option> }).collect_view()}
                    </select>
                </Field>
                <Field id="echo-input" label="Message">
                    <input id="echo-input" class="code" data-testid="echo-input" autocomplete="off" bind:value=written />
                </Field>
                <button class="main" data-testid="echo-send" disabled=move || !session.wanted.get()>"Send"</button>
            </div>
            <Complaint testid="echo-input-complaint" words=complaint.into() />
        </form>
    }
}
