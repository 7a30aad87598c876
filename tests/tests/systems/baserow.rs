//! `countersign connect`, with Baserow as the simulators have it, over the wire.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use countersign_rls::baserow::{BaserowError, Token, forget};
use countersign_sealing::{Binding, KeyRing};
use countersign_simulators::message::Request;
use countersign_simulators::{Simulators, baserow};
use postgres::Client;
use reqwest::Url;

use crate::support::Database;

const KEYS: &str = "old:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";

/// Baserow on a port of its own, for as long as the tests run.
fn serve() -> Url {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/baserow", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut simulators = Simulators::new().unwrap();
        for stream in listener.incoming() {
            answer(&mut simulators, stream.unwrap());
        }
    });
    Url::parse(&url).unwrap()
}

/// One request without a body, and its answer.
fn answer(simulators: &mut Simulators, mut stream: TcpStream) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let lines = lines.map(Result::unwrap);
    let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let mut first = lines[0].split(' ');
    let headers = lines[1..].iter().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_owned())
    });
    let request = Request {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers: headers.collect::<BTreeMap<_, _>>(),
        ..Request::default()
    };
    let said = simulators.answer(&request, 1_800_000_000_000);
    let head = format!(
        "HTTP/1.1 {} said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        said.status,
        said.body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(said.body.as_bytes()).unwrap();
}

fn opened(client: &mut Client, ring: &KeyRing) -> Option<String> {
    let query =
        "select c.id::text, s.access_token, s.key_id from countersign_edge.portal_connections c
         join countersign_edge.portal_connection_secrets s on s.connection_id = c.id";
    let row = client.query_opt(query, &[]).unwrap()?;
    assert_eq!(row.get::<_, String>(2), ring.current().id());
    let (connection, sealed): (String, String) = (row.get(0), row.get(1));
    let place = Binding {
        app: "portal",
        tenant: "portal",
        provider: "baserow",
        connection: &connection,
        column: "access_token",
    };
    Some(ring.open(&place, &sealed).unwrap().expose().to_owned())
}

#[test]
fn the_portal_is_connected_with_a_token_that_baserow_takes() {
    let Some(database) = Database::migrated("baserow") else {
        return;
    };
    let base = serve();
    let ring = KeyRing::parse(KEYS).unwrap();
    let mut client = database.client();
    assert!(!forget(&mut client).unwrap());

    let good = Token::read(&format!(" {}\n", baserow::TOKEN)).unwrap();
    let other = Token::read("another").unwrap();
    assert!(good.try_on(&base, baserow::MEMBERS).unwrap() > 3);
    let refused = other.try_on(&base, baserow::MEMBERS).unwrap_err();
    assert!(matches!(refused, BaserowError::Refused), "{refused}");
    let nowhere = good.try_on(&base, 999).unwrap_err();
    assert!(matches!(nowhere, BaserowError::NoTable(999)), "{nowhere}");
    let away = Url::parse("http://127.0.0.1:1/baserow").unwrap();
    let down = good.try_on(&away, baserow::MEMBERS).unwrap_err();
    assert!(matches!(down, BaserowError::Down(_)), "{down}");
    let open = Url::parse("http://baserow.example").unwrap();
    let clear = good.try_on(&open, baserow::MEMBERS).unwrap_err();
    assert!(matches!(clear, BaserowError::InTheClear(_)), "{clear}");
    for error in [refused, nowhere, down, clear] {
        assert!(!error.to_string().contains(baserow::TOKEN), "{error}");
    }
    for none in ["", " \n", "two words", "t\u{f6}ken", &"x".repeat(1_001)] {
        assert!(Token::read(none).is_err(), "{none:?}");
    }

    good.keep(&mut client, &ring).unwrap();
    assert_eq!(opened(&mut client, &ring).as_deref(), Some(baserow::TOKEN));
    // There is one connection, and it has the last token.
    let newer =
        KeyRing::parse(&format!("new:{}\n{KEYS}", KEYS.split_once(':').unwrap().1)).unwrap();
    other.keep(&mut client, &newer).unwrap();
    assert_eq!(opened(&mut client, &newer).as_deref(), Some("another"));
    assert!(forget(&mut client).unwrap());
    assert_eq!(opened(&mut client, &newer), None);
}
