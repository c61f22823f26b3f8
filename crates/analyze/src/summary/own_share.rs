//! What the application added to the service's downtime. Defined in `docs/definitions.md`, Service downtime.

use serde::Serialize;

/// Application downtime - service downtime, microseconds: what the application's pools, name caches, limits and back-off added. Negative
/// where the application was served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OwnShare {
    pub us: i64,
    /// Without the resolution of the application's downtime.
    pub least_us: i64,
    /// With the resolution of the service's downtime.
    pub most_us: i64,
}

impl OwnShare {
    /// From a downtime and its resolution each, the application's and the service's. `None` where one of them saw no outage: it may only not
    /// have asked while there was one, and its 0 has no bound. Of a failover it has: [`Self::of_failover`].
    #[must_use]
    pub fn new(application: (i64, i64), service: (i64, i64)) -> Option<Self> {
        let us = application.0 - service.0;
        (application.0 > 0 && service.0 > 0).then(|| Self {
            us,
            least_us: us - application.1,
            most_us: us + service.1,
        })
    }

    /// From a downtime, its resolution, and the most that it may be where it is 0, each: the application's and the service's.
    #[must_use]
    pub fn of_failover(
        application: (i64, i64, Option<i64>),
        service: (i64, i64, Option<i64>),
    ) -> Self {
        let us = application.0 - service.0;
        Self {
            us,
            least_us: us - application.1 - service.2.unwrap_or(0),
            most_us: us + service.1 + application.2.unwrap_or(0),
        }
    }
}
