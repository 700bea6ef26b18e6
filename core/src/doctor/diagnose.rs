//! From what was seen to a verdict.

use super::observed::{Context, Observed};
use super::{
    Cause, Fate, Finding, HandshakeVerdict, How, Kind, Life, Manner, Sign, Statement, Story, Survey, Suspect,
    TcpKeepalive, Verdict, Watch, advice, conclusion, evidence, fit, headline, keepalives, say, signatures,
};
use crate::time::Duration;

/// Says what ends lines, from what the survey found and what each line of the watch lived through.
///
/// Any stories will do, none as well: the verdict then says what is not known. `tcp` is how this machine's TCP probes; where that is
/// unknown, the default of Linux is as good as any.
#[must_use]
pub fn diagnose(survey: &Survey, watch: &Watch, stories: &[Story], tcp: &TcpKeepalive) -> Verdict {
    let context = Context::of(stories, survey.answers_ping);
    let lines: Vec<Observed> = stories.iter().map(|story| Observed::of(story, context)).collect();
    let fitted = fit::fit(&lines);
    let mut findings: Vec<Finding> = fitted.iter().map(|fitted| Finding::of(fitted, &lines)).collect();
    findings.retain(|finding| !finding.lines.is_empty());
    for finding in &mut findings {
        add_tcp(finding, stories);
    }
    let is_turned_away = is_turned_away(stories);
    let of = |finding: &Finding| if is_turned_away { Cause::NoLine } else { cause_of(finding) };
    let causes: Vec<Cause> = findings.iter().map(of).collect();
    let is_surveyed = watch.failed.is_empty()
        && survey.handshake.as_ref().is_some_and(|handshake| handshake.verdict == HandshakeVerdict::Open);
    let cause = overall(&causes, !stories.is_empty() || is_surveyed);
    let heartbeat = if is_turned_away { None } else { advice::heartbeat(&findings) };

    let suspects_of: Vec<Vec<Suspect>> =
        findings.iter().map(|finding| signatures::suspects(finding, survey)).collect();
    let mut conclusions = Vec::new();
    let mut advices = Vec::new();
    for ((finding, cause), suspects) in findings.iter().zip(&causes).zip(&suspects_of) {
        let mut of_this = conclusion::conclusion(finding, *cause, stories, suspects);
        if findings.len() > 1
            && let Some(first) = of_this.first_mut()
        {
            first.text = format!("{}: {}", say::sentence(&say::lines(&finding.lines)), first.text);
        }
        conclusions.extend(of_this);
        advices.extend(advice::advice(finding, *cause, heartbeat, suspects, survey, stories));
    }
    match cause {
        Cause::NothingEnded if stories.is_empty() => {
            conclusions
                .push(Statement::unknown("No line was watched, so nothing is known of how lines end."));
        }
        Cause::NothingEnded => {
            conclusions.extend(conclusion::nothing_ended(watch, &longest(&lines)));
            conclusions.extend(conclusion::hidden(watch, longest_silence(&lines)));
            advices.push(Statement::likely("The default heartbeat of 25 s is right for nearly every path: use it, and a deadline with it."));
        }
        Cause::NoLine if is_turned_away => {}
        Cause::NoLine => {
            conclusions.push(no_line(survey, watch));
            advices.extend(
                survey
                    .handshake
                    .as_ref()
                    .and_then(|handshake| handshake.advice.clone())
                    .map(Statement::likely),
            );
        }
        Cause::PongDemanded | Cause::MessageRefused => {
            conclusions.extend(conclusion::hidden(watch, longest_silence(&lines)));
        }
        Cause::IdleTimer
        | Cause::SilentIdleTimer
        | Cause::Lifetime
        | Cause::Event
        | Cause::Frozen
        | Cause::PathLost
        | Cause::FirstMessageDemanded
        | Cause::Several
        | Cause::Ambiguous
        | Cause::Unexplained => {}
    }
    advices.extend(advice::of_survey(survey));
    let (conclusion, advice) = (each_once(conclusions), each_once(advices));
    let policy = advice::policy_for(heartbeat);
    let suspects: Vec<Suspect> = suspects_of.into_iter().flatten().collect();
    Verdict {
        cause,
        headline: headline::headline(cause, &causes, &findings, stories, heartbeat, &suspects),
        evidence: evidence::evidence(&findings, survey, watch, stories, &lines),
        conclusion,
        suspects,
        advice,
        heartbeat,
        keepalives: keepalives::keepalives(cause, &findings, tcp, &policy),
        findings,
    }
}

/// Leaves out what was said already: two findings may come to the same.
fn each_once(statements: Vec<Statement>) -> Vec<Statement> {
    let mut once: Vec<Statement> = Vec::with_capacity(statements.len());
    for statement in statements {
        if !once.contains(&statement) {
            once.push(statement);
        }
    }
    once
}

/// Adds what the system and the marks tell of lost lines.
fn add_tcp(finding: &mut Finding, stories: &[Story]) {
    for story in stories.iter().filter(|story| finding.lines.contains(&story.number)) {
        let Fate::Ended(ending) = &story.fate else { continue };
        if let How::Silence { probed, tcp } = &ending.how {
            finding.tcp.extend(*tcp);
            finding.one_direction |= super::observed::speaks_on(story, *probed);
        }
    }
}

/// No line was let live for a second, whatever it did: the handshake made lines that the server does not want.
fn is_turned_away(stories: &[Story]) -> bool {
    !stories.is_empty()
        && stories.iter().all(|story| match &story.fate {
            Fate::Ended(ending) => {
                Manner::of(&ending.how) != Manner::Lost
                    && ending.at.saturating_sub(story.opened) < Duration::from_secs(1)
            }
            Fate::Stood(_) => false,
        })
}

/// One finding in one word.
fn cause_of(finding: &Finding) -> Cause {
    let is_lost = finding.manner == Manner::Lost;
    match finding.kind {
        Some(Kind::IdleTimer) if is_lost => Cause::SilentIdleTimer,
        Some(Kind::IdleTimer) => Cause::IdleTimer,
        Some(Kind::Lifetime) => Cause::Lifetime,
        Some(Kind::FirstMessage) => Cause::FirstMessageDemanded,
        Some(Kind::PongDemanded) => Cause::PongDemanded,
        Some(Kind::MessageRefused) => Cause::MessageRefused,
        Some(Kind::Event) if !is_lost => Cause::Event,
        Some(Kind::Event) if finding.is_acknowledged() == Some(true) => Cause::Frozen,
        Some(Kind::Event) => Cause::PathLost,
        None if finding.kinds.is_empty() => Cause::Unexplained,
        None => Cause::Ambiguous,
    }
}

/// All findings in one word. What the doctor's own message brought about is none of the line's, if there is anything else.
fn overall(causes: &[Cause], is_line: bool) -> Cause {
    let mut own: Vec<Cause> =
        causes.iter().copied().filter(|cause| *cause != Cause::MessageRefused).collect();
    own.dedup();
    match (own.as_slice(), causes) {
        ([only], _) => *only,
        ([_, ..], _) => Cause::Several,
        ([], [_, ..]) => Cause::MessageRefused,
        ([], []) if !is_line => Cause::NoLine,
        ([], []) => Cause::NothingEnded,
    }
}

/// How long lines lived at least, by what they did: the silent ones and the busy ones.
fn longest(lines: &[Observed]) -> Vec<(String, f64)> {
    let is_busy = |life: Life| match life {
        Life::Silence | Life::Mute | Life::TcpKeepalive | Life::Once => false,
        Life::Pongs | Life::Pings | Life::Data => true,
    };
    let oldest = |busy: bool| {
        let of = lines.iter().filter(|line| is_busy(line.life) == busy);
        of.max_by(|a, b| (a.quiet - a.opened).total_cmp(&(b.quiet - b.opened)))
    };
    let silent = oldest(false).map(|line| {
        let age = line.quiet - line.opened;
        (say::life(line.life).to_owned(), age)
    });
    let busy = oldest(true).map(|line| (say::life(line.life).to_owned(), line.quiet - line.opened));
    silent.into_iter().chain(busy).collect()
}

/// The longest time without a byte in either direction that a line that stood lived through.
fn longest_silence(lines: &[Observed]) -> f64 {
    let silence = |line: &Observed| {
        let bytes = line.resets(|sign| sign != Sign::TcpProbe, line.quiet);
        let ends = bytes.iter().skip(1).copied().chain([line.quiet]);
        bytes.iter().zip(ends).map(|(from, to)| to - from).fold(0.0, f64::max)
    };
    lines.iter().filter(|line| line.end.is_none()).map(silence).fold(0.0, f64::max)
}

/// Why there was nothing to watch.
fn no_line(survey: &Survey, watch: &Watch) -> Statement {
    if let Some(why) = &survey.lookup_failed {
        return Statement::seen(format!("The name {} was not found: {why}.", survey.host));
    }
    let is_reached = |address: &super::Address| matches!(address.reached, super::Reached::Connected(_));
    if !survey.addresses.is_empty() && !survey.addresses.iter().any(is_reached) {
        return Statement::seen("No address behind the name took a connection.");
    }
    if let Some(why) = &survey.tls_failed {
        return Statement::seen(format!("TLS failed: {why}."));
    }
    if let Some(handshake) = &survey.handshake
        && handshake.verdict != HandshakeVerdict::Open
    {
        let status =
            handshake.status.map_or_else(|| "no status".to_owned(), |status| format!("status {status}"));
        return Statement::seen(format!(
            "The handshake led to no line ({status}): {}.",
            handshake.wrong.join("; ")
        ));
    }
    match watch.failed.first() {
        Some(failed) => Statement::seen(format!("No dial led to a line: {}.", failed.why)),
        None => Statement::unknown("No line was watched, so nothing is known of how lines end."),
    }
}
