//! The service's downtime in hand-made recordings. Cites `docs/definitions.md`, Service downtime.

mod simulation;
