/// The beginning of something whose true length is known: what is kept of it is bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    bytes: Vec<u8>,
    total: u64,
    limit: usize,
}

impl Kept {
    pub(super) const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), total: 0, limit }
    }

    /// The first bytes, as many as are kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many there were, kept or not.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Whether some were not kept.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        (self.bytes.len() as u64) < self.total
    }

    /// What is kept as text; what is no UTF-8, and a character that the end cuts through, becomes U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
        self.pass(bytes.len() as u64);
    }

    /// Counts bytes that need not be looked at.
    pub(super) const fn pass(&mut self, count: u64) {
        self.total = self.total.saturating_add(count);
    }

    pub(super) const fn is_full(&self) -> bool {
        self.bytes.len() >= self.limit
    }
}
