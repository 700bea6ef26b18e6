//! The Doctor tab: what `heartline doctor` found out about a line, to look at.

use heartline_core::doctor::Report;
use leptos::{prelude::*, task::spawn_local};
use web_sys::File;

use super::{
    doctor_report::DoctorReport,
    field::{Complaint, Field},
    file_field::FileField,
};
use crate::file;

/// A report, pasted or opened, and how to come to one.
#[component]
pub fn DoctorTab() -> impl IntoView {
    let written = RwSignal::new(String::new());
    let complaint = RwSignal::new(String::new());
    let report = RwSignal::new(None::<Report>);
    let read = move |text: &str| match Report::from_json(text) {
        Ok(read) => {
            complaint.set(String::new());
            report.set(Some(read));
        }
        // What is shown stays.
        Err(error) => complaint.set(error.to_string()),
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        read(&written.get_untracked());
    };
    let open = Callback::new(move |chosen: File| {
        spawn_local(async move {
            match file::text(&chosen).await {
                Ok(text) => read(&text),
                // The page may be gone by now.
                Err(error) => drop(complaint.try_set(error.to_string())),
            }
        });
    });
    view! {
        <form class="card" on:submit=submit>
            <div class="row doctor">
                <Field id="doctor-json" label="Report of heartline doctor --json">
                    <textarea id="doctor-json" class="code" rows="3" spellcheck="false" data-testid="doctor-json" bind:value=written></textarea>
                </Field>
                <div class="stack-tight">
                    <FileField id="doctor-file" label="Or a file with it" on_file=open />
                    <button class="main" data-testid="doctor-show">"Show"</button>
                </div>
            </div>
            <Complaint testid="doctor-complaint" words=complaint.into() />
        </form>
        <Show when=move || report.with(Option::is_none)>
            <Hint />
        </Show>
        {move || report.get().map(|report| view! { <DoctorReport report /> })}
    }
}

/// How to come to a report.
#[component]
fn Hint() -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="doctor-hint" data-testid="doctor-hint">
            <h2 id="doctor-hint">"Who cuts the line?"</h2>
            <p>
                "Lines that die after a minute, or that nobody knows to be dead: the doctor holds some sixteen of them side by side, each kept up in another way, and tells who ends them, by what means, after how long, and what to set. It runs in a terminal, for no page can see pings or TCP:"
            </p>
            <pre class="code">"heartline doctor wss://example.com/socket --json > report.json"</pre>
            <p>"Nothing of what you open here leaves this page."</p>
        </section>
    }
}
