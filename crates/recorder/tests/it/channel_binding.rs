//! SCRAM with channel binding against a real server: that it is really used shows where somebody stands between.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::common::{TestLab, certificates};
use recording::vocabulary::ErrorClass;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Somebody between client and server: TLS with a certificate of his own to the one, TLS to the other, every byte passed on.
struct ManInTheMiddle {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    server: SocketAddr,
}

impl ManInTheMiddle {
    /// Listens; his address.
    async fn start(folder: &Path, server: SocketAddr) -> SocketAddr {
        let provider = Arc::new(ring::default_provider());
        let certificate = CertificateDer::from_pem_file(folder.join("between.crt")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("between.key")).unwrap();
        let to_client = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(folder.join("good.pem")).unwrap())
            .unwrap();
        let to_server = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let man = Arc::new(Self {
            acceptor: TlsAcceptor::from(Arc::new(to_client)),
            connector: TlsConnector::from(Arc::new(to_server)),
            server,
        });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let man = Arc::clone(&man);
                tokio::spawn(async move { man.pass_on(client).await });
            }
        });
        address
    }

    async fn pass_on(&self, mut client: TcpStream) {
        let mut request = [0; 8];
        client.read_exact(&mut request).await.unwrap();
        client.write_all(b"S").await.unwrap();
        let mut client = self.acceptor.accept(client).await.unwrap();
        let mut server = TcpStream::connect(self.server).await.unwrap();
        server.write_all(&request).await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'S');
        let name = ServerName::try_from(certificates::NAME).unwrap();
        let mut server = self.connector.connect(name, server).await.unwrap();
        // The end of either is no matter.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}

/// The address of the writer, and the URL of the man between with these parameters.
fn through(man: SocketAddr, url: &str) -> String {
    let (before, rest) = url.split_once('@').unwrap();
    let (_, after) = rest.split_once('/').unwrap();
    format!("{before}@{man}/{after}")
}

#[test]
fn a_man_in_the_middle_fails() {
    let test = TestLab::start();
    // A server without TLS has nothing to bind to.
    for parameters in [
        "sslmode=prefer&channel_binding=require",
        "channel_binding=require",
    ] {
        let error = test.connect(&test.url_with(parameters)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Tls, "{error:?}");
        assert!(
            error
                .message
                .contains("has no TLS, and channel_binding=require"),
            "{error:?}"
        );
    }
    assert!(
        !test
            .connect(&test.url_with("channel_binding=prefer"))
            .unwrap()
    );

    certificates::make(test.folder.path());
    test.serve_certificate("right");
    let port = test.texts("select inet_server_port()::text").remove(0);
    let address = test.texts("select host(inet_server_addr())").remove(0);
    let server = format!("{address}:{port}").parse().unwrap();
    let man = ManInTheMiddle::start(test.folder.path(), server);
    let man = test.runtime.block_on(man);
    let all = ["disable", "prefer", "require"];
    // The hash is that of the certificate's signature.
    for certificate in ["right", "long"] {
        test.serve_certificate(certificate);
        for binding in all {
            let url = test.url_with(&format!("sslmode=require&channel_binding={binding}"));
            assert!(test.connect(&url).unwrap(), "{certificate}, {binding}");
            let url = through(man, &url);
            match (binding, test.connect(&url)) {
                // He is not noticed: it is the binding alone that does it below.
                ("disable", connected) => assert!(connected.unwrap()),
                (_, connected) => {
                    let error = connected.unwrap_err();
                    assert_eq!(error.class, ErrorClass::Auth, "{error:?}");
                    assert!(error.message.contains("channel binding"), "{error:?}");
                }
            }
        }
    }
    // `require` asks for TLS by itself, and does not go on without.
    assert!(
        test.connect(&test.url_with("channel_binding=require"))
            .unwrap()
    );
    let url = through(man, &test.url_with("channel_binding=require"));
    let error = test.connect(&url).unwrap_err();
    assert!(error.message.contains("channel binding"), "{error:?}");
}

#[test]
fn a_password_that_is_not_scram_is_not_given_away() {
    let test = TestLab::start();
    certificates::make(test.folder.path());
    test.serve_certificate("right");
    test.set_access_rules("hostssl all app 127.0.0.0/8 password");
    assert!(test.connect(&test.url_with("sslmode=require")).unwrap());
    let url = test.url_with("sslmode=require&channel_binding=require");
    let error = test.connect(&url).unwrap_err();
    assert_eq!(error.class, ErrorClass::Auth, "{error:?}");
    assert!(
        error
            .message
            .contains("channel_binding=require: the server asked for a password without"),
        "{error:?}"
    );
    // Who is trusted without any password proves nothing either.
    test.set_access_rules("hostssl all app 127.0.0.0/8 trust");
    let error = test.connect(&url).unwrap_err();
    assert_eq!(error.class, ErrorClass::Auth, "{error:?}");
}
