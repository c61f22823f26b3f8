//! A stream that ends before a server could make the driver send a password that it can read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The first message of a server, up to the word that says how it wants to be convinced: `R`, a length and a code.
const START: usize = 9;
/// `AuthenticationOk`, and `AuthenticationSASL`: the driver knows no SASL but SCRAM.
const HARMLESS: [u32; 2] = [0, 10];

/// Hands on what is read once it begins with a message that is harmless. The driver answers no later message with a password.
pub(super) struct WaryStream<S> {
    inner: S,
    start: [u8; START],
    read: usize,
    /// Bytes of `start` that were handed on.
    handed_on: usize,
}

impl<S> WaryStream<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self {
            inner,
            start: [0; START],
            read: 0,
            handed_on: 0,
        }
    }

    pub(super) const fn inner(&self) -> &S {
        &self.inner
    }
}

/// True for an error, too: the driver answers nothing to it.
fn is_harmless(start: [u8; START]) -> bool {
    let [kind, _, _, _, _, code @ ..] = start;
    match kind {
        b'R' => HARMLESS.contains(&u32::from_be_bytes(code)),
        kind => kind == b'E',
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WaryStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.read < START {
            let mut rest = ReadBuf::new(&mut this.start[this.read..]);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut rest))?;
            match rest.filled().len() {
                // An end that comes so early is one.
                0 => return Poll::Ready(Ok(())),
                read => this.read += read,
            }
            if this.read == START && !is_harmless(this.start) {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "it asks for the password in a form that it could read, and is not known: only SCRAM or sslmode=verify-full will do",
                )));
            }
        }
        let waiting = &this.start[this.handed_on..];
        if waiting.is_empty() {
            return Pin::new(&mut this.inner).poll_read(cx, buffer);
        }
        let piece = &waiting[..waiting.len().min(buffer.remaining())];
        buffer.put_slice(piece);
        this.handed_on += piece.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WaryStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use recording::vocabulary::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use crate::connect::{ConnectProgress, Connector, Resolver};
    use crate::endpoint::Endpoint;
    use crate::endpoint::environment::Environment;

    /// What a server gets that answers the start-up message with these pieces, and what the client says of it.
    async fn sent_to(pieces: &'static [&'static [u8]]) -> (Vec<u8>, String) {
        let limit = Duration::from_secs(20);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("postgres://app:geheim@{address}/d?sslmode=disable");
        let endpoint = Endpoint::parse(&url, &Environment::of(&[])).unwrap();
        let resolver = Resolver::new(Some(([127, 0, 0, 1], 53).into()), limit).unwrap();
        let connector = Connector::new(Path::Direct, endpoint, resolver, limit).unwrap();
        let connector = connector.at(address).with_scram();
        let server = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let length = socket.read_u32().await.unwrap();
            let mut startup = vec![0; length as usize - 4];
            socket.read_exact(&mut startup).await.unwrap();
            for piece in pieces {
                socket.write_all(piece).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            socket.shutdown().await.unwrap();
            let mut sent = Vec::new();
            let _ = socket.read_to_end(&mut sent).await;
            sent
        };
        let mut progress = ConnectProgress::default();
        let (session, sent) = tokio::join!(connector.connect(0, &mut progress), server);
        let said = session
            .err()
            .map_or_else(String::new, |error| error.message);
        (sent, said)
    }

    #[tokio::test]
    async fn only_scram_gets_an_answer() {
        const NOTICE: &[u8] = b"N\0\0\0\x05\0";
        const CLEARTEXT: &[u8] = b"R\0\0\0\x08\0\0\0\x03";
        for pieces in [
            &[CLEARTEXT][..],
            // MD5, in two pieces.
            &[b"R\0\0\0\x0c\0\0", b"\0\x05salt"],
            &[NOTICE, CLEARTEXT],
        ] {
            let (sent, said) = sent_to(pieces).await;
            assert_eq!(sent, b"", "{said}");
            assert!(said.contains("only SCRAM"), "{said}");
        }
        let (sent, _) = sent_to(&[b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"]).await;
        assert!(sent.starts_with(b"p") && !sent.windows(6).any(|at| at == b"geheim"));
        let (_, said) = sent_to(&[b"E\0\0\0\x1cSFATAL\0C28000\0Mgo away\0\0"]).await;
        assert!(said.contains("go away"), "{said}");
    }
}
