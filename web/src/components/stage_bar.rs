//! From the timeline to the stage and back, and how the stage shows what is said.

use heartline_core::{
    stage::{BadSetting, Setting},
    time::Duration,
};
use leptos::prelude::*;

use super::field::Field;
use crate::session::stage::StageSession;

/// The switch between the two views.
#[component]
pub fn ViewSwitch(
    /// The stage.
    stage: StageSession,
) -> impl IntoView {
    let view = move |shows_stage: bool, name: &'static str, testid: &'static str| {
        let pressed = move || if stage.shown.get() == shows_stage { "true" } else { "false" };
        view! {
            <button type="button" class="small" data-testid=testid aria-pressed=pressed on:click=move |_| stage.show(shows_stage)>
                {name}
            </button>
        }
    };
    view! {
        <div class="switch" role="group" aria-label="How to show the room">
            {view(false, "Timeline", "view-timeline")}
            {view(true, "Stage", "view-stage")}
        </div>
    }
}

/// Speed, density, opacity, colours, pause; and what could not be shown.
#[component]
pub fn StageBar(
    /// The stage.
    stage: StageSession,
) -> impl IntoView {
    let setting = stage.setting;
    // A slider gives nothing that is out of range, and what is no number changes nothing.
    let set = move |event, with: fn(Setting, u8) -> Result<Setting, BadSetting>| {
        let written = event_target_value(&event).parse().ok();
        if let Some(Ok(changed)) = written.map(|number| with(setting.get_untracked(), number)) {
            stage.set(changed);
        }
    };
    let set_colours = move |event| {
        stage.set(setting.get_untracked().with_colours(event_target_value(&event) == "own"));
    };
    let seconds = |setting: Setting, seconds: u8| setting.with_lasts(Duration::from_secs(seconds.into()));
    let words = move || match stage.dropped.get() {
        0 => String::new(),
        1 => "1 comment found no room; the timeline has it".to_owned(),
        n => format!("{n} comments found no room; the timeline has them"),
    };
    let pause = move || if stage.paused.get() { "Go on" } else { "Pause" };
    view! {
        <div class="stage-bar">
            <div class="card-head">
                <p class="faint" data-testid="stage-dropped">{words}</p>
                <button type="button" class="small" data-testid="stage-pause" on:click=move |_| stage.pause(!stage.paused.get_untracked())>
                    {pause}
                </button>
            </div>
            <details>
                <summary>"Speed, density, opacity, colours"</summary>
                <div class="row sliders">
                    <Slider
                        id="stage-lasts"
                        label="Seconds on stage"
                        range=(Setting::LASTS_MS.start() / 1000, Setting::LASTS_MS.end() / 1000)
                        value=Signal::derive(move || setting.get().lasts().as_secs())
                        on_input=Callback::new(move |event| set(event, seconds))
                    />
                    <Slider
                        id="stage-density"
                        label="How much of the stage"
                        range=(u64::from(*Setting::DENSITY.start()), u64::from(*Setting::DENSITY.end()))
                        value=Signal::derive(move || setting.get().density().into())
                        on_input=Callback::new(move |event| set(event, Setting::with_density))
                    />
                    <Slider
                        id="stage-opacity"
                        label="Opacity"
                        range=(u64::from(*Setting::OPACITY.start()), u64::from(*Setting::OPACITY.end()))
                        value=Signal::derive(move || setting.get().opacity().into())
                        on_input=Callback::new(move |event| set(event, Setting::with_opacity))
                    />
                    <Field id="stage-coloured" label="Colours">
                        <select
                            id="stage-coloured"
                            data-testid="stage-coloured"
                            prop:value=move || setting.with(|setting| if setting.is_coloured() { "own" } else { "one" })
                            on:change=set_colours
                        >
                            <option value="own">"of whoever wrote"</option>
                            <option value="one">"one for all"</option>
                        </select>
                    </Field>
                </div>
            </details>
        </div>
    }
}

#[component]
fn Slider(
    id: &'static str,
    label: &'static str,
    range: (u64, u64),
    value: Signal<u64>,
    on_input: Callback<web_sys::Event>,
) -> impl IntoView {
    view! {
        <Field id label>
            <input
                id=id
                type="range"
                data-testid=id
                min=range.0.to_string()
                max=range.1.to_string()
                prop:value=move || value.get().to_string()
                on:input=move |event| on_input.run(event)
            />
        </Field>
    }
}
