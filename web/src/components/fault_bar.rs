//! The lines through a relay, and what can be done to them.

use leptos::prelude::*;

use super::field::Field;
use crate::{model::inspection::Line, session::inspect::InspectSession};

/// What most want to try: the words on the button, and the fault.
const FAULTS: [(&str, &str); 7] = [
    ("Mute pongs", "server: mute-pongs"),
    ("Freeze", "both: stall"),
    ("Black hole", "both: blackhole"),
    ("Slow", "both: delay 200ms"),
    ("Hang up", "both: cut fin"),
    ("Reset", "both: cut rst"),
    ("Close 1012", "both: cut 1012"),
];

/// Which line to look at, and buttons that hurt it.
#[component]
pub fn FaultBar(
    /// The feed that is read.
    session: InspectSession,
) -> impl IntoView {
    let own = RwSignal::new(String::new());
    let set_own = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let words = own.get_untracked();
        if !words.trim().is_empty() {
            session.fault(words.trim());
        }
    };
    let choose = move |event: web_sys::Event| session.chosen.set(event_target_value(&event).parse().ok());
    let option = move |line: &Line| {
        let number = line.number.to_string();
        let chosen = session.chosen.get_untracked() == Some(line.number);
        view! { <option value=number selected=chosen>{words(line)}</option> }
    };
    let faults = move || {
        let chosen = session.chosen.get();
        let on = |line: &Line| {
            let is_meant = !line.faults.is_empty() && chosen.is_none_or(|number| number == line.number);
            is_meant.then(|| ["#", &line.number.to_string(), ": ", &line.faults.join(", ")].concat())
        };
        let mut words: Vec<String> = session.lines.with(|lines| lines.iter().filter_map(on).collect());
        let to_come = session.to_come.get();
        if chosen.is_none() && !to_come.is_empty() {
            words.push(["lines to come: ", &to_come.join(", ")].concat());
        }
        words.join(" · ")
    };
    view! {
        <section class="card stack-tight" aria-labelledby="inspect-lines">
            <div class="card-head">
                <h2 id="inspect-lines">"Lines"</h2>
                <span class="faint">"to " <span class="code" data-testid="inspect-to">{session.to}</span></span>
            </div>
            <Field id="inspect-line" label="Look at, and act on">
                <select id="inspect-line" data-testid="inspect-line" on:change=choose>
                    <option value="">"all lines, and those to come"</option>
                    {move || session.lines.with(|lines| lines.iter().map(option).collect_view())}
                </select>
            </Field>
            <div class="buttons" role="group" aria-label="Faults">
                {FAULTS.map(|(name, fault)| view! {
                    <button type="button" class="small" title=fault data-testid="fault" on:click=move |_| session.fault(fault)>{name}</button>
                }).collect_view()}
                <button type="button" class="small main" data-testid="fault-clear" on:click=move |_| session.clear()>"Heal"</button>
            </div>
            <form class="row url" on:submit=set_own>
                <Field id="inspect-fault" label="Or in words, such as client: throttle 10k after 5s">
                    <input id="inspect-fault" class="code" autocomplete="off" data-testid="fault-words" bind:value=own />
                </Field>
                <button data-testid="fault-set">"Set"</button>
            </form>
            <p class="faint" aria-live="polite" data-testid="faults">{faults}</p>
        </section>
    }
}

fn words(line: &Line) -> String {
    let end = line.end.as_ref().map_or_else(String::new, |end| [" – ", end].concat());
    ["#", &line.number.to_string(), " from ", &line.from, &end].concat()
}
