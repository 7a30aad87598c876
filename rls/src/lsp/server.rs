//! Messages in and out.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, Exit, Notification as _,
    PublishDiagnostics,
};
use lsp_types::request::{Completion, Formatting, GotoDefinition, HoverRequest, Request as _};
use lsp_types::{
    CompletionOptions, CompletionParams, CompletionResponse, Diagnostic,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingParams, GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverContents,
    HoverParams, HoverProviderCapability, Location, MarkupContent, MarkupKind, OneOf, Position,
    PositionEncodingKind, PublishDiagnosticsParams, Range, ServerCapabilities,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, Uri,
};
use policy_core::syntax;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::document::Document;
use super::{Leave, ServeError, complete, definition, findings, hover, place};

/// How long nothing must come before a changed text is checked.
const PAUSE: Duration = Duration::from_millis(120);

/// Talks to one editor until it leaves.
pub(super) fn run(connection: &Connection) -> Result<Leave, ServeError> {
    let (id, _) = connection.initialize_start()?;
    let answer = json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "countersign", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, answer)?;
    let mut server = Server {
        connection,
        documents: HashMap::new(),
        changed: BTreeSet::new(),
    };
    while let Some(message) = server.receive() {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(Leave::Announced);
                }
                let response = server.answer(request);
                server.send(Message::Response(response));
            }
            Message::Notification(notification) if notification.method == Exit::METHOD => break,
            Message::Notification(notification) => server.hear(notification),
            // Nothing is asked of the editor.
            Message::Response(_) => {}
        }
    }
    Ok(Leave::Abrupt)
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::UTF16),
        // A policy is small: the whole text is simpler than its changes.
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(["'", "\"", "(", " "].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

struct Server<'c> {
    connection: &'c Connection,
    /// By address.
    documents: HashMap<String, (Uri, Document)>,
    /// The addresses of those that changed since they were checked.
    changed: BTreeSet<String>,
}

/// What goes wrong with a request is said to the editor, and ends nothing.
type Answer = Result<Value, (ErrorCode, String)>;

impl Server<'_> {
    /// The next message. What changed is checked when none has come for a while.
    fn receive(&mut self) -> Option<Message> {
        if !self.changed.is_empty() {
            if let Ok(message) = self.connection.receiver.recv_timeout(PAUSE) {
                return Some(message);
            }
            for address in std::mem::take(&mut self.changed) {
                self.check(&address);
            }
        }
        self.connection.receiver.recv().ok()
    }

    /// An editor that is gone needs no message.
    fn send(&self, message: Message) {
        let _ = self.connection.sender.send(message);
    }

    fn check(&self, address: &str) {
        if let Some((uri, document)) = self.documents.get(address) {
            self.publish(uri.clone(), findings::of(document));
        }
    }

    fn publish(&self, uri: Uri, diagnostics: Vec<Diagnostic>) {
        let parameters = PublishDiagnosticsParams {
            uri,
            diagnostics,
            version: None,
        };
        let method = PublishDiagnostics::METHOD.to_owned();
        self.send(Message::Notification(Notification::new(method, parameters)));
    }

    /// Takes a notification; one that cannot be read is passed over, as the protocol says.
    fn hear(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Ok(opened) = serde_json::from_value::<DidOpenTextDocumentParams>(params) {
                    let opened = opened.text_document;
                    self.set(opened.uri, opened.text);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Ok(changed) = serde_json::from_value::<DidChangeTextDocumentParams>(params)
                    && let Some(change) = changed.content_changes.into_iter().next_back()
                    && change.range.is_none()
                {
                    self.set(changed.text_document.uri, change.text);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Ok(closed) = serde_json::from_value::<DidCloseTextDocumentParams>(params) {
                    let uri = closed.text_document.uri;
                    self.documents.remove(uri.as_str());
                    self.changed.remove(uri.as_str());
                    self.publish(uri, Vec::new());
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, uri: Uri, text: String) {
        let address = uri.as_str().to_owned();
        let document = Document::new(&uri, text);
        self.documents.insert(address.clone(), (uri, document));
        self.changed.insert(address);
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = match method.as_str() {
            HoverRequest::METHOD => self.hover(params),
            Completion::METHOD => self.complete(params),
            GotoDefinition::METHOD => self.definition(params),
            Formatting::METHOD => self.format(params),
            _ => Err((
                ErrorCode::MethodNotFound,
                format!("`{method}` is not offered"),
            )),
        };
        respond(id, answer)
    }

    fn document(&self, uri: &Uri) -> Result<&Document, (ErrorCode, String)> {
        match self.documents.get(uri.as_str()) {
            Some((_, document)) => Ok(document),
            None => Err((
                ErrorCode::InvalidParams,
                format!("{} was not opened", uri.as_str()),
            )),
        }
    }

    /// A document and a byte in it.
    fn place(
        &self,
        place: &TextDocumentPositionParams,
    ) -> Result<(&Document, usize), (ErrorCode, String)> {
        let document = self.document(&place.text_document.uri)?;
        Ok((document, place::byte(&document.text, place.position)))
    }

    fn hover(&self, parameters: Value) -> Answer {
        let asked: HoverParams = read(parameters)?;
        let (document, byte) = self.place(&asked.text_document_position_params)?;
        let hover = hover::of(document, byte).map(|(value, span)| Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value,
            }),
            range: Some(place::range(&document.text, span)),
        });
        write(hover)
    }

    fn complete(&self, parameters: Value) -> Answer {
        let asked: CompletionParams = read(parameters)?;
        let (document, byte) = self.place(&asked.text_document_position)?;
        write(CompletionResponse::Array(complete::at(document, byte)))
    }

    fn definition(&self, parameters: Value) -> Answer {
        let asked: GotoDefinitionParams = read(parameters)?;
        let place = asked.text_document_position_params;
        let (document, byte) = self.place(&place)?;
        let found = definition::of(document, byte).map(|span| {
            GotoDefinitionResponse::Scalar(Location {
                uri: place.text_document.uri,
                range: place::range(&document.text, span),
            })
        });
        write(found)
    }

    /// The whole text anew; nothing if it does not parse, since the findings already say so.
    fn format(&self, parameters: Value) -> Answer {
        let asked: DocumentFormattingParams = read(parameters)?;
        let document = self.document(&asked.text_document.uri)?;
        let edits = match syntax::format(&document.text) {
            Ok(formatted) if formatted == document.text => Some(Vec::new()),
            Ok(formatted) => Some(vec![TextEdit {
                range: Range {
                    start: Position::new(0, 0),
                    end: place::position(&document.text, document.text.len()),
                },
                new_text: formatted,
            }]),
            Err(_) => None,
        };
        write(edits)
    }
}

fn read<T: DeserializeOwned>(parameters: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(parameters)
        .map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn write(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}

fn respond(id: RequestId, answer: Answer) -> Response {
    match answer {
        Ok(answer) => Response::new_ok(id, answer),
        Err((code, message)) => Response::new_err(id, code as i32, message),
    }
}
