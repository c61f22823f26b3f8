//! The command line as it is typed. What it means is validated elsewhere: [`LabOptions`], [`FailoverOptions`].

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use command_line::{
    duration,
    generated::{COMPLETIONS_EXAMPLES, CompletionsArgs, MAN_EXAMPLES, ManArgs},
};

use crate::{
    marks::RECORDING_VARIABLE,
    options::{FailoverKind, FailoverOptions, LabOptions, Replication},
    site::default_dir,
};

/// Plays an Aurora cluster and its proxy on loopback, and breaks them.
#[derive(Debug, Parser)]
#[command(
    name = "lab",
    version,
    long_about = "\
Starts, on loopback only, what an Aurora cluster with RDS Proxy looks like to a client, and breaks
it: two PostgreSQL servers (a writer and a reader), pgbouncer as the proxy, and a name server whose
answer changes with the writer. Needs Linux, PostgreSQL 14 or newer, and pgbouncer (`lab install`
installs them). Run as root, it starts the servers as the user postgres.",
    after_long_help = "\
Examples:
  lab demo                       record and analyze a failover in a lab of its own, in about 65 s
  lab up                         start a lab (about 3 s) and print how to connect to it
  eval \"$(lab up)\"               the same, and set the environment of `recorder` in this shell
  lab failover                   crash the writer; returns when the pair is healthy again
  lab failover --dns-after 30s   the same, but DNS names the old writer for 30 s
  lab failover --kind freeze     freeze the writer instead: connections stay open without an answer
  lab up --replication async     start a lab in which no commit waits for the reader
  lab failover --hold 2s         in such a lab: lose what the writer commits in the 2 s before the crash
  lab heal                       make the pair healthy again, after any fault
  eval \"$(lab env)\"              set the environment of `recorder` in another shell
  lab status --json              which server is the writer, and where the proxy and DNS lead
  lab status --wait 30s          wait for a healthy pair, 30 s at most
  lab down                       stop the lab and remove its folder
  lab down --all                 stop every lab of yours, those that other programs use too"
)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a lab in the background (about 3 s) and print how to connect to it
    Up(UpArgs),
    /// Show which server is the writer, and where the proxy and DNS lead
    #[command(
        after_help = "Exit code: 0 a lab runs there, 1 none does, or with --wait the pair is not healthy in time."
    )]
    Status(StatusArgs),
    /// Break the writer, its network or the proxy; returns when the pair is healthy again
    #[command(after_long_help = "\
What each kind breaks, and the options that it uses. promote, dns and return stand for --promote-after,
--dns-after and --return-after:
  crash          every process of the writer killed           promote, dns, return, --hold
  stop           fast shutdown: clients get 57P01             promote, dns, return, --hold
  immediate      immediate shutdown: connections just end     promote, dns, return, --hold
  freeze         SIGSTOP: connections stay open, no answer    promote, dns, return, --hold or
                                                              --thaw-after
  blackhole      packets dropped in both directions           promote, dns, return, --hold; needs
                                                              --relay
  switchover     planned: statements wait in the proxy        promote, dns, return
  read-only      the writer becomes a reader at once          promote, dns
  restart        shut down, and started again in place        --down-for
  flap           crashed and started again, several times     --down-for, --up-for, --flaps
  proxy-restart  pgbouncer killed and started again           --down-for
  slow           latency, jitter, limited bandwidth           --down-for, --latency, --latency-jitter,
                                                              --bandwidth; needs --relay

--relay is a flag of `lab up`. --hold needs a lab of `lab up --replication async`.

Two ways to lose commits that a client saw acknowledged, both with asynchronous replication:
  lab failover --hold 2s
      the reader gets nothing for 2 s (step `held`), then the writer crashes
  lab failover --kind freeze --thaw-after 5s --return-after 9s --dns-after 10s
      the writer thaws after its reader was promoted, and acknowledges writes until it is fenced

The steps of a crash, with the defaults. Each step is printed with its UTC time and its offset
from the first, and kept in steps.jsonl in the lab's folder:
  +0.0 s  crash                the last process of the writer is dead
  +0.6 s  detected             three probes failed, 200 ms apart
  +0.6 s  proxy_paused         statements wait in pgbouncer
  +1.0 s  promoted             the new writer acknowledged its first write (--promote-after)
  +1.0 s  proxy_resumed        pgbouncer sends statements to the new writer
  +2.2 s  returned_as_reader   the old address answers again (--return-after): reads work,
                               writes fail with 25006
  +4.0 s  dns_changed          the writer's name resolves to the new address (--dns-after);
                               resolvers may keep the old one for another TTL
  +4.0 s  healthy              both servers work, with the roles exchanged

Exit code: 0 the pair is healthy again, 1 it is not (`lab heal` mends it), 2 usage.")]
    Failover(FailoverArgs),
    /// Make the pair healthy again, after a fault or after its processes were killed by hand
    Heal(HealArgs),
    /// Print the exports that lead `recorder` to a running lab
    Env(DirArgs),
    /// Stop every process of the lab and remove its folder
    Down(DownArgs),
    /// Record and analyze a failover in a lab of its own, in about 65 s
    #[command(after_long_help = "\
Runs `recorder` and `analyze` from the folder of this program: a lab on free ports, `recorder setup`, a
recording of 60 s on both paths with a crash after 20 s, `analyze report`, `analyze charts`. Then it
prints the times of the lab's own steps, to compare the reported downtimes with.")]
    Demo(DemoArgs),
    /// Install PostgreSQL and pgbouncer where they are missing (apt; needs root or sudo)
    Install,
    /// Print what a shell needs to complete this program's command line
    #[command(after_long_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Write manual pages of this program and of each of its commands
    #[command(after_long_help = MAN_EXAMPLES)]
    Man(ManArgs),
    /// The background process of `lab up`
    #[command(hide = true)]
    Serve(UpArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DirArgs {
    /// Folder of the lab. Another one makes a second lab. As root, the user postgres must be able to enter it
    #[arg(long, value_name = "DIR", default_value_os_t = default_dir())]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    dir: DirArgs,
    /// Port of the servers on 127.0.0.2, 127.0.0.3, ... Change it where the port is taken, as by a second lab; 0 takes a free one
    #[arg(long, default_value_t = 65432)]
    port: u16,
    /// Port of pgbouncer on 127.0.0.1. Change it where the port is taken; 0 takes a free one
    #[arg(long, default_value_t = 64320)]
    proxy_port: u16,
    /// UDP port of the name server on 127.0.0.1. Change it where the port is taken; 0 takes a free one
    #[arg(long, default_value_t = 53530)]
    dns_port: u16,
    /// How long resolvers may keep an answer of the name server, in whole seconds. The default is that of Aurora's endpoints; a longer
    /// one keeps clients on the old writer for longer
    #[arg(long, value_parser = duration::parse, default_value = "5s")]
    ttl: Duration,
    /// Whether a commit waits for the reader. With sync a failover loses no acknowledged commit. With async it may: --hold of
    /// `lab failover` makes sure of that
    #[arg(long, value_enum, default_value_t)]
    replication: Replication,
    /// Put a relay in front of each server. The faults blackhole and slow need it: it can drop and delay packets. It adds about 0.1 ms to
    /// each statement, and the servers then report the addresses 127.0.1.2, 127.0.1.3, ...
    #[arg(long)]
    relay: bool,
    /// Number of readers, 1 to 5, on 127.0.0.3 and the addresses after it. The first one takes over in a failover; the reader's name
    /// resolves to each in turn. More than one shows how reads are spread
    #[arg(long, value_name = "N", default_value_t = 1)]
    readers: usize,
    /// Accept applications with TLS only, on every path. The exported URLs then have sslmode=verify-full and name the lab's authority
    #[arg(long)]
    tls: bool,
}

impl UpArgs {
    pub(crate) fn dir(&self) -> PathBuf {
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

#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Print JSON, for scripts
    #[arg(long)]
    pub(crate) json: bool,
    /// Wait until the pair is healthy, this long at most: a writer, a reader that follows it, the proxy and DNS lead to them. By default
    /// it shows the state as it is
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) wait: Option<Duration>,
}

/// Where steps go, in addition to standard output and `steps.jsonl`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RecordingArgs {
    /// Put each step into this recording in progress, as a mark with the step's own time. `recorder` sets it for the commands that it
    /// starts
    #[arg(long, value_name = "RUN", env = RECORDING_VARIABLE)]
    pub(crate) recording: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct HealArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    #[command(flatten)]
    pub(crate) recording: RecordingArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FailoverArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    #[command(flatten)]
    pub(crate) recording: RecordingArgs,
    /// What is broken: one of the kinds listed below
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    kind: FailoverKind,
    /// Promote the reader this long after the fault, but not before the loss is detected (crash: after about 0.6 s; freeze, blackhole:
    /// 3 s). A longer time makes a longer outage through the proxy
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "1s")]
    promote_after: Duration,
    /// Change the writer's name to the new address this long after the fault, but not before the promotion. A longer time makes a longer
    /// outage of writes on the direct path
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "4s")]
    dns_after: Duration,
    /// Add a random time, this long at most, to --dns-after: for a series of failovers that differ
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "0s")]
    dns_jitter: Duration,
    /// Start the old writer as a reader this long after the fault, or as soon as its copy is made. From then on its address answers
    /// reads and refuses writes
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2s")]
    return_after: Duration,
    /// freeze: let the writer continue this long after the fault. After less than about 3 s its loss is not detected yet, and there is no
    /// failover; later it is a second writer until --return-after [default: it is killed when its loss is detected]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    thaw_after: Option<Duration>,
    /// crash, stop, immediate, freeze, blackhole: let the reader get nothing of the writer's log for this long before the fault, so that
    /// commits which the writer acknowledges meanwhile are lost. Needs `lab up --replication async` [default: the reader has all that
    /// reached it]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    hold: Option<Duration>,
    /// restart, flap, proxy-restart: how long the server or the proxy is down. slow: how long the network is slow
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2s")]
    down_for: Duration,
    /// flap: how long the writer is up between two crashes
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "3s")]
    up_for: Duration,
    /// flap: number of crashes
    #[arg(long, value_name = "N", default_value_t = 3)]
    flaps: u32,
    /// slow: latency that is added in each direction
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "200ms")]
    latency: Duration,
    /// slow: add a random time, this long at most, to --latency
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "0s")]
    latency_jitter: Duration,
    /// slow: limit on the bytes per second, in each direction of each connection [default: no limit]
    #[arg(long, value_name = "BYTES")]
    bandwidth: Option<u64>,
    /// Add a random time, this long at most, to each of --promote-after, --dns-after, --return-after, --thaw-after, --down-for and
    /// --up-for: for a series of failovers that differ
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "0s")]
    jitter: Duration,
    /// Seed of --jitter and --dns-jitter: the same seed repeats the same times. The first step prints it [default: random]
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
            hold: args.hold,
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

#[derive(Debug, Clone, Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Keep the folder with its data, logs and steps.jsonl, to look at them later
    #[arg(long)]
    pub(crate) keep: bool,
    /// Stop every lab of yours on this machine, and print the folder of each. Labs that other programs use are stopped too, and a program
    /// that holds a lab itself, such as a test, is ended with it
    #[arg(long, conflicts_with = "dir")]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Folder for the recording, which stays there when the demo is over
    #[arg(long, value_name = "DIR", default_value = "data/runs")]
    pub(crate) out: PathBuf,
}
