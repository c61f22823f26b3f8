//! The command line as it is typed. What it means is validated elsewhere: [`LabOptions`], [`FailoverOptions`].

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use command_line::duration;

use crate::{
    marks::RECORDING_VARIABLE,
    options::{FailoverKind, FailoverOptions, LabOptions, Replication},
};

/// Plays an Aurora cluster and its proxy on loopback, and breaks them.
#[derive(Debug, Parser)]
#[command(
    name = "lab",
    version,
    long_about = "\
Plays, on loopback only, what an Aurora cluster with RDS Proxy looks like to a client, and breaks
it: two PostgreSQL servers (writer and reader), pgbouncer as the proxy, and a name server whose
answer changes when the writer does. Needs Linux, PostgreSQL 14 or newer, and pgbouncer (`lab
install` fetches them). As root it runs the servers as the user postgres.",
    after_long_help = "\
Examples:
  lab demo                       the whole product in about 65 s, in a lab of its own
  lab up                         start a lab (about 3 s) and print how to connect to it
  eval \"$(lab up)\"             the same, and tell `recorder` in this shell
  lab failover                   crash the writer; returns when the pair is healthy again
  lab failover --dns-after 30s   ... while DNS names the old writer for 30 s
  lab failover --kind freeze     ... or freeze it: connections stay open and say nothing
  lab heal                       back to a healthy pair, whatever has happened to it
  eval \"$(lab env)\"            tell `recorder` in another shell of the lab
  lab status --json              who is writer, whom the proxy and DNS point to
  lab status --wait 30s          ... once the pair is healthy
  lab down                       stop everything, leave nothing
  lab down --all                 ... of every lab of yours, killed ones too"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the lab can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a lab in the background (about 3 s), and print how to connect to it
    Up(UpArgs),
    /// Ask the servers who they are, the proxy and DNS whom they point to
    #[command(
        after_help = "Exit code: 0 a lab runs there, 1 none does, or with --wait it is not healthy by then."
    )]
    Status(StatusArgs),
    /// Break the writer, its network or the proxy, and return when the pair is healthy again
    #[command(after_long_help = "\
What each kind breaks, and what it uses of the options:
  crash          every process of the writer killed           promote, dns, return
  stop           shut down, fast: clients are told 57P01      promote, dns, return
  immediate      shut down, at once: clients see the end      promote, dns, return
  freeze         SIGSTOP: connections stay open, and silent   promote, dns, return, --thaw-after
  blackhole      packets dropped, both directions             promote, dns, return; needs `lab up --relay`
  switchover     planned: the proxy lets statements wait      promote, dns, return
  read-only      demoted, answers as a reader at once         promote, dns
  restart        shut down and started in place               --down-for
  flap           crashes and comes back in place, n times     --down-for, --up-for, --flaps
  proxy-restart  pgbouncer killed and started again           --down-for
  slow           latency, jitter, bandwidth                   --down-for, --latency...; needs `lab up --relay`

A lab that is root in a network namespace of its own (`unshare -n`, with nft) drops real packets for a
blackhole instead of having a relay swallow them.

The course of a crash, with the defaults; each step is printed with its UTC time and its offset from the first,
and kept in steps.jsonl in the lab's folder:
  +0.0 s  crash                the writer's last process is dead
  +0.6 s  detected             three probes failed, 200 ms apart
  +0.6 s  proxy_paused         pgbouncer lets statements wait
  +1.0 s  promoted             the new writer acknowledged its first write (--promote-after)
  +1.0 s  proxy_resumed        pgbouncer sends statements to the new writer
  +2.2 s  returned_as_reader   the old address answers again: reads work, writes fail with 25006 (--return-after)
  +4.0 s  dns_changed          the writer's name answers with the new address (--dns-after);
                               resolvers may keep the old one for another TTL
  +4.0 s  healthy              the pair is as before, with the roles exchanged

Exit code: 0 the pair is healthy again, 1 it is not (`lab heal` mends it), 2 usage.")]
    Failover(FailoverArgs),
    /// Lead back to a healthy pair from wherever a fault, or a hand, has left it
    Heal(HealArgs),
    /// Print the exports that tell `recorder` of a lab that runs
    Env(DirArgs),
    /// Stop every process of the lab and remove its folder
    Down(DownArgs),
    /// Record a failover in a lab of its own and analyze it: the whole product in about 65 s
    #[command(after_long_help = "\
Runs `recorder` and `analyze`, which lie beside this program: a lab on free ports, `recorder setup`, a
recording of 60 s on both paths with a crash failover at 20 s, `analyze report`, `analyze charts`, and
then the lab's own step times, which the reported downtimes can be held against.")]
    Demo(DemoArgs),
    /// Install PostgreSQL and pgbouncer if they are missing (apt; needs root or sudo)
    Install,
    /// The background process of `lab up`
    #[command(hide = true)]
    Serve(UpArgs),
}

/// The lab's folder.
#[derive(Debug, Clone, Args)]
pub struct DirArgs {
    /// The lab's folder; as root, the user postgres has to get there
    #[arg(long, value_name = "DIR", default_value_os_t = default_dir())]
    pub dir: PathBuf,
}

fn default_dir() -> PathBuf {
    std::env::temp_dir().join("pgoutage-lab")
}

/// `lab up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    #[command(flatten)]
    dir: DirArgs,
    /// Port of the servers, on 127.0.0.2, 127.0.0.3, ...; 0 takes a free one
    #[arg(long, default_value_t = 65432)]
    port: u16,
    /// Port of pgbouncer on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 64320)]
    proxy_port: u16,
    /// UDP port of the name server on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 53530)]
    dns_port: u16,
    /// How long resolvers may keep an answer of the name server; whole seconds
    #[arg(long, value_parser = duration::parse, default_value = "5s")]
    ttl: Duration,
    /// sync: a failover loses no acknowledged commit; async: it may
    #[arg(long, value_enum, default_value_t)]
    replication: Replication,
    /// Put a relay before each server, which can drop (blackhole) and delay (slow) what goes through it: about 0.1 ms for each statement.
    /// The servers then call themselves 127.0.1.2, 127.0.1.3, ...
    #[arg(long)]
    relay: bool,
    /// How many readers follow the writer (1 to 5), on 127.0.0.3 and the addresses behind it. The first one takes over in a failover;
    /// the reader's name leads to each in turn
    #[arg(long, value_name = "N", default_value_t = 1)]
    readers: usize,
    /// Let applications in with TLS only, on every way; the exported URLs say sslmode=verify-full and name the authority
    #[arg(long)]
    tls: bool,
}

impl UpArgs {
    /// The lab's folder.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.dir.dir.clone()
    }
}

impl From<UpArgs> for LabOptions {
    fn from(args: UpArgs) -> Self {
        Self {
            dir: Some(args.dir.dir),
            port: args.port,
            proxy_port: args.proxy_port,
            dns_port: args.dns_port,
            ttl: args.ttl,
            replication: args.replication,
            relay: args.relay,
            readers: args.readers,
            tls: args.tls,
        }
    }
}

/// `lab status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Where the lab is.
    #[command(flatten)]
    pub dir: DirArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Wait up to this long until the pair is healthy: a writer, a reader that follows it, proxy and DNS leading to them
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub wait: Option<Duration>,
}

/// Where the steps are told of, beside standard output and `steps.jsonl`.
#[derive(Debug, Clone, Args)]
pub struct RecordingArgs {
    /// A recording in progress that each step is put into, as a mark with the step's own time; `recorder` sets it for the commands that it
    /// starts
    #[arg(long, value_name = "RUN", env = RECORDING_VARIABLE)]
    pub recording: Option<PathBuf>,
}

/// `lab heal`.
#[derive(Debug, Clone, Args)]
pub struct HealArgs {
    /// Where the lab is.
    #[command(flatten)]
    pub dir: DirArgs,
    /// Where its steps go.
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// `lab failover`.
#[derive(Debug, Clone, Args)]
pub struct FailoverArgs {
    /// Where the lab is.
    #[command(flatten)]
    pub dir: DirArgs,
    /// Where its steps go.
    #[command(flatten)]
    pub recording: RecordingArgs,
    /// What is broken; the list below says how
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    kind: FailoverKind,
    /// Promote the reader this long after the fault, but not before the loss is detected (crash: about 0.6 s; freeze, blackhole: 3 s)
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "1s")]
    promote_after: Duration,
    /// The writer's name flips to the new address this long after the fault, but not before the promotion
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "4s")]
    dns_after: Duration,
    /// Add a random time up to this to --dns-after
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "0s")]
    dns_jitter: Duration,
    /// The old writer comes back as a reader this long after the fault, or as soon as its copy is made
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2s")]
    return_after: Duration,
    /// freeze: the writer goes on then, and is a second writer until --return-after; before the loss is detected (about 3 s) there is no
    /// failover at all [default: it is killed when its loss is detected]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    thaw_after: Option<Duration>,
    /// restart, flap, proxy-restart: how long nobody is there; slow: how long it lasts
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2s")]
    down_for: Duration,
    /// flap: how long the writer is there between two falls
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "3s")]
    up_for: Duration,
    /// flap: how often it falls
    #[arg(long, value_name = "N", default_value_t = 3)]
    flaps: u32,
    /// slow: added to the way in each direction
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "200ms")]
    latency: Duration,
    /// slow: add a random time up to this to --latency
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "0s")]
    latency_jitter: Duration,
    /// slow: bytes per second, in each direction of each connection [default: not limited]
    #[arg(long, value_name = "BYTES")]
    bandwidth: Option<u64>,
    /// Add a random time up to this to each of the times above at which something happens
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "0s")]
    jitter: Duration,
    /// Where --jitter and --dns-jitter come from, so that a run can be had again; the first step tells it [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl From<&FailoverArgs> for FailoverOptions {
    fn from(args: &FailoverArgs) -> Self {
        Self {
            kind: args.kind,
            promote_after: args.promote_after,
            dns_after: args.dns_after,
            dns_jitter: args.dns_jitter,
            return_after: args.return_after,
            thaw_after: args.thaw_after,
            down_for: args.down_for,
            up_for: args.up_for,
            flaps: args.flaps,
            latency: args.latency,
            latency_jitter: args.latency_jitter,
            bandwidth: args.bandwidth,
            jitter: args.jitter,
            seed: args.seed,
        }
    }
}

/// `lab down`.
#[derive(Debug, Clone, Args)]
pub struct DownArgs {
    /// Where the lab is.
    #[command(flatten)]
    pub dir: DirArgs,
    /// Keep the folder: data, logs, steps.jsonl
    #[arg(long)]
    pub keep: bool,
    /// Stop every lab of yours on this machine, and clean up after those that were killed
    #[arg(long, conflicts_with = "dir")]
    pub all: bool,
}

/// `lab demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Where the recording goes
    #[arg(long, value_name = "DIR", default_value = "data/runs")]
    pub out: PathBuf,
}
