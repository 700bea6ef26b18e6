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
    // Only this is read out, and only when it changes: the numbers beside it change every second.
    let spoken = Memo::new(move |_| shown.with(Shown::spoken));
    let dial = Memo::new(move |_| shown.with(|badge| badge.dial));
    view! {
        <section
            class=move || format!("card badge {}", shown.with(|badge| badge.tone.class()))
            aria-label="Liveness"
            data-testid="badge"
            data-tone=move || shown.with(|badge| badge.tone.class())
        >
            <p class="unseen" role="status">
                {spoken}
            </p>
            <div>
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
                        {move || {
                            dial.get()
                                .map(|words| {
                                    view! {
                                        <button
                                            type="button"
                                            class="small"
                                            data-testid="dial-now"
                                            on:click=move |_| on_now.run(())
                                        >
                                            {words}
                                        </button>
                                    }
                                })
                        }}
                    </dd>
                </div>
            </dl>
            <div class="badge-ends faint">
                <Ending name="Last line: " testid="badge-last-end" words=move || shown.with(|badge| badge.last_end.clone()) />
                <Ending name="Last dial: " testid="badge-last-dial" words=move || shown.with(|badge| badge.last_dial.clone()) />
            </div>
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

#[component]
fn Ending(
    name: &'static str,
    testid: &'static str,
    words: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> impl IntoView {
    let words = Memo::new(move |_| words());
    move || {
        let line = |words| view! { <p>{name} <span data-testid=testid>{words}</span></p> };
        words.get().map(line)
    }
}
