//! The stage as it is seen: comments are elements that the browser moves by itself.

use heartline_core::stage::Flight;
use leptos::{html::Div, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{model::comment::Comment, session::stage::StageSession};

/// How high a row is, in pixels: `--row-height` of the style sheet.
const ROW: i32 = 32;

/// Draws what goes on stage when the screen is drawn, as long as somebody waits.
#[component]
pub fn StageView(
    /// The stage.
    stage: StageSession,
) -> impl IntoView {
    let ground = NodeRef::<Div>::new();
    let ruler = NodeRef::<Div>::new();
    let is_due = StoredValue::new(false);
    let draw = move || {
        is_due.try_set_value(false);
        let (Some(ground), Some(ruler)) =
            (ground.try_get_untracked().flatten(), ruler.try_get_untracked().flatten())
        else {
            return;
        };
        let width = f64::from(ground.client_width());
        let rows = usize::try_from(ground.client_height() / ROW).unwrap_or(0);
        stage.fit(width, rows, !prefers_stillness());
        let measure = |comment: &Comment| {
            let measured = comment.width.get();
            measured.unwrap_or_else(|| {
                ruler.set_text_content(Some(&comment.text));
                let width = f64::from(ruler.offset_width());
                comment.width.set(Some(width));
                width
            })
        };
        while let Some(flight) = stage.poll(measure) {
            let element = element_of(&flight, width, stage.setting.get_untracked().is_coloured());
            // Into a document that is there nothing can fail to go.
            let _ = element.map(|element| ground.append_child(&element));
        }
        stage.count();
    };
    // One frame after the other, until nobody waits.
    fn frame(stage: StageSession, is_due: StoredValue<bool>, draw: impl Fn() + Copy + 'static) {
        if is_due.try_get_value() == Some(false) {
            is_due.set_value(true);
            request_animation_frame(move || {
                draw();
                if stage.is_waiting() {
                    frame(stage, is_due, draw);
                }
            });
        }
    }
    Effect::new(move || {
        stage.came.track();
        frame(stage, is_due, draw);
    });
    let opacity = move || stage.setting.with(|setting| format!("{}%", setting.opacity()));
    let has_gone = move |event: web_sys::AnimationEvent| {
        if let Some(element) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
            element.remove();
        }
    };
    view! {
        <div
            class="stage"
            class:paused=stage.paused
            role="img"
            aria-label="Stage: what is said flies by. The timeline has all of it."
            data-testid="stage"
        >
            <div class="stage-ground" node_ref=ground style:opacity=opacity on:animationend=has_gone></div>
            <div class="comment ruler" aria-hidden="true" node_ref=ruler></div>
        </div>
    }
}

fn element_of(flight: &Flight<Comment>, stage_width: f64, coloured: bool) -> Option<HtmlElement> {
    let Flight { comment, row, lasts, flies } = flight;
    let element: HtmlElement = document().create_element("span").ok()?.dyn_into().ok()?;
    let classes = [
        "comment",
        if *flies { "flies" } else { "stands" },
        if coloured { comment.hue } else { "" },
        if comment.own { "own" } else { "" },
    ];
    element.set_class_name(&classes.join(" "));
    element.set_text_content(Some(&comment.text));
    // Set by the program and not written as an attribute, so the page's policy has nothing against it.
    let style = element.style();
    let set = |name: &str, value: &str| style.set_property(name, value).ok();
    set("--row", &row.to_string())?;
    set("--from", &format!("{stage_width}px"))?;
    set("--lasts", &format!("{}ms", lasts.as_millis()))?;
    if let Some(colour) = comment.colour.as_ref().filter(|_| coloured) {
        set("color", colour)?;
    }
    Some(element)
}

fn prefers_stillness() -> bool {
    let asked = window().match_media("(prefers-reduced-motion: reduce)");
    asked.ok().flatten().is_some_and(|answer| answer.matches())
}
