//! How fast those may say something who have no line: each by the rule of a member's `say`.

use std::collections::BTreeMap;

use super::bucket::{Bucket, Rate};
use crate::time::{Duration, Instant};

/// How many are told apart: those whose buckets are not full, so everybody who said something in the last few seconds.
const APART: usize = 4096;

/// The buckets of those who post, by whatever tells one from another.
#[derive(Debug)]
pub struct Posters<Who> {
    rate: Rate,
    buckets: BTreeMap<Who, Bucket>,
    /// For all that come when there are too many to be told apart.
    others: Option<Bucket>,
}

impl<Who: Ord> Posters<Who> {
    /// Nobody has posted yet. Each may at `rate`.
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new(), others: None }
    }

    /// Whether `who` may say something now.
    ///
    /// # Errors
    /// Not yet; how long to wait.
    pub fn take(&mut self, now: Instant, who: Who) -> Result<(), Duration> {
        if !self.buckets.contains_key(&who) && self.buckets.len() >= APART {
            // One that is full again is as good as a new one.
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let new = || Bucket::new(self.rate, now);
        let bucket = if self.buckets.contains_key(&who) || self.buckets.len() < APART {
            self.buckets.entry(who).or_insert_with(new)
        } else {
            self.others.get_or_insert_with(new)
        };
        if bucket.take(now) { Ok(()) } else { Err(bucket.refill()) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const RATE: Rate = Rate { per_second: 1.0, burst: 2.0 };

    #[test]
    fn each_has_a_bucket_of_their_own() {
        let (mut posters, now) = (Posters::new(RATE), Instant::now());
        assert_eq!([posters.take(now, "ada"), posters.take(now, "ada")], [Ok(()); 2]);
        assert_eq!(posters.take(now, "ada"), Err(Duration::from_secs(1)));
        assert_eq!(posters.take(now, "bob"), Ok(()), "who has nothing to do with it");
        assert_eq!(posters.take(now + Duration::from_secs(1), "ada"), Ok(()));
    }

    #[test]
    fn too_many_to_be_told_apart_share_one_and_are_told_apart_again_later() {
        let (mut posters, now) = (Posters::new(RATE), Instant::now());
        for who in 0..APART {
            assert_eq!(posters.take(now, who), Ok(()));
        }
        assert_eq!([posters.take(now, APART), posters.take(now, APART + 1)], [Ok(()); 2]);
        assert!(posters.take(now, APART + 2).is_err(), "the others have had their two");
        assert_eq!(posters.take(now, 0), Ok(()), "who is known goes on");
        assert_eq!(posters.buckets.len(), APART);

        let later = now + Duration::from_secs(1);
        assert_eq!(posters.take(later, APART + 2), Ok(()));
        assert_eq!(posters.buckets.len(), 2, "the one that took twice, and the new one");
    }
}
