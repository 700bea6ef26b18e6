//! A report of the doctor: verdict, lines, and what it rests on.

use heartline_core::{
    doctor::{Report, Statement, Story},
    policy::Policy,
};
use leptos::prelude::*;

use super::{notices::Notices, story_view::StoryView};
use crate::{
    settings::{self, PolicySetting},
    storage::Store,
};

/// Verdict and advice first, then the pictures, then all the rest. What came from the wire is text in it.
#[component]
pub fn DoctorReport(
    /// What was found.
    report: Report,
) -> impl IntoView {
    let Report { url, started, watch, survey, stories, verdict, policy, .. } = report;
    let about = format!("{url}, {started}, watched for {:.1} s", watch.lasted.as_secs_f64());
    let keepalives = verdict.keepalives.into_iter().map(|one| view! { <li>{one.text}</li> }).collect_view();
    let rows = survey.rows().into_iter().map(|(what, value)| {
        view! { <tr><th scope="row">{what}</th><td>{value}</td></tr> }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card" aria-labelledby="doctor-cause" data-testid="doctor-report">
            <h2 id="doctor-cause" data-testid="doctor-cause">{verdict.cause.sentence()}</h2>
            <p class="lead">{verdict.headline}</p>
            <p class="faint">{about}</p>
            <Statements title="Conclusion" statements=verdict.conclusion />
            <Statements title="Advice" statements=verdict.advice />
            <UsePolicy policy />
        </section>
        <Lines stories />
        <section class="card" aria-labelledby="doctor-evidence">
            <h2 id="doctor-evidence">"What it rests on"</h2>
            <Statements title="Evidence" statements=verdict.evidence />
            <h3>"Three keep-alives on this line"</h3>
            <ul class="stack-tight">{keepalives}</ul>
            <h3>"Survey"</h3>
            <div class="wide"><table class="survey"><tbody>{rows}</tbody></table></div>
        </section>
    }
}

#[component]
fn Statements(title: &'static str, statements: Vec<Statement>) -> impl IntoView {
    let row = |Statement { sureness, text }: Statement| {
        view! { <tr><th scope="row" class="faint">{sureness.word()}</th><td>{text}</td></tr> }
    };
    (!statements.is_empty()).then(|| {
        view! {
            <h3>{title}</h3>
            <div class="wide">
                <table class="survey" data-testid=["doctor-", &title.to_lowercase()].concat()>
                    <tbody>{statements.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
    })
}

#[component]
fn Lines(stories: Vec<Story>) -> impl IntoView {
    let longest = stories.iter().map(Story::end).max().unwrap_or_default();
    (!stories.is_empty()).then(|| {
        view! {
            <section class="card" aria-labelledby="doctor-lines">
                <h2 id="doctor-lines">"The lines"</h2>
                <p class="faint">
                    "Each from its handshake to its end. Upwards: from us; downwards: from the server. Long strokes are messages, short ones ping and pong frames, dots TCP keepalive probes; a dashed stroke is the last question. A thick stroke is an end, a triangle a line that stood."
                </p>
                <ol class="stories">
                    {stories.into_iter().map(|story| view! { <StoryView story longest /> }).collect_view()}
                </ol>
            </section>
        }
    })
}

/// Puts the policy in force that fits such lines.
#[component]
fn UsePolicy(policy: Policy) -> impl IntoView {
    let PolicySetting(in_force) = expect_context();
    let notices = expect_context::<Notices>();
    let fits = StoredValue::new(policy);
    let is_used = move || in_force.with(|policy| fits.with_value(|fits| fits == policy));
    let use_it = move |_| {
        if let Err(error) = settings::remember(&Store::open(), &fits.get_value()) {
            notices.say(error.to_string());
        }
        in_force.set(fits.get_value());
    };
    view! {
        <div class="card-head">
            <p class="faint" role="status">
                {move || if is_used() { "This page beats as it advises, from the next connection on." } else { "" }}
            </p>
            <button type="button" data-testid="doctor-policy" disabled=is_used on:click=use_it>"Use its heartbeat on this page"</button>
        </div>
    }
}
