//! TLS to a real PostgreSQL, through a proxy that speaks it as PostgreSQL does: which servers are
//! believed, and what is said of those that are not.

#![cfg(test)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use countersign_rls::connect::open;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a client sends before TLS: its length, and a number that is no version.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut of = CertificateParams::default();
    of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(of, KeyPair::generate().unwrap()).unwrap()
}

/// A server of the name "localhost", for whom the authority vouches, before the one at `behind`: its
/// port, and how many spoke TLS with it to the end of the handshake.
fn proxy(authority: &CertifiedIssuer<'static, KeyPair>, behind: String) -> (u16, Arc<AtomicUsize>) {
    let key = KeyPair::generate().unwrap();
    let of = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = of.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let spoken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&spoken);
    thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (acceptor, behind, count) = (acceptor.clone(), behind.clone(), count.clone());
                tokio::task::spawn(async move {
                    let mut asked = [0; 8];
                    stream.read_exact(&mut asked).await.unwrap();
                    assert_eq!(asked, ASKS_FOR_TLS);
                    stream.write_all(b"S").await.unwrap();
                    // Whoever does not believe in this server ends it here.
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    count.fetch_add(1, Ordering::SeqCst);
                    let mut server = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut server).await;
                });
            }
        });
    });
    (port, spoken)
}

/// The same address with another host and port, and with this after its question mark.
fn at(url: &str, host: &str, port: u16, query: &str) -> String {
    let (before, after) = url.split_once('@').unwrap();
    let (_, database) = after.split_once('/').unwrap();
    let database = database.split_once('?').map_or(database, |(name, _)| name);
    format!("{before}@{host}:{port}/{database}?{query}")
}

#[test]
fn servers_are_believed_as_the_address_says() {
    let Ok(url) = env::var("COUNTERSIGN_PG_URL") else {
        eprintln!("skipped: COUNTERSIGN_PG_URL is not set; `cargo xtask test` sets it");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (ours, theirs) = (authority(), authority());
    let (right, wrong) = (
        file("right.pem", &ours.pem()),
        file("wrong.pem", &theirs.pem()),
    );
    let empty = file("empty.pem", "");
    let missing = directory.path().join("missing.pem").display().to_string();
    let behind = url
        .split_once('@')
        .unwrap()
        .1
        .split(['/', '?'])
        .next()
        .unwrap();
    let plain = behind.rsplit_once(':').unwrap().1.parse().unwrap();
    let (port, spoken) = proxy(&ours, behind.to_owned());

    let mut said = String::new();
    let mut case = |host: &str, port: u16, query: &str, over_tls: bool| {
        let before = spoken.load(Ordering::SeqCst);
        let opened = open(&at(&url, host, port, query)).map(|mut client| {
            let row = client.query_one("select 6 * 7", &[]).unwrap();
            assert_eq!(row.get::<_, i32>(0), 42);
        });
        let tls = spoken.load(Ordering::SeqCst) > before;
        let outcome = match &opened {
            Ok(()) => {
                assert_eq!(tls, over_tls, "{query}");
                if tls { "over TLS" } else { "in the clear" }.to_owned()
            }
            Err(error) => error.to_string(),
        };
        let line = format!("{host} {query}\n    {outcome}\n");
        let line = line.replace(&format!("{}/", directory.path().display()), "");
        writeln!(said, "{}", line.trim_end()).unwrap();
    };
    said_of_tls(&mut case, port, [&right, &wrong, &empty, &missing]);
    case("127.0.0.1", plain, "", false);
    case("127.0.0.1", plain, "sslmode=prefer", false);
    case("127.0.0.1", plain, "sslmode=require", true);
    insta::assert_snapshot!(said);
}

fn said_of_tls(
    case: &mut impl FnMut(&str, u16, &str, bool),
    port: u16,
    [right, wrong, empty, missing]: [&String; 4],
) {
    case("localhost", port, "sslmode=prefer", true);
    case(
        "localhost",
        port,
        "sslmode=require&application_name=x",
        true,
    );
    case(
        "localhost",
        port,
        &format!("sslmode=verify-full&sslrootcert={right}"),
        true,
    );
    case(
        "127.0.0.1",
        port,
        &format!("sslmode=verify-full&sslrootcert={right}"),
        true,
    );
    case(
        "127.0.0.1",
        port,
        &format!("sslmode=verify-ca&sslrootcert={right}"),
        true,
    );
    case(
        "127.0.0.1",
        port,
        &format!("sslmode=require&sslrootcert={right}"),
        true,
    );
    for mode in ["require", "verify-ca", "verify-full"] {
        case(
            "localhost",
            port,
            &format!("sslmode={mode}&sslrootcert={wrong}"),
            true,
        );
    }
    case(
        "localhost",
        port,
        &format!("sslmode=verify-full&sslrootcert={empty}"),
        true,
    );
    case(
        "localhost",
        port,
        &format!("sslmode=verify-full&sslrootcert={missing}"),
        true,
    );
    case("localhost", port, "sslmode=perhaps", true);
}
