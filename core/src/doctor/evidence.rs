//! What was seen, in words: how lines ended, which stood, and what the answer and the system said.

use super::observed::Observed;
use super::{Fate, Finding, How, Life, Manner, Reached, Sign, Statement, Story, Survey, Watch, say};

/// Everything that bears on the verdict, the ends first.
pub(super) fn evidence(
    findings: &[Finding],
    survey: &Survey,
    watch: &Watch,
    stories: &[Story],
    lines: &[Observed],
) -> Vec<Statement> {
    let mut evidence = Vec::new();
    for finding in findings {
        let of: Vec<(&Story, &Observed)> =
            stories.iter().zip(lines).filter(|(story, _)| finding.lines.contains(&story.number)).collect();
        evidence.push(Statement::seen(ended(finding, &of)));
        evidence.extend(tcp(finding).map(Statement::seen));
    }
    evidence.extend(stood(stories).map(Statement::seen));
    if watch.interrupted {
        evidence
            .push(Statement::seen(format!("The watch was ended early, after {}.", say::time(watch.lasted))));
    }
    if !watch.failed.is_empty() {
        let count = watch.failed.len();
        let first = &watch.failed[0];
        let dials = if count == 1 { "A dial".to_owned() } else { format!("{count} dials") };
        evidence.push(Statement::seen(format!(
            "{dials} failed, the first at {} of the watch: {}.",
            say::time(first.at),
            first.why
        )));
    }
    let failed = survey.addresses.iter().filter_map(|address| match &address.reached {
        Reached::Failed(why) => Some(format!("The address {} took no connection: {why}.", address.address)),
        Reached::Connected(_) => None,
    });
    evidence.extend(failed.map(Statement::seen));
    if let Some(handshake) = &survey.handshake {
        let fields = handshake.pointers.iter().map(|pointer| {
            format!(
                "The answer said `{}: {}`, which points to {}.",
                pointer.field, pointer.value, pointer.suggests
            )
        });
        evidence.extend(fields.map(Statement::seen));
    }
    if survey.answers_ping == Some(false) {
        let text = "The server left ping frames unanswered, which RFC 6455 section 5.5.2 does not allow. So a ping without an answer shows \
                    nothing here, and a heartbeat of ping frames would call every line dead.";
        evidence.push(Statement::seen(text));
    }
    evidence
}

/// Which lines ended, after how long, and how.
fn ended(finding: &Finding, of: &[(&Story, &Observed)]) -> String {
    let hows: Vec<&How> = of
        .iter()
        .filter_map(|(story, _)| match &story.fate {
            Fate::Ended(ending) => Some(&ending.how),
            Fate::Stood(_) => None,
        })
        .collect();
    let who = say::sentence(&say::lines(&finding.lines));
    let lives = say::lives(of.iter().map(|(story, _)| *story));
    let ends = say::ends(finding.manner, &hows);
    let lines = || of.iter().map(|(_, line)| *line);
    let ours = say::range(lines().map(|line| silence(line, OURS)));
    let theirs = say::range(lines().map(|line| silence(line, THEIRS)));
    let age = say::range(lines().map(|line| line.silence(|_| false)));
    if finding.manner == Manner::Lost {
        let alive = say::range(lines().map(|line| line.alive - line.opened));
        return format!(
            "{who} ({lives}) answered last at the age of {alive}, and no more at that of {age}: {ends}."
        );
    }
    let both = say::range(lines().map(|line| line.silence(|sign| sign != Sign::TcpProbe)));
    // A pong comes a round trip after its ping, which is nothing beside a timer.
    let is_same = |line: &Observed| (silence(line, OURS) - silence(line, THEIRS)).abs() < 0.2;
    let when = if lines().all(is_same) {
        // Where nothing passed at all, the age is the silence.
        let is_age = lines()
            .all(|line| (line.silence(|_| false) - line.silence(|sign| sign != Sign::TcpProbe)).abs() < 0.2);
        let aged = if is_age { String::new() } else { format!(", at the age of {age}") };
        format!("after {both} without a byte in either direction{aged}")
    } else {
        format!(
            "{ours} after the last byte from us and {theirs} after the last from the server, at the age of {age}"
        )
    };
    format!("{who} ({lives}) ended {when}: {ends}.")
}

const OURS: [Sign; 2] = [Sign::ClientData, Sign::ClientControl];
const THEIRS: [Sign; 2] = [Sign::ServerData, Sign::ServerControl];

fn silence(line: &Observed, signs: [Sign; 2]) -> f64 {
    line.silence(|sign| signs.contains(&sign))
}

/// What the system knew of lines that nobody told the end of.
fn tcp(finding: &Finding) -> impl Iterator<Item = String> {
    let acknowledged = finding.is_acknowledged().map(|is_acknowledged| {
        if is_acknowledged {
            "The peer's system acknowledged what was sent; its program did not answer.".to_owned()
        } else {
            let retransmits = finding.tcp.iter().map(|tcp| tcp.retransmits).max().unwrap_or(0);
            format!(
                "What was sent was not acknowledged by TCP, and was sent again up to {retransmits} times."
            )
        }
    });
    let direction = finding.one_direction.then(|| {
        "Something still came from the server when ours had long stayed without an answer: what we send gets lost, what the server \
         sends does not."
            .to_owned()
    });
    acknowledged.into_iter().chain(direction)
}

/// Which lines stood, by the lives they had.
fn stood(stories: &[Story]) -> impl Iterator<Item = String> {
    let lives =
        [Life::Silence, Life::Mute, Life::TcpKeepalive, Life::Pongs, Life::Pings, Life::Data, Life::Once];
    lives.into_iter().filter_map(move |life| {
        let of: Vec<(u32, f64, bool)> = stories
            .iter()
            .filter(|story| story.life == life)
            .filter_map(|story| match &story.fate {
                Fate::Stood(standing) => {
                    let age = standing.at.as_secs_f64() - story.opened.as_secs_f64();
                    Some((story.number, age, standing.proven))
                }
                Fate::Ended(_) => None,
            })
            .collect();
        let numbers: Vec<u32> = of.iter().map(|(number, ..)| *number).collect();
        (!of.is_empty()).then(|| {
            let age = say::range(of.iter().map(|(_, age, _)| *age));
            let proof = if of.iter().all(|(.., proven)| *proven) {
                ", and answered a probe then"
            } else {
                ", as far as it can be told: no answer to a probe proves it for all of them"
            };
            format!("{} ({}) stood for {age}{proof}.", say::sentence(&say::lines(&numbers)), say::life(life))
        })
    })
}
