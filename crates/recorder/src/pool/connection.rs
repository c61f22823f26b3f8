//! A connection of a pool.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use crate::connect::Session;
use crate::sql::protocol::{Executor, Protocol};

/// A session, and what the pool knows of it.
pub(crate) struct PooledConnection {
    session: Session,
    expires_at: Option<Instant>,
    idle_since: Instant,
    /// Its place among the connections that the pool may have.
    _room: OwnedSemaphorePermit,
}

impl PooledConnection {
    pub(crate) fn new(
        session: Session,
        expires_at: Option<Instant>,
        room: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            session,
            expires_at,
            idle_since: Instant::now(),
            _room: room,
        }
    }

    /// Sends statements in that protocol; `text` is room for one.
    pub(crate) fn executor<'a>(&'a self, protocol: Protocol, text: &'a mut String) -> Executor<'a> {
        Executor {
            client: &self.session.client,
            protocol,
            text,
        }
    }

    /// Since when it is idle.
    pub(crate) const fn idle_since(&self) -> Instant {
        self.idle_since
    }

    /// It is idle from now on; true where it is over its maximum lifetime.
    pub(crate) fn rest(&mut self) -> bool {
        self.session.in_use = false;
        self.idle_since = Instant::now();
        self.is_expired(self.idle_since)
    }

    /// The session alone; the pool has room for another.
    pub(crate) fn into_session(self) -> Session {
        self.session
    }

    /// True where it is over its maximum lifetime at `now`.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl Deref for PooledConnection {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}
