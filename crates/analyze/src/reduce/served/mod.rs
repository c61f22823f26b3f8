//! When operations of one type succeeded: as much of it as gaps need, whatever the number of operations.

use crate::load::LONGEST_US;
use crate::summary::Span;

/// Bits of the microseconds within a slot: a slot is 65.5 ms long, shorter than any gap that can be an outage.
const SLOT_BITS: u32 = 16;
/// Slots that are kept together: few, as a recording may have long times with one success each.
const CHUNK_SLOTS: usize = 64;

/// The first and the last success of a slot, microseconds since its start.
#[derive(Debug, Clone, Copy)]
struct Slot {
    first: u16,
    last: u16,
}

const EMPTY: Slot = Slot {
    first: u16::MAX,
    last: 0,
};

type Chunk = Box<[Slot; CHUNK_SLOTS]>;

/// A success that a pause of the recorder hides: when it was read, and when it may have been served at the earliest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    pub end_us: i64,
    pub since_us: i64,
}

/// Successes of one type, or of several, within the recording.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// Start of the recording, UTC microseconds.
    start_us: i64,
    /// `None` where none was served in so long a time.
    chunks: Vec<Option<Chunk>>,
    hidden: Vec<Hidden>,
    count: u64,
}

impl Served {
    /// None, in a recording that starts then.
    #[must_use]
    pub fn new(start_us: i64) -> Self {
        Self {
            start_us,
            ..Self::default()
        }
    }

    /// Adds a success, by its end; what ended before the recording counts at its start.
    pub fn add(&mut self, end_us: i64) {
        let after_us = end_us.saturating_sub(self.start_us).clamp(0, LONGEST_US);
        let after_us = after_us.unsigned_abs();
        // At most a year: what seems to be longer is refused as a whole, once all is read.
        let slot = (after_us >> SLOT_BITS) as usize;
        let at = after_us as u16;
        let chunk = slot / CHUNK_SLOTS;
        if chunk >= self.chunks.len() {
            self.chunks.resize(chunk + 1, None);
        }
        let slots = self.chunks[chunk].get_or_insert_with(|| Box::new([EMPTY; CHUNK_SLOTS]));
        let slot = &mut slots[slot % CHUNK_SLOTS];
        slot.first = slot.first.min(at);
        slot.last = slot.last.max(at);
        self.count += 1;
    }

    /// Adds a success that a pause of the recorder hides.
    pub fn add_hidden(&mut self, hidden: Hidden) {
        self.hidden.push(hidden);
        self.count += 1;
    }

    /// Adds those of another: of another part of the recording, or of another type.
    pub fn merge(&mut self, other: &Self) {
        if other.chunks.len() > self.chunks.len() {
            self.chunks.resize(other.chunks.len(), None);
        }
        for (own, other) in self.chunks.iter_mut().zip(&other.chunks) {
            match (own.as_mut(), other) {
                (Some(own), Some(other)) => {
                    for (own, other) in own.iter_mut().zip(other.iter()) {
                        own.first = own.first.min(other.first);
                        own.last = own.last.max(other.last);
                    }
                }
                (None, Some(other)) => *own = Some(other.clone()),
                (_, None) => {}
            }
        }
        self.hidden.extend(&other.hidden);
        self.count += other.count;
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The gaps between the recording's start, the successes, and its end: the first, the last, and all others of 65.5 ms and more. A success
    /// counts at its end. One that a pause of the recorder hides was served at an unknown moment of it, and the gap after it begins with
    /// the pause.
    #[must_use]
    pub fn gaps(&self, recording_end_us: i64) -> Vec<Span> {
        let mut hidden = self.hidden.clone();
        hidden.sort_unstable();
        let mut hidden = hidden.into_iter().peekable();
        let mut gaps = Gaps {
            spans: Vec::new(),
            from_us: self.start_us,
        };
        for (first_us, last_us) in self.slots() {
            while let Some(before) = hidden.next_if(|hidden| hidden.end_us < first_us) {
                gaps.end_at(before.end_us, before.since_us);
            }
            gaps.end_at(first_us, last_us);
            while hidden.next_if(|hidden| hidden.end_us <= last_us).is_some() {}
        }
        for after in hidden {
            gaps.end_at(after.end_us, after.since_us);
        }
        gaps.spans.push(Span::new(gaps.from_us, recording_end_us));
        gaps.spans
    }

    /// First and last success of every slot that has one, in order.
    fn slots(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let chunks = self.chunks.iter().enumerate();
        let slots = chunks.flat_map(|(number, chunk)| {
            let first = number * CHUNK_SLOTS;
            let slots = chunk.iter().flat_map(|slots| slots.iter());
            (first..).zip(slots)
        });
        let filled = slots.filter(|(_, slot)| slot.first <= slot.last);
        filled.map(|(number, slot)| {
            let start_us = self.start_us + ((number as i64) << SLOT_BITS);
            (
                start_us + i64::from(slot.first),
                start_us + i64::from(slot.last),
            )
        })
    }
}

struct Gaps {
    spans: Vec<Span>,
    from_us: i64,
}

impl Gaps {
    /// Ends the gap; the next one begins at `next_us`, or where this one did.
    fn end_at(&mut self, end_us: i64, next_us: i64) {
        let is_short = end_us - self.from_us < 1 << SLOT_BITS;
        if !is_short || self.spans.is_empty() {
            self.spans.push(Span::new(self.from_us, end_us));
        }
        self.from_us = self.from_us.max(next_us);
    }
}

#[cfg(test)]
mod tests;
