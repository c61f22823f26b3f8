//! How each kind of fault is made, and what its steps were.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use lab::{FailoverOptions, Lab, Step, StepKind, marks};
use parking_lot::Mutex;
use rustix::process::Signal;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Config, NoTls};

use super::kinds::Kind;
use super::load::Load;
use super::plan::Fault;
use super::recorder::Recorder;
use super::witness::{TABLE, Witness};

/// The application's `lock_timeout`.
pub(crate) const LOCK_TIMEOUT_US: i64 = 200_000;
/// The first of two hosts; no lab uses this address.
const SILENT_HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 77);
/// The recorder's tables.
const TABLES: &str =
    "business_users, business_orders, business_products, business_logs, business_availability";
/// How long a statement of this bench may take.
const STATEMENT_LIMIT: Duration = Duration::from_secs(10);

/// A fault, made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) fault: Fault,
    pub(crate) steps: Vec<Step>,
    /// What failed, so that the lab had to heal.
    pub(crate) trouble: Option<String>,
}

/// What faults are made with, while `recorder` records under `load`.
pub(crate) struct Breaker<'a> {
    pub(crate) lab: &'a mut Lab,
    pub(crate) witness: &'a Witness,
    pub(crate) recorder: &'a Recorder,
    pub(crate) load: Load,
}

impl Breaker<'_> {
    /// Makes `fault`, and returns when all that it broke is mended.
    ///
    /// # Errors
    /// The lab does not heal, or what this bench breaks itself fails.
    pub(crate) async fn make(&mut self, fault: &Fault) -> Result<Made> {
        let (recorder, load) = (self.recorder, self.load);
        let steps = Steps::new(&recorder.folder);
        let mut trouble = None;
        match fault.kind {
            Kind::Failover(_) => trouble = self.fail(&fault.options, &steps).await?,
            Kind::SilentHost => {
                let silent = silent_host(self.lab)?;
                trouble = self.fail(&fault.options, &steps).await?;
                // Until the last worker has given up on it: closed, it would answer.
                sleep(load.connect_limit() + Duration::from_secs(2)).await;
                drop(silent);
            }
            Kind::DeadConnections => self.kill_connections(fault.length, &steps).await,
            Kind::LostAnswers => {
                self.lab.lose_answers(true);
                steps.note(StepKind::Broken, "the servers' answers are lost");
                sleep(fault.length).await;
                self.lab.lose_answers(false);
                steps.note(StepKind::Mended, "new connections get answers again");
                // The others stay mute until their clients give up.
                sleep(load.operation_limit()).await;
            }
            Kind::LockTimeout => self.lock(fault.length, &steps).await?,
            Kind::Revoke => self.revoke(fault.length, &steps).await?,
            Kind::Pause => pause(recorder, fault, &steps).await?,
            Kind::PauseAtEdge => {
                let fail = async {
                    sleep(fault.fault_after).await;
                    self.fail(&fault.options, &steps).await
                };
                trouble = tokio::try_join!(fail, pause(recorder, fault, &steps))?.0;
            }
        }
        Ok(Made {
            fault: fault.clone(),
            steps: steps.done(),
            trouble,
        })
    }

    /// What the lab breaks. Returns what failed, where it had to heal.
    async fn fail(
        &mut self,
        options: &FailoverOptions,
        steps: &Steps<'_>,
    ) -> Result<Option<String>> {
        let failed = self.lab.failover(options, |step| steps.put(step)).await;
        let Err(error) = failed else {
            return Ok(None);
        };
        let healed = self.lab.heal(|step| steps.put(step)).await;
        healed.with_context(|| format!("healing after {error}"))?;
        Ok(Some(error.to_string()))
    }

    async fn kill_connections(&mut self, length: Duration, steps: &Steps<'_>) {
        // No attempt of the witness may be on a connection that dies.
        self.witness.connect_anew(true);
        sleep(Duration::from_millis(300)).await;
        self.lab.silence_connections(true);
        steps.note(
            StepKind::Broken,
            "the connections to the servers are silent; new ones are served",
        );
        sleep(length).await;
        self.lab.silence_connections(false);
        steps.note(StepKind::Mended, "they are cut");
        self.witness.connect_anew(false);
    }

    async fn lock(&mut self, length: Duration, steps: &Steps<'_>) -> Result<()> {
        let administrator = administrator(self.lab).await?;
        let lock = format!("begin; lock table {TABLES}, {TABLE} in access exclusive mode");
        execute(&administrator, &lock).await?;
        steps.note(StepKind::Broken, "every table is locked");
        sleep(length).await;
        execute(&administrator, "commit").await?;
        steps.note(StepKind::Mended, "no table is locked");
        Ok(())
    }

    async fn revoke(&mut self, length: Duration, steps: &Steps<'_>) -> Result<()> {
        let administrator = administrator(self.lab).await?;
        let revoke = format!("revoke all on table {TABLES}, {TABLE} from app");
        execute(&administrator, &revoke).await?;
        steps.note(StepKind::Broken, "REVOKE: app has no rights on any table");
        sleep(length).await;
        let grant = format!("grant all on table {TABLES}, {TABLE} to app");
        execute(&administrator, &grant).await?;
        steps.note(StepKind::Mended, "GRANT: app has its rights again");
        Ok(())
    }
}

/// Stops the recorder's process, and continues it.
async fn pause(recorder: &Recorder, fault: &Fault, steps: &Steps<'_>) -> Result<()> {
    sleep(fault.pause_after).await;
    recorder.signal(Signal::STOP)?;
    steps.note(StepKind::Broken, "recorder: SIGSTOP");
    sleep(fault.pause).await;
    steps.note(StepKind::Mended, "recorder: SIGCONT");
    recorder.signal(Signal::CONT)
}

/// The direct URL with a first host, which refuses connections until it is silent.
pub(crate) fn with_silent_host(lab: &Lab) -> Result<String> {
    let url = lab.direct_url();
    // A password of letters and digits.
    let (login, rest) = url.split_once('@').context("the lab's URL has a login")?;
    let port = port(lab)?;
    Ok(format!(
        "{login}@{SILENT_HOST}:{port},{rest}&target_session_attrs=read-write"
    ))
}

/// A host that accepts nothing and answers nothing, until it is dropped.
fn silent_host(lab: &Lab) -> Result<TcpListener> {
    let port = port(lab)?;
    TcpListener::bind((SILENT_HOST, port)).context("the silent host")
}

fn port(lab: &Lab) -> Result<u16> {
    let config: Config = lab.direct_url().parse().context("the lab's URL")?;
    let port = config.get_ports().first().copied();
    port.context("the lab's URL has a port")
}

/// What the application does about a lock: it gives up.
pub(crate) async fn set_lock_timeout(lab: &Lab) -> Result<()> {
    let administrator = administrator(lab).await?;
    let milliseconds = LOCK_TIMEOUT_US / 1_000;
    let alter = format!("alter role app set lock_timeout = '{milliseconds}ms'");
    execute(&administrator, &alter).await
}

/// A superuser at the writer, past names, proxy and relay.
async fn administrator(lab: &Lab) -> Result<Client> {
    let config: Config = lab.admin_url(lab.writer()).parse()?;
    let (client, connection) = timeout(STATEMENT_LIMIT, config.connect(NoTls)).await??;
    // The task ends with the client; an error in it is the client's next error too.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}

async fn execute(client: &Client, statement: &str) -> Result<()> {
    let done = timeout(STATEMENT_LIMIT, client.batch_execute(statement)).await;
    done.with_context(|| statement.to_owned())?
        .with_context(|| statement.to_owned())
}

/// The steps of a fault; they are marks of the recording too.
struct Steps<'a> {
    recording: &'a Path,
    done: Mutex<Vec<Step>>,
}

impl<'a> Steps<'a> {
    fn new(recording: &'a Path) -> Self {
        Self {
            recording,
            done: Mutex::default(),
        }
    }

    /// Notes what is done now.
    fn note(&self, step: StepKind, detail: &str) {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        self.put(&Step {
            time_us: since_1970.unwrap_or_default().as_micros() as i64,
            step,
            detail: detail.to_owned(),
        });
    }

    fn put(&self, step: &Step) {
        // The recording has its own ground truth in its marks; this bench has it in any case.
        let _ = marks::put(self.recording, step);
        self.done.lock().push(step.clone());
    }

    /// In order of time.
    fn done(self) -> Vec<Step> {
        let mut done = self.done.into_inner();
        done.sort_by_key(|step| step.time_us);
        done
    }
}
