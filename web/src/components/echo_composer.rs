//! What to send on an echo line: text, JSON, bytes or a file.

use heartline_core::line::Message;
use leptos::{prelude::*, task::spawn_local};
use web_sys::File;

use super::{
    field::{Complaint, Field},
    file_field::FileField,
    repeat_panel::RepeatPanel,
    saved_list::{SavedList, keep, kept},
};
use crate::{
    file,
    model::{
        json,
        payload::{self, Form},
        recall::Recall,
        saved::{self, Saved},
        words,
    },
    session::echo::EchoSession,
};

/// A file that was read and waits to be sent.
type Attached = RwSignal<Option<(String, Vec<u8>)>>;

/// Somewhere to write, in one of four forms, and a way to send a file.
#[component]
pub fn EchoComposer(
    /// The line to send on.
    session: EchoSession,
    /// How what is written becomes a message.
    form: RwSignal<Form>,
    /// What is being written.
    written: RwSignal<String>,
) -> impl IntoView {
    let complaint = RwSignal::new(String::new());
    let attached: Attached = RwSignal::new(None);
    let recall = StoredValue::new(Recall::default());
    let list = kept();
    let now = move || Saved::new(form.get_untracked(), &written.get_untracked());
    let write = move |one: Saved| {
        form.set(one.form());
        written.set(one.written);
    };
    let message = move || match attached.get_untracked() {
        Some((_, bytes)) => Ok(Message::Binary(bytes)),
        None => form.get_untracked().read(&written.get_untracked()).map_err(|error| error.to_string()),
    };
    let send = move || match message()
        .and_then(|message| session.send(message).map_err(|refused| refused.to_string()))
    {
        Ok(()) => {
            complaint.set(String::new());
            if attached.with_untracked(Option::is_some) {
                return attached.set(None);
            }
            recall.update_value(|recall| recall.remember(now()));
            written.set(String::new());
        }
        Err(words) => complaint.set(words),
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        send();
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        // In a text of several lines the arrow keys go from line to line.
        let is_one_line = written.with_untracked(|written| !written.contains('\n'));
        let found = match event.key().as_str() {
            "Enter" if !event.shift_key() && !event.is_composing() => {
                event.prevent_default();
                // As the button, which is disabled without a line.
                if session.wanted.get_untracked() {
                    send();
                }
                None
            }
            "ArrowUp" if is_one_line => recall.try_update_value(|recall| recall.older(now())).flatten(),
            "ArrowDown" if is_one_line => recall.try_update_value(Recall::newer).flatten(),
            _ => None,
        };
        if let Some(found) = found {
            event.prevent_default();
            write(found);
        }
    };
    let choose = move |event| {
        if let Some(chosen) = Form::from_word(&event_target_value(&event)) {
            form.set(chosen);
        }
    };
    let tidy = move |_| match json::check(&written.get_untracked()) {
        Ok(()) => written.update(|written| *written = json::pretty(written)),
        Err(why) => complaint.set(payload::PayloadError::NotJson(why).to_string()),
    };
    let keep_it = move |_| {
        let mut is_kept = false;
        let stored = keep(list, |list| is_kept = saved::add(list, now()));
        let too_long = || format!("only messages of up to {} are kept", words::size(saved::LONGEST));
        complaint.set(if is_kept { stored.err().unwrap_or_default() } else { too_long() });
    };
    let attach = Callback::new(move |chosen: File| {
        spawn_local(async move {
            match file::bytes(&chosen).await {
                Ok(bytes) => {
                    attached.try_set(Some((chosen.name(), bytes)));
                    complaint.try_set(String::new());
                }
                // The page may be gone by now.
                Err(error) => drop(complaint.try_set(error.to_string())),
            }
        });
    });
    view! {
        <form class="stack-tight" on:submit=submit>
            <div class="row compose-form">
                <Field id="echo-form" label="Send as">
                    <select id="echo-form" data-testid="echo-form" prop:value=move || form.get().word() on:change=choose>
                        {Form::ALL.map(|form| view! { <option value=form.word()>{form.word()}</option> }).collect_view()}
                    </select>
                </Field>
                <Field id="echo-input" label="Message">
                    <textarea
                        id="echo-input"
                        class="code"
                        rows=move || written.with(|written| written.lines().count().clamp(1, 12).to_string())
                        spellcheck="false"
                        autocomplete="off"
                        data-testid="echo-input"
                        bind:value=written
                        on:keydown=on_key
                    ></textarea>
                </Field>
                <button class="main" data-testid="echo-send" disabled=move || !session.wanted.get()>"Send"</button>
            </div>
            <AttachedFile attached />
            <Complaint testid="echo-input-complaint" words=complaint.into() />
            <div class="row-end">
                <Show when=move || form.get() == Form::Json>
                    <button type="button" class="small" data-testid="echo-tidy" on:click=tidy>"Tidy up"</button>
                </Show>
                <button type="button" class="small" data-testid="echo-keep" disabled=move || written.with(String::is_empty) on:click=keep_it>"Keep"</button>
            </div>
        </form>
        <FileField id="echo-file" label="Or a file, as one binary message" on_file=attach />
        <SavedList list write=Callback::new(write) />
        <RepeatPanel session message=Callback::new(move |()| message()) />
    }
}

/// A file that goes out in place of what is written.
#[component]
fn AttachedFile(attached: Attached) -> impl IntoView {
    move || {
        attached.with(|attached| attached.as_ref().map(|(name, bytes)| [name, ", ", &words::size(bytes.len())].concat())).map(
            |words| {
                view! {
                    <p class="card-head" data-testid="echo-attached">
                        <span>{words}</span>
                        <button type="button" class="small" on:click=move |_| attached.set(None)>"Take away"</button>
                    </p>
                }
            },
        )
    }
}
