//! A story as the fit sees it: until when the line lived for certain, by when it was dead for certain.

use super::spans::NOISE;
use super::{Ending, Fate, How, Life, Manner, Sign, Story};
use crate::time::Duration;

/// A reset this soon after something of ours may be its answer: whoever reset it had perhaps forgotten the line long ago. Longer than
/// nearly any round trip.
const ANSWER: f64 = 1.0;

/// The longest round trip that is believed: a slower one is a hiccup, not the path.
const LONGEST_TRIP: f64 = 1.0;

/// What all stories together tell about how each is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// A probe was answered: only then does one that stays unanswered show anything.
    pub(super) probes_work: bool,
    /// A round trip, in seconds: so much later than at a hop something may be seen here.
    pub(super) trip: f64,
}

impl Context {
    /// Reads it from all stories; `answers` is what the survey found about pings.
    pub(super) fn of(stories: &[Story], answers: Option<bool>) -> Self {
        Self { probes_work: answers.unwrap_or_else(|| probes_work(stories)), trip: trip(stories) }
    }
}

/// A story with its end as a window of time, in seconds since the watch began.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) number: u32,
    pub(super) life: Life,
    pub(super) opened: f64,
    /// What passed between the opening and the end, in order of time.
    marks: Vec<(f64, Sign)>,
    /// The line lived at this moment: something came, or nothing had ended it whose end is always told.
    pub(super) alive: f64,
    /// Until then nobody had told of an end.
    pub(super) quiet: f64,
    /// How it ended; `None` for a line that stood.
    pub(super) end: Option<End>,
    /// A round trip of this path.
    pub(super) trip: f64,
}

/// The end of a line: after [`Observed::alive`], and no later than `dead`.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) manner: Manner,
    pub(super) dead: f64,
    /// It was told when it happened; otherwise it was found later.
    pub(super) told: bool,
}

impl Observed {
    /// Reads a story.
    pub(super) fn of(story: &Story, context: Context) -> Self {
        let opened = story.opened.as_secs_f64();
        let mut marks: Vec<(f64, Sign)> =
            story.marks.iter().map(|mark| (mark.at.as_secs_f64(), mark.sign)).collect();
        marks.retain(|(at, _)| *at >= opened);
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (alive, quiet, end) = match &story.fate {
            Fate::Stood(standing) => {
                let at = standing.at.as_secs_f64().max(opened);
                // From the probe on the line was no longer left to itself.
                let probed = story.probed.map_or(at, |probed| probed.as_secs_f64().clamp(opened, at));
                (
                    if standing.proven { probed } else { answered_by(&marks, opened, at, context) },
                    probed,
                    None,
                )
            }
            Fate::Ended(ending) => {
                let at = ending.at.as_secs_f64().max(opened);
                match window(story, ending, &marks, opened, context) {
                    Some((alive, end)) => (alive, alive, Some(end)),
                    None => (answered_by(&marks, opened, at, context), at, None),
                }
            }
        };
        let last = end.map_or(quiet, |end| end.dead);
        marks.retain(|(at, _)| *at <= last);
        Self { number: story.number, life: story.life, opened, marks, alive, quiet, end, trip: context.trip }
    }

    /// When signs of that kind passed, up to `until`; the opening first, which sets every timer.
    pub(super) fn resets(&self, is_reset: impl Fn(Sign) -> bool, until: f64) -> Vec<f64> {
        let marks = self.marks.iter().filter(|(at, sign)| is_reset(*sign) && *at <= until);
        std::iter::once(self.opened).chain(marks.map(|(at, _)| *at)).collect()
    }

    /// When signs of that kind passed at all.
    pub(super) fn times(&self, sign: Sign) -> impl Iterator<Item = f64> + '_ {
        self.marks.iter().filter(move |mark| mark.1 == sign).map(|mark| mark.0)
    }

    /// How long nothing of that kind had passed when it ended, or when it was let go.
    pub(super) fn silence(&self, is_sign: impl Fn(Sign) -> bool) -> f64 {
        let last = self.end.map_or(self.quiet, |end| end.dead);
        last - self.resets(is_sign, last).last().copied().unwrap_or(self.opened)
    }
}

/// Whether the server said something well after a probe that it left unanswered.
pub(super) fn speaks_on(story: &Story, probed: Duration) -> bool {
    let after = probed.as_secs_f64() + ANSWER;
    story.marks.iter().any(|mark| mark.at.as_secs_f64() > after && is_theirs(mark.sign))
}

/// Whether a probe was ever answered: only then does one that stays unanswered show anything.
fn probes_work(stories: &[Story]) -> bool {
    stories.iter().any(|story| match &story.fate {
        Fate::Stood(standing) if standing.proven => true,
        Fate::Stood(_) | Fate::Ended(_) => story.life == Life::Pings && answered_pings(story) >= 3,
    })
}

/// The median time from something of ours to what came next, on lines where an answer was to be expected; nothing without any.
fn trip(stories: &[Story]) -> f64 {
    let asking = stories.iter().filter(|story| matches!(story.life, Life::Pings | Life::Data));
    let mut trips: Vec<f64> = Vec::new();
    for story in asking {
        let answers = story.marks.windows(2).filter(|pair| is_ours(pair[0].sign) && is_theirs(pair[1].sign));
        trips.extend(answers.map(|pair| pair[1].at.saturating_sub(pair[0].at).as_secs_f64()));
    }
    trips.retain(|trip| *trip <= LONGEST_TRIP);
    trips.sort_by(f64::total_cmp);
    trips.get(trips.len() / 2).copied().unwrap_or(0.0)
}

/// Pings of ours after which something came that may be a pong. Pings of the server look the same, but do not come after each of ours.
fn answered_pings(story: &Story) -> usize {
    let control =
        story.marks.iter().filter(|mark| matches!(mark.sign, Sign::ClientControl | Sign::ServerControl));
    let signs: Vec<Sign> = control.map(|mark| mark.sign).collect();
    signs.windows(2).filter(|pair| *pair == [Sign::ClientControl, Sign::ServerControl]).count()
}

/// After when, and by when, it ended; `None` if nothing shows that it did.
fn window(
    story: &Story,
    ending: &Ending,
    marks: &[(f64, Sign)],
    opened: f64,
    context: Context,
) -> Option<(f64, End)> {
    let at = ending.at.as_secs_f64().max(opened);
    let manner = Manner::of(&ending.how);
    let was_probed = story.probed.is_some_and(|probed| probed <= ending.at);
    let found = |alive: f64, dead: f64| Some((alive.min(dead), End { manner, dead, told: false }));
    let told = Some((at, End { manner, dead: at, told: true }));
    match &ending.how {
        How::Silence { .. } if !context.probes_work => None,
        How::Silence { probed, .. } => {
            let dead = probed.as_secs_f64().clamp(opened, at);
            // What the server says by itself may still come when what we say is lost: only answers show that a line is whole.
            let alive = answered_by(marks, opened, dead, context);
            found(alive, dead)
        }
        How::CloseFrame { .. } | How::Fin if !was_probed => told,
        How::CloseFrame { .. } | How::Fin => found(heard_by(marks, opened, at), at),
        How::Error { .. } if manner == Manner::Lost => found(answered_by(marks, opened, at, context), at),
        How::Reset | How::Error { .. } => {
            let ours =
                |after: f64| marks.iter().any(|(mark, sign)| *mark > after && *mark <= at && is_ours(*sign));
            if !was_probed && !ours(at - ANSWER) {
                return told;
            }
            let sent = marks.iter().filter(|(mark, sign)| *mark <= at - ANSWER && is_ours(*sign));
            let sent = sent.map(|(mark, _)| *mark).next_back().unwrap_or(opened);
            // What we sent earlier would have been answered with a reset earlier.
            found(heard_by(marks, opened, at).max(sent), at)
        }
    }
}

/// The last moment at which something came from the server, up to `until`.
fn heard_by(marks: &[(f64, Sign)], opened: f64, until: f64) -> f64 {
    let heard = marks.iter().filter(|(at, sign)| *at <= until && is_theirs(*sign));
    heard.map(|(at, _)| *at).next_back().unwrap_or(opened)
}

/// The last moment at which an answer to something of ours came, up to `until`: soon after it, and of its kind.
fn answered_by(marks: &[(f64, Sign)], opened: f64, until: f64, context: Context) -> f64 {
    let soon = 2.0 * context.trip + NOISE;
    let (mut data, mut control) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let mut answered = opened;
    for (at, sign) in marks.iter().take_while(|(at, _)| *at <= until) {
        let asked = match sign {
            Sign::ClientData => {
                data = *at;
                continue;
            }
            Sign::ClientControl => {
                control = *at;
                continue;
            }
            Sign::ServerData => data,
            Sign::ServerControl => control,
            Sign::TcpProbe => continue,
        };
        if at - asked <= soon {
            answered = *at;
        }
    }
    answered
}

const fn is_ours(sign: Sign) -> bool {
    matches!(sign, Sign::ClientData | Sign::ClientControl | Sign::TcpProbe)
}

const fn is_theirs(sign: Sign) -> bool {
    matches!(sign, Sign::ServerData | Sign::ServerControl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Mark, Standing};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_reset_that_answers_a_probe_says_only_by_when() {
        let reset = |probed| {
            let fate = Fate::Ended(Ending { at: secs(20), how: How::Reset });
            Observed::of(&Story { probed, ..story(fate) }, context(true))
        };
        assert!(reset(None).end.unwrap().told);
        let found = reset(Some(secs(20)));
        assert!(!found.end.unwrap().told);
        assert_eq!((found.alive, found.end.unwrap().dead), (0.0, 20.0));
    }

    #[test]
    fn a_silence_shows_nothing_of_a_server_that_answers_no_probe() {
        let fate = Fate::Ended(Ending { at: secs(12), how: How::Silence { probed: secs(10), tcp: None } });
        assert!(Observed::of(&story(fate.clone()), context(false)).end.is_none());
        assert_eq!(Observed::of(&story(fate), context(true)).end.unwrap().dead, 10.0);
    }

    #[test]
    fn whether_probes_work_is_seen_from_one_that_was_answered() {
        let stood = |proven| story(Fate::Stood(Standing { at: secs(9), proven }));
        assert!(!probes_work(&[stood(false)]));
        assert!(probes_work(&[stood(false), stood(true)]));
        let marks = |signs: [Sign; 6]| signs.map(|sign| Mark { at: secs(1), sign }).to_vec();
        let pings = |signs| Story { life: Life::Pings, marks: marks(signs), ..stood(false) };
        let (ours, theirs) = (Sign::ClientControl, Sign::ServerControl);
        assert!(probes_work(&[pings([ours, theirs, ours, theirs, ours, theirs])]));
        assert!(!probes_work(&[pings([ours, ours, theirs, ours, ours, ours])]), "a ping of the server's own");
    }

    fn context(probes_work: bool) -> Context {
        Context { probes_work, trip: 0.0 }
    }

    fn story(fate: Fate) -> Story {
        Story {
            number: 1,
            life: Life::Silence,
            opened: Duration::ZERO,
            marks: Vec::new(),
            probed: None,
            fate,
        }
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }
}
