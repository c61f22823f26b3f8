//! What the operating system does with a connection that falls silent. Left alone it waits for two hours, and for a quarter of
//! an hour for sent bytes: these settings decide what the death of a host looks like.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

/// The most that Linux takes for a keep-alive time.
const MAX_KEEPALIVE: Duration = Duration::from_secs(32_767);
/// The most probes that Linux takes.
const MAX_COUNT: u32 = 127;
/// The most that the socket option holds, in milliseconds.
#[allow(clippy::cast_sign_loss, reason = "a positive constant")]
const MAX_USER_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// Settings of a socket; what is `None` is the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpSettings {
    /// Silence after which the peer is asked whether it is there; whole seconds.
    pub keepalive_idle: Option<Duration>,
    /// Time between two such questions; whole seconds.
    pub keepalive_interval: Option<Duration>,
    /// Unanswered questions after which the connection is lost.
    pub keepalive_count: Option<u32>,
    /// How long sent bytes may stay unacknowledged before the connection is lost; whole milliseconds.
    pub user_timeout: Option<Duration>,
}

impl TcpSettings {
    /// What is not set is taken from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            keepalive_idle: self.keepalive_idle.or(other.keepalive_idle),
            keepalive_interval: self.keepalive_interval.or(other.keepalive_interval),
            keepalive_count: self.keepalive_count.or(other.keepalive_count),
            user_timeout: self.user_timeout.or(other.user_timeout),
        }
    }

    /// Looks whether a socket can hold the values.
    ///
    /// # Errors
    /// One line that names the setting.
    pub fn check(&self) -> Result<(), String> {
        for (name, time) in [
            ("idle", self.keepalive_idle),
            ("interval", self.keepalive_interval),
        ] {
            let wrong = |time: &Duration| {
                time.is_zero() || time.subsec_nanos() != 0 || *time > MAX_KEEPALIVE
            };
            if time.as_ref().is_some_and(wrong) {
                return Err(format!(
                    "TCP keep-alive {name}: write whole seconds, from 1 to 32767"
                ));
            }
        }
        if self
            .keepalive_count
            .is_some_and(|count| count == 0 || count > MAX_COUNT)
        {
            return Err("TCP keep-alive count: write a number from 1 to 127".to_owned());
        }
        if let Some(timeout) = self.user_timeout {
            if !cfg!(target_os = "linux") {
                return Err("TCP user timeout: supported on Linux only".to_owned());
            }
            let is_whole = timeout.subsec_nanos() % 1_000_000 == 0;
            if timeout.is_zero() || !is_whole || timeout > MAX_USER_TIMEOUT {
                return Err(
                    "TCP user timeout: write whole milliseconds, from 1ms to 24 days".to_owned(),
                );
            }
        }
        Ok(())
    }

    /// Connects a socket with these settings; they hold for the connecting too.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) async fn connect(&self, target: SocketAddr) -> io::Result<TcpStream> {
        let socket = match target {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        self.set(&SockRef::from(&socket))?;
        let stream = socket.connect(target).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn set(&self, socket: &SockRef<'_>) -> io::Result<()> {
        let mut keepalive = TcpKeepalive::new();
        if let Some(idle) = self.keepalive_idle {
            keepalive = keepalive.with_time(idle);
        }
        if let Some(interval) = self.keepalive_interval {
            keepalive = keepalive.with_interval(interval);
        }
        if let Some(count) = self.keepalive_count {
            keepalive = keepalive.with_retries(count);
        }
        // Always on, as with libpq.
        socket.set_tcp_keepalive(&keepalive)?;
        #[cfg(target_os = "linux")]
        if self.user_timeout.is_some() {
            socket.set_tcp_user_timeout(self.user_timeout)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn connected(settings: TcpSettings) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        settings
            .connect(listener.local_addr().unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_socket_has_them() {
        let stream = connected(TcpSettings {
            keepalive_idle: Some(11 * SECOND),
            keepalive_interval: Some(3 * SECOND),
            keepalive_count: Some(4),
            user_timeout: Some(Duration::from_millis(7_500)),
        })
        .await;
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), 11 * SECOND);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), 3 * SECOND);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 4);
        #[cfg(target_os = "linux")]
        assert_eq!(
            socket.tcp_user_timeout().unwrap(),
            Some(Duration::from_millis(7_500))
        );
    }

    #[tokio::test]
    async fn what_is_not_set_is_the_systems() {
        let plain = TcpSocket::new_v4().unwrap();
        let plain = SockRef::from(&plain);
        let stream = connected(TcpSettings::default()).await;
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(
            socket.tcp_keepalive_time().unwrap(),
            plain.tcp_keepalive_time().unwrap()
        );
        assert_eq!(
            socket.tcp_keepalive_retries().unwrap(),
            plain.tcp_keepalive_retries().unwrap()
        );
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), None);
    }

    #[test]
    fn values_that_no_socket_holds() {
        let with = |change: &dyn Fn(&mut TcpSettings)| {
            let mut settings = TcpSettings::default();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(&|_| {}), Ok(()));
        assert_eq!(with(&|s| s.keepalive_idle = Some(SECOND)), Ok(()));
        assert!(with(&|s| s.keepalive_idle = Some(SECOND / 2)).is_err());
        assert!(with(&|s| s.keepalive_interval = Some(Duration::ZERO)).is_err());
        assert!(with(&|s| s.keepalive_interval = Some(32_768 * SECOND)).is_err());
        assert!(with(&|s| s.keepalive_count = Some(0)).is_err());
        assert!(with(&|s| s.keepalive_count = Some(128)).is_err());
        assert!(with(&|s| s.user_timeout = Some(Duration::from_micros(1_500))).is_err());
    }
}
