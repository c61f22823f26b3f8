//! What an operation and the attempt to connect that its checkout makes know of each other: which attempt it was, and who
//! gave it up. The pool stands between them and passes on neither where it is cut off.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

tokio::task_local! {
    /// The checkout for which the pool's manager works just now: the pool runs it inside the caller's task.
    static CHECKOUT: Arc<Checkout>;
}

/// One checkout; kept by its worker and used again.
#[derive(Debug, Default)]
pub(crate) struct Checkout {
    /// 0 before an attempt is made.
    connection_id: AtomicI64,
    given_up: AtomicBool,
}

impl Checkout {
    /// Forgets the last operation's.
    pub(crate) fn reset(&self) {
        self.connection_id.store(0, Ordering::Relaxed);
        self.given_up.store(false, Ordering::Relaxed);
    }

    /// The attempt that was made for it, if it found no connection ready.
    pub(crate) fn connection_id(&self) -> Option<i64> {
        Some(self.connection_id.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// True where the operation's limit ended it, and not the recording's end.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Runs what makes an attempt to connect until `deadline`; the attempt knows of this checkout.
    ///
    /// # Errors
    /// [`Elapsed`] at the deadline.
    pub(crate) async fn limit<T>(
        self: &Arc<Self>,
        work: impl Future<Output = T>,
        deadline: Instant,
    ) -> Result<T, Elapsed> {
        let mut work = pin!(CHECKOUT.scope(Arc::clone(self), work));
        let result = timeout_at(deadline, work.as_mut()).await;
        // The attempt reads it where it is dropped, at the end of this function.
        self.given_up.store(result.is_err(), Ordering::Relaxed);
        result
    }

    /// For the pool's manager: the checkout that asks for the attempt `connection_id`.
    pub(crate) fn of_attempt(connection_id: i64) -> Option<Arc<Self>> {
        let note = |checkout: &Arc<Self>| {
            checkout
                .connection_id
                .store(connection_id, Ordering::Relaxed);
            Arc::clone(checkout)
        };
        CHECKOUT.try_with(note).ok()
    }
}
