//! How what is written flies: its colour, and where it goes.

use heartline_core::wire::{Colour, Lane, Style};
use leptos::prelude::*;

use super::field::Field;

/// Light enough for the stage, which is dark in any theme.
const COLOURS: [(&str, &str); 7] = [
    ("white", "#ffffff"),
    ("red", "#fca5a5"),
    ("orange", "#fdba74"),
    ("yellow", "#fde047"),
    ("green", "#86efac"),
    ("blue", "#93c5fd"),
    ("pink", "#f9a8d4"),
];

const LANES: [(&str, Lane); 3] = [
    ("flies across", Lane::Scroll),
    ("stands at the top", Lane::Top),
    ("stands at the bottom", Lane::Bottom),
];

/// Chooses a style; none means: as it usually is.
#[component]
pub fn CommentStyle(
    /// What was chosen.
    style: RwSignal<Option<Style>>,
) -> impl IntoView {
    let change = move |change: &dyn Fn(&mut Style)| {
        style.update(|style| {
            let mut chosen = style.unwrap_or_default();
            change(&mut chosen);
            *style = (chosen != Style::default()).then_some(chosen);
        });
    };
    let on_colour = move |event| {
        let colour = event_target_value(&event).parse::<Colour>().ok();
        change(&|style| style.colour = colour);
    };
    let on_lane = move |event| {
        let name = event_target_value(&event);
        let lane = LANES.iter().find(|(other, _)| *other == name).map_or(Lane::Scroll, |(_, lane)| *lane);
        change(&|style| style.lane = lane);
    };
    view! {
        <div class="row pair">
            <Field id="comment-colour" label="Colour of your comment">
                <select id="comment-colour" data-testid="comment-colour" on:change=on_colour>
                    <option value="">"yours"</option>
                    {COLOURS.map(|(name, colour)| view! { <option value=colour>{name}</option> }).into_iter().collect_view()}
                </select>
            </Field>
            <Field id="comment-lane" label="Where it goes">
                <select id="comment-lane" data-testid="comment-lane" on:change=on_lane>
                    {LANES.map(|(name, _)| view! { <option value=name>{name}</option> }).into_iter().collect_view()}
                </select>
            </Field>
        </div>
    }
}
