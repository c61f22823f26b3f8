//! The command line as the user writes it. What it means is decided in [`crate::config`].

pub mod campaign;
pub mod check;
pub mod connection;
pub mod mode;
mod pool;
pub mod probe;
mod readers;
pub mod safety;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use command_line::duration;

use crate::cli::campaign::CampaignArgs;
use crate::cli::check::CheckArgs;
use crate::cli::connection::ConnectionArgs;
use crate::cli::mode::ModeArg;
use crate::cli::probe::ProbeArgs;
use crate::cli::safety::SafetyArgs;
use crate::endpoint;
use crate::pgbench::ModeName;
pub use pool::PoolArgs;
pub use readers::ReaderArgs;

/// Runs a business workload on two paths through a PostgreSQL failover and records every operation
///
/// `recorder` runs reads, writes and purchases of a small shop against a PostgreSQL cluster, straight (the direct path) and
/// through RDS Proxy or another pooler (the proxy path), both at the same time and with the same operations, while a failover
/// happens. Every operation and every attempt to connect becomes a row of a recording, which `analyze` turns into a report.
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

  Then look at it (the folder is the last line that `recorder run` prints on stdout):
    analyze report data/runs/20261122T204300Z-7f3a

Exit codes:
  0  done; of a run: completely recorded, whatever the outage
  1  rows were lost, or the command failed
  2  a mistake in the command line, the endpoints or the tables
  3  nothing could be recorded";

const RUN_EXAMPLES: &str = "\
Examples:
  Both paths, five minutes, the failover caused by hand meanwhile:
    recorder run

  The failover triggered one minute after the start, and its times recorded:
    recorder run --failover-after 60s \\
      --failover-command 'aws rds failover-db-cluster --db-cluster-identifier shop'

  Ten failovers in one recording, each after the last is healed:
    recorder run --failover-after 60s --failover-count 10 --settle 60s \
      --failover-command 'aws rds failover-db-cluster --db-cluster-identifier shop' \
      --heal-command 'aws rds wait db-cluster-available --db-cluster-identifier shop'

  One path, more load, pgbench beside it:
    recorder run --mode proxy --concurrent-workers 20 --pool-size 20 --enable-pgbench";

const ENDPOINTS: &str = "Endpoints";

/// Where the paths lead.
#[derive(Debug, Args)]
pub struct EndpointArgs {
    /// Cluster endpoint, as libpq takes it: postgres://user@host:port/database, or 'host=... dbname=... user=...'
    ///
    /// Several hosts: postgres://user@host:port,host:port/database, or host=a,b port=5432,5433.
    ///
    /// The password comes from the URL, else from --password-command, else from PGPASSWORD, else from ~/.pgpass (PGPASSFILE). On
    /// the command line a password shows in the process list: put the URL into the environment variable, or leave the password
    /// out of it. The keywords of libpq mean what they mean to libpq: sslmode (disable, prefer, require, verify-ca, verify-full;
    /// default prefer), sslrootcert (a PEM file, or system), sslcert, sslkey, sslsni, channel_binding, target_session_attrs,
    /// load_balance_hosts, service, passfile, hostaddr, connect_timeout, application_name, options, keepalives_idle and the like.
    /// One that is not supported is refused by its name; docs/connecting.md lists the differences. Several hosts are tried in their
    /// order, and of each all addresses, each within --connect-timeout, until one is found whose server is what
    /// target_session_attrs asks for. What the string leaves out comes from its service, then from libpq's variables (PGHOST,
    /// PGUSER, PGSSLMODE and so on), which both paths share.
    #[arg(long, global = true, value_name = "URL", env = "PGOUTAGE_DIRECT_URL", hide_env_values = true, help_heading = ENDPOINTS)]
    pub direct_url: Option<String>,

    /// Proxy endpoint, in the same form
    #[arg(long, global = true, value_name = "URL", env = "PGOUTAGE_PROXY_URL", hide_env_values = true, help_heading = ENDPOINTS)]
    pub proxy_url: Option<String>,

    /// Name server to ask instead of the system's: ADDRESS or ADDRESS:PORT
    ///
    /// Names are looked up for each new connection and kept no longer than their TTL.
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
    /// Record: run the workload on one path or both, and write every operation down
    ///
    /// Looks first whether it can (`recorder check`), runs for --duration (300 s by default) and then prints the recording's folder as the last line on stdout; all else
    /// goes to stderr. The first Ctrl-C, SIGTERM or hang-up (SIGHUP, unless started with nohup) ends the
    /// recording early and cleanly. Operations still running at the end
    /// are recorded as unfinished. SIGUSR1 puts a mark into the recording, as `recorder mark` does.
    #[command(after_long_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Look whether a run can do what it shall: network, TLS, login, role, limits, transactions, tables, privileges, connections, files, clocks
    ///
    /// Asks every endpoint of --mode at the same time, and changes nothing. Each question has a limit. `run` asks the same before it
    /// begins. Exit code 0 where nothing fails, warnings or not; 1 where something does; 2 for a mistake in the command line.
    #[command(
        after_long_help = "Example:\n  recorder check --concurrent-workers 20 --pool-size 20"
    )]
    Check(CheckArgs),
    /// Make the tables, their indexes and seed data
    ///
    /// Works on the direct endpoint, or on the proxy's where only that is given. Takes a few seconds with the default sizes.
    /// Safe to repeat: tables that are there stay, and are filled up to the sizes asked for.
    #[command(after_long_help = "Example:\n  recorder setup --orders 1000000 --logs 1000000")]
    Setup(SetupArgs),
    /// Drop the tables that `setup` made, with all their rows
    Cleanup(CleanupArgs),
    /// Seal what a killed recorder left: the journals of its open parts become parts
    ///
    /// `analyze` reads journals as they are; sealed, the rows are there for every other reader too. A recording that is healthy,
    /// or still in progress, is left as it is. Safe to repeat.
    #[command(after_long_help = "Example:\n  recorder recover data/runs/20261122T204300Z-7f3a")]
    Recover(RecoverArgs),
    /// Put a mark into a recording in progress: an event with a text, at the moment when this command was given
    ///
    /// For what happens outside of the recorder's sight: "traffic moved", "patch begins". Given on the host that records, by the
    /// same user. Waits up to 5 s until the recorder has taken it. Exit code 1 where it does not; 2 where there is no recording, or
    /// nobody records it any more. SIGUSR1 to the recorder is a mark too, with the text SIGUSR1.
    #[command(
        after_long_help = "Example:\n  recorder mark data/runs/20261122T204300Z-7f3a 'traffic moved to the new version'"
    )]
    Mark(MarkArgs),
    /// Check a recording against its manifest: every part is there, with the size, checksum and rows that it had when sealed
    ///
    /// Says per damaged part or journal what is wrong with it, and which files belong to no part. Nothing is changed. Exit code 0 where
    /// all is as recorded, also so far; 1 where something is damaged, lies beside the parts, or the recording has no end and nobody
    /// records it; 2 where there is no recording.
    #[command(after_long_help = "Example:\n  recorder verify data/runs/20261122T204300Z-7f3a")]
    Verify(VerifyArgs),
}

/// `recorder setup`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Users there shall be at least
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(i64).range(2..=100_000_000))]
    pub users: i64,
    /// Products there shall be at least
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(i64).range(2..=100_000_000))]
    pub products: i64,
    /// Orders there shall be at least
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    pub orders: i64,
    /// Logs there shall be at least
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
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
    /// What to write down: one line of at most 300 characters; secrets in it are replaced as in --failover-command
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
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

const WORKLOAD: &str = "Workload";
const LIMITS: &str = "Limits";
const RECORDING: &str = "Recording";
const FAILOVER: &str = "Failover";
const PGBENCH: &str = "pgbench beside the workload";

/// `recorder run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Which paths to record
    #[arg(long, value_enum, default_value = "both", help_heading = WORKLOAD)]
    pub mode: ModeArg,
    /// How long: seconds, or with a unit, such as 90s, 5m, 1h [default: 300]
    ///
    /// With --failover-count and no --duration: until that is reached.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = WORKLOAD)]
    pub duration: Option<Duration>,
    /// Workers per path, each running one operation at a time
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = WORKLOAD)]
    pub concurrent_workers: u32,
    /// Share of reads
    #[arg(long, value_name = "SHARE", default_value_t = 70.0, allow_negative_numbers = true, help_heading = WORKLOAD)]
    pub read_weight: f64,
    /// Share of writes
    #[arg(long, value_name = "SHARE", default_value_t = 20.0, allow_negative_numbers = true, help_heading = WORKLOAD)]
    pub write_weight: f64,
    /// Share of transactions; shares that do not add up to 100 are normalised
    #[arg(long, value_name = "SHARE", default_value_t = 10.0, allow_negative_numbers = true, help_heading = WORKLOAD)]
    pub transaction_weight: f64,
    /// Shortest think time of a worker after an operation
    #[arg(long, value_name = "TIME", default_value = "0.1", value_parser = duration::parse, help_heading = WORKLOAD)]
    pub min_operation_interval: Duration,
    /// Longest think time of a worker after an operation
    #[arg(long, value_name = "TIME", default_value = "0.5", value_parser = duration::parse, help_heading = WORKLOAD)]
    pub max_operation_interval: Duration,
    /// Seed of the operations; the same seed gives the same operations [default: random]
    #[arg(long, value_name = "N", help_heading = WORKLOAD)]
    pub seed: Option<u64>,

    /// Connections per path at most
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = LIMITS)]
    pub pool_size: u32,
    /// Limit on an operation, over waiting for a connection and its statements
    ///
    /// After it the connection is dropped; no cancel request is sent.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse, help_heading = LIMITS)]
    pub operation_timeout: Duration,
    /// Limit on each phase of connecting: DNS, TCP, TLS, start-up [default: connect_timeout of the connection strings, else 5s]
    ///
    /// Each phase has the whole of it, and so has each address: a name may have several, and so may the URL name several hosts. They are tried
    /// one after the other, as libpq does with connect_timeout. A host or address that was silent is asked last for 10 s, and one at
    /// which --operation-timeout ended an attempt has in the next attempt what is left of its time. The question who answered, which follows them, has the operation's limit: a proxy may hold it back until there is a
    /// writer.
    #[arg(long, value_name = "TIME", value_parser = duration::parse, help_heading = LIMITS)]
    pub connect_timeout: Option<Duration>,
    /// Limit on waiting for a free slot of the pool
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse, help_heading = LIMITS)]
    pub pool_timeout: Duration,

    /// How connections are kept, and statements sent.
    #[command(flatten)]
    pub pool: PoolArgs,

    /// Folder in which the recording's folder is made; made where it is missing
    #[arg(long, value_name = "FOLDER", default_value = "data/runs", help_heading = RECORDING)]
    pub out: PathBuf,
    /// How often the journal is made durable against a power cut; 0 is at each flush, every half second
    ///
    /// A kill of the recorder alone loses at most the last second, whatever this is.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse, help_heading = RECORDING)]
    pub sync_interval: Duration,
    /// Name of this machine in the recording [default: the host name]
    #[arg(long, value_name = "LABEL", help_heading = RECORDING)]
    pub host: Option<String>,
    /// A label for the recording; may be repeated
    ///
    /// Secrets in it are replaced as in --failover-command.
    #[arg(long = "label", value_name = "KEY=VALUE", help_heading = RECORDING)]
    pub labels: Vec<String>,
    /// Probes of the paths.
    #[command(flatten)]
    pub probe: ProbeArgs,

    /// Shell command that triggers the failover, such as an AWS CLI call or `lab failover`
    ///
    /// Its start, its end and its exit code are recorded; its output goes to logs/failover-command.log. In the recording, not in
    /// what the command itself prints, *** stands for passwords in URLs and for the value of every NAME=value, --NAME value
    /// and --NAME=value whose NAME contains password, passwd, pwd, secret, token or key. A secret given otherwise, as in
    /// `-p SECRET`, would show: pass it through the environment. The recorder's own secrets (PGPASSWORD, the endpoints' URLs) are
    /// not in the command's environment: a command that needs the password reads it from a file, such as ~/.pgpass.
    #[arg(long, value_name = "COMMAND", requires = "failover_after", help_heading = FAILOVER)]
    pub failover_command: Option<String>,
    /// When to run it, counted from the recording's start
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "failover_command", help_heading = FAILOVER)]
    pub failover_after: Option<Duration>,
    /// Again and again.
    #[command(flatten)]
    pub campaign: CampaignArgs,
    /// What keeps it from doing harm.
    #[command(flatten)]
    pub safety: SafetyArgs,

    /// Run pgbench against each path's endpoint as background load
    #[arg(long, help_heading = PGBENCH)]
    pub enable_pgbench: bool,
    /// pgbench's clients per path
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_clients: u32,
    /// pgbench's threads per path
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_000), requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_jobs: u32,
    /// pgbench's scale factor: 100,000 accounts, about 15 MB, each
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000), requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_scale: u32,
    /// What pgbench runs
    #[arg(long, value_enum, default_value = "tpc-b", requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_mode: ModeName,
    /// pgbench script for --pgbench-mode custom
    #[arg(long, value_name = "FILE", requires = "enable_pgbench", help_heading = PGBENCH)]
    pub pgbench_script: Option<PathBuf>,
    /// pgbench's load before the recording starts
    #[arg(long, value_name = "TIME", default_value = "60", value_parser = duration::parse, requires = "enable_pgbench", help_heading = PGBENCH)]
    pub warmup_time: Duration,
}
