//! One line that the doctor watched, as a picture.

use heartline_core::{
    doctor::{Picture, Sign, Story},
    time::Duration,
};
use leptos::prelude::*;

const WIDTH: u32 = Picture::WIDTH;
const HEIGHT: u32 = Picture::HEIGHT;
const MIDDLE: u32 = Picture::MIDDLE;

/// Its life, what passed, and how it ended; the axis stands for `longest`.
#[component]
pub fn StoryView(
    /// What it lived through.
    story: Story,
    /// The end of the line that lived longest.
    longest: Duration,
) -> impl IntoView {
    let Picture { life: (from, to), frames, probes, asked, ended, label } = Picture::of(&story, longest);
    let frames = frames.into_iter().map(|(sign, path)| {
        let class = match sign {
            Sign::ClientData | Sign::ClientControl => "story-client",
            Sign::ServerData | Sign::ServerControl => "story-server",
            Sign::TcpProbe => "story-probe",
        };
        view! { <path class=class d=path /> }
    });
    let probe =
        |x: u32| view! { <circle class="story-probe" cx=x.to_string() cy=MIDDLE.to_string() r="3" /> };
    let (foot, from_left) = (HEIGHT - 4, to + 14);
    let asked = asked.map(|x| view! { <path class="story-asked" d=format!("M{x} 2V{foot}") /> });
    let fate = match ended {
        true => view! { <path class="story-ended" d=format!("M{to} 2V{foot}") /> },
        false => view! { <path class="story-stood" d=format!("M{to} {}l10 6l-10 6z", MIDDLE - 6) /> },
    };
    let became = story.what_became();
    view! {
        <li data-testid="story">
            <p><b>{story.number}</b> " " {story.life.words()} <span class="faint" data-testid="story-end">{became.clone()}</span></p>
            <svg class="story" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=became>
                <path class="story-axis" d=format!("M0 {MIDDLE}H{}", Picture::AXIS) />
                <path class="story-life" d=format!("M{from} {MIDDLE}H{to}") />
                {frames.collect_view()}
                {probes.into_iter().map(probe).collect_view()}
                {asked}
                {fate}
                <text class="plot-label" x=from_left.to_string() y=(MIDDLE + 4).to_string()>{label}</text>
            </svg>
        </li>
    }
}
