//! An open policy and what belongs to it.

use std::fs;
use std::path::{Path, PathBuf};

use lsp_types::Uri;
use policy_core::syntax::{self, Mention, mentions, tree::File};
use policy_core::{Catalogue, Diagnostic, Policy};

/// A policy as the editor has it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: String,
    /// Where the catalogue should be, if the text is a file's.
    pub(super) catalogue: Option<PathBuf>,
}

/// Why there is no catalogue.
#[derive(Debug)]
pub(super) enum NoCatalogue {
    /// The text is no file's yet.
    NoFile,
    /// There is none beside the policy, or it cannot be read.
    Unread(PathBuf, std::io::Error),
    /// It is not one.
    Malformed(PathBuf, serde_json::Error),
}

impl Document {
    pub(super) fn new(uri: &Uri, text: String) -> Self {
        let catalogue = path(uri).map(|path| path.with_extension("catalogue.json"));
        Self { text, catalogue }
    }

    /// Reads the catalogue beside the policy.
    pub(super) fn catalogue(&self) -> Result<Catalogue, NoCatalogue> {
        let path = self.catalogue.as_deref().ok_or(NoCatalogue::NoFile)?;
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| NoCatalogue::Unread(path.to_owned(), error))?;
        serde_json::from_str(&text).map_err(|error| NoCatalogue::Malformed(path.to_owned(), error))
    }

    /// The text as a tree, if it parses.
    pub(super) fn tree(&self) -> Result<File, Vec<Diagnostic>> {
        syntax::parse(&self.text)
    }

    /// The policy, if it is sound and has a catalogue.
    pub(super) fn policy(&self) -> Option<(Policy, Catalogue)> {
        let catalogue = self.catalogue().ok()?;
        let (policy, _) = policy_core::compile(&self.text, &catalogue).ok()?;
        Some((policy, catalogue))
    }
}

/// The name at a byte, or one that ends there.
pub(super) fn mention_at(file: &File, byte: usize) -> Option<Mention<'_>> {
    mentions(file)
        .into_iter()
        .find(|mention| mention.span.start <= byte && byte <= mention.span.end)
}

/// The path of a file's address; nothing for other addresses.
fn path(uri: &Uri) -> Option<PathBuf> {
    if !uri.scheme()?.as_str().eq_ignore_ascii_case("file") {
        return None;
    }
    let path = uri
        .path()
        .as_estr()
        .decode()
        .into_string()
        .ok()?
        .into_owned();
    // `/C:/...`
    let drive = path
        .strip_prefix('/')
        .filter(|rest| rest.get(1..2) == Some(":"));
    Some(Path::new(drive.unwrap_or(&path)).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files() {
        for (uri, expected) in [
            ("file:///work/a%20b/x.policy", Some("/work/a b/x.policy")),
            ("file:///c%3A/x.policy", Some("c:/x.policy")),
            ("untitled:Untitled-1", None),
        ] {
            let found = path(&uri.parse().unwrap());
            assert_eq!(found.as_deref(), expected.map(Path::new), "{uri}");
        }
    }
}
