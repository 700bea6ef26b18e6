/// What has happened in the rooms since the hub began, for whoever watches. No count ever falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rooms entered by clients that know how far they had come.
    pub resumes: u64,
    /// Readers that did not take what there was, and were set back to reading history.
    pub set_back: u64,
    /// Times a line was told that something may be missing.
    pub gaps: u64,
}
