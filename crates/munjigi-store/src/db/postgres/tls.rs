//! `sslmode`, `sslrootcert`, `sslcert` and `sslkey`, as libpq means them, with rustls.

use std::path::Path;
use std::sync::Arc;

use deadpool_postgres::{Manager, ManagerConfig};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode as DriverMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::url::{APPLICATION_NAME, ClientCert, PostgresTarget, RootCert, SslMode};
use super::PATIENCE;
use crate::error::{Error, Result};

/// How connections to the server are made: those of the pool, and the one that listens.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) server: Config,
    /// None where `sslmode` is `disable`.
    pub(super) tls: Option<MakeRustlsConnect>,
}

impl Connector {
    pub(super) fn new(target: &PostgresTarget) -> Result<Self> {
        let mut server = target.config.clone();
        if server.get_connect_timeout().is_none() {
            server.connect_timeout(PATIENCE);
        }
        if server.get_application_name().is_none() {
            server.application_name(APPLICATION_NAME);
        }
        server.ssl_mode(match target.ssl_mode {
            SslMode::Disable => DriverMode::Disable,
            SslMode::Prefer => DriverMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => DriverMode::Require,
        });
        let tls = match target.ssl_mode {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(client_config(target)?)),
        };
        Ok(Self { server, tls })
    }

    /// What makes connections for the pool.
    pub(super) fn manager(&self, config: ManagerConfig) -> Manager {
        let server = self.server.clone();
        match &self.tls {
            None => Manager::from_config(server, NoTls, config),
            Some(tls) => Manager::from_config(server, tls.clone(), config),
        }
    }
}

fn client_config(target: &PostgresTarget) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = match (target.ssl_mode, &target.root_cert) {
        (SslMode::VerifyFull, roots) => Trust::ChainAndName(chain(roots, &provider)?),
        (SslMode::VerifyCa, roots) | (SslMode::Require, roots @ RootCert::File(_)) => {
            Trust::Chain(chain(roots, &provider)?)
        }
        _ => Trust::Anybody,
    };
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unavailable(Arc::new(error)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { trust, provider }));
    let Some(ClientCert { chain, key }) = &target.client_cert else {
        return Ok(config.with_no_client_auth());
    };
    let certificates = from_file(chain, "sslcert")?;
    let pem = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("sslkey", key, &error))?;
    config.with_client_auth_cert(certificates, pem).map_err(|error| {
        Error::InvalidUrl(format!(
            "The `sslcert` and the `sslkey` of DATABASE_URL do not fit together: {error}."
        ))
    })
}

fn chain(roots: &RootCert, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let mut store = RootCertStore::empty();
    let (certificates, source) = match roots {
        RootCert::File(path) => (from_file(path, "sslrootcert")?, path.display().to_string()),
        RootCert::Unset | RootCert::System => (
            rustls_native_certs::load_native_certs().certs,
            "the system's store".to_owned(),
        ),
    };
    store.add_parsable_certificates(certificates);
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build().map_err(|_| {
        Error::InvalidUrl(format!(
            "DATABASE_URL asks to verify the server's certificate, but {source} holds no certificate of an \
             authority; write `sslrootcert=PATH`."
        ))
    })
}

fn from_file(path: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    certificates.map_err(|error| unreadable(option, path, &error))
}

fn unreadable(option: &str, path: &Path, error: &pem::Error) -> Error {
    Error::InvalidUrl(format!(
        "The `{option}` of DATABASE_URL, {}, cannot be read: {error}.",
        path.display()
    ))
}

/// How far a certificate is believed.
#[derive(Debug)]
enum Trust {
    /// `prefer` and `require`: against those who only listen.
    Anybody,
    /// `verify-ca`: any host of the authority.
    Chain(Arc<WebPkiServerVerifier>),
    /// `verify-full`.
    ChainAndName(Arc<WebPkiServerVerifier>),
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = |chain: &WebPkiServerVerifier| {
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match &self.trust {
            Trust::Anybody => Ok(ServerCertVerified::assertion()),
            Trust::ChainAndName(chain) => verified(chain),
            // The name is looked at last, after all of the chain.
            Trust::Chain(chain) => match verified(chain) {
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                result => result,
            },
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
