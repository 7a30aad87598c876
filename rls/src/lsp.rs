//! A language server for policies: findings as they are typed, what a name means and what SQL comes
//! of it, completion, layout, and the way to where something is declared.
//!
//! The text is the editor's; the catalogue is read from beside the policy's file each time, so that
//! a new one counts at once. Everything else is `policy-core`'s: the server only translates places
//! and messages.

mod complete;
mod definition;
mod document;
mod findings;
mod hover;
mod place;
mod server;

use std::io;
use std::thread;

use lsp_server::{Connection, Message};

/// Why an editor cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// What came is not the protocol, or the connection broke.
    #[error("{0}")]
    Protocol(#[from] lsp_server::ProtocolError),
    /// Standard output failed.
    #[error("cannot write to the editor: {0}")]
    Output(#[from] io::Error),
}

/// How an editor left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// As the protocol says: `shutdown`, then `exit`.
    Announced,
    /// Without a `shutdown`.
    Abrupt,
}

/// Serves one editor on standard input and output until it leaves.
///
/// # Errors
/// If standard output fails, or if the conversation does not begin or end as the protocol says.
pub fn serve() -> Result<Leave, ServeError> {
    // Not `Connection::stdio`, which ends at the first message that is not JSON.
    let (connection, outside) = Connection::memory();
    let incoming = outside.sender;
    // It ends with the input, or with the process.
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            match Message::read(&mut input) {
                Ok(Some(message)) => {
                    if incoming.send(message).is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    eprintln!("a message that cannot be read is passed over: {error}");
                }
                Err(_) => return,
            }
        }
    });
    let outgoing = outside.receiver;
    let writer = thread::spawn(move || -> io::Result<()> {
        let mut output = io::stdout().lock();
        outgoing
            .into_iter()
            .try_for_each(|message| message.write(&mut output))
    });
    let leave = server::run(&connection)?;
    // The writer ends when nobody can send to it.
    drop(connection);
    if let Ok(written) = writer.join() {
        written?;
    }
    Ok(leave)
}
