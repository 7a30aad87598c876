//! Whose word for a server counts.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::ConnectError;

/// Which servers are believed.
#[derive(Debug)]
pub(super) enum Trust {
    /// Any: what goes there is encrypted, for whoever it is.
    Anybody,
    /// One that these authorities vouch for, whatever its name.
    Authority(RootCertStore),
    /// One that these authorities vouch for under the name that it was reached by.
    Name(RootCertStore),
}

impl Trust {
    /// The authorities of a file, or those of this machine.
    pub(super) fn of(
        file: Option<&Path>,
        verified: fn(RootCertStore) -> Self,
    ) -> Result<Self, ConnectError> {
        // PostgreSQL 16 has this word for the machine's own.
        let file = file.filter(|file| *file != Path::new("system"));
        file.map_or_else(machine, authorities).map(verified)
    }

    pub(super) fn configuration(self) -> Result<ClientConfig, ConnectError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions()?;
        let unnamed = match self {
            Self::Name(roots) => {
                return Ok(builder.with_root_certificates(roots).with_no_client_auth());
            }
            Self::Anybody => None,
            Self::Authority(roots) => {
                let roots = Arc::new(roots);
                let verifier =
                    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
                let verifier = verifier.build();
                Some(verifier.map_err(|error| Error::General(error.to_string()))?)
            }
        };
        let verifier = Arc::new(Unnamed {
            authority: unnamed,
            provider,
        });
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(builder.with_no_client_auth())
    }
}

fn machine() -> Result<RootCertStore, ConnectError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why = found.errors.first().map(ToString::to_string);
        let why = why.unwrap_or_else(|| "none were found".to_owned());
        return Err(ConnectError::Authorities(why));
    }
    Ok(roots)
}

fn authorities(file: &Path) -> Result<RootCertStore, ConnectError> {
    let failed = |fault: String| ConnectError::Certificates {
        file: file.to_owned(),
        fault,
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|e| failed(e.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|e| failed(e.to_string()))?;
        roots.add(certificate).map_err(|e| failed(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("there are none in it".to_owned()));
    }
    Ok(roots)
}

/// Asks an authority, if any, and nobody for the server's name.
#[derive(Debug)]
struct Unnamed {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unnamed {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        match authority.verify_server_cert(certificate, others, name, ocsp, now) {
            // The name is the last that is looked at: all else was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
