//! Passwords that a command gives, such as tokens of IAM: got before they are needed and made anew before they run out, so that
//! no connection waits for the command.

mod execute;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::endpoint::{Endpoint, Host, Password};
pub use execute::NoPassword;

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The longest wait before a failed command is tried again.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);
/// The first wait; shorter where the lifetime is short.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);

/// Is told when the command begins to fail, and when it works again.
pub type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// The command of one host of an endpoint, and its last password. Clones share both.
#[derive(Clone)]
pub struct PasswordCommand(Arc<Shared>);

struct Shared {
    command: String,
    lifetime: Duration,
    /// `PGHOST` and so on: where its password is for, for the command.
    endpoint: [(&'static str, String); 4],
    is_started: AtomicBool,
    state: watch::Sender<State>,
    listener: OnceLock<Listener>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Why the command failed last; `None` once it has worked again.
    failure: Option<NoPassword>,
}

struct Token {
    password: Password,
    valid_until: Instant,
}

impl PasswordCommand {
    /// Runs nothing yet.
    ///
    /// # Errors
    /// One line where the command is empty, or the lifetime shorter than a second.
    pub fn new(
        command: &str,
        lifetime: Duration,
        endpoint: &Endpoint,
        host: &Host,
    ) -> Result<Self, String> {
        if command.trim().is_empty() {
            return Err("--password-command is empty".to_owned());
        }
        if lifetime < Duration::from_secs(1) {
            return Err(format!(
                "--password-lifetime {lifetime:?}: must be at least 1s"
            ));
        }
        Ok(Self(Arc::new(Shared {
            command: command.to_owned(),
            lifetime,
            endpoint: [
                ("PGHOST", host.name.clone()),
                ("PGPORT", host.port.to_string()),
                ("PGUSER", endpoint.user.clone()),
                ("PGDATABASE", endpoint.database.clone()),
            ],
            is_started: AtomicBool::new(false),
            state: watch::Sender::new(State::default()),
            listener: OnceLock::new(),
        })))
    }

    /// From now on `listener` hears of failures; only the first listener does.
    pub fn listen(&self, listener: Listener) {
        let _ = self.0.listener.set(listener);
    }

    /// The password of the moment. The first call starts the command, which then goes on by itself as long as a clone is held; only
    /// before its first end does this wait. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where the command has given none yet, or the last has run out.
    pub async fn password(&self) -> Result<Password, NoPassword> {
        if !self.0.is_started.swap(true, Ordering::Relaxed) {
            tokio::spawn(keep_fresh(Arc::downgrade(&self.0)));
        }
        let mut states = self.0.state.subscribe();
        let ended = states
            .wait_for(|state| state.token.is_some() || state.failure.is_some())
            .await;
        // The sender is ours: it is not gone.
        ended.map_or_else(
            |error| Err(NoPassword::from(error.to_string())),
            |state| state.password(),
        )
    }
}

impl State {
    fn password(&self) -> Result<Password, NoPassword> {
        let reason = match (&self.token, &self.failure) {
            (Some(token), _) if Instant::now() < token.valid_until => {
                return Ok(token.password.clone());
            }
            (None, None) => "the password command has not printed one yet".to_owned(),
            (None, Some(failure)) => failure.message.clone(),
            (Some(_), None) => {
                "the last one has expired, and the password command has not printed a new one yet"
                    .to_owned()
            }
            (Some(_), Some(failure)) => format!("the last one has expired: {}", failure.message),
        };
        Err(NoPassword {
            message: format!("no valid password: {reason}"),
            is_shortage: self.failure.as_ref().is_some_and(|it| it.is_shortage),
        })
    }
}

/// Runs the command repeatedly until its handle is dropped.
async fn keep_fresh(shared: Weak<Shared>) {
    let mut failures = 0;
    loop {
        let next = match shared.upgrade() {
            Some(shared) => shared.refresh(&mut failures).await,
            None => return,
        };
        sleep_until(next).await;
    }
}

impl Shared {
    /// Runs the command once; when to run it next.
    async fn refresh(&self, failures: &mut u32) -> Instant {
        // A token lives from its making, which is not before the command's start.
        let begun = Instant::now();
        let last = self
            .state
            .borrow()
            .token
            .as_ref()
            .map(|token| token.password.0.clone());
        match execute::first_line(&self.command, &self.endpoint, last.as_deref(), LIMIT).await {
            Ok(password) => {
                if *failures > 0 {
                    self.tell("the password command works again");
                }
                *failures = 0;
                self.state.send_replace(State {
                    token: Some(Token {
                        password: Password(password),
                        valid_until: begun + self.lifetime,
                    }),
                    failure: None,
                });
                // A quarter of the lifetime is left for tries again.
                begun + self.lifetime.mul_f64(0.75)
            }
            Err(failure) => {
                if *failures == 0 {
                    self.tell(&failure.message);
                }
                self.state
                    .send_modify(|state| state.failure = Some(failure));
                let first = FIRST_BACK_OFF.min(self.lifetime / 20);
                let doubled = first.saturating_mul(1 << (*failures).min(16));
                *failures += 1;
                Instant::now() + doubled.min(MAX_BACK_OFF)
            }
        }
    }

    fn tell(&self, text: &str) {
        if let Some(listener) = self.listener.get() {
            listener(text);
        }
    }
}

#[cfg(test)]
mod tests;
