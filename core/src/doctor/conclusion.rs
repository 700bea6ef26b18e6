//! What the findings mean: the mechanism, what sets its timer anew, and at which layer it sits.

use super::signatures;
use super::{
    Cause, Effect, Finding, How, Kind, Life, Manner, Measure, Sign, Statement, Story, Suspect, Watch, say,
};

/// What one finding means.
pub(super) fn conclusion(
    finding: &Finding,
    cause: Cause,
    stories: &[Story],
    suspects: &[Suspect],
) -> Vec<Statement> {
    let mut said = vec![mechanism(finding, cause)];
    if finding.kind == Some(Kind::IdleTimer) {
        said.extend(effects(finding));
    }
    if cause == Cause::Unexplained && is_together(finding, stories) {
        said.push(Statement::likely(
            "They ended together while others stood: perhaps one of several servers or workers behind the name was restarted.",
        ));
    } else if cause == Cause::Unexplained && are_talkers(finding, stories) {
        said.push(Statement::likely(
            "Only lines that send messages ended, and right after one: perhaps too many, too soon, or not what is expected.",
        ));
    }
    if let Some(layer) = layer(finding, cause, stories) {
        said.push(Statement::likely(layer));
    }
    if let Some(text) = signatures::sentence(suspects) {
        let is_likely = suspects.iter().any(|suspect| suspect.sureness == super::Sureness::Likely);
        said.push(if is_likely { Statement::likely(text) } else { Statement::unknown(text) });
    }
    said
}

/// Whether a line of that life lived well beyond the timer (`true`), or was ended by it (`false`); `None` if no line tells.
pub(super) fn stood_by(finding: &Finding, stories: &[Story], life: Life) -> Option<bool> {
    let most = finding.period?.most?;
    let of_life = || stories.iter().filter(|story| story.life == life);
    let stood = of_life().any(|story| match &story.fate {
        super::Fate::Stood(standing) => standing.at.saturating_sub(story.opened) > most * 3 / 2,
        super::Fate::Ended(_) => false,
    });
    let ended = of_life().any(|story| finding.lines.contains(&story.number));
    (stood != ended).then_some(stood)
}

/// Whether all that ended did so within a second of a message of ours, and of the lines without messages none did.
fn are_talkers(finding: &Finding, stories: &[Story]) -> bool {
    stories.iter().filter(|story| finding.lines.contains(&story.number)).all(|story| {
        let last = story.marks.iter().rfind(|mark| mark.sign == Sign::ClientData);
        let ended = match &story.fate {
            super::Fate::Ended(ending) => Some(ending.at),
            super::Fate::Stood(_) => None,
        };
        last.zip(ended).is_some_and(|(mark, at)| at.saturating_sub(mark.at).as_secs() < 1)
    })
}

/// Whether more than one line ended, and all of them within half a second.
fn is_together(finding: &Finding, stories: &[Story]) -> bool {
    let ended = stories.iter().filter(|story| finding.lines.contains(&story.number));
    let ends: Vec<f64> = ended
        .filter_map(|story| match &story.fate {
            super::Fate::Ended(ending) => Some(ending.at.as_secs_f64()),
            super::Fate::Stood(_) => None,
        })
        .collect();
    let (first, last) =
        ends.iter().fold((f64::INFINITY, 0.0_f64), |(first, last), at| (first.min(*at), last.max(*at)));
    ends.len() > 1 && last - first <= 0.5
}

/// The mechanism in words.
fn mechanism(finding: &Finding, cause: Cause) -> Statement {
    let period = finding.period.as_ref().map_or_else(|| "some time".to_owned(), say::measure);
    let moment = finding.moment.as_ref().map_or_else(|| "one moment".to_owned(), at);
    let lines = say::lines(&finding.lines);
    let text = match cause {
        Cause::IdleTimer => format!("An idle timer of {period} ends lines."),
        Cause::SilentIdleTimer => format!(
            "An idle timer of {period} makes a hop on the way forget lines, and nobody is told: both ends go on believing in the line."
        ),
        Cause::Lifetime => format!("Lines end at the age of {period}, whatever passes on them: a lifetime, no idle timer."),
        Cause::Event => format!("All lines that were open {moment} of the watch ended then, whatever their age: an event, no timer."),
        Cause::Frozen => format!("The server's program stopped answering {moment} of the watch, on all lines; its system still acknowledges."),
        Cause::PathLost => format!("All lines were lost {moment} of the watch, without a word: the path, or the machine at its end."),
        Cause::PongDemanded => "Only lines that leave the server's pings unanswered end; those that answer stand. The server, or who \
                                speaks for it, wants its pings answered."
            .to_owned(),
        Cause::FirstMessageDemanded => {
            format!("Lines without a message from us end {period} after the opening; a first message stops that for good.")
        }
        Cause::MessageRefused => {
            "The server ends lines right after the doctor's message: it does not expect that one. That says nothing of lines that \
             send what it does expect."
                .to_owned()
        }
        Cause::Ambiguous => {
            let kinds: Vec<String> = finding.kinds.iter().map(|kind| kind_words(*kind).to_owned()).collect();
            let number = finding.period.as_ref().map(|period| format!(" Its period would be {}.", say::measure(period)));
            return Statement::unknown(format!(
                "What ended {lines} cannot be told apart: {} fits.{}",
                say::list(&kinds, "or"),
                number.unwrap_or_default()
            ));
        }
        Cause::NoLine => {
            return Statement::seen("The server ends every line as soon as it is open: it takes the handshake, and does not want the line.");
        }
        Cause::NothingEnded | Cause::Several | Cause::Unexplained => {
            return Statement::unknown(format!("No timer, no lifetime and no event explains the end of {lines}."));
        }
    };
    if finding.is_sure { Statement::follows(text) } else { Statement::likely(text) }
}

fn at(moment: &Measure) -> String {
    match (moment.about, moment.most) {
        (Some(about), _) => format!("at {}", say::time(about)),
        (None, Some(most)) => {
            format!("at a moment between {} and {}", say::time(moment.least), say::time(most))
        }
        (None, None) => format!("at a moment after {}", say::time(moment.least)),
    }
}

const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::IdleTimer => "an idle timer",
        Kind::Lifetime => "a lifetime",
        Kind::FirstMessage => "a server that wants a first message",
        Kind::PongDemanded => "a server that wants its pings answered",
        Kind::MessageRefused => "a server that refuses what it was sent",
        Kind::Event => "an event that met all lines at once",
    }
}

/// What sets the timer anew, what does not, and what nobody knows.
fn effects(finding: &Finding) -> Vec<Statement> {
    let of = |effect: Effect| -> Vec<String> {
        let signs = Sign::ALL.into_iter().filter(|sign| finding.effect(*sign) == effect);
        signs.map(|sign| say::sign(sign).to_owned()).collect()
    };
    let (resets, does_not, unknown) = (of(Effect::Resets), of(Effect::DoesNot), of(Effect::Unknown));
    let mut said = Vec::new();
    let known = if finding.is_sure { Statement::follows } else { Statement::likely };
    if !resets.is_empty() {
        said.push(known(format!("The timer starts anew with {}.", say::list(&resets, "and"))));
    }
    if !does_not.is_empty() {
        said.push(known(format!("It does not start anew with {}.", say::list(&does_not, "or"))));
    }
    if !unknown.is_empty() {
        said.push(Statement::unknown(format!(
            "Whether {} {} it anew is not known: no line had that by itself and nothing else.",
            say::list(&unknown, "or"),
            // Nearly all of them are many.
            if unknown == [say::sign(Sign::TcpProbe)] { "starts" } else { "start" }
        )));
    }
    let is_cut = !matches!(finding.manner, Manner::Closed { .. });
    for (known, guessed) in [(Sign::ClientControl, Sign::ClientData), (Sign::ServerControl, Sign::ServerData)]
    {
        if is_cut && finding.effect(known) == Effect::Resets && finding.effect(guessed) == Effect::Unknown {
            let text = format!(
                "{} count as well: to who passes bytes on, all frames are bytes.",
                say::sentence(say::sign(guessed))
            );
            said.push(Statement::likely(text));
        }
    }
    said
}

/// At which layer it sits, by the manner of the end.
fn layer(finding: &Finding, cause: Cause, stories: &[Story]) -> Option<&'static str> {
    let is_reset = |story: &&Story| match &story.fate {
        super::Fate::Ended(ending) => matches!(ending.how, How::Reset),
        super::Fate::Stood(_) => false,
    };
    let mut ended = stories.iter().filter(|story| finding.lines.contains(&story.number));
    match (finding.manner, cause) {
        (_, Cause::Frozen) => Some(
            "A program that hangs or was stopped (SIGSTOP, a debugger, a long pause, a blocked loop). TCP cannot notice: its probes are \
             answered by the system. Only a heartbeat with a deadline does.",
        ),
        (Manner::Lost, Cause::PathLost) => {
            Some("A cable, a network, a firewall or a machine that went away: whoever is gone sends no FIN.")
        }
        (Manner::Lost, Cause::Lifetime) => {
            Some("Somebody on the way drops lines of that age, and tells nobody.")
        }
        (Manner::Lost | Manner::Cut, Cause::IdleTimer | Cause::SilentIdleTimer)
            if finding.tells_frames_apart() =>
        {
            Some(
                "TCP ended without a close frame, and yet by somebody who tells messages from pings: the application or its library, which \
             takes no leave, or a gateway that speaks WebSocket. To a proxy that passes bytes on, a ping is as good as a message.",
            )
        }
        (Manner::Lost, _) => Some(
            "A firewall, an address translation (NAT) or a load balancer that forgets idle connections: who knows WebSocket or HTTP \
             would have closed.",
        ),
        (_, Cause::PongDemanded) => Some(
            "It is whoever sent those pings: the application's library, or a proxy that pings by itself.",
        ),
        (Manner::Cut, Cause::FirstMessageDemanded | Cause::MessageRefused) => Some(
            "TCP ended without a close frame, and yet by somebody who looks at messages: the application, which takes no leave.",
        ),
        (Manner::Closed { .. }, _) => Some(
            "Whoever sent the close frame speaks WebSocket: the application or its library, hardly a proxy.",
        ),
        (Manner::Cut, Cause::Event) => Some(
            "TCP ended without a close frame: a proxy that was reloaded, or a program that ended without taking leave.",
        ),
        (Manner::Cut, _) if ended.all(|story| is_reset(&story)) => Some(
            "TCP was reset: a load balancer, a firewall, or a program that drops connections. Not a WebSocket that takes leave.",
        ),
        (Manner::Cut, _) => {
            Some("TCP ended without a close frame: a proxy or load balancer, hardly the application.")
        }
    }
}

/// What is known where nothing ended of itself.
pub(super) fn nothing_ended(watch: &Watch, longest: &[(String, f64)]) -> Vec<Statement> {
    let mut said = vec![Statement::follows(format!(
        "Within {} nothing ended a line. A timer that is longer than that was not seen: watch longer to find it.",
        say::time(watch.lasted)
    ))];
    let known: Vec<String> =
        longest.iter().map(|(what, age)| format!("{} ({what})", say::seconds(*age))).collect();
    if !known.is_empty() {
        said.push(Statement::seen(format!("Lines live at least {}.", say::list(&known, "and"))));
    }
    said
}

/// What a server that speaks by itself hides, where no line that stood was silent for long.
pub(super) fn hidden(watch: &Watch, silence: f64) -> Option<Statement> {
    (silence > 0.0 && silence < 0.8 * watch.lasted.as_secs_f64()).then(|| {
        Statement::unknown(format!(
            "No line that stood was without a byte for more than {}, because the server speaks by itself. That keeps lines up, and \
             hides an idle timer that is longer.",
            say::seconds(silence)
        ))
    })
}
