//! The line in detail, for those who want to know.

use leptos::prelude::*;

use super::{harm_bar::HarmBar, plot_view::PlotView};
use crate::{harm::Harm, model::pulse::Shown};

/// How beats were answered, what waits, and how earlier lines ended.
#[component]
pub fn LinePanel(
    /// What to show.
    shown: RwSignal<Shown>,
    /// How many messages are not settled.
    waiting: RwSignal<usize>,
    /// Breaks the line on purpose.
    harm: Callback<Harm>,
) -> impl IntoView {
    let plot = Signal::derive(move || shown.with(|shown| shown.plot.clone()));
    let facts = move || {
        let fact = |(name, value)| view! { <div class="fact"><dt>{name}</dt><dd>{value}</dd></div> };
        shown.with(|shown| shown.facts.clone()).into_iter().map(fact).collect_view()
    };
    view! {
        <details class="card" data-testid="line-panel">
            <summary>"The line in detail"</summary>
            <div class="settings">
                <p class="faint">"Round trips of its beats; a stroke is an answer that did not come in time."</p>
                <PlotView plot testid="beat-plot" />
                <dl class="facts stats" data-testid="line-facts">
                    {facts}
                    <div class="fact"><dt>"In the outbox"</dt><dd data-testid="line-waiting">{waiting}</dd></div>
                </dl>
                <HarmBar harm />
                <Show when=move || shown.with(|shown| !shown.ends.is_empty())>
                    <h2>"How it ended before"</h2>
                    <ol class="ends" data-testid="line-ends">
                        <For each=move || shown.with(|shown| shown.ends.clone()) key=|end| end.number let:end>
                            <li>
                                <span class="time">{end.time}</span>
                                " "
                                {end.why}
                                <span class="faint">" · it lived "{end.lived}</span>
                            </li>
                        </For>
                    </ol>
                </Show>
            </div>
        </details>
    }
}
