//! The byte stream under a session: plain TCP, or TLS on it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream as DriverTlsStream};
use tokio_rustls::client::TlsStream;

use crate::connect::channel_binding::tls_server_end_point;
use crate::connect::wary_stream::WaryStream;

/// TLS is agreed on before the driver sees the stream, so that its time is known apart from the start-up's.
pub(super) enum Stream {
    Plain(TcpStream, FirstByte),
    Tls(Box<TlsStream<TcpStream>>),
    /// Of a server that is not to read the password.
    Wary(Box<WaryStream<Self>>),
}

/// Whether a byte came from the other side of a connection; told to all who hold it.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstByte(Arc<AtomicBool>);

impl FirstByte {
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn has_come(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What was agreed on with the server.
#[derive(Debug, Clone)]
pub struct TlsFacts {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// The server's own certificate, DER.
    pub certificate: Option<Vec<u8>>,
}

impl Stream {
    /// `None` on a plain stream.
    pub(super) fn tls(&self) -> Option<TlsFacts> {
        let Self::Tls(stream) = self else { return None };
        let (_, connection) = stream.get_ref();
        let version = connection
            .protocol_version()
            .and_then(|version| Some(version.as_str()?.replace('_', ".")));
        let certificates = connection.peer_certificates();
        Some(TlsFacts {
            version: version.unwrap_or_else(|| "TLS".to_owned()),
            certificate: certificates
                .and_then(|certificates| certificates.first())
                .map(|certificate| certificate.to_vec()),
        })
    }
}

macro_rules! on_inner {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Plain(inner, _) => {
                let $stream = Pin::new(inner);
                $call
            }
            Stream::Tls(inner) => {
                let $stream = Pin::new(inner.as_mut());
                $call
            }
            Stream::Wary(inner) => {
                let $stream = Pin::new(inner.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let first_byte = match &*self {
            Self::Plain(_, first_byte) if !first_byte.came() => Some(first_byte.clone()),
            // Before TLS the server has answered in plain.
            _ => None,
        };
        let before = buffer.filled().len();
        let read = on_inner!(self, stream => stream.poll_read(cx, buffer));
        if let Some(first_byte) = first_byte
            && buffer.filled().len() > before
        {
            first_byte.has_come();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_inner!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_inner!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_inner!(self, stream => stream.poll_shutdown(cx))
    }
}

impl DriverTlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        let certificate = match self {
            Self::Plain(..) => None,
            Self::Tls(stream) => stream.get_ref().1.peer_certificates(),
            Self::Wary(stream) => return stream.inner().channel_binding(),
        };
        certificate
            .and_then(|chain| tls_server_end_point(chain.first()?))
            .map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// For the driver: the stream is ready as it is, TLS or plain. It does not ask for TLS, and takes the channel binding from the stream.
pub(super) struct Established;

impl TlsConnect<Stream> for Established {
    type Stream = Stream;
    type Error = Infallible;
    type Future = Ready<Result<Stream, Infallible>>;

    fn connect(self, stream: Stream) -> Self::Future {
        ready(Ok(stream))
    }
}
