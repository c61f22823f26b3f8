//! How applications connect to the lab.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::{certificates, site::Site, state::LabState};

/// Where the proxy listens, as in URLs.
pub(crate) const PROXY_HOST: &str = "127.0.0.1";

/// What needs no encoding in a path that is part of a URL, and no quotes in a shell.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// What an application needs, apart from host and port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Application<'a> {
    password: &'a str,
    /// The lab whose authority it trusts; `None` without TLS.
    authority_of: Option<&'a Path>,
}

impl Application<'_> {
    pub(crate) fn url(&self, host: &str, port: u16) -> String {
        let tls = match self.authority_of {
            Some(lab) => {
                let authority = certificates::authority(lab);
                let path = percent_encode(authority.as_os_str().as_encoded_bytes(), PATH);
                format!("verify-full&sslrootcert={path}")
            }
            None => "disable".to_owned(),
        };
        let password = self.password;
        format!("postgres://app:{password}@{host}:{port}/postgres?sslmode={tls}")
    }
}

impl Site {
    pub(crate) fn application(&self) -> Application<'_> {
        Application {
            password: &self.app_password,
            authority_of: self.has_tls.then_some(self.dir.as_path()),
        }
    }
}

impl LabState {
    /// `dir` is the lab's folder.
    pub(crate) fn application<'a>(&'a self, dir: &'a Path) -> Application<'a> {
        Application {
            password: &self.app_password,
            authority_of: self.has_tls.then_some(dir),
        }
    }
}
