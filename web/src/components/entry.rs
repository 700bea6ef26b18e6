//! One entry of a timeline.

use leptos::prelude::*;

use super::said_text::SaidText;
use crate::{
    clock,
    model::chat_view::{Item, Mark},
};

/// Words with their name, time and mark; or a gap.
#[component]
pub fn Entry(
    /// What to show. Others' words go into text nodes, whatever they contain.
    item: Item,
    /// Gives a message that came back to its writer.
    take_back: Callback<(u64, String)>,
) -> impl IntoView {
    let mark = item.mark;
    match mark {
        Mark::Gap => view! {
            <li class="rift" data-testid="entry" data-mark=mark.word()>
                <span data-testid="entry-text">{item.text}</span>
            </li>
        }
        .into_any(),
        Mark::Day => view! {
            <li class="day" data-testid="day"><span>{item.at.map(clock::date)}</span></li>
        }
        .into_any(),
        Mark::New => view! {
            <li class="new" data-testid="new"><span>"New"</span></li>
        }
        .into_any(),
        Mark::Said | Mark::Queued | Mark::Sent | Mark::Accepted | Mark::Held | Mark::Rejected => {
            view! { <Said item take_back /> }.into_any()
        }
    }
}

#[component]
fn Said(item: Item, take_back: Callback<(u64, String)>) -> impl IntoView {
    let mark = item.mark;
    let own = mark != Mark::Said;
    let class = match mark {
        Mark::Said if item.for_you => "said for-you",
        Mark::Said | Mark::Gap | Mark::Day | Mark::New => "said",
        Mark::Accepted => "said own",
        Mark::Queued | Mark::Sent | Mark::Held | Mark::Rejected => "said own pending",
    };
    let (id, text) = (item.id, item.text.clone());
    let came_back = (mark == Mark::Rejected).then(|| {
        view! {
            <p class="said-why">
                <span data-testid="entry-why">{["not taken: ", &item.why].concat()}</span>
                " "
                <button type="button" class="small" data-testid="take-back" on:click=move |_| take_back.run((id, text.clone()))>
                    "Take back"
                </button>
            </p>
        }
    });
    view! {
        <li class=class class:leads=item.leads data-testid="entry" data-mark=mark.word() data-seq=item.seq.map(|seq| seq.to_string())>
            <span class=[if item.leads { "said-name " } else { "unseen " }, item.hue].concat() data-testid="entry-name">{item.name}</span>
            <span class="aside">
                {item.at.map(clock::moment)}
                {own.then(|| view! {
                    <span class=["mark ", mark.word()].concat()>
                        <span aria-hidden="true">{mark.sign()}</span>
                        {mark.word()}
                    </span>
                })}
            </span>
            <p class="said-text" data-testid="entry-text" dir="auto"><SaidText text=item.text /></p>
            {came_back}
        </li>
    }
}
