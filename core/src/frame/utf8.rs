/// Checks text that comes in pieces, which may end inside a character.
#[derive(Clone, Debug, Default)]
pub(super) struct Utf8Check {
    /// The beginning of a character whose rest has not come.
    begun: [u8; 4],
    have: usize,
    /// Bytes of whole characters so far.
    good: u64,
}

/// Where the first byte stands that no character begins or goes on with, counted from the beginning of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadUtf8(pub(super) u64);

impl Utf8Check {
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), BadUtf8> {
        while self.have > 0
            && let Some((first, rest)) = bytes.split_first()
        {
            self.begun[self.have] = *first;
            self.have += 1;
            bytes = rest;
            match std::str::from_utf8(&self.begun[..self.have]) {
                Ok(_) => {
                    self.good += self.have as u64;
                    self.have = 0;
                }
                Err(fault) if fault.error_len().is_none() => {}
                Err(_) => return Err(BadUtf8(self.good)),
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => self.good += bytes.len() as u64,
            Err(fault) => {
                let (good, rest) = bytes.split_at(fault.valid_up_to());
                self.good += good.len() as u64;
                if fault.error_len().is_some() {
                    return Err(BadUtf8(self.good));
                }
                self.begun[..rest.len()].copy_from_slice(rest);
                self.have = rest.len();
            }
        }
        Ok(())
    }

    /// No more will come: a character that was begun is a fault, too.
    pub(super) const fn finish(&self) -> Result<(), BadUtf8> {
        if self.have == 0 { Ok(()) } else { Err(BadUtf8(self.good)) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn wherever_it_is_cut_the_verdict_is_the_same() {
        let cases: [(&[u8], Result<(), BadUtf8>); 6] = [
            ("é漢🙂 plain".as_bytes(), Ok(())),
            (b"ab\xff", Err(BadUtf8(2))),
            (b"\xe6\xbc", Err(BadUtf8(0))),
            (b"a\xe6\xbcb", Err(BadUtf8(1))),
            (b"\xed\xa0\x80", Err(BadUtf8(0))),     // a surrogate
            (b"\xf4\x90\x80\x80", Err(BadUtf8(0))), // above U+10FFFF
        ];
        for (text, verdict) in cases {
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let mut check = Utf8Check::default();
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    let found = pieces.iter().try_for_each(|piece| check.push(piece));
                    assert_eq!(
                        found.and_then(|()| check.finish()),
                        verdict,
                        "{text:x?} at {first}, {second}"
                    );
                }
            }
        }
    }
}
