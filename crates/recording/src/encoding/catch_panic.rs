//! Panics of decoders as values: a recording may be damaged or hostile, and decoders of Arrow and Parquet panic on some bytes
//! that they should refuse.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the names of threads begin with on which decoders work for somebody else.
const DECODER_THREADS: [&str; 2] = ["polars", "async-executor"];
/// More of a panic's message than this tells nobody anything, characters.
const LONGEST_MESSAGE: usize = 160;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}
static SECTIONS: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// A decoder panicked; the text is what it said, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its bytes make the decoder fail: {0}")]
pub struct Panicked(String);

/// Does `work`, and gives a panic in it as an error. The panic's own message, which would be a second line on stderr, is kept
/// back, also where it comes from a decoder's own threads meanwhile; other threads' panics are told as ever.
///
/// # Errors
/// [`Panicked`] where `work` panicked. What it was changing then must not be used any more.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOOK.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !is_guarded() {
                told(panic);
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

/// Sections may lie in one another: the outer one goes on when the inner one ends.
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
        let said = guarded(|| none[std::hint::black_box(3)]).unwrap_err();
        assert!(said.to_string().contains("index"), "{said}");
        assert_eq!(said.to_string().lines().count(), 1);
        assert_eq!(guarded(|| 7), Ok(7));
        assert!(!is_guarded());
        let outer = guarded(|| {
            let inner = guarded(|| panic!("inner"));
            (inner.is_err(), is_guarded())
        });
        assert_eq!(outer, Ok((true, true)));
    }
}
