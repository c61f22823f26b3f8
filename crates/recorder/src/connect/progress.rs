//! How far an attempt to connect has come.

use std::net::IpAddr;

use recording::Server;
use recording::vocabulary::ConnectPhase;

use crate::connect::stream::TlsFacts;

/// What is known of an attempt so far; it stays readable where the attempt is cut off.
#[derive(Debug, Clone, Default)]
pub struct ConnectProgress {
    /// The host that was tried last: where it stands among those of the endpoint.
    pub host: usize,
    /// The phase that it is in; `None` before the first.
    pub phase: Option<ConnectPhase>,
    /// The address that was tried last.
    pub address: Option<IpAddr>,
    /// Look-up, microseconds.
    pub dns_us: Option<i64>,
    /// TCP handshake, microseconds.
    pub tcp_us: Option<i64>,
    /// TLS, microseconds.
    pub tls_us: Option<i64>,
    /// Why TLS failed where `sslmode=prefer` went on without it.
    pub tls_error: Option<String>,
    /// Start-up and authentication, microseconds.
    pub startup_us: Option<i64>,
    /// What TLS was agreed on; `None` on a plain connection.
    pub tls: Option<TlsFacts>,
    /// Who answered.
    pub server: Option<Server>,
    /// Of each host and address that was of no use before this one, what became of it.
    pub earlier: Vec<String>,
    /// The name of the host has more addresses than this one.
    pub(super) has_other_addresses: bool,
}

impl ConnectProgress {
    /// Nothing is known of that host yet.
    pub(super) fn begin(&mut self, host: usize) {
        *self = Self {
            host,
            // An attempt that has begun stays one: cut off here, it is told.
            phase: self.phase,
            earlier: std::mem::take(&mut self.earlier),
            ..Self::default()
        };
    }

    /// The connection with TLS failed, and the same address is tried without: nothing of the first is true of the second.
    pub(super) fn begin_without_tls(&mut self, tls_error: String) {
        *self = Self {
            host: self.host,
            phase: self.phase,
            address: self.address,
            dns_us: self.dns_us,
            tls_error: Some(tls_error),
            earlier: std::mem::take(&mut self.earlier),
            has_other_addresses: self.has_other_addresses,
            ..Self::default()
        };
    }

    /// Nor of one of its addresses.
    pub(super) fn begin_address(&mut self, address: IpAddr, has_others: bool) {
        *self = Self {
            host: self.host,
            phase: self.phase,
            address: Some(address),
            dns_us: self.dns_us,
            earlier: std::mem::take(&mut self.earlier),
            has_other_addresses: has_others,
            ..Self::default()
        };
    }
}
