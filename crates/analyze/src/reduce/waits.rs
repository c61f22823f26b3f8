//! What response times are made of: waiting for a connection, and executing.

use crate::reduce::rows::Operation;
use crate::reduce::times::Times;

/// Of the operations of some time, to the microsecond.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits {
    pub(crate) checkout: Times,
    pub(crate) execute: Times,
    /// Sum of the response times, microseconds.
    pub(crate) response_us: i128,
}

impl Waits {
    /// Adds an operation of which both are known.
    pub(crate) fn add(&mut self, operation: &Operation) {
        let (checkout_us, execute_us) = (operation.checkout_us, operation.execute_us);
        if checkout_us.is_some() && execute_us.is_some() {
            self.checkout.add(checkout_us);
            self.execute.add(execute_us);
            self.response_us += i128::from(operation.response_us.unwrap_or(0));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.checkout.merge(&other.checkout);
        self.execute.merge(&other.execute);
        self.response_us += other.response_us;
    }
}
