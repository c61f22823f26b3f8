//! The command line as the user writes it. What it means is decided in [`crate::config`].

pub mod audit;
pub mod availability;
pub mod campaign;
pub mod check;
pub mod connection;
pub mod mode;
pub mod open_loop;

mod pool;
pub mod probe;
mod readers;
pub mod safety;
pub mod workload;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use command_line::duration;
use command_line::generated::{COMPLETIONS_EXAMPLES, CompletionsArgs, MAN_EXAMPLES, ManArgs};

use crate::cli::audit::{AuditArgs, AuditAtEndArgs};
use crate::cli::availability::AvailabilityArgs;
use crate::cli::campaign::CampaignArgs;
use crate::cli::check::CheckArgs;
use crate::cli::connection::ConnectionArgs;
use crate::cli::mode::ModeArg;
use crate::cli::open_loop::{RateArgs, WarmUpArgs};
use crate::cli::probe::ProbeArgs;
use crate::cli::safety::SafetyArgs;
use crate::cli::workload::{WorkloadArgs, WorkloadFile};
use crate::endpoint;
use crate::pgbench::ModeName;
pub use pool::PoolArgs;
use readers::ENDPOINTS;
pub use readers::ReaderArgs;

/// Runs a business workload against PostgreSQL through a failover, on two paths, and records every operation
///
/// `recorder` runs the reads, writes and purchases of a small shop against a PostgreSQL cluster while a failover happens. It uses two paths at
/// the same time, with the same operations: the direct path to the cluster, and the proxy path through RDS Proxy or another pooler. Every
/// operation and every attempt to connect becomes a row of a recording. `analyze` turns the recording into a report.
#[derive(Debug, Parser)]
#[command(version, args_override_self = true, after_long_help = EXAMPLES)]
pub struct Cli {
    /// Where the paths lead.
    #[command(flatten)]
    pub endpoints: EndpointArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  Make the tables once, then record five minutes on both paths:
    export PGOUTAGE_DIRECT_URL='postgres://app@CLUSTER-ENDPOINT/shop?sslmode=require'
    export PGOUTAGE_PROXY_URL='postgres://app@PROXY-ENDPOINT/shop?sslmode=require'
    export PGPASSWORD=...
    recorder setup
    recorder run

  Then analyze it (`recorder run` prints the folder as its last line on stdout):
    analyze report data/runs/20261122T204300Z-7f3a

Exit codes:
  0  done; for a run: everything was recorded, whatever the outage
  1  rows were lost, or the command failed
  2  a mistake in the command line, the endpoints or the tables
  3  nothing could be recorded";

const RUN_EXAMPLES: &str = "\
Examples:
  Record both paths for five minutes, and cause the failover by hand:
    recorder run

  Trigger the failover one minute after the start, and record its times:
    recorder run --failover-after 60s \\
      --failover-command 'aws rds failover-db-cluster --db-cluster-identifier shop'

  Ten failovers in one recording, each after the one before has healed:
    recorder run --failover-after 60s --failover-count 10 --settle 60s \\
      --failover-command 'aws rds failover-db-cluster --db-cluster-identifier shop' \\
      --heal-command 'aws rds wait db-cluster-available --db-cluster-identifier shop'

  One path, more load, and pgbench as background load:
    recorder run --mode proxy --concurrent-workers 20 --pool-size 20 --enable-pgbench";

const WORKLOAD_EXAMPLES: &str = "\
Examples:
  Take the shop as the start of a workload of your own, and check it:
    recorder workload > shop.toml
    recorder check --workload shop.toml

  Make its tables (the statements under setup), and record it:
    recorder setup --workload shop.toml
    recorder run --workload shop.toml";

const AUDIT_EXAMPLES: &str = "\
Examples:
  Through the endpoints of the run (PGOUTAGE_DIRECT_URL, PGOUTAGE_PROXY_URL):
    recorder audit data/runs/20261122T204300Z-7f3a

  Later, from another host, with a user that may only read:
    recorder audit data/runs/20261122T204300Z-7f3a --url 'postgres://auditor@CLUSTER-ENDPOINT/shop'";

/// Where the paths lead.
#[derive(Debug, Args)]
pub struct EndpointArgs {
    /// Endpoint of the direct path, as libpq takes it: postgres://user@host:port/database, or 'host=... dbname=... user=...'
    ///
    /// Give the cluster endpoint: its name moves to the new writer.
    ///
    /// The password comes from the first of these that has one: the URL, --password-command, PGPASSWORD, ~/.pgpass (PGPASSFILE). A
    /// password on the command line shows in the process list: put the URL into the environment variable, or leave the password
    /// out.
    ///
    /// Keywords mean what they mean to libpq: sslmode (disable, prefer, require, verify-ca, verify-full; default prefer),
    /// sslrootcert (a PEM file, or system), sslcert, sslkey, sslsni, channel_binding, target_session_attrs, load_balance_hosts,
    /// service, passfile, hostaddr, connect_timeout, application_name, options, keepalives_idle and so on. An unsupported keyword is
    /// refused by name; docs/connecting.md lists the differences. Keywords that the string leaves out come from its service, then
    /// from libpq's variables (PGHOST, PGUSER, PGSSLMODE and so on), which both paths share.
    ///
    /// Several hosts: postgres://user@host:port,host:port/database, or host=a,b port=5432,5433. They are tried in order, each with
    /// all its addresses and each address for --connect-timeout, until a server is what target_session_attrs asks for.
    #[arg(long, global = true, value_name = "URL", env = "PGOUTAGE_DIRECT_URL", hide_env_values = true, help_heading = ENDPOINTS)]
    pub direct_url: Option<String>,

    /// Proxy endpoint, in the same form
    #[arg(long, global = true, value_name = "URL", env = "PGOUTAGE_PROXY_URL", hide_env_values = true, help_heading = ENDPOINTS)]
    pub proxy_url: Option<String>,

    /// Name server to use instead of the system's: ADDRESS or ADDRESS:PORT
    ///
    /// Names are looked up for each new connection. An answer is kept no longer than its TTL, unless --dns-cache says so.
    #[arg(long, global = true, value_name = "ADDRESS", env = "PGOUTAGE_DNS_SERVER", value_parser = endpoint::parse_dns_server, help_heading = ENDPOINTS)]
    pub dns_server: Option<SocketAddr>,

    /// Where the reads lead.
    #[command(flatten)]
    pub readers: ReaderArgs,
    /// How connections are made.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the workload on one path or both, and record every operation
    ///
    /// First runs the preflight check (`recorder check`), then records for --duration (300 s by default). Prints the recording's folder as its
    /// last line on stdout; everything else goes to stderr. The first Ctrl-C, SIGTERM or SIGHUP (unless started with nohup) ends the recording
    /// early and cleanly. Operations still in flight at the end are recorded as unfinished. SIGUSR1 puts a mark into the recording, as
    /// `recorder mark` does.
    #[command(after_long_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Check whether a run can work: network, TLS, login, role, limits, transactions, tables, privileges, connections, files, clocks
    ///
    /// Checks every endpoint of --mode at the same time and changes nothing. Each question has a time limit. `run` does the same check before
    /// it starts. Exit code: 0 if nothing fails (warnings are allowed), 1 if something fails, 2 for a mistake in the command line.
    #[command(
        after_long_help = "Example:\n  recorder check --concurrent-workers 20 --pool-size 20"
    )]
    Check(CheckArgs),
    /// Create the tables, their indexes and seed data
    ///
    /// Uses the direct endpoint, or the proxy endpoint if only that one is given. Takes a few seconds with the default sizes. Safe to repeat:
    /// existing tables stay, and rows are added up to the given sizes.
    #[command(after_long_help = "Example:\n  recorder setup --orders 1000000 --logs 1000000")]
    Setup(SetupArgs),
    /// Drop the tables that `setup` made, with all their rows
    ///
    /// Without these rows a run can't be audited any more. Runs that were not audited are listed before the question; with --yes they are
    /// refused, unless --drop-unaudited is given too.
    Cleanup(CleanupArgs),
    /// Look in the database for every write of a recording: which acknowledged ones are lost, and what became of the unknown ones
    ///
    /// Every write carries its identity (run, path, operation) into the row that it makes. The audit looks for all of them, and compares the sums
    /// of logins and stock. It waits for a writer, for former writers to come back as readers, and for sessions of the run to end, at most
    /// --wait in all; then it reads the tables in one transaction that changes nothing. Needs SELECT on them. `recorder run` does
    /// the same at its end. Can be repeated, later and from another host. Writes audit.json and audit/findings.parquet into the recording,
    /// and one row into business_logs, from which `cleanup` knows that the run was audited.
    ///
    /// Exit code: 0 if it was audited, whatever was found; 1 if it could not be audited; 2 for a mistake in the command line, the endpoint or
    /// the tables, and for a recording in progress.
    #[command(after_long_help = AUDIT_EXAMPLES)]
    Audit(AuditArgs),
    /// Seal what a killed recorder left: turn the journals of its open parts into parts
    ///
    /// `analyze` reads journals directly; other readers need the sealed parts. A complete recording, or one in progress, is not changed. Safe
    /// to repeat.
    #[command(after_long_help = "Example:\n  recorder recover data/runs/20261122T204300Z-7f3a")]
    Recover(RecoverArgs),
    /// Put a mark into a recording in progress: an event with a text and the time of this command
    ///
    /// Use it for what the recorder cannot see: "traffic moved", "patch begins". Run it on the host that records, as the same user. It waits until
    /// the mark is on the disk. Exit code: 1 if the mark could not be written, or was not confirmed within 5 s (it may still come: look before
    /// you repeat it), 2 if there is no recording, or if the recording is not in progress. SIGUSR1 to the recorder also sets a mark, with the
    /// text SIGUSR1; nothing confirms it.
    #[command(
        after_long_help = "Example:\n  recorder mark data/runs/20261122T204300Z-7f3a 'traffic moved to the new version'"
    )]
    Mark(MarkArgs),
    /// Check a recording against its manifest: every part exists, with its size, checksum and number of rows
    ///
    /// Prints what is wrong with each damaged part or journal, and which files belong to no part. Changes nothing. Exit code: 0 if the
    /// recording is as recorded (one in progress: so far), 1 if something is damaged, if there are foreign files, or if the recorder was killed
    /// and the recording not recovered; 2 if there is no recording.
    #[command(after_long_help = "Example:\n  recorder verify data/runs/20261122T204300Z-7f3a")]
    Verify(VerifyArgs),
    /// Print the built-in workload as a file for --workload: its operations, statements and values
    #[command(after_long_help = WORKLOAD_EXAMPLES)]
    Workload,
    /// Print what a shell needs to complete this program's command line
    #[command(after_long_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Write manual pages of this program and of each of its commands
    #[command(after_long_help = MAN_EXAMPLES)]
    Man(ManArgs),
}

/// `recorder setup`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Run the set-up statements of a workload file instead, and make the table of the availability probes.
    #[command(flatten)]
    pub file: WorkloadFile,
    /// Create users up to this number
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(i64).range(2..=100_000_000), conflicts_with = "workload")]
    pub users: i64,
    /// Create products up to this number
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(i64).range(2..=100_000_000), conflicts_with = "workload")]
    pub products: i64,
    /// Create orders up to this number
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000), conflicts_with = "workload")]
    pub orders: i64,
    /// Create log rows up to this number
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000), conflicts_with = "workload")]
    pub logs: i64,
}

/// `recorder recover`.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// Folder of the recording
    #[arg(value_name = "RUN")]
    pub recording: PathBuf,
}

/// `recorder mark`.
#[derive(Debug, Args)]
pub struct MarkArgs {
    /// Folder of the recording
    #[arg(value_name = "RUN")]
    pub recording: PathBuf,
    /// The mark: one line of at most 300 characters. Secrets in it are replaced, as in --failover-command
    #[arg(value_name = "TEXT")]
    pub text: String,
}

/// `recorder verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Folders of recordings
    #[arg(value_name = "RUN", required = true)]
    pub recordings: Vec<PathBuf>,
}

/// `recorder cleanup`.
#[derive(Debug, Args)]
pub struct CleanupArgs {
    /// Drop without asking. Refused while there are runs that were not audited
    #[arg(long, short)]
    pub yes: bool,
    /// Drop the rows of runs that were not audited too
    #[arg(long)]
    pub drop_unaudited: bool,
}

const WORKLOAD: &str = "Workload";
const LIMITS: &str = "Limits";
const RECORDING: &str = "Recording";
const FAILOVER: &str = "Failover";
const PGBENCH: &str = "Background load (pgbench)";

/// `recorder run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Which paths to record
    #[arg(long, value_enum, default_value = "both", help_heading = WORKLOAD)]
    pub mode: ModeArg,
    /// How long to record: seconds, or with a unit, such as 90s, 5m, 1h [default: 300]
    ///
    /// With --failover-count it may be left out: the recording then ends after that many failovers.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = WORKLOAD)]
    pub duration: Option<Duration>,
    /// Workers per path, each running one operation at a time
    ///
    /// More workers ask more often, so short outages are seen and the resolution of a downtime is finer. With 10 it is good.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = WORKLOAD)]
    pub concurrent_workers: u32,
    /// What runs.
    #[command(flatten)]
    pub workload: WorkloadArgs,
    /// Shortest think time of a worker after an operation; drawn uniformly up to --max-operation-interval
    #[arg(long, value_name = "TIME", default_value = "0.1", value_parser = duration::parse, help_heading = WORKLOAD)]
    pub min_operation_interval: Duration,
    /// Longest think time of a worker after an operation
    #[arg(long, value_name = "TIME", default_value = "0.5", value_parser = duration::parse, help_heading = WORKLOAD)]
    pub max_operation_interval: Duration,
    /// An open loop.
    #[command(flatten)]
    pub open_loop: RateArgs,
    /// What figures leave out.
    #[command(flatten)]
    pub warm_up: WarmUpArgs,
    /// Seed of the operations; the same seed gives the same operations [default: random]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub seed: Option<u64>,

    /// Largest number of connections per path
    ///
    /// Set it as your application does. With fewer connections than workers, operations wait for the pool.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = LIMITS)]
    pub pool_size: u32,
    /// Time limit of an operation: checkout and statements together
    ///
    /// After it the connection is dropped. No cancel request is sent. Set it as your application does: it decides what a hang looks like.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse, help_heading = LIMITS)]
    pub operation_timeout: Duration,
    /// Time limit of each phase of connecting: DNS, TCP, TLS, start-up [default: connect_timeout of the connection strings, else 5s]
    ///
    /// Each phase has the whole time, and each address too. A name may have several addresses, and a URL several hosts; they are tried one
    /// after the other, as libpq does with connect_timeout. A silent host or address is tried last for the next 10 s. If --operation-timeout
    /// ends an attempt, the next one continues at the same address with the time that is left. The query that identifies the server comes
    /// afterwards and has the operation's limit, because a proxy may hold it back until there is a writer.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = LIMITS)]
    pub connect_timeout: Option<Duration>,
    /// Time limit of waiting for a free connection of the pool
    ///
    /// Set it as your application does: after it an operation fails with class pool_timeout.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse, help_heading = LIMITS)]
    pub pool_timeout: Duration,

    /// How connections are kept, and statements sent.
    #[command(flatten)]
    pub pool: PoolArgs,

    /// Folder for recordings; created if missing. Each recording gets a folder of its own in it
    #[arg(long, value_name = "FOLDER", default_value = "data/runs", help_heading = RECORDING)]
    pub out: PathBuf,
    /// How often the journal is synced to disk, against a power cut; 0 is at each flush, twice a second
    ///
    /// If only the recorder is killed, at most the last second is lost, whatever this value is.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse, help_heading = RECORDING)]
    pub sync_interval: Duration,
    /// Name of this machine in the recording [default: the host name]
    #[arg(long, value_name = "LABEL", help_heading = RECORDING)]
    pub host: Option<String>,
    /// Label for the recording; can be given several times
    ///
    /// Secrets in it are replaced as in --failover-command.
    #[arg(long = "label", value_name = "KEY=VALUE", help_heading = RECORDING)]
    pub labels: Vec<String>,
    /// Probes of the paths.
    #[command(flatten)]
    pub probe: ProbeArgs,
    /// Availability probes.
    #[command(flatten)]
    pub availability: AvailabilityArgs,

    /// Shell command that triggers the failover, such as an AWS CLI call or `lab failover`
    ///
    /// The recording has its start, its end and its exit code. Its output goes to logs/failover-command.log.
    ///
    /// Secrets: the recording shows *** for passwords in URLs, and for the value of every NAME=value, --NAME value and --NAME=value whose NAME
    /// contains password, passwd, pwd, secret, token or key. It does not hide a secret given in another form, such as `-p SECRET`: pass that
    /// through the environment. What the command itself prints is not changed. The command's environment does not have the recorder's own
    /// secrets (PGPASSWORD, the endpoints' URLs). A command that needs the password reads it from a file, such as ~/.pgpass.
    #[arg(long, value_name = "COMMAND", requires = "failover_after", help_heading = FAILOVER)]
    pub failover_command: Option<String>,
    /// When to run the failover command, counted from the recording's start
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "failover_command", help_heading = FAILOVER)]
    pub failover_after: Option<Duration>,
    /// A campaign.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// What keeps it from doing harm.
    #[command(flatten)]
    pub safety: SafetyArgs,
    /// What became of its writes.
    #[command(flatten)]
    pub audit: AuditAtEndArgs,

    /// Run pgbench against each path's endpoint as background load
    #[arg(long, help_heading = PGBENCH)]
    pub enable_pgbench: bool,
    /// Clients of pgbench per path
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_clients: u32,
    /// Threads of pgbench per path
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_000), requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_jobs: u32,
    /// Scale factor of pgbench; each unit is 100,000 accounts, about 15 MB
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000), requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_scale: u32,
    /// What pgbench runs
    #[arg(long, value_enum, default_value = "tpc-b", requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_mode: ModeName,
    /// Script for --pgbench-mode custom
    #[arg(long, value_name = "FILE", requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_script: Option<PathBuf>,
    /// How long pgbench loads the endpoints before the recording starts
    ///
    /// Raise it until caches are warm and pgbench's throughput is steady.
    #[arg(long, value_name = "TIME", default_value = "60", value_parser = duration::parse, requires = "enable_pgbench", help_heading = PGBENCH)]
    pub warmup_time: Duration,
}
