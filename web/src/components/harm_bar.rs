//! Harm by button, to see a line heal.

use leptos::prelude::*;

use crate::harm::Harm;

/// What each harm is, and what to expect.
fn words(harm: Harm) -> &'static str {
    match harm {
        Harm::Cut => {
            "Cut: the line ended and nobody said why. It is dialled again at once; what you write meanwhile waits."
        }
        Harm::Freeze => {
            "Frozen: nothing passes any more, and nobody says so. Write on, and watch: the beats stay away, the line is asked once more, given up, and dialled anew."
        }
        Harm::Mute => {
            "Mute: what you send is lost on its way, what others say still comes. The server misses your answers, and ends the line; what was lost is sent again."
        }
    }
}

/// A button for each harm, and words about the last.
#[component]
pub fn HarmBar(
    /// Does it.
    harm: Callback<Harm>,
) -> impl IntoView {
    let done = RwSignal::new(None::<Harm>);
    let button = |one: Harm| {
        let label = match one {
            Harm::Cut => "Cut it",
            Harm::Freeze => "Freeze it",
            Harm::Mute => "Mute me",
        };
        let press = move |_| {
            harm.run(one);
            done.set(Some(one));
        };
        view! { <button type="button" class="small" data-testid=["harm-", one.word()].concat() on:click=press>{label}</button> }
    };
    view! {
        <div class="stack-tight" role="group" aria-label="Try it">
            <div class="card-head">
                <h2>"Try it"</h2>
                <div class="switch">{Harm::ALL.map(button).collect_view()}</div>
            </div>
            <p class="faint" role="status" data-testid="harm-words">
                {move || done.get().map_or("Break this page's line on purpose, and see it heal. Nobody else is touched.", words)}
            </p>
        </div>
    }
}
