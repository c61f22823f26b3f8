//! What a witness noted of an attempt.

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server did it.
    Yes,
    /// Nothing, within the witness's limit.
    Silence,
    /// The connection ended.
    Lost,
    /// 57P01, 57P02, 57P03.
    Stopping,
    /// 25006.
    ReadOnly,
    /// The server is there, and refuses this statement: classes 0A, 42, P0; 55P03 and 57014, which waited first.
    Refused { has_waited: bool },
    /// What the data said, and conflicts: the server did its work.
    Data,
    /// An attempt to connect hung, and its connection ended without an answer.
    Cut,
    /// Any other error, and every answer to an attempt to connect.
    Other,
    /// It went on when the recording ended.
    Unfinished,
}

/// One attempt of a witness; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) start_us: i64,
    /// When it had a connection, and sent its statement.
    pub(crate) asked_us: Option<i64>,
    pub(crate) end_us: i64,
    /// Its connection is one that an earlier attempt made: that one's start.
    pub(crate) first_us: Option<i64>,
    pub(crate) answer: Answer,
}

impl Sample {
    pub(super) fn length_us(&self) -> i64 {
        self.end_us - self.start_us
    }
}

/// From one moment to another; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
}

impl Span {
    pub(crate) fn length_us(&self) -> i64 {
        self.end_us - self.start_us
    }

    pub(crate) fn overlap_us(&self, other: &Self) -> i64 {
        self.end_us.min(other.end_us) - self.start_us.max(other.start_us)
    }

    pub(crate) fn widened(&self, before_us: i64, after_us: i64) -> Self {
        Self {
            start_us: self.start_us - before_us,
            end_us: self.end_us + after_us,
        }
    }
}
