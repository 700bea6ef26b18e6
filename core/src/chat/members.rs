use std::collections::BTreeMap;

use crate::wire::Member;

/// Who is in a room, as far as the server tells: in large rooms only how many.
#[derive(Debug, Clone, Default)]
pub struct Members {
    names: BTreeMap<String, String>,
    total: u64,
}

impl Members {
    /// The most members that are kept by name. A server tells fewer.
    pub const MAX_NAMED: usize = 1_000;

    /// Those known by name, as `(from, name)`, ordered by `from`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(from, name)| (from.as_str(), name.as_str()))
    }

    /// What this member is called.
    pub fn name(&self, from: &str) -> Option<&str> {
        self.names.get(from).map(String::as_str)
    }

    /// How many are here: at least those known by name.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many are here of whom only the number is known.
    pub fn unnamed(&self) -> u64 {
        self.total.saturating_sub(self.names.len() as u64)
    }

    pub(super) fn replace(&mut self, members: Vec<Member>, total: u64) {
        self.names.clear();
        self.change(members, &[], total);
    }

    pub(super) fn change(&mut self, joined: Vec<Member>, left: &[Member], total: u64) {
        for member in left {
            self.names.remove(&member.from);
        }
        for Member { from, name } in joined {
            if self.names.len() < Self::MAX_NAMED || self.names.contains_key(&from) {
                self.names.insert(from, name);
            }
        }
        self.total = total.max(self.names.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn who_comes_and_who_goes() {
        let mut members = Members::default();
        members.replace(vec![member("a"), member("b")], 2);
        members.change(vec![member("c")], &[member("a"), member("stranger")], 2);
        assert_eq!(members.iter().map(|(from, _)| from).collect::<Vec<_>>(), ["b", "c"]);
        members.change(vec![], &[], 5_000);
        assert_eq!((members.total(), members.unnamed()), (5_000, 4_998));
    }

    #[test]
    fn the_named_are_bounded_and_the_total_is_never_below_them() {
        let mut members = Members::default();
        members.replace((0..3_000).map(|n| member(&n.to_string())).collect(), 0);
        assert_eq!(members.iter().count(), Members::MAX_NAMED);
        assert_eq!(members.total(), Members::MAX_NAMED as u64);
    }

    fn member(from: &str) -> Member {
        Member { from: from.to_owned(), name: from.to_uppercase() }
    }
}
