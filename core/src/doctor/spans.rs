//! What a number of seconds may be: a few spans of the number line, and what is left of them when more is known.

/// How far two ends by the same timer may lie apart, to either side: timers have their own grain (a sweep, a tick), the network its
/// delays. Twice this is the half second or 5 % that a verdict is allowed to be off.
pub(super) fn slack(seconds: f64) -> f64 {
    (seconds * 0.025).max(0.25)
}

/// How far the moments of two marks may lie off, together.
pub(super) const NOISE: f64 = 0.11;

/// Spans in rising order that do not touch each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spans(Vec<(f64, f64)>);

impl Spans {
    /// Anything from nothing upwards.
    pub(super) fn all() -> Self {
        Self(vec![(0.0, f64::INFINITY)])
    }

    /// Anything from `least` upwards.
    pub(super) fn above(least: f64) -> Self {
        Self::of(vec![(least, f64::INFINITY)])
    }

    /// Whatever lies in one of these; what lies below nothing is cut off, and spans that end before they begin are left out.
    pub(super) fn of(mut spans: Vec<(f64, f64)>) -> Self {
        for span in &mut spans {
            span.0 = span.0.max(0.0);
        }
        spans.retain(|(from, to)| from <= to);
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut merged: Vec<(f64, f64)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                Some(_) | None => merged.push((from, to)),
            }
        }
        Self(merged)
    }

    /// What lies in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        for a in &self.0 {
            both.extend(other.0.iter().map(|b| (a.0.max(b.0), a.1.min(b.1))));
        }
        Self::of(both)
    }

    /// What lies in either.
    pub(super) fn or(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied().collect())
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `value` lies in it.
    pub(super) fn contains(&self, value: f64) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&value))
    }

    /// From the lowest to the highest; `None` where nothing is left.
    pub(super) fn hull(&self) -> Option<(f64, f64)> {
        Some((self.0.first()?.0, self.0.last()?.1))
    }

    /// Every value at which a span begins or ends.
    pub(super) fn edges(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().flat_map(|(from, to)| [*from, *to])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn spans_that_touch_become_one_and_backward_ones_vanish() {
        let spans = Spans::of(vec![(5.0, 6.0), (-1.0, 2.0), (2.0, 3.0), (9.0, 8.0)]);
        assert_eq!(spans, Spans(vec![(0.0, 3.0), (5.0, 6.0)]));
        assert_eq!(spans.hull(), Some((0.0, 6.0)));
        assert!(spans.contains(2.5) && !spans.contains(4.0));
    }

    #[test]
    fn what_lies_in_both_lies_in_each() {
        let both = Spans::of(vec![(0.0, 3.0), (5.0, 8.0)]).and(&Spans::of(vec![(2.0, 6.0), (7.0, 9.0)]));
        assert_eq!(both, Spans(vec![(2.0, 3.0), (5.0, 6.0), (7.0, 8.0)]));
        assert!(both.and(&Spans::above(8.5)).is_empty());
    }
}
