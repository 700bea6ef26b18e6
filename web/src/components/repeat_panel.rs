//! What is written, sent again and again.

use heartline_core::{line::Message, time::Duration};
use leptos::prelude::*;

use super::{
    begin_end::BeginEnd,
    field::{Complaint, Field},
};
use crate::session::{
    echo::EchoSession,
    repeat::{LEAST_MS, Repeat},
};

/// How often, how many times, and the button that begins and ends it.
#[component]
pub fn RepeatPanel(
    /// The line to send on.
    session: EchoSession,
    /// What to send, or why it is no message.
    message: Callback<(), Result<Message, String>>,
) -> impl IntoView {
    let repeat = Repeat::new(session);
    let (every, times) = (RwSignal::new("1000".to_owned()), RwSignal::new(String::new()));
    let complaint = RwSignal::new(String::new());
    let start = move || -> Result<(), String> {
        let message = message.run(())?;
        let every = number(&every.get_untracked()).filter(|ms| *ms >= LEAST_MS);
        let every =
            every.ok_or_else(|| format!("the time between two is a whole number from {LEAST_MS} on"))?;
        let written = times.get_untracked();
        let times = match written.trim() {
            "" => None,
            written => Some(
                number(written)
                    .filter(|times| *times > 0)
                    .ok_or("how many times is a whole number from 1 on")?,
            ),
        };
        repeat.start(message, Duration::from_millis(every), times);
        Ok(())
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if repeat.running.get_untracked() {
            return repeat.stop();
        }
        complaint.set(start().err().unwrap_or_default());
    };
    let words = Signal::derive(move || {
        complaint
            .with(|complaint| if complaint.is_empty() { repeat.stopped.get() } else { complaint.clone() })
    });
    view! {
        <details>
            <summary>"Again and again"</summary>
            <form class="stack-tight" on:submit=submit novalidate=true>
                <div class="row probe">
                    <Field id="repeat-every" label="Every … ms">
                        <input id="repeat-every" inputmode="numeric" autocomplete="off" data-testid="repeat-every" bind:value=every />
                    </Field>
                    <Field id="repeat-times" label="How many times">
                        <input id="repeat-times" inputmode="numeric" placeholder="until stopped" autocomplete="off" data-testid="repeat-times" bind:value=times />
                    </Field>
                    <BeginEnd
                        begun=repeat.running.into()
                        begin=("repeat-start", "Start")
                        end=("repeat-stop", "Stop")
                        barred=Signal::derive(move || !session.wanted.get())
                    />
                </div>
                <p class="faint quiet" data-testid="repeat-sent">
                    {move || Some(repeat.sent.get()).filter(|sent| *sent > 0).map(|sent| format!("sent {sent} times"))}
                </p>
                <Complaint testid="repeat-complaint" words />
            </form>
        </details>
    }
}

fn number(written: &str) -> Option<u64> {
    written.trim().parse().ok()
}
