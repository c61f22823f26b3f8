//! The words in the columns of a recording. `FORMAT.md` has their meanings.

/// Declares an enumeration whose values are written to disk as fixed lower-case words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every value, in the order of reports.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word on disk.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value of a word, or `None` for a word of a later version.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// A way to the database.
    Path {
        /// Straight to the cluster endpoint.
        Direct = "direct",
        /// Through RDS Proxy, or another pooler.
        Proxy = "proxy",
    }
}

words! {
    /// The kind of a business operation.
    OperationType {
        /// A query that any server can answer.
        Read = "read",
        /// One autocommitted statement that only a writer can serve.
        Write = "write",
        /// A purchase: several statements between BEGIN and COMMIT.
        Transaction = "transaction",
    }
}

words! {
    /// How an operation ended.
    Outcome {
        /// The server acknowledged all of it.
        Ok = "ok",
        /// A business rule refused it (not enough stock) and the rollback was acknowledged: the database served it.
        Rejected = "rejected",
        /// It certainly did not commit.
        Failed = "failed",
        /// COMMIT or an autocommitted write was sent, and no proof came that it was rolled back: it may be committed.
        Unknown = "unknown",
        /// Still running when the recording ended.
        Unfinished = "unfinished",
    }
}

impl Outcome {
    /// `ok` and `rejected`: the database served the operation.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::Rejected)
    }
}

words! {
    /// Where in an operation the failure came.
    ErrorPhase {
        /// Waiting for the pool or for a new connection.
        Checkout = "checkout",
        /// BEGIN.
        Begin = "begin",
        /// A statement.
        Statement = "statement",
        /// COMMIT, or the ROLLBACK of a rejected purchase.
        Commit = "commit",
    }
}

words! {
    /// Where in a connection attempt the failure came.
    ConnectPhase {
        /// The look-up of the name.
        Dns = "dns",
        /// The TCP handshake.
        Tcp = "tcp",
        /// The TLS request and handshake.
        Tls = "tls",
        /// Start-up message and authentication.
        Startup = "startup",
        /// The query for the server's identity.
        Identify = "identify",
    }
}

words! {
    /// What a probe examines.
    ProbeKind {
        /// The server behind the path: its identity.
        Server = "server",
        /// The name server: what the endpoint's name resolves to.
        Dns = "dns",
    }
}

words! {
    /// What kind of failure it was.
    ErrorClass {
        /// The name did not resolve.
        Dns = "dns",
        /// Connection refused.
        Refused = "refused",
        /// No route to the host or network.
        Unreachable = "unreachable",
        /// A phase of connecting took longer than its limit.
        ConnectTimeout = "connect_timeout",
        /// TLS could not be agreed on, or the certificate is not trusted.
        Tls = "tls",
        /// The server refused the login.
        Auth = "auth",
        /// No pool slot came free in time.
        PoolTimeout = "pool_timeout",
        /// EOF, reset, broken pipe, SQLSTATE 08xxx of a server.
        ConnectionLost = "connection_lost",
        /// The client's own limit on an operation.
        OperationTimeout = "operation_timeout",
        /// 57P01, 57P02, 57P03: the server starts or stops.
        StartingOrStopping = "starting_or_stopping",
        /// 25006: a write reached a reader.
        ReadOnly = "read_only",
        /// 53300 and the poolers' own texts for it.
        TooManyConnections = "too_many_connections",
        /// The proxy answered for itself, or ended a new connection before a byte of an answer.
        Proxy = "proxy",
        /// Of several hosts some answered, and none takes writes.
        NoWriter = "no_writer",
        /// 57014: the server cancelled the statement, as its limit passed or a user asked for it.
        StatementTimeout = "statement_timeout",
        /// 01000: the wait for the synchronous standby was cancelled; committed here, perhaps nowhere else.
        Unreplicated = "unreplicated",
        /// The recorder's own host had no descriptors, ports or memory left: nothing was sent to the server.
        Client = "client",
        /// 40001, 40P01, 55P03.
        Conflict = "conflict",
        /// 23xxx.
        Constraint = "constraint",
        /// Anything else, with its SQLSTATE.
        Other = "other",
    }
}

words! {
    /// The kind of an event.
    EventKind {
        /// The user's failover command was started.
        FailoverTriggered = "failover_triggered",
        /// The user's failover command ended; `status` is its exit code.
        FailoverTriggerFinished = "failover_trigger_finished",
        /// pgbench began its load.
        LoadStarted = "load_started",
        /// pgbench was started again after it had ended or fallen silent.
        LoadRestarted = "load_restarted",
        /// pgbench was stopped at the end.
        LoadStopped = "load_stopped",
        /// A signal ended the recording early.
        Interrupted = "interrupted",
        /// The command that heals the cluster was started.
        HealTriggered = "heal_triggered",
        /// It ended; `status` is its exit code.
        HealTriggerFinished = "heal_trigger_finished",
        /// Every path had been healthy for as long as asked: the next failover may come.
        Settled = "settled",
        /// A stop rule ended the campaign of failovers before its count.
        CampaignStopped = "campaign_stopped",
        /// A server in another role answers on a path, or the writer there is another server than before.
        RoleChanged = "role_changed",
        /// A name resolved to other addresses than before.
        AddressChanged = "address_changed",
        /// A server answered with another start time than before.
        ServerRestarted = "server_restarted",
        /// The user's own mark.
        Mark = "mark",
        /// The recorder did not run: it was stopped, or had no processor.
        ClientPaused = "client_paused",
    }
}

words! {
    /// What an audit found of a write.
    FindingKind {
        /// Acknowledged, and not there.
        Lost = "lost",
        /// Of a purchase one part is there, the order or its log, and the other is not.
        Torn = "torn",
        /// There more than once.
        Duplicated = "duplicated",
        /// `unknown` or `unfinished`, and there.
        Committed = "committed",
        /// `unknown` or `unfinished`, and not there.
        NotCommitted = "not_committed",
        /// `failed` or `rejected`, and there.
        Phantom = "phantom",
        /// There under this run's name, and the recording has no row of it.
        Unrecorded = "unrecorded",
    }
}
