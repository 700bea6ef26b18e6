//! The verdict in the few sentences that somebody reads who reads no more.

use super::conclusion::stood_by;
use super::{Cause, Effect, Fate, Finding, How, Life, Sign, Story, Sureness, Suspect, advice, say};
use crate::time::Duration;

/// What ends lines, what keeps them up, and what to set.
pub(super) fn headline(
    cause: Cause,
    findings: &[Finding],
    stories: &[Story],
    heartbeat: Option<Duration>,
    suspects: &[Suspect],
) -> String {
    let [finding] = findings else { return format!("{}.", say::sentence(cause.words())) };
    let ended = stories.iter().filter(|story| finding.lines.contains(&story.number));
    let hows = ended.filter_map(|story| match &story.fate {
        Fate::Ended(ending) => Some(&ending.how),
        Fate::Stood(_) => None,
    });
    let ends = say::ends(finding.manner, &hows.collect::<Vec<&How>>());
    if cause == Cause::NoLine {
        return format!("The server ends every line as soon as it is open: {ends}.");
    }
    let period = finding.period.as_ref().map(say::measure);
    let moment = finding.moment.as_ref().map(say::measure);
    // How soon after a ping or a message is of no use to whoever reads this.
    let period = period.filter(|_| !matches!(cause, Cause::PongDemanded | Cause::MessageRefused));
    let number = if cause == Cause::Event || cause == Cause::Frozen || cause == Cause::PathLost {
        moment
    } else {
        period
    };
    let (Cause::IdleTimer | Cause::SilentIdleTimer, Some(number)) = (cause, &number) else {
        let number = number.map(|number| format!(" ({number})")).unwrap_or_default();
        return format!("{}{number}.", say::sentence(cause.words()));
    };
    let bytes = [Sign::ClientData, Sign::ClientControl, Sign::ServerData, Sign::ServerControl];
    let without = if bytes.iter().any(|sign| finding.effect(*sign) == Effect::DoesNot) {
        "without what keeps them up"
    } else {
        "without a byte in either direction"
    };
    let mut said = vec![format!("Lines end after {number} {without}: {ends}.")];
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
