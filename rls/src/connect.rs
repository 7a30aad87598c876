//! How the commands reach a database: by its address, and over TLS as the address wants it.
//!
//! `sslmode` and `sslrootcert` in an address mean what they mean to `libpq`. Where nothing is said,
//! a server on this machine is reached without TLS, and any other with it: what goes between is
//! encrypted, and the server has to show whose it is (`verify-full`). `libpq` would do without.

mod trust;

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use trust::Trust;

/// Where a database is, and how it is reached.
#[derive(Clone, Debug)]
pub struct Address {
    config: Config,
    tls: Arc<ClientConfig>,
}

/// Why a database is not reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address cannot be read.
    #[error("--db is no connection string: {0}; write postgres://user@host:port/database")]
    Address(#[source] tokio_postgres::Error),
    /// An unknown `sslmode`.
    #[error(
        "--db has the sslmode \"{0}\"; there are disable, prefer, require, verify-ca and verify-full"
    )]
    Mode(String),
    /// The certificates of `sslrootcert`.
    #[error("cannot read certificates from {}: {fault}; sslrootcert names a file in PEM form", file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// Nobody whose word would count.
    #[error("this machine has no certificates of authorities: {0}; name a file with sslrootcert")]
    Authorities(String),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The server is not there, or does not let the caller in.
    #[error("cannot connect to the database: {}; {}", words(.0), advice(.0))]
    Server(#[source] tokio_postgres::Error),
}

impl Address {
    /// Reads an address, as `--db` has it.
    ///
    /// # Errors
    /// If it is none, or names certificates that cannot be read.
    pub fn parse(text: &str) -> Result<Self, ConnectError> {
        let (text, mode, file) = without_tls(text);
        let mut config = Config::from_str(&text).map_err(ConnectError::Address)?;
        let trust = |verified| Trust::of(file.as_deref(), verified);
        let mode = mode.as_deref().unwrap_or_else(|| by_default(&config));
        let (ssl, trust) = match (mode, &file) {
            ("disable", _) => (SslMode::Disable, Trust::Anybody),
            ("prefer", _) => (SslMode::Prefer, Trust::Anybody),
            // As `libpq` has it: whoever names an authority wants it asked.
            ("require", None) => (SslMode::Require, Trust::Anybody),
            ("require", Some(_)) | ("verify-ca", _) => (SslMode::Require, trust(Trust::Authority)?),
            ("verify-full", _) => (SslMode::Require, trust(Trust::Name)?),
            (other, _) => return Err(ConnectError::Mode(other.to_owned())),
        };
        config.ssl_mode(ssl);
        let tls = Arc::new(trust.configuration()?);
        Ok(Self { config, tls })
    }

    /// Another database of the same server.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// The same, under a name by which the server's owner finds the session.
    #[must_use]
    pub fn named(&self, application: &str) -> Self {
        let mut other = self.clone();
        other.config.application_name(application);
        other
    }

    /// Opens a session.
    ///
    /// # Errors
    /// If there is no such server, it does not let the caller in, or is not who it should be.
    pub fn open(&self) -> Result<postgres::Client, ConnectError> {
        let config = postgres::Config::from(self.config.clone());
        config.connect(self.tls()).map_err(ConnectError::Server)
    }

    /// Opens a session whose connection is worked by a task of its own.
    pub(crate) async fn session(&self) -> Result<(Client, JoinHandle<()>), ConnectError> {
        let connected = self.config.connect(self.tls()).await;
        let (client, connection) = connected.map_err(ConnectError::Server)?;
        let task = tokio::spawn(async move {
            // A broken connection shows in the next statement.
            let _ = connection.await;
        });
        Ok((client, task))
    }

    fn tls(&self) -> MakeRustlsConnect {
        MakeRustlsConnect::new(ClientConfig::clone(&self.tls))
    }
}

/// Opens a session with the database at an address.
///
/// # Errors
/// As [`Address::parse`] and [`Address::open`].
pub fn open(address: &str) -> Result<postgres::Client, ConnectError> {
    Address::parse(address)?.open()
}

/// The `sslmode` where an address says nothing.
fn by_default(config: &Config) -> &'static str {
    if is_here(config) {
        "disable"
    } else {
        "verify-full"
    }
}

/// An address without what it says of TLS that its reader does not know; the mode and the file.
fn without_tls(text: &str) -> (String, Option<String>, Option<PathBuf>) {
    let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let (mut mode, mut file) = (None, None);
    let mut is_ours = |part: &str, value: fn(&str) -> String| match part.split_once('=') {
        Some(("sslmode", said)) => {
            mode = Some(value(said));
            true
        }
        Some(("sslrootcert", said)) => {
            file = Some(PathBuf::from(value(said)));
            true
        }
        _ => false,
    };
    let rest = match text.split_once('?').filter(|_| is_url) {
        Some((before, query)) => {
            let others: Vec<&str> = query
                .split('&')
                .filter(|part| !is_ours(part, decoded))
                .collect();
            let question = if others.is_empty() { "" } else { "?" };
            format!("{before}{question}{}", others.join("&"))
        }
        None if is_url => text.to_owned(),
        // Words with values, as in `host=localhost sslmode=disable`.
        None => {
            let words = text.split_inclusive(char::is_whitespace);
            let others = words.filter(|word| !is_ours(word.trim(), unquoted));
            others.collect()
        }
    };
    (rest, mode, file)
}

fn unquoted(value: &str) -> String {
    value.trim_matches('\'').to_owned()
}

fn decoded(value: &str) -> String {
    percent_encoding::percent_decode_str(value)
        .decode_utf8_lossy()
        .into_owned()
}

/// Whether all that goes to the server stays on this machine.
fn is_here(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// The server's words, or the driver's, to their end.
pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        None => {
            let mut words = error.to_string();
            let mut cause = std::error::Error::source(error);
            while let Some(deeper) = cause {
                let more = deeper.to_string();
                // Many repeat what they are made of.
                if !words.contains(&more) {
                    words = format!("{words}: {more}");
                }
                cause = deeper.source();
            }
            words
        }
        Some(said) => {
            let detail = said.detail().map(|text| format!(" ({text})"));
            let detail = detail.unwrap_or_default();
            format!("{} [{}]{detail}", said.message(), said.code().code())
        }
    }
}

fn advice(error: &tokio_postgres::Error) -> &'static str {
    let words = words(error);
    if words.contains("not valid for name") {
        "reach it by a name that is its own, or have every server of that authority believed, with sslmode=verify-ca"
    } else if words.contains("certificate") {
        "name the certificate of who vouches for it with sslrootcert=FILE in the address, or have what goes there encrypted without knowing whose it is, with sslmode=require"
    } else if words.contains("TLS") {
        "say sslmode=disable in the address if nobody else is on the way to it"
    } else {
        "check --db and that the server runs"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(address: &str) -> &'static str {
        by_default(&Config::from_str(address).unwrap())
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted() {
        for here in [
            "postgres://a@localhost/x",
            "postgres://a@127.0.0.1:5433/x",
            "postgres://a@[::1]/x",
            "postgres://a@%2Fvar%2Frun/x",
            "host=/tmp user=a",
        ] {
            assert_eq!(mode(here), "disable", "{here}");
        }
        for elsewhere in [
            "postgres://a@db.example.test/x",
            "postgres://a@10.0.0.7/x",
            "postgres://a@localhost,db.example.test/x",
            "host=db user=a",
        ] {
            assert_eq!(mode(elsewhere), "verify-full", "{elsewhere}");
        }
    }

    #[test]
    fn only_what_is_of_tls_is_taken_out() {
        let of = |text| without_tls(text);
        assert_eq!(
            of(
                "postgres://a@h/x?options=-c%20a&sslmode=verify-ca&sslrootcert=%2Fa%20b&connect_timeout=3"
            ),
            (
                "postgres://a@h/x?options=-c%20a&connect_timeout=3".to_owned(),
                Some("verify-ca".to_owned()),
                Some("/a b".into())
            )
        );
        assert_eq!(
            of("host=h sslmode='require' options='-c  a' sslrootcert=/a"),
            (
                "host=h options='-c  a' ".to_owned(),
                Some("require".to_owned()),
                Some("/a".into())
            )
        );
    }
}
