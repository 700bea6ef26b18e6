use std::fmt;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule it breaks.
    pub rule: Rule,
    /// Who, where, what.
    pub what: String,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Nothing that was accepted is missing.
    Missing,
    /// Nothing comes twice.
    Twice,
    /// The order is the same for all.
    Order,
    /// Every writer's messages stand in the writer's order.
    WriterOrder,
    /// Every hole has its gap.
    Hole,
    /// Every gap has its cause.
    GapWithoutCause,
    /// What arrives is what was written.
    Altered,
    /// Whatever was written is accepted or goes back to its writer.
    Unsettled,
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.rule, self.what)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Missing => "missing",
            Self::Twice => "twice",
            Self::Order => "out of order",
            Self::WriterOrder => "out of the writer's order",
            Self::Hole => "a hole without a gap",
            Self::GapWithoutCause => "a gap without a cause",
            Self::Altered => "not what was written",
            Self::Unsettled => "neither accepted nor given back",
        })
    }
}
