//! The liveness badge.

use heartline_core::time::Instant;
use leptos::prelude::*;

use super::app::Tick;
use crate::model::{badge::Badge as Shown, words};

const NONE: &str = "–";

/// State in words, round trip, last sign of life, next dial, last end.
#[component]
pub fn Badge(
    /// What to show.
    shown: RwSignal<Shown>,
    /// Dials at once.
    on_now: Callback<()>,
) -> impl IntoView {
    let tick = expect_context::<Tick>();
    let round_trip =
        move || shown.with(|badge| badge.round_trip.map_or_else(|| NONE.to_owned(), words::round_trip));
    let age = move || {
        tick.0.track();
        shown.with(|badge| badge.age(Instant::now())).unwrap_or_else(|| NONE.to_owned())
    };
    let countdown = move || {
        tick.0.track();
        shown.with(|badge| badge.countdown(Instant::now()))
    };
    let is_due = move || shown.with(|badge| badge.next_dial.is_some());
    view! {
        <section
            class=move || format!("card badge {}", shown.with(|badge| badge.tone.class()))
            aria-label="Liveness"
            data-testid="badge"
            data-tone=move || shown.with(|badge| badge.tone.class())
        >
            // Only this is read out: the numbers beside it change every second.
            <div role="status" aria-live="polite">
                <p class="badge-state">
                    <span class="badge-dot" aria-hidden="true"></span>
                    <span data-testid="badge-state">{move || shown.with(|badge| badge.state)}</span>
                </p>
                <p class="faint">{move || shown.with(|badge| badge.detail.clone())}</p>
            </div>
            <dl class="facts">
                <Fact name="Round trip" testid="badge-rtt" value=Signal::derive(round_trip) />
                <Fact name="Last sign of life" testid="badge-last-sign" value=Signal::derive(age) />
                <div class="fact">
                    <dt>"Next dial"</dt>
                    <dd>
                        <span data-testid="badge-next-dial">{move || countdown().unwrap_or_else(|| NONE.to_owned())}</span>
                        <Show when=is_due>
                            <button type="button" class="small" data-testid="dial-now" on:click=move |_| on_now.run(())>
                                "Now"
                            </button>
                        </Show>
                    </dd>
                </div>
            </dl>
            <Show when=move || shown.with(|badge| badge.last_end.is_some())>
                <p class="badge-end faint">
                    "Last line: "
                    <span data-testid="badge-last-end">{move || shown.with(|badge| badge.last_end.clone())}</span>
                </p>
            </Show>
        </section>
    }
}

#[component]
fn Fact(name: &'static str, testid: &'static str, value: Signal<String>) -> impl IntoView {
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd data-testid=testid>{value}</dd>
        </div>
    }
}
