//! Panics of decoders as values: a recording may be damaged or hostile, and decoders of Arrow and Parquet panic on some bytes
//! that they should refuse.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Prefixes of the names of threads on which decoders work for another thread.
const DECODER_THREADS: [&str; 2] = ["polars", "async-executor"];
/// Characters of a panic's message that are kept.
const LONGEST_MESSAGE: usize = 160;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}
static SECTIONS: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// A decoder panicked; the text is its message, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its bytes make the decoder fail: {0}")]
pub struct Panicked(String);

impl Panicked {
    /// The panic's own message, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0
    }
}

/// Does `work`, and returns a panic in it as an error. The panic's own message, which would be a second line on stderr, is not
/// printed, also where it comes from a decoder's own threads meanwhile; panics of other threads are printed as ever.
///
/// # Errors
/// [`Panicked`] where `work` panicked. Values that it was changing must not be used any more.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !is_guarded() {
                before(panic);
            }
        }));
    });
    let section = Section::enter();
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    drop(section);
    done.map_err(|panic| Panicked(message(panic.as_ref())))
}

fn is_guarded() -> bool {
    let is_decoder = || {
        std::thread::current().name().is_some_and(|name| {
            DECODER_THREADS
                .iter()
                .any(|decoder| name.starts_with(decoder))
        })
    };
    GUARDED.get() || (SECTIONS.load(Ordering::Relaxed) > 0 && is_decoder())
}

/// Sections may be nested: the outer one goes on when the inner one ends.
struct Section {
    outer: bool,
}

impl Section {
    fn enter() -> Self {
        SECTIONS.fetch_add(1, Ordering::Relaxed);
        Self {
            outer: GUARDED.replace(true),
        }
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        GUARDED.set(self.outer);
        SECTIONS.fetch_sub(1, Ordering::Relaxed);
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "no reason given",
    };
    let first_line = text.lines().next().unwrap_or_default();
    first_line.chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_one_line() {
        let none = Vec::<u8>::new();
        let panicked = guarded(|| none[std::hint::black_box(3)]).unwrap_err();
        assert!(panicked.to_string().contains("index"), "{panicked}");
        assert_eq!(panicked.to_string().lines().count(), 1);
        assert_eq!(guarded(|| 7), Ok(7));
        assert!(!is_guarded());
        let outer = guarded(|| {
            let inner = guarded(|| panic!("inner"));
            (inner.is_err(), is_guarded())
        });
        assert_eq!(outer, Ok((true, true)));
    }
}
