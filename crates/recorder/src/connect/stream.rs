//! The byte stream under a session: plain TCP, or TLS on it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// TLS is agreed on before the driver sees the stream, so that its time is known apart from the start-up's.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
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
            Stream::Plain(inner) => {
                let $stream = Pin::new(inner);
                $call
            }
            Stream::Tls(inner) => {
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
        on_inner!(self, stream => stream.poll_read(cx, buffer))
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
