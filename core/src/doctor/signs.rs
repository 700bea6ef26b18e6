//! Sets of signs: what a timer may be reset by.

use super::Sign;

/// A set of [`Sign`]s: one of 32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SignSet(u8);

impl SignSet {
    /// The set of none.
    pub(super) const NONE: Self = Self(0);

    /// Every set there is, that of none first.
    pub(super) fn every() -> impl Iterator<Item = Self> {
        (0..1_u8 << Sign::ALL.len()).map(Self)
    }

    /// Whether the sign is in it.
    pub(super) const fn contains(self, sign: Sign) -> bool {
        self.0 & bit(sign) != 0
    }
}

const fn bit(sign: Sign) -> u8 {
    match sign {
        Sign::ClientData => 1,
        Sign::ClientControl => 2,
        Sign::ServerData => 4,
        Sign::ServerControl => 8,
        Sign::TcpProbe => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_sign_is_in_half_of_the_sets() {
        assert_eq!(SignSet::every().count(), 32);
        for sign in Sign::ALL {
            assert_eq!(SignSet::every().filter(|set| set.contains(sign)).count(), 16, "{sign:?}");
            assert!(!SignSet::NONE.contains(sign));
        }
    }
}
