//! Whether output is coloured.

use anstream::{AutoStream, ColorChoice, stream::RawStream};

/// True where colour codes should be written to this stream: on a terminal that knows them, unless `NO_COLOR` is set. `CLICOLOR`,
/// `CLICOLOR_FORCE` and `TERM=dumb` count too, as in other programs.
#[must_use]
pub fn is_coloured(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}
