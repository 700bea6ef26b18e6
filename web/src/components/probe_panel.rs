//! Numbered probes: how many, how often, and what became of them.

use heartline_core::{echo::ProbePlan, time::Duration};
use leptos::prelude::*;

use super::{
    begin_end::BeginEnd,
    field::{Complaint, Field},
    plot_view::PlotView,
};
use crate::session::echo::EchoSession;

/// Starts and stops a run of probes and shows it as it goes.
#[component]
pub fn ProbePanel(
    /// The line to probe.
    session: EchoSession,
) -> impl IntoView {
    let defaults = ProbePlan::default();
    let count = RwSignal::new(String::new());
    let interval = RwSignal::new(defaults.interval.as_millis().to_string());
    let complaint = RwSignal::new(String::new());
    let start = move || {
        let plan = plan(&count.get_untracked(), &interval.get_untracked());
        let started = plan.and_then(|plan| session.start(plan).map_err(|error| error.to_string()));
        complaint.set(started.err().unwrap_or_default());
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if session.probing.get_untracked() { session.stop() } else { start() }
    };
    view! {
        <section class="card" aria-labelledby="echo-probes">
            <div class="card-head">
                <h2 id="echo-probes">"Round trips"</h2>
                <span class="faint">"numbered probes, like ping"</span>
            </div>
            <PlotView plot=session.plot.into() testid="probe-plot" />
            <Show
                when=move || session.summary.with(|pairs| !pairs.is_empty())
                fallback=|| view! { <p class="faint">"Connect, then start: each probe is a message that has to come back."</p> }
            >
                <dl class="facts stats" data-testid="probe-stats">
                    {move || session.summary.get().into_iter().map(|(name, value)| view! {
                        <div class="fact"><dt>{name}</dt><dd>{value}</dd></div>
                    }).collect_view()}
                </dl>
            </Show>
            <form class="stack-tight" on:submit=submit novalidate=true>
                <div class="row probe">
                    <Field id="probe-count" label="How many">
                        <input id="probe-count" inputmode="numeric" placeholder="until stopped" autocomplete="off" data-testid="probe-count" bind:value=count />
                    </Field>
                    <Field id="probe-interval" label="Every … ms">
                        <input id="probe-interval" inputmode="numeric" autocomplete="off" data-testid="probe-interval" bind:value=interval />
                    </Field>
                    <BeginEnd
                        begun=session.probing.into()
                        begin=("probe-start", "Start")
                        end=("probe-stop", "Stop")
                        barred=Signal::derive(move || !session.wanted.get())
                    />
                </div>
                <Complaint testid="probe-complaint" words=complaint.into() />
            </form>
        </section>
    }
}

fn plan(count: &str, interval: &str) -> Result<ProbePlan, String> {
    let number = |written: &str, name: &str| {
        written
            .trim()
            .parse::<u64>()
            .map_err(|_| [name, " takes a whole number, not \"", written, "\""].concat())
    };
    let count = if count.trim().is_empty() { None } else { Some(number(count, "How many")?) };
    let interval = Duration::from_millis(number(interval, "The time between probes")?);
    Ok(ProbePlan { count, interval, ..ProbePlan::default() })
}
