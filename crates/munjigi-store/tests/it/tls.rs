//! `sslmode`, against a server that only shakes hands. Its certificate is for `localhost`, from `tls/authority.pem`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use munjigi_store::{Foreign, Missing, Options, SessionEngine, Store, TokenBlacklist, UserModel};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::run;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls");

/// What the server saw.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// The client spoke without TLS.
    Plain,
    /// The client went on after the handshake.
    Tls,
    /// The client broke the handshake off.
    Broken,
}

#[test]
fn sslmode_decides_whom_to_speak_to() {
    let authority = format!("sslrootcert={FILES}/authority.pem");
    let other = format!("sslrootcert={FILES}/other_authority.pem");
    for (host, mode, roots, seen) in [
        ("localhost", "disable", "", Seen::Plain),
        ("localhost", "prefer", "", Seen::Tls),
        ("127.0.0.1", "require", "", Seen::Tls),
        ("127.0.0.1", "require", &*authority, Seen::Tls),
        ("localhost", "require", &*other, Seen::Broken),
        ("127.0.0.1", "verify-ca", &*authority, Seen::Tls),
        ("localhost", "verify-ca", &*other, Seen::Broken),
        ("localhost", "verify-full", &*authority, Seen::Tls),
        ("127.0.0.1", "verify-full", &*authority, Seen::Broken),
        ("localhost", "verify-full", &*other, Seen::Broken),
        ("localhost", "verify-full", "sslrootcert=system", Seen::Broken),
    ] {
        let (port, server) = server(Answer::Tls);
        let error = refusal(&format!("postgres://u@{host}:{port}/d?sslmode={mode}&{roots}"));
        assert_eq!(server.join().unwrap(), seen, "{host} {mode} {roots}: {error}");
    }
}

#[test]
fn a_server_without_tls_is_spoken_to_only_where_tls_is_not_asked_for() {
    for (mode, seen) in [
        ("prefer", Seen::Plain),
        ("require", Seen::Broken),
        ("verify-full", Seen::Broken),
    ] {
        let (port, server) = server(Answer::NoTls);
        refusal(&format!(
            "postgres://u@localhost:{port}/d?sslmode={mode}&sslrootcert={FILES}/authority.pem"
        ));
        assert_eq!(server.join().unwrap(), seen, "{mode}");
    }
}

#[test]
fn an_sslrootcert_that_cannot_be_read_is_told_by_its_name() {
    for file in ["nowhere.pem", "localhost.key.pem"] {
        let error = refusal(&format!(
            "postgres://u@localhost:1/d?sslmode=verify-full&sslrootcert={FILES}/{file}"
        ));
        assert!(error.contains(file), "{error}");
    }
}

fn refusal(url: &str) -> String {
    let mut refusal = String::new();
    run(async {
        let options = Options {
            missing: Missing::Refuse,
            foreign: Foreign::Refuse,
            token_blacklist: TokenBlacklist::Kept,
            sessions: SessionEngine::Db,
        };
        let store = Store::open(&url.parse().unwrap(), UserModel::user_user(), options).await;
        refusal = store.err().expect("nobody serves a database here").to_string();
    });
    refusal
}

#[derive(Clone, Copy)]
enum Answer {
    Tls,
    NoTls,
}

/// A server for one client.
fn server(answer: Answer) -> (u16, JoinHandle<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (
        port,
        std::thread::spawn(move || serve(listener.accept().unwrap().0, answer)),
    )
}

/// A start message is its length and a version; the wish for TLS has a version of its own (PostgreSQL 15, 55.7).
fn serve(mut client: TcpStream, answer: Answer) -> Seen {
    const TLS_WISH: [u8; 4] = 80_877_103_u32.to_be_bytes();
    let mut start = [0; 8];
    client.read_exact(&mut start).unwrap();
    if start[4..] != TLS_WISH {
        return Seen::Plain;
    }
    match answer {
        Answer::NoTls => {
            client.write_all(b"N").unwrap();
            client
                .read_exact(&mut start)
                .map_or(Seen::Broken, |()| Seen::Plain)
        }
        Answer::Tls => {
            client.write_all(b"S").unwrap();
            let connection = ServerConnection::new(Arc::new(config())).unwrap();
            let mut stream = StreamOwned::new(connection, client);
            stream.read_exact(&mut start).map_or(Seen::Broken, |()| Seen::Tls)
        }
    }
}

fn config() -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(format!("{FILES}/localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{FILES}/localhost.key.pem")).unwrap();
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
