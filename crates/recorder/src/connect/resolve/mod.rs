//! Names to addresses, asked by ourselves so that the address of each connection is known, and no cache outlives the TTL unless the
//! user wants one that does.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{MAX_TTL, TokioResolver};
use tokio::time::{sleep_until, timeout};

use crate::connect::lookup_error::{LookupError, Trouble};
use crate::connect::names;
use crate::connect::names::Search;
use crate::connect::order;
use crate::connect::system::{Files, HostsFile, NameServers, Stamps};
use crate::endpoint::literal;

/// Looks names up. Made when the first name is; cheap to clone, and clones share the cache.
#[derive(Clone)]
pub struct Resolver(Arc<Shared>);

struct Shared {
    /// Who is asked; `None` for the system's servers.
    server: Option<SocketAddr>,
    /// On a look-up.
    limit: Duration,
    cache: Cache,
    /// What the operating system says of names; of no meaning where `server` is asked.
    files: Files,
    made: Mutex<Option<Current>>,
    /// Answers that need not be asked for again. hickory's own cache keeps A and AAAA apart, and asks for an AAAA that is not there each time.
    kept: Mutex<HashMap<String, Kept>>,
}

/// What asks, and what it was made of.
struct Current {
    made: Arc<Made>,
    /// `None` where no file was read.
    read: Option<Stamps>,
    /// When the files were looked at last.
    looked: Instant,
}

struct Made {
    dns: TokioResolver,
    search: Search,
    hosts: HostsFile,
    /// Why the server of this host is asked.
    missing: Option<String>,
}

struct Kept {
    addresses: Vec<IpAddr>,
    until: Instant,
}

/// What a name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Its addresses, in the order in which they are tried.
    pub addresses: Vec<IpAddr>,
    /// How long it may be kept, seconds; `None` where no name server said so: out of the hosts file.
    pub ttl_s: Option<u32>,
    /// The family of which no answer came: the name server failed, or was silent or late. That a name has none is an answer.
    pub unanswered: Option<Family>,
}

/// A kind of addresses: each is asked for apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4, records A.
    V4,
    /// IPv6, records AAAA.
    V6,
}

impl Family {
    /// That of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// The longest that an answer can be kept.
const LONGEST: Duration = Duration::from_secs(MAX_TTL as u64);
/// How long the second answer is waited for once A or AAAA has come: some name servers never answer AAAA. RFC 8305 has 50 ms; longer here, as
/// a set of addresses that changes with the name server's mood would look like a change of the name.
const PATIENCE: Duration = Duration::from_millis(300);
/// As many as resolv.conf can name: all are asked at once, so that two that are silent do not use up the limit of the third.
const NAME_SERVERS: usize = 3;
/// Between two looks at the system's files: a run may begin before the network is up, and the hosts file may be edited while it lasts.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What becomes of answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    /// Each look-up asks.
    None,
    /// Kept as long as their TTL says.
    Ttl,
    /// Kept so long, and longer where their TTL says so.
    AtLeast(Duration),
}

impl Cache {
    /// How long an answer is kept.
    fn keeps(self, ttl_s: u32) -> Duration {
        let ttl = Duration::from_secs(ttl_s.into());
        match self {
            Self::None => Duration::ZERO,
            Self::Ttl => ttl,
            Self::AtLeast(least) => ttl.max(least),
        }
        .min(LONGEST)
    }
}

impl Resolver {
    /// A resolver that asks `server`, or the servers and hosts file of the operating system, and keeps answers as long as their TTL.
    /// Nothing is read or asked before the first name is looked up, which may take `limit`.
    ///
    /// # Errors
    /// None today, as with [`Self::keeping`] in its place: what the system lacks is the error of a look-up.
    pub fn new(server: Option<SocketAddr>, limit: Duration) -> Result<Self, String> {
        Ok(Self::of(server, limit, Cache::Ttl))
    }

    /// The same, but every answer is kept for `least` at least, whatever its TTL says: whole seconds, from one to a day.
    ///
    /// # Errors
    /// One line where `least` is no such time.
    pub fn keeping(
        server: Option<SocketAddr>,
        limit: Duration,
        least: Duration,
    ) -> Result<Self, String> {
        if least.is_zero() || least.subsec_nanos() != 0 || least > LONGEST {
            return Err(format!(
                "--dns-cache {least:?}: write whole seconds, from 1s to 24h"
            ));
        }
        Ok(Self::of(server, limit, Cache::AtLeast(least)))
    }

    /// One that asks the same server each time anew: what the server says now, whatever was to be kept of what it said before.
    #[must_use]
    pub fn without_cache(&self, limit: Duration) -> Self {
        Self::of(self.0.server, limit, Cache::None)
    }

    /// How long answers are kept at least; `None` where their TTL decides.
    #[must_use]
    pub fn kept_at_least(&self) -> Option<Duration> {
        match self.0.cache {
            Cache::AtLeast(least) => Some(least),
            Cache::None | Cache::Ttl => None,
        }
    }

    fn of(server: Option<SocketAddr>, limit: Duration, cache: Cache) -> Self {
        Self::with_files(server, limit, cache, Files::default())
    }

    fn with_files(server: Option<SocketAddr>, limit: Duration, cache: Cache, files: Files) -> Self {
        Self(Arc::new(Shared {
            server,
            limit,
            cache,
            files,
            made: Mutex::default(),
            kept: Mutex::default(),
        }))
    }

    /// The addresses of a name, in the order in which they are tried; an address is not looked up.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        if let Some(address) = literal(host) {
            return Ok(vec![address]);
        }
        // Where the system's files have changed, nothing is kept; what can't be made is told where it is needed.
        let _ = self.0.made();
        let kept = self
            .0
            .kept
            .lock()
            .get(host)
            .filter(|kept| Instant::now() < kept.until)
            .map(|kept| kept.addresses.clone());
        if let Some(addresses) = kept {
            // Which of them this host can reach may have changed.
            return Ok(order::sorted(addresses));
        }
        let answer = self.answer(host).await?;
        let keeps = answer.ttl_s.map(|ttl_s| self.0.cache.keeps(ttl_s));
        if let Some(keeps) = keeps.filter(|keeps| !keeps.is_zero()) {
            let kept = Kept {
                addresses: answer.addresses.clone(),
                until: Instant::now() + keeps,
            };
            self.0.kept.lock().insert(host.to_owned(), kept);
        }
        Ok(answer.addresses)
    }

    /// What a name resolves to now, past what was kept: its addresses, in the order in which they are tried, and the TTL that the
    /// name server gave.
    ///
    /// # Errors
    /// Why there is no address.
    pub async fn answer(&self, host: &str) -> Result<Resolved, LookupError> {
        let answer = timeout(self.0.limit, self.0.ask(host)).await;
        let mut answer = answer
            .unwrap_or(Err(Trouble::Silent))
            .map_err(|trouble| self.told(trouble, host))?;
        answer.addresses = order::sorted(answer.addresses);
        Ok(answer)
    }

    /// That no answer came in time.
    #[must_use]
    pub fn silence(&self, host: &str) -> LookupError {
        self.told(Trouble::Silent, host)
    }

    fn told(&self, trouble: Trouble, host: &str) -> LookupError {
        let current = self.0.made.lock();
        let made = current.as_ref().map(|current| &current.made);
        let missing = made.and_then(|made| made.missing.as_deref());
        trouble.of(host, self.0.limit, missing)
    }
}

impl Shared {
    async fn ask(&self, host: &str) -> Result<Resolved, Trouble> {
        let made = self.made()?;
        let addresses = made.hosts.addresses(host);
        if !addresses.is_empty() {
            return Ok(Resolved {
                addresses,
                ttl_s: None,
                unanswered: None,
            });
        }
        let name = names::name(host).map_err(|error| Trouble::Other(error.to_string()))?;
        let mut worst = None;
        for name in made.search.names(&name) {
            match self.ask_for(&made.dns, name).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => worst = worst.max(Some(trouble)),
            }
        }
        Err(worst.unwrap_or(Trouble::NoAddress))
    }

    /// Asks for A and AAAA at once. One of them is enough, if the other does not come soon.
    async fn ask_for(&self, dns: &TokioResolver, name: Name) -> Result<Resolved, Trouble> {
        // hickory makes it up, as RFC 6761 tells it to.
        let is_made_up = name.is_localhost();
        let mut v4 = pin!(dns.lookup(name.clone(), RecordType::A));
        let mut v6 = pin!(dns.lookup(name, RecordType::AAAA));
        let (mut of_v4, mut of_v6) = (None, None);
        let mut until = None;
        while of_v4.is_none() || of_v6.is_none() {
            let patience = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                answer = &mut v4, if of_v4.is_none() => of_v4 = Some(records(answer)),
                answer = &mut v6, if of_v6.is_none() => of_v6 = Some(records(answer)),
                () = patience => break,
            }
            if matches!((&of_v4, &of_v6), (Some(Ok(_)), _) | (_, Some(Ok(_)))) {
                let patience = PATIENCE.min(self.limit / 4);
                until.get_or_insert_with(|| tokio::time::Instant::now() + patience);
            }
        }
        let (mut addresses, mut ttl_s, mut worst) = (Vec::new(), None, None);
        let unanswered = match (is_answer(of_v4.as_ref()), is_answer(of_v6.as_ref())) {
            (false, _) => Some(Family::V4),
            (true, false) => Some(Family::V6),
            (true, true) => None,
        };
        for answer in [of_v4, of_v6].into_iter().flatten() {
            match answer {
                Ok((more, ttl)) => {
                    addresses.extend(more);
                    ttl_s = Some(ttl_s.map_or(ttl, |least: u32| least.min(ttl)));
                }
                Err(trouble) => worst = worst.max(Some(trouble)),
            }
        }
        match addresses.is_empty() {
            true => Err(worst.unwrap_or(Trouble::NoAddress)),
            false => Ok(Resolved {
                addresses,
                ttl_s: ttl_s.filter(|_| !is_made_up),
                unanswered,
            }),
        }
    }

    /// What asks, made anew where the system's files have changed. What can't be made now may be made later: nothing of a failure is kept,
    /// and what was made before goes on.
    fn made(&self) -> Result<Arc<Made>, Trouble> {
        let mut current = self.made.lock();
        if let Some(current) = current.as_mut() {
            if !self.has_changed(current) {
                return Ok(Arc::clone(&current.made));
            }
            if let Ok(new) = self.make_current() {
                *current = new;
                self.kept.lock().clear();
            }
            return Ok(Arc::clone(&current.made));
        }
        let new = self.make_current()?;
        Ok(Arc::clone(&current.insert(new).made))
    }

    /// True where the files are no longer those that were read; looks once a second at most.
    fn has_changed(&self, current: &mut Current) -> bool {
        let Some(read) = current.read else {
            return false;
        };
        if current.looked.elapsed() < LOOK_EVERY {
            return false;
        }
        current.looked = Instant::now();
        self.files.stamps() != read
    }

    fn make_current(&self) -> Result<Current, Trouble> {
        // Before they are read: what is written meanwhile is a change.
        let read = self.server.is_none().then(|| self.files.stamps());
        let made = match self.server {
            Some(server) => {
                let mut udp = ConnectionConfig::udp();
                udp.port = server.port();
                let mut tcp = ConnectionConfig::tcp();
                tcp.port = server.port();
                let name_server = NameServerConfig::new(server.ip(), true, vec![udp, tcp]);
                let servers = NameServers {
                    config: ResolverConfig::from_parts(None, vec![], vec![name_server]),
                    options: ResolverOpts::default(),
                    missing: None,
                };
                self.make(servers, HostsFile::default())?
            }
            None => {
                let hosts = HostsFile::read(&self.files.hosts);
                let hosts = hosts.map_err(|error| Trouble::from_io(&error))?;
                self.make(NameServers::of_system()?, hosts)?
            }
        };
        Ok(Current {
            made: Arc::new(made),
            read,
            looked: Instant::now(),
        })
    }

    fn make(&self, servers: NameServers, hosts: HostsFile) -> Result<Made, Trouble> {
        let NameServers {
            config,
            mut options,
            missing,
        } = servers;
        let domains = config.search().iter().chain(config.domain());
        let search = Search {
            domains: domains.cloned().collect(),
            ndots: options.ndots,
        };
        // The whole of it: a second question would not hear the answer to the first. Over UDP it is sent three times all the same.
        options.timeout = self.limit;
        options.attempts = 1;
        options.num_concurrent_reqs = NAME_SERVERS;
        options.use_hosts_file = ResolveHosts::Never;
        options.cache_size = 0;
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        Ok(Made {
            dns: builder.build()?,
            search,
            hosts,
            missing,
        })
    }
}

/// True where the name server said what addresses of a family there are, or that there are none. Some say of a family they do not know that
/// there is no such name.
fn is_answer(answer: Option<&Result<(Vec<IpAddr>, u32), Trouble>>) -> bool {
    matches!(
        answer,
        Some(Ok(_) | Err(Trouble::NoName | Trouble::NoAddress))
    )
}

/// The addresses in an answer, and the least TTL of its records.
fn records(answer: Result<Lookup, NetError>) -> Result<(Vec<IpAddr>, u32), Trouble> {
    let lookup = answer?;
    let records = lookup.answers();
    let addresses: Vec<IpAddr> = records
        .iter()
        .filter_map(|record| record.data.ip_addr())
        .collect();
    match addresses.is_empty() {
        true => Err(Trouble::NoAddress),
        false => {
            let ttl = records.iter().map(|record| record.ttl).min();
            Ok((addresses, ttl.unwrap_or(0)))
        }
    }
}

#[cfg(test)]
mod tests;
