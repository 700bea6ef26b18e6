//! What was found to end lines: the mechanism, its number, and what sets its timer anew. As much as the lines showed, and no more.

use serde::{Deserialize, Serialize};

use super::fit::Fitted;
use super::hypothesis::Hypothesis;
use super::observed::Observed;
use super::signs::SignSet;
use super::spans::{Spans, slack};
use super::{Life, Manner, Sign, TcpState};
use crate::time::Duration;

/// A kind of mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A timer that is set anew by some of what passes.
    IdleTimer,
    /// All end at the same age, whatever they do.
    Lifetime,
    /// A timer that is stopped for good by the first message from us.
    FirstMessage,
    /// The server pings, and ends who does not answer.
    PongDemanded,
    /// The server ends whoever sends it what it does not expect: here the doctor's own message.
    MessageRefused,
    /// All lines that were open at one moment ended then.
    Event,
}

/// Whether a sign sets the timer anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It does, in everything that fits what the lines did.
    Resets,
    /// It does not, in everything that fits.
    DoesNot,
    /// Some of what fits has it so, some otherwise.
    Unknown,
}

/// A number of seconds as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// No less than this.
    #[serde(with = "super::seconds")]
    pub least: Duration,
    /// No more than this; `None` where nothing bounds it.
    #[serde(with = "super::seconds::optional")]
    pub most: Option<Duration>,
    /// This, within half a second or 5 %; `None` where the bounds are too far apart to say.
    #[serde(with = "super::seconds::optional")]
    pub about: Option<Duration>,
}

impl Measure {
    /// It just fits: the ends lie nearly as far apart as ends by one hand may.
    fn is_strained(&self) -> bool {
        let width = self.most.map(|most| (most.saturating_sub(self.least)).as_secs_f64());
        width.is_some_and(|width| width < 0.8 * slack(self.least.as_secs_f64()))
    }
}

/// Something that ended lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// In which manner.
    pub manner: Manner,
    /// The numbers of the lines it ended, in order.
    pub lines: Vec<u32>,
    /// Everything that it may have been; empty if nothing that is known here fits.
    pub kinds: Vec<Kind>,
    /// What it is, if one kind is left, or is by far the plainest; `None` if it cannot be told.
    pub kind: Option<Kind>,
    /// `kind` is the only one that fits.
    pub is_sure: bool,
    /// The period of a timer or the age of a lifetime; the time after a ping or a message where those are answered by an end; `None` for
    /// an event.
    pub period: Option<Measure>,
    /// The moment of an event, since the watch began.
    pub moment: Option<Measure>,
    /// Each sign, and whether it sets the timer anew.
    pub effects: Vec<(Sign, Effect)>,
    /// What the system knew of the connections that were lost without a word.
    pub tcp: Vec<TcpState>,
    /// Something still came from the server after something of ours had stayed unanswered: only one direction was lost.
    pub one_direction: bool,
}

impl Finding {
    /// Whether `sign` sets the timer anew.
    #[must_use]
    pub fn effect(&self, sign: Sign) -> Effect {
        self.effects.iter().find(|(of, _)| *of == sign).map_or(Effect::Unknown, |(_, effect)| *effect)
    }

    /// Whether it is a timer that frames of ping and pong of neither side set anew: whoever counts messages only, looks into frames. To
    /// a hop that passes bytes on, a ping is as good as any.
    #[must_use]
    pub fn tells_frames_apart(&self) -> bool {
        self.kind == Some(Kind::IdleTimer)
            && [Sign::ClientControl, Sign::ServerControl]
                .iter()
                .all(|sign| self.effect(*sign) == Effect::DoesNot)
    }

    /// The lost lines' systems all say that everything was acknowledged: the peer's system lives, its program does not answer.
    #[must_use]
    pub fn is_acknowledged(&self) -> Option<bool> {
        (!self.tcp.is_empty())
            .then(|| self.tcp.iter().all(|tcp| tcp.unacknowledged == 0 && tcp.retransmits == 0))
    }

    pub(super) fn of(fitted: &Fitted, lines: &[Observed]) -> Self {
        let mut numbers: Vec<u32> = fitted.lines.iter().map(|place| lines[*place].number).collect();
        numbers.sort_unstable();
        let mut kinds: Vec<Kind> =
            fitted.explanations.keys().map(|hypothesis| kind_of(*hypothesis)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kind = likely(fitted, lines, &kinds);
        // What a server waits for an answer is counted from its ping, not from a silence.
        let period = measure(fitted, |of| match kind {
            Some(kind) => of == kind && of != Kind::Event,
            None => !matches!(of, Kind::Event | Kind::PongDemanded | Kind::MessageRefused),
        });
        let moment = measure(fitted, |of| of == Kind::Event);
        let is_strained = if kind == Some(Kind::Event) { moment } else { period }
            .is_some_and(|measure| measure.is_strained());
        Self {
            manner: fitted.manner,
            lines: numbers,
            is_sure: kind.is_some() && kinds.len() == 1 && !fitted.is_weak && !is_strained,
            kind,
            period,
            moment,
            effects: Sign::ALL.into_iter().map(|sign| (sign, effect(fitted, sign))).collect(),
            kinds,
            tcp: Vec::new(),
            one_direction: false,
        }
    }
}

fn kind_of(hypothesis: Hypothesis) -> Kind {
    match hypothesis {
        Hypothesis::Timer(set) if set == SignSet::NONE => Kind::Lifetime,
        Hypothesis::Timer(_) => Kind::IdleTimer,
        Hypothesis::FirstMessage => Kind::FirstMessage,
        Hypothesis::Pong => Kind::PongDemanded,
        Hypothesis::MessageRefused => Kind::MessageRefused,
        Hypothesis::Event => Kind::Event,
    }
}

/// The one kind that is left, or the plainest by far.
fn likely(fitted: &Fitted, lines: &[Observed], kinds: &[Kind]) -> Option<Kind> {
    let has = |kind| kinds.contains(&kind);
    // What rests on chance does not stand against what does not.
    let timers = || {
        let plain = fitted.explanations.keys().filter(|of| !fitted.chances.contains(of));
        plain.filter_map(|hypothesis| match hypothesis {
            Hypothesis::Timer(set) => Some(*set),
            Hypothesis::FirstMessage | Hypothesis::Pong | Hypothesis::MessageRefused | Hypothesis::Event => {
                None
            }
        })
    };
    match kinds {
        [only] => return Some(*only),
        [] => return None,
        [_, ..] => {}
    }
    // Only lines that leave the server's pings unanswered ended. That the server wants an answer, and that a timer is set anew by one,
    // is the same to whoever has a line.
    let are_mute = fitted.lines.iter().all(|place| lines[*place].life == Life::Mute);
    if has(Kind::PongDemanded)
        && are_mute
        && timers().all(|set| set.contains(Sign::ClientControl))
        && !has(Kind::Event)
    {
        return Some(Kind::PongDemanded);
    }
    if has(Kind::Event) {
        // Timers that rest on chance do not stand against what does not.
        let is_chance =
            fitted.explanations.keys().all(|of| *of == Hypothesis::Event || fitted.chances.contains(of));
        return is_chance.then_some(Kind::Event);
    }
    // Lines that spoke ended like those that did not, so nothing that was spoken counts. What was never tried might, still.
    let spoke = fitted.lines.iter().any(|place| lines[*place].times(Sign::ClientControl).count() > 1)
        || fitted.lines.iter().any(|place| lines[*place].times(Sign::ClientData).count() > 1);
    let is_deaf = timers().all(|set| !set.contains(Sign::ClientControl) && !set.contains(Sign::ClientData));
    if has(Kind::Lifetime) && spoke && is_deaf {
        return Some(Kind::Lifetime);
    }
    // A first word alone is wanted by few; but once a line that said one and fell silent has lived, that is what is left.
    (!has(Kind::Lifetime) && has(Kind::IdleTimer)).then_some(Kind::IdleTimer)
}

/// What the numbers of all explanations of these kinds have in common.
fn measure(fitted: &Fitted, wanted: impl Fn(Kind) -> bool) -> Option<Measure> {
    let spans = fitted.explanations.iter().filter(|(hypothesis, _)| wanted(kind_of(**hypothesis)));
    let all = spans.fold(Spans::default(), |all, (_, spans)| all.or(spans));
    let (least, most) = all.hull()?;
    let middle = least + (most - least) / 2.0;
    // What an end may be off lies in the bounds already.
    let is_close = most - least <= 4.0 * slack(middle) + 0.01;
    Some(Measure {
        least: seconds(least)?,
        most: seconds(most),
        about: if is_close { seconds(middle) } else { None },
    })
}

/// Whether a sign sets the timer anew in all, in none or in some of what fits.
fn effect(fitted: &Fitted, sign: Sign) -> Effect {
    let mut yes = fitted.explanations.is_empty();
    let mut no = yes;
    for hypothesis in fitted.explanations.keys() {
        match hypothesis {
            Hypothesis::Timer(set) if set.contains(sign) => yes = true,
            // Answers count where pings want them; unasked ones may or may not. A first message stops the timer for good.
            Hypothesis::Pong if sign == Sign::ClientControl => (yes, no) = (true, true),
            Hypothesis::FirstMessage if sign == Sign::ClientData => (yes, no) = (true, true),
            Hypothesis::Timer(_)
            | Hypothesis::Pong
            | Hypothesis::FirstMessage
            | Hypothesis::MessageRefused
            | Hypothesis::Event => no = true,
        }
    }
    match (yes, no) {
        (true, false) => Effect::Resets,
        (false, true) => Effect::DoesNot,
        (true, true) | (false, false) => Effect::Unknown,
    }
}

/// A number of seconds as a duration; `None` for more than any clock shows.
fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}
