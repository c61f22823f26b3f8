//! What is said of several recordings: over their failovers, of two sets of them, and as a list.

mod campaign;
mod columns;
mod compare;
mod list;
mod runs;

pub use campaign::document as campaign_document;
pub use compare::document as compared_document;
pub use list::document as listing_document;
