//! The verdict in the few sentences that somebody reads who reads no more.

use super::conclusion::stood_by;
use super::{Cause, Effect, Fate, Finding, How, Life, Sign, Story, Sureness, Suspect, advice, say};
use crate::time::Duration;

/// What ends lines, what keeps them up, and what to set. `causes` are those of the findings, one each.
pub(super) fn headline(
    cause: Cause,
    causes: &[Cause],
    findings: &[Finding],
    stories: &[Story],
    heartbeat: Option<Duration>,
    suspects: &[Suspect],
) -> String {
    let [finding] = findings else {
        let mut each: Vec<String> = causes
            .iter()
            .zip(findings)
            .map(|(cause, finding)| format!("{}{}", cause.words(), number(*cause, finding)))
            .collect();
        each.dedup();
        // Two manners of one thing are one thing.
        let said = if cause == Cause::Several {
            format!("{}: {}", cause.words(), each.join("; "))
        } else {
            cause.words().to_owned()
        };
        return format!("{}.", say::sentence(&said));
    };
    let is_of = |story: &Story| finding.lines.contains(&story.number);
    let ended = stories.iter().filter(|story| is_of(story));
    let hows = ended.filter_map(|story| match &story.fate {
        Fate::Ended(ending) => Some(&ending.how),
        Fate::Stood(_) => None,
    });
    let ends = say::ends(finding.manner, &hows.collect::<Vec<&How>>());
    if cause == Cause::NoLine {
        return format!("The server ends every line as soon as it is open: {ends}.");
    }
    if cause == Cause::PongDemanded
        && stories.iter().all(|story| is_of(story) || matches!(story.fate, Fate::Stood(_)))
    {
        return "Lines stand as long as the server's pings are answered; one that did not answer was ended."
            .to_owned();
    }
    let (Cause::IdleTimer | Cause::SilentIdleTimer, Some(period)) = (cause, &finding.period) else {
        return format!("{}{}.", say::sentence(cause.words()), number(cause, finding));
    };
    let bytes = [Sign::ClientData, Sign::ClientControl, Sign::ServerData, Sign::ServerControl];
    let without = if bytes.iter().any(|sign| finding.effect(*sign) == Effect::DoesNot) {
        "without what keeps them up"
    } else {
        "without a byte in either direction"
    };
    let mut said = vec![format!("Lines end after {} {without}: {ends}.", say::measure(period))];
    said.extend(keeps(finding, stories));
    if let Some(most) = heartbeat {
        let interval = advice::policy_for(Some(most));
        let raise = suspects.iter().find(|suspect| suspect.sureness == Sureness::Likely);
        let raise =
            raise.map(|suspect| format!(", or at {} {}", suspect.who, suspect.setting)).unwrap_or_default();
        said.push(format!("Set a heartbeat of {}{raise}.", say::setting(interval.heartbeat().interval())));
    }
    said.join(" ")
}

/// The number that goes with a cause, in brackets; nothing for how soon after a ping or a message, which is of no use to the reader.
fn number(cause: Cause, finding: &Finding) -> String {
    let measure = match cause {
        Cause::Event | Cause::Frozen | Cause::PathLost => finding.moment,
        Cause::PongDemanded | Cause::MessageRefused | Cause::NoLine => None,
        Cause::IdleTimer
        | Cause::SilentIdleTimer
        | Cause::Lifetime
        | Cause::FirstMessageDemanded
        | Cause::NothingEnded
        | Cause::Several
        | Cause::Ambiguous
        | Cause::Unexplained => finding.period,
    };
    measure.map(|measure| format!(" ({})", say::measure(&measure))).unwrap_or_default()
}

/// Which lines were kept up, and which were not.
fn keeps(finding: &Finding, stories: &[Story]) -> Option<String> {
    let kinds = [
        (Life::Pings, "ping frames from you"),
        (Life::Data, "messages from you"),
        (Life::TcpKeepalive, "TCP keepalive"),
    ];
    let of = |wanted: bool| -> Vec<String> {
        let kept = kinds.iter().filter(|(life, _)| stood_by(finding, stories, *life) == Some(wanted));
        kept.map(|(_, words)| (*words).to_owned()).collect()
    };
    let (kept, not) = (of(true), of(false));
    match (kept.as_slice(), not.as_slice()) {
        ([], []) => None,
        ([], not) => Some(format!("{} did not keep a line up.", say::sentence(&say::list(not, "and")))),
        (kept, []) => Some(format!("{} kept a line up.", say::sentence(&say::list(kept, "and")))),
        (kept, not) => Some(format!(
            "{} kept a line up, {} did not.",
            say::sentence(&say::list(kept, "and")),
            say::list(not, "and")
        )),
    }
}
