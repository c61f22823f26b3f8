//! What the recorder's own host has run out of: descriptors, ports, memory. Such a failure tells nothing of a server.

use std::error::Error;
use std::io;

use rustix::io::Errno;

/// What to do about it.
pub(crate) const REMEDY: &str =
    "raise the limit on open files (ulimit -n), or find what uses up ports or memory on this host";

/// True where the operating system had none left of what was asked for.
#[must_use]
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL | Errno::NOBUFS | Errno::NOMEM)
    ) || error
        // A library's own error around the system's.
        .get_ref()
        .is_some_and(|inner| is_in_chain(inner))
}

/// The same for a child that could not be started: there the limit on processes is one more thing to run out of.
#[must_use]
pub(crate) fn is_shortage_at_spawn(error: &io::Error) -> bool {
    is_shortage(error) || Errno::from_io_error(error) == Some(Errno::AGAIN)
}

/// True where an error, or one of its causes, is such a failure.
#[must_use]
pub(crate) fn is_in_chain(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(is_shortage) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_own_host_lacks() {
        let of = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::ADDRNOTAVAIL,
            Errno::NOBUFS,
            Errno::NOMEM,
        ] {
            assert!(is_shortage(&of(errno)), "{errno:?}");
            assert!(is_shortage(&io::Error::other(of(errno))), "{errno:?}");
        }
        for errno in [Errno::CONNREFUSED, Errno::NETUNREACH, Errno::AGAIN] {
            assert!(!is_shortage(&of(errno)), "{errno:?}");
        }
        assert!(is_shortage_at_spawn(&of(Errno::AGAIN)));
        assert!(!is_shortage(&io::Error::other("EMFILE")));
    }
}
