//! Reasoning by elimination: which hypotheses explain the lines that ended in one manner, contradicted by no other line.
//!
//! One mechanism is believed before two, and two that each ended several lines before one that is not exact. Pairs are tried if they leave
//! nothing unexplained; where nothing does, whatever explains most is taken, and the rest is looked at by itself.

use std::collections::BTreeMap;

use super::Manner;
use super::hypothesis::{Grain, Hypothesis};
use super::observed::Observed;
use super::spans::{NOISE, Spans};

/// So many lines of one manner are looked at, in order of their ends; a watch has some twenty.
const MOST_LINES: usize = 64;

/// So many explanations are tried in pairs, those of most lines first.
const MOST_IN_PAIRS: usize = 300;

/// A mechanism that was at work, as far as it can be told.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) manner: Manner,
    /// The lines that it surely ended, by their place.
    pub(super) lines: Vec<usize>,
    /// Everything that it may have been, with the numbers that fit; empty if nothing fits.
    pub(super) explanations: BTreeMap<Hypothesis, Spans>,
    /// It was believed together with another, or for want of anything that fits better.
    pub(super) is_weak: bool,
    /// Those among them that rest on chance.
    pub(super) chances: Vec<Hypothesis>,
}

/// A hypothesis with numbers for which it ends some lines of a group and spares all others.
struct Explanation {
    hypothesis: Hypothesis,
    /// Which lines of the group it ends, a bit each.
    ends: u64,
    spans: Spans,
    /// It rests on chance: see [`is_chance`].
    is_chance: bool,
}

impl Explanation {
    /// From the shortest that it may be to the longest that any line showed: what is not exact has a range, and no one number.
    fn reached(&self, lines: &[Observed], group: &[usize]) -> Spans {
        let ends = |place: &usize| {
            let line = &lines[*place];
            line.end.and_then(|end| self.hypothesis.ends(line, end, Grain::FINE).hull())
        };
        let Some((least, _)) = self.spans.hull() else { return Spans::default() };
        let shown: Vec<(f64, f64)> = group.iter().filter_map(ends).collect();
        let first = shown.iter().map(|(from, _)| *from).fold(f64::INFINITY, f64::min);
        let last = shown.iter().map(|(_, to)| *to).fold(least, f64::max);
        // A timer runs for less than it seems, an event begins with the first end.
        Spans::of(vec![(if self.hypothesis == Hypothesis::Event { first } else { least }, last)])
    }
}

/// Everything that was at work, the earliest end first.
pub(super) fn fit(lines: &[Observed]) -> Vec<Fitted> {
    let mut groups: BTreeMap<Manner, Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        if let Some(end) = line.end {
            groups.entry(end.manner).or_default().push(place);
        }
    }
    let mut fitted = Vec::new();
    let mut told = Vec::new();
    for (manner, mut group) in groups {
        group.sort_by(|a, b| dead(&lines[*a]).total_cmp(&dead(&lines[*b])));
        group.truncate(MOST_LINES);
        fit_group(lines, manner, &group, &mut fitted);
        if manner != Manner::Lost {
            told.extend(group);
        }
    }
    join(lines, told, &mut fitted);
    fitted.sort_by(|a, b| first_end(lines, a).total_cmp(&first_end(lines, b)));
    fitted
}

/// One hand may leave lines in several manners: a server that leaves takes leave of some. Where what fits all that were told of an end
/// is less than what fits each manner by itself, it is believed, and less surely.
fn join(lines: &[Observed], mut told: Vec<usize>, fitted: &mut [Fitted]) {
    let mut of_told: Vec<&mut Fitted> = fitted.iter_mut().filter(|one| one.manner != Manner::Lost).collect();
    if of_told.len() < 2 || told.len() > MOST_LINES || of_told.iter().any(|one| one.is_weak) {
        return;
    }
    told.sort_by(|a, b| dead(&lines[*a]).total_cmp(&dead(&lines[*b])));
    let whole = mask_of(told.len());
    let mut all = explanations(lines, &told, Grain::FINE);
    all.retain(|one| !one.is_chance && one.ends == whole);
    let common = |of: &Hypothesis| all.iter().find(|one| one.hypothesis == *of);
    if of_told.iter().any(|one| !one.explanations.keys().any(|of| common(of).is_some())) {
        return;
    }
    for one in &mut of_told {
        let before = one.explanations.len();
        one.explanations.retain(|of, _| common(of).is_some());
        one.is_weak = one.explanations.len() < before;
    }
}

/// Everything that ended the lines of one group.
fn fit_group(lines: &[Observed], manner: Manner, group: &[usize], fitted: &mut Vec<Fitted>) {
    let mut rest = group.to_vec();
    // What is left by something that fits only some is not explained any more surely than that.
    let mut is_weak = false;
    while !rest.is_empty() {
        let whole = mask_of(rest.len());
        let fine = explanations(lines, &rest, Grain::FINE);
        is_weak |= !explains(&fine, whole);
        let (all, found) = explain(lines, &rest, fine, whole);
        let explained = found.iter().fold(0, |mask, (ends, _)| mask | ends);
        // Where not even a single line was explained, there is nothing to be learnt from the others' rest.
        let is_nothing = found.iter().all(|(_, explanations)| explanations.is_empty());
        let is_pair = found.len() > 1;
        for (ends, explanations) in found {
            let chances =
                all.iter().filter(|one| one.is_chance && one.ends == ends).map(|one| one.hypothesis);
            let chances = chances.collect();
            fitted.push(Fitted { manner, lines: places(&rest, ends), explanations, is_weak, chances });
        }
        rest = if is_nothing || is_pair { Vec::new() } else { places(&rest, whole & !explained) };
    }
}

/// Whether something explains all of them, and not by chance.
fn explains(all: &[Explanation], whole: u64) -> bool {
    all.iter().any(|one| !one.is_chance && one.ends == whole)
}

/// The best that can be said of these lines, and the explanations it was chosen from.
fn explain(
    lines: &[Observed],
    group: &[usize],
    fine: Vec<Explanation>,
    whole: u64,
) -> (Vec<Explanation>, Vec<Found>) {
    if explains(&fine, whole) {
        let found = vec![of_mask(&fine, whole)];
        return (fine, found);
    }
    let both = pairs(fine.iter().filter(|one| !one.is_chance).collect(), whole);
    // Two that ended several lines each are no chance. Otherwise one that is not exact is believed before two; one line alone, though,
    // says nothing of how exact its end was.
    let are_many = both.as_ref().is_some_and(|both| both.iter().all(|(ends, _)| ends.count_ones() > 1));
    if !are_many && group.len() > 1 {
        let mut coarse = explanations(lines, group, Grain::COARSE);
        coarse.retain(|one| !one.is_chance && one.ends == whole && one.hypothesis.is_coarse());
        if !coarse.is_empty() {
            coarse.iter_mut().for_each(|one| one.spans = one.reached(lines, group));
            let found = vec![of_mask(&coarse, whole)];
            return (coarse, found);
        }
    }
    if let Some(both) = both {
        return (fine, both.into());
    }
    let most = fine.iter().max_by_key(|one| one.ends.count_ones()).filter(|one| one.ends.count_ones() > 1);
    let found = most.map_or_else(|| (whole, BTreeMap::new()), |most| of_mask(&fine, most.ends));
    (fine, vec![found])
}

/// What surely was ended, and by what it may have been.
type Found = (u64, BTreeMap<Hypothesis, Spans>);

/// Every explanation of exactly these lines.
fn of_mask(all: &[Explanation], ends: u64) -> Found {
    let fitting = all.iter().filter(|one| one.ends == ends);
    (ends, fitting.map(|one| (one.hypothesis, one.spans.clone())).collect())
}

/// All pairs of explanations that leave no line unexplained, put together: the one that ended the first line, and the other.
fn pairs(mut sorted: Vec<&Explanation>, whole: u64) -> Option<[Found; 2]> {
    sorted.sort_by_key(|one| std::cmp::Reverse(one.ends.count_ones()));
    sorted.truncate(MOST_IN_PAIRS);
    let mut found: Option<[Found; 2]> = None;
    for (index, a) in sorted.iter().enumerate() {
        for b in sorted.iter().skip(index + 1).filter(|b| a.ends | b.ends == whole) {
            // The lowest bit is the line that ended first. Where both may have ended it, the one of more lines is named first.
            let (first, second) = if a.ends & 1 == 1 { (a, b) } else { (b, a) };
            let [(firsts, by_first), (seconds, by_second)] =
                found.get_or_insert_with(|| [(whole, BTreeMap::new()), (whole, BTreeMap::new())]);
            *firsts &= first.ends;
            *seconds &= second.ends & !first.ends;
            for (by, one) in [(by_first, first), (by_second, second)] {
                let spans = by.entry(one.hypothesis).or_default();
                *spans = spans.or(&one.spans);
            }
        }
    }
    found
}

/// For each hypothesis, the largest groups of lines that it may have ended.
fn explanations(lines: &[Observed], group: &[usize], grain: Grain) -> Vec<Explanation> {
    // Where every end was told, lines that heard of none had none. Otherwise only a sign of life shows that they lived.
    let is_told = group.iter().all(|place| lines[*place].end.is_some_and(|end| end.told));
    let until = |line: &Observed| if is_told { line.quiet } else { line.alive };
    let mut all = Vec::new();
    for hypothesis in Hypothesis::every() {
        let others = lines.iter().enumerate().filter(|(place, _)| !group.contains(place));
        let base = others
            .fold(Spans::all(), |spans, (_, line)| spans.and(&hypothesis.spares(line, until(line), grain)));
        if base.is_empty() {
            continue;
        }
        let members: Vec<(Spans, Spans)> = group
            .iter()
            .filter_map(|place| {
                let line = &lines[*place];
                Some((hypothesis.ends(line, line.end?, grain), hypothesis.spares(line, line.alive, grain)))
            })
            .collect();
        let mut of_this: BTreeMap<u64, Spans> = BTreeMap::new();
        for (from, to) in pieces(&base, &members) {
            let number = if to.is_finite() { (from + to) / 2.0 } else { from + 1.0 };
            if let Some(ends) = ended(&base, &members, number) {
                let spans = of_this.entry(ends).or_default();
                *spans = spans.or(&Spans::of(vec![(from, to)]));
            }
        }
        let masks: Vec<u64> = of_this.keys().copied().collect();
        let is_largest = |ends: u64| !masks.iter().any(|other| *other != ends && other & ends == ends);
        all.extend(of_this.into_iter().filter(|(ends, _)| is_largest(*ends)).map(|(ends, spans)| {
            let is_chance = is_chance(hypothesis, &spans, lines, &places(group, ends));
            Explanation { hypothesis, ends, spans, is_chance }
        }));
    }
    all
}

/// Whether a timer would have ended lines in silences that others, or the same, lived through again and again: possible where it lies
/// between one jitter and the next, and a strange chance. What passes by itself all the time makes any end look like that.
fn is_chance(hypothesis: Hypothesis, spans: &Spans, lines: &[Observed], ended: &[usize]) -> bool {
    let (Hypothesis::Timer(set), Some((_, most))) = (hypothesis, spans.hull()) else { return false };
    let gaps = |line: &Observed, until: f64| -> Vec<f64> {
        line.resets(|sign| set.contains(sign), until).windows(2).map(|pair| pair[1] - pair[0]).collect()
    };
    let outlived: Vec<Vec<f64>> = lines.iter().map(|line| gaps(line, line.alive)).collect();
    let is_often = outlived.iter().any(|gaps| gaps.iter().filter(|gap| **gap >= 0.7 * most).count() >= 3);
    let longest = outlived.iter().flatten().copied().fold(0.0, f64::max);
    is_often
        && ended.iter().any(|place| {
            let line = &lines[*place];
            let last = line.silence(|sign| set.contains(sign));
            gaps(line, dead(line)).into_iter().fold(last, f64::max) <= longest + 2.0 * NOISE
        })
}

/// The pieces into which the edges of all spans cut the number line, and the edges themselves.
fn pieces(base: &Spans, members: &[(Spans, Spans)]) -> Vec<(f64, f64)> {
    let of_members = members.iter().flat_map(|(ends, spares)| ends.edges().chain(spares.edges()));
    let mut edges: Vec<f64> = base.edges().chain(of_members).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let points = edges.iter().filter(|edge| edge.is_finite()).map(|edge| (*edge, *edge));
    edges.windows(2).map(|pair| (pair[0], pair[1])).chain(points).collect()
}

/// Which members end for this number; `None` if one of them neither ends nor lives on, if it ends none, or if others would not live.
fn ended(base: &Spans, members: &[(Spans, Spans)], number: f64) -> Option<u64> {
    if !base.contains(number) {
        return None;
    }
    let mut mask = 0;
    for (bit, (ends, spares)) in members.iter().enumerate() {
        if ends.contains(number) {
            mask |= 1 << bit;
        } else if !spares.contains(number) {
            return None;
        }
    }
    (mask != 0).then_some(mask)
}

const fn mask_of(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

fn places(group: &[usize], mask: u64) -> Vec<usize> {
    group.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, place)| *place).collect()
}

fn dead(line: &Observed) -> f64 {
    line.end.map_or(f64::INFINITY, |end| end.dead)
}

fn first_end(lines: &[Observed], fitted: &Fitted) -> f64 {
    fitted.lines.iter().map(|place| dead(&lines[*place])).fold(f64::INFINITY, f64::min)
}
