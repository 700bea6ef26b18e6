//! What passed on a line, in order of time, in bounded room.

use std::time::Duration;

use heartline_core::doctor::{Mark, Sign};

/// The marks of one line. Of a crowd of one kind its first and its last are kept: silences lie between crowds, and no
/// silence is shorter than a crowd is long.
#[derive(Debug)]
pub(super) struct Marks {
    marks: Vec<Mark>,
    /// How long a crowd may be.
    crowd: Duration,
}

/// A watch as long as it likes makes no more crowds than this, for each kind.
const CROWDS: u32 = 2000;
/// The least length of a crowd.
const SHORTEST: Duration = Duration::from_millis(50);

impl Marks {
    /// Marks of a watch of this length.
    pub(super) fn new(length: Duration) -> Self {
        Self { marks: Vec::new(), crowd: (length / CROWDS).max(SHORTEST) }
    }

    /// Something passed.
    pub(super) fn add(&mut self, at: Duration, sign: Sign) {
        let place = self.marks.partition_point(|mark| mark.at <= at);
        let mut before = (0..place).rev().filter(|place| self.marks[*place].sign == sign);
        let (last, first) = (before.next(), before.next());
        if let (Some(last), Some(first)) = (last, first)
            && at - self.marks[first].at < self.crowd
        {
            self.marks.remove(last);
            self.marks.insert(place - 1, Mark { at, sign });
            return;
        }
        self.marks.insert(place, Mark { at, sign });
    }

    /// Whether anything passed within `margin` of a moment.
    pub(super) fn is_near(&self, at: Duration, margin: Duration) -> bool {
        self.marks.iter().rev().take_while(|mark| mark.at + margin >= at).any(|mark| mark.at <= at + margin)
    }

    /// All of them; none are left.
    pub(super) fn take(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn times(mut marks: Marks) -> Vec<u128> {
        marks.take().iter().map(|mark| mark.at.as_millis()).collect()
    }

    #[test]
    fn a_crowd_keeps_its_first_and_its_last() {
        let mut marks = Marks::new(ms(1000));
        for at in [0, 10, 20, 30, 49, 200, 400, 410] {
            marks.add(ms(at), Sign::ServerData);
        }
        marks.add(ms(405), Sign::ClientData);
        assert_eq!(times(marks), [0, 49, 200, 400, 405, 410]);
    }

    #[test]
    fn what_is_near_is_found() {
        let mut marks = Marks::new(ms(1000));
        marks.add(ms(300), Sign::ClientControl);
        assert!(marks.is_near(ms(310), ms(10)) && marks.is_near(ms(290), ms(10)));
        assert!(!marks.is_near(ms(350), ms(10)) && !marks.is_near(ms(250), ms(10)));
    }
}
