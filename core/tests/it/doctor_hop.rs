//! A model of what stands between: lines of every life over a hop of known mechanisms, and the stories a shell would write of them.

use heartline_core::doctor::{
    Ending, Fate, How, Life, Mark, Sign, Standing, Story, Survey, TcpKeepalive, TcpState, Verdict, Watch,
    diagnose, ladder,
};
use heartline_core::time::Duration;

/// A round trip, and how long a shell waits for the answer to a probe.
const TRIP: f64 = 0.02;
const WAIT: f64 = 1.0;

/// What ends lines.
#[derive(Clone, Debug)]
pub(crate) enum Mechanism {
    Timer {
        period: f64,
        set: Vec<Sign>,
    },
    FirstMessage {
        period: f64,
    },
    Pong {
        grace: f64,
    },
    Event {
        at: f64,
    },
    Refused {
        after: f64,
    },
    /// An idle timer for bytes that looks at the clock only so often.
    Sweep {
        period: f64,
        every: f64,
    },
    /// All lines end, one after the other.
    Drain {
        at: f64,
        within: f64,
    },
}

/// By what means.
#[derive(Clone, Debug)]
pub(crate) enum Means {
    Fin,
    Reset,
    Close(u16),
    /// Not a word; what the server says still arrives where `half`.
    Nothing {
        unacknowledged: u32,
        half: bool,
    },
    /// Not a word, and a reset for whatever is sent later.
    ResetLater,
}

/// What the server does of its own accord.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) echoes: bool,
    pub(crate) answers: bool,
    pub(crate) pings: Option<f64>,
    pub(crate) talks: Option<f64>,
}

impl Default for Server {
    fn default() -> Self {
        Self { echoes: true, answers: true, pings: None, talks: None }
    }
}

/// A watch over one path.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) hops: Vec<(Mechanism, Means)>,
    pub(crate) server: Server,
    pub(crate) watch: f64,
    pub(crate) beat: f64,
    pub(crate) seed: u64,
}

impl Path {
    pub(crate) fn new(mechanism: Mechanism, means: Means) -> Self {
        Self { hops: vec![(mechanism, means)], server: Server::default(), watch: 15.0, beat: 0.5, seed: 1 }
    }

    pub(crate) fn server(self, server: Server) -> Self {
        Self { server, ..self }
    }

    pub(crate) fn and(mut self, mechanism: Mechanism, means: Means) -> Self {
        self.hops.push((mechanism, means));
        self
    }

    /// What a shell would open: every life, two of them later again, and the ladder.
    pub(crate) fn stories(&self) -> Vec<Story> {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let lives =
            [Life::Silence, Life::Mute, Life::TcpKeepalive, Life::Pongs, Life::Pings, Life::Data, Life::Once];
        // Pings are answered by nearly every server: they tell by when a line was lost.
        let late = [Life::Silence, Life::Pings];
        let mut plans: Vec<(Life, f64, f64)> = Vec::new();
        plans.extend(lives.iter().enumerate().map(|(n, life)| (*life, 0.1 * n as f64, self.watch)));
        plans.extend(late.iter().map(|life| (*life, self.watch / 3.0, self.watch)));
        let rungs = ladder::first(secs(self.watch - 1.0), secs(WAIT));
        plans.extend(rungs.iter().map(|rung| (Life::Silence, 0.8, 0.8 + rung.as_secs_f64())));
        let mut stories: Vec<Story> = Vec::new();
        for (life, opened, until) in plans {
            stories.push(self.live(stories.len() as u32 + 1, life, opened, until, &mut rng));
        }
        if let Some(bracket) = ladder::bracket(&stories) {
            let begins = 0.8 + bracket.dead.as_secs_f64() + WAIT;
            for rung in ladder::refine(bracket, secs((self.watch - begins).max(0.0)), secs(WAIT)) {
                let until = begins + rung.as_secs_f64();
                stories.push(self.live(stories.len() as u32 + 1, Life::Silence, begins, until, &mut rng));
            }
        }
        stories
    }

    pub(crate) fn verdict(&self) -> Verdict {
        verdict(&self.stories(), self.watch)
    }

    /// One line from its opening until it is probed at `until`, with times off by up to 50 ms.
    pub(crate) fn live(
        &self,
        number: u32,
        life: Life,
        opened: f64,
        until: f64,
        rng: &mut fastrand::Rng,
    ) -> Story {
        let signs = self.signs(life, opened, until);
        let deaths =
            self.hops.iter().map(|(mechanism, means)| (death(mechanism, life, opened, until, &signs), means));
        let (death, means) =
            deaths.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, &Means::Fin));
        let mut noise = || rng.f64() * 0.1 - 0.05;
        let (marks, probed, fate) = self.tell(signs, life, until, death, means, &mut noise);
        let mut marks: Vec<Mark> =
            marks.into_iter().map(|(at, sign)| Mark { at: secs((at + noise()).max(opened)), sign }).collect();
        marks.sort_by_key(|mark| mark.at);
        Story { number, life, opened: secs(opened), marks, probed: probed.map(secs), fate }
    }

    /// Everything that would pass on a line that nothing ends.
    fn signs(&self, life: Life, opened: f64, until: f64) -> Vec<(f64, Sign)> {
        let Server { echoes, answers, pings, talks } = self.server;
        let mut signs = Vec::new();
        let mut every = |period: f64, passes: &[(f64, Sign)]| {
            let mut at = opened + period;
            while at < until {
                signs.extend(passes.iter().map(|(after, sign)| (at + after, *sign)));
                at += period;
            }
        };
        match life {
            Life::Silence | Life::Mute | Life::Once => {}
            Life::TcpKeepalive => every(self.beat, &[(0.0, Sign::TcpProbe)]),
            Life::Pongs => every(self.beat, &[(0.0, Sign::ClientControl)]),
            Life::Pings => {
                let both = [(0.0, Sign::ClientControl), (TRIP, Sign::ServerControl)];
                every(self.beat, &both[..1 + usize::from(answers)]);
            }
            Life::Data => {
                let both = [(0.0, Sign::ClientData), (TRIP, Sign::ServerData)];
                every(self.beat, &both[..1 + usize::from(echoes)]);
            }
        }
        if let Some(period) = pings {
            let both = [(0.0, Sign::ServerControl), (TRIP, Sign::ClientControl)];
            every(period, &both[..1 + usize::from(life != Life::Mute)]);
        }
        if let Some(period) = talks {
            every(period, &[(0.0, Sign::ServerData)]);
        }
        if life == Life::Once {
            signs.push((opened + 0.01, Sign::ClientData));
            signs.extend(echoes.then_some((opened + 0.01 + TRIP, Sign::ServerData)));
        }
        signs.retain(|(at, _)| *at < until);
        signs.sort_by(|a, b| a.0.total_cmp(&b.0));
        signs
    }

    /// What a shell sees of a line that dies at `death`.
    fn tell(
        &self,
        mut signs: Vec<(f64, Sign)>,
        life: Life,
        until: f64,
        death: f64,
        means: &Means,
        noise: &mut impl FnMut() -> f64,
    ) -> (Vec<(f64, Sign)>, Option<f64>, Fate) {
        let answers = self.server.answers;
        if death >= until {
            let at = if answers { until + TRIP } else { until + WAIT };
            return (signs, Some(until), Fate::Stood(Standing { at: secs(at), proven: answers }));
        }
        let ended = |at: f64, how: How| Fate::Ended(Ending { at: secs(at), how });
        let is_ours = |sign: Sign| matches!(sign, Sign::ClientControl | Sign::ClientData | Sign::TcpProbe);
        let told = death + noise();
        match means {
            Means::Fin | Means::Reset | Means::Close(_) => {
                signs.retain(|(at, _)| *at < death);
                let how = match means {
                    Means::Close(code) => How::CloseFrame { code: *code, reason: "enough".to_owned() },
                    Means::Reset => How::Reset,
                    Means::Fin | Means::Nothing { .. } | Means::ResetLater => How::Fin,
                };
                (signs, None, ended(told.max(0.0), how))
            }
            Means::ResetLater => {
                let used = signs.iter().find(|(at, sign)| *at >= death && is_ours(*sign)).map(|(at, _)| *at);
                let at = used.unwrap_or(until);
                signs.retain(|(mark, sign)| *mark < death || *mark <= at && is_ours(*sign));
                (signs, used.is_none().then_some(until), ended(at + TRIP + 0.05, How::Reset))
            }
            Means::Nothing { unacknowledged, half } => {
                let asks = match life {
                    Life::Pings if answers => Some(Sign::ClientControl),
                    Life::Data if self.server.echoes => Some(Sign::ClientData),
                    Life::Silence
                    | Life::Mute
                    | Life::TcpKeepalive
                    | Life::Pongs
                    | Life::Pings
                    | Life::Data
                    | Life::Once => None,
                };
                let asked =
                    signs.iter().find(|(at, sign)| *at >= death && Some(*sign) == asks).map(|(at, _)| *at);
                let gives_up = |at: f64| at + 3.0 * self.beat.max(WAIT);
                let asked = asked.filter(|at| gives_up(*at) < until);
                let last = asked.map_or(until, gives_up);
                signs.retain(|(at, sign)| {
                    let is_talk = *half && *sign == Sign::ServerData && life != Life::Data;
                    *at < last && (*at < death || is_ours(*sign) || is_talk)
                });
                let tcp = TcpState {
                    unacknowledged: *unacknowledged,
                    retransmits: (*unacknowledged > 0).into(),
                    ..TcpState::default()
                };
                let probed = asked.unwrap_or(until);
                if asked.is_none() && !answers {
                    return (
                        signs,
                        Some(until),
                        Fate::Stood(Standing { at: secs(until + WAIT), proven: false }),
                    );
                }
                let how = How::Silence { probed: secs(probed), tcp: Some(tcp) };
                (signs, Some(probed), ended(last.max(probed + WAIT), how))
            }
        }
    }
}

/// What a doctor says of these stories.
pub(crate) fn verdict(stories: &[Story], watch: f64) -> Verdict {
    let watch = Watch { lasted: secs(watch), ..Watch::default() };
    diagnose(&Survey::default(), &watch, stories, &TcpKeepalive::default())
}

/// When a mechanism ends a line on which these signs pass.
fn death(mechanism: &Mechanism, life: Life, opened: f64, until: f64, signs: &[(f64, Sign)]) -> f64 {
    match mechanism {
        Mechanism::Timer { period, set } => {
            let mut fires = opened + period;
            for (at, _) in signs.iter().filter(|(_, sign)| set.contains(sign)) {
                if *at >= fires {
                    break;
                }
                fires = at + period;
            }
            fires
        }
        Mechanism::FirstMessage { period } => {
            let first = signs.iter().find(|(_, sign)| *sign == Sign::ClientData);
            if first.is_some_and(|(at, _)| *at < opened + period) { f64::INFINITY } else { opened + period }
        }
        Mechanism::Pong { grace } if life == Life::Mute => signs
            .iter()
            .find(|(_, sign)| *sign == Sign::ServerControl)
            .map_or(f64::INFINITY, |(at, _)| at + grace),
        Mechanism::Pong { .. } => f64::INFINITY,
        Mechanism::Refused { after } => {
            let first = signs.iter().find(|(_, sign)| *sign == Sign::ClientData);
            first.map_or(f64::INFINITY, |(at, _)| at + after)
        }
        Mechanism::Sweep { period, every } => {
            let mut look = every * (opened / every).ceil();
            loop {
                let before = signs.iter().filter(|(at, sign)| *at <= look && *sign != Sign::TcpProbe);
                let last = before.map(|(at, _)| *at).fold(opened, f64::max);
                if look - last >= *period {
                    return look;
                }
                look += every;
            }
        }
        // Any order will do that is none of age.
        Mechanism::Drain { at, within } if opened < *at => at + within * (opened * 13.7).fract(),
        Mechanism::Drain { .. } => f64::INFINITY,
        Mechanism::Event { at } if opened < *at && *at < until => *at,
        Mechanism::Event { .. } => f64::INFINITY,
    }
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
