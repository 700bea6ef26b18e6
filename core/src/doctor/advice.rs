//! What to do: the heartbeat that keeps a line up, the setting to raise, and a policy ready to use.

use super::conclusion::stood_by;
use super::{
    Cause, Effect, Finding, Kind, Life, Sign, Statement, Story, Sureness, Survey, Suspect, Verdict, say,
};
use crate::policy::{HeartbeatPolicy, MIN_ANNOUNCED_GRACE, MIN_ANNOUNCED_INTERVAL, Policy};
use crate::time::Duration;

/// A certificate with fewer days left is named: whoever renews by itself does so earlier.
const SOON: i64 = 14;

/// The longest interval with which two beats fall into one period, with 5 % (at least half a second) to spare: one beat may be lost or
/// late. Rounded down to what people write: to five seconds from ten on, to whole ones from two on. `None` for periods no beat of
/// [`MIN_ANNOUNCED_INTERVAL`] fits into.
#[must_use]
pub fn interval_for(period: Duration) -> Option<Duration> {
    let period = period.as_secs_f64();
    let half = (period - (period * 0.05).max(0.5)) / 2.0;
    let rounded = match half {
        half if half >= 10.0 => (half / 5.0).floor() * 5.0,
        half if half >= 2.0 => half.floor(),
        half => (half * 10.0).floor() / 10.0,
    };
    let least = MIN_ANNOUNCED_INTERVAL.as_secs_f64();
    if rounded >= least {
        return Duration::try_from_secs_f64(rounded).ok();
    }
    // One beat in each period is better than none.
    (period > least + 0.5).then_some(MIN_ANNOUNCED_INTERVAL)
}

/// The policy for a line like that: the defaults, with a heartbeat that is quick enough.
#[must_use]
pub fn policy_for(heartbeat: Option<Duration>) -> Policy {
    let defaults = Policy::default();
    let Some(most) = heartbeat else { return defaults };
    let interval =
        most.clamp(MIN_ANNOUNCED_INTERVAL, defaults.heartbeat().interval().max(MIN_ANNOUNCED_INTERVAL));
    let grace = (interval / 2).clamp(MIN_ANNOUNCED_GRACE, defaults.heartbeat().grace());
    HeartbeatPolicy::new(interval, grace).map_or_else(
        |_| Policy::default(),
        |heartbeat| Policy::new(heartbeat, defaults.reconnect().clone(), defaults.outbox().clone()),
    )
}

/// The longest interval that keeps lines up in spite of all findings.
pub(super) fn heartbeat(findings: &[Finding]) -> Option<Duration> {
    let timers = findings.iter().filter(|finding| is_timer(finding));
    let intervals = timers.filter_map(|finding| {
        let period = finding.period?;
        // The lower bound has the slack of an end taken off already.
        interval_for(period.about.unwrap_or(period.least))
    });
    intervals.min()
}

/// Whether a heartbeat may help: it is an idle timer, or may be one.
fn is_timer(finding: &Finding) -> bool {
    match finding.kind {
        Some(Kind::IdleTimer) => true,
        Some(
            Kind::Lifetime | Kind::FirstMessage | Kind::PongDemanded | Kind::MessageRefused | Kind::Event,
        ) => false,
        None => finding.kinds.contains(&Kind::IdleTimer),
    }
}

/// What to do about one finding.
pub(super) fn advice(
    finding: &Finding,
    cause: Cause,
    heartbeat: Option<Duration>,
    suspects: &[Suspect],
    survey: &Survey,
    stories: &[Story],
) -> Vec<Statement> {
    let mut said = Vec::new();
    match cause {
        Cause::IdleTimer | Cause::SilentIdleTimer | Cause::Ambiguous => {
            said.extend(beat(finding, heartbeat, survey, stories));
            if cause == Cause::SilentIdleTimer {
                said.push(Statement::follows(
                    "Give the heartbeat a deadline, at both ends: nobody else tells of such an end. Who only listens would wait for ever.",
                ));
            }
            if cause == Cause::Ambiguous {
                said.push(Statement::unknown("Watch again, longer, so that lines that were opened later tell a timer from an event."));
            }
        }
        Cause::Lifetime => {
            said.push(Statement::follows("No heartbeat helps against a lifetime. Dial again and resume: that has to be normal here."));
        }
        Cause::Event => said.push(Statement::likely(
            "Nothing is to be set. See what was restarted, reloaded or deployed at that moment; dial again with jitter and resume.",
        )),
        Cause::Frozen | Cause::PathLost => {
            let policy = policy_for(heartbeat);
            let beat = policy.heartbeat();
            said.push(Statement::follows(format!(
                "Use a heartbeat with a deadline: every {}, with {} for the answer, it finds such a line within {}. Nothing else does, soon.",
                say::setting(beat.interval()),
                say::setting(beat.grace()),
                say::setting(beat.detection())
            )));
        }
        Cause::PongDemanded => said.push(Statement::follows(
            "Answer pings. Every browser and nearly every library does so by itself, as long as something reads from the line: a client \
             that is busy elsewhere, or stopped, is what this ends.",
        )),
        Cause::FirstMessageDemanded => {
            said.push(Statement::follows("Send the first message (a hello, a token) right after the opening."));
        }
        Cause::MessageRefused => said.push(Statement::follows(
            "Have the doctor send a message that the server takes, or none at all, to learn how lines with messages end.",
        )),
        Cause::NoLine => said.push(Statement::likely(
            "See what the close frame says, if there is one. Servers that turn lines away want another subprotocol, a token, a cookie, or \
             another Origin.",
        )),
        Cause::NothingEnded | Cause::Several | Cause::Unexplained => {
            said.push(Statement::unknown("Watch again, longer: what ends lines at no fixed time needs more of them."));
        }
    }
    let is_likely = |suspect: &&Suspect| suspect.sureness == Sureness::Likely;
    for suspect in suspects.iter().filter(is_likely) {
        said.push(Statement::likely(format!("If it is {}: {}.", suspect.who, suspect.setting)));
    }
    if !suspects.iter().any(|suspect| is_likely(&suspect)) && !suspects.is_empty() {
        let each: Vec<String> =
            suspects.iter().map(|suspect| format!("{}: {}", suspect.who, suspect.setting)).collect();
        said.push(Statement::unknown(format!(
            "Whoever it is, its timer can be raised. {}.",
            each.join(". ")
        )));
    }
    said
}

/// What the survey alone asks for.
pub(super) fn of_survey(survey: &Survey) -> Option<Statement> {
    let days = survey.tls.as_ref()?.days_left.filter(|days| *days < SOON)?;
    let ends = if days < 0 { "it has ended".to_owned() } else { format!("it is good for {days} more days") };
    Some(Statement::seen(format!("Renew the certificate: {ends}.")))
}

/// The heartbeat against an idle timer: how often, and by which frames.
fn beat(
    finding: &Finding,
    heartbeat: Option<Duration>,
    survey: &Survey,
    stories: &[Story],
) -> Vec<Statement> {
    let Some(most) = heartbeat else {
        return vec![Statement::unknown(
            "The timer is too short for any sensible heartbeat: it has to be raised.",
        )];
    };
    let interval = policy_for(Some(most)).heartbeat().interval();
    let why = if interval < most {
        format!(
            "Set a heartbeat of {}; up to {} would do, so that two beats fall into one period.",
            say::setting(interval),
            say::setting(most)
        )
    } else {
        format!(
            "Set a heartbeat of {}, so that two beats fall into one period and one of them may be lost.",
            say::setting(interval)
        )
    };
    let sureness = if finding.is_sure { Sureness::Follows } else { Sureness::Likely };
    let known = |text: &str| Statement { sureness, text: text.to_owned() };
    let mut said = vec![known(&why)];
    let effect = |sign| finding.effect(sign);
    let by_pings =
        effect(Sign::ClientControl) == Effect::Resets || effect(Sign::ServerControl) == Effect::Resets;
    let by_messages =
        effect(Sign::ClientData) == Effect::Resets || effect(Sign::ServerData) == Effect::Resets;
    if by_pings {
        let who = match (effect(Sign::ClientControl), effect(Sign::ServerControl)) {
            (Effect::Resets, Effect::Resets) => "Ping frames of either end do it.",
            (Effect::Resets, _) => "Ping frames from your side do it.",
            (Effect::DoesNot | Effect::Unknown, _) => {
                "Ping or pong frames from the server do it: have it ping, or ping it, so that it answers."
            }
        };
        said.push(known(&format!(
            "{who} A page cannot send them: there the server has to ping, or messages have to do."
        )));
    } else if stood_by(finding, stories, Life::Pings) == Some(true) {
        let text = "Ping frames from your side, with their answers, kept a line up. A page cannot send them: there the server has to ping.";
        said.push(Statement::seen(text));
    } else if by_messages {
        said.push(known("It takes messages: ping frames are not enough, or nobody could tell."));
    } else if stood_by(finding, stories, Life::Data) == Some(true) {
        said.push(Statement::seen(
            "Messages from your side kept a line up; ping frames did not, or nobody could tell.",
        ));
    } else if effect(Sign::ClientControl) == Effect::DoesNot && effect(Sign::ServerControl) == Effect::DoesNot
    {
        said.push(known("Ping and pong frames do not do it: beat by messages."));
    }
    if survey.answers_ping == Some(false) {
        said.push(Statement::seen("The server does not answer ping frames: take messages with an answer for the heartbeat's deadline."));
    }
    if effect(Sign::TcpProbe) == Effect::DoesNot {
        said.push(known("TCP keepalive does not help here, however short."));
    }
    said
}

impl Verdict {
    /// A policy that keeps such a line up, as far as a heartbeat can: ready to paste.
    #[must_use]
    pub fn policy(&self) -> Policy {
        policy_for(self.heartbeat)
    }
}
