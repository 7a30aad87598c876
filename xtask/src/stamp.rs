//! Whether something made from files is still what those files would make.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, Result, WrapErr as _};
use sha2::{Digest as _, Sha256};

use crate::workspace::write;

/// A digest of the names and contents of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(String);

impl Stamp {
    /// Of files, and of directories with everything in them.
    pub(crate) fn of(paths: &[impl AsRef<Path>]) -> Result<Self> {
        let mut hash = Sha256::new();
        for path in paths {
            for file in files_below(path.as_ref())? {
                let content = fs::read(&file).into_diagnostic();
                let content =
                    content.wrap_err_with(|| format!("could not read {}", file.display()))?;
                hash.update(file.as_os_str().as_encoded_bytes());
                hash.update(content.len().to_le_bytes());
                hash.update(content);
            }
        }
        let digest = hash.finalize();
        Ok(Self(
            digest
                .iter()
                .take(16)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        ))
    }

    pub(crate) fn is_at(&self, path: &Path) -> bool {
        fs::read_to_string(path).is_ok_and(|found| found == self.0)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        write(path, &self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// In the order of their names, so that the same files make the same digest.
fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(if path.exists() {
            vec![path.to_owned()]
        } else {
            Vec::new()
        });
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).into_diagnostic()? {
        entries.push(entry.into_diagnostic()?.path());
    }
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        files.extend(files_below(&entry)?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::Stamp;

    #[test]
    fn a_stamp_follows_names_and_contents() {
        let directory = tempfile::tempdir().unwrap();
        let empty = Stamp::of(&[directory.path()]).unwrap();
        let file = directory.path().join("a");
        std::fs::write(&file, "1").unwrap();
        let first = Stamp::of(&[directory.path()]).unwrap();
        assert_ne!(empty, first);
        std::fs::write(&file, "2").unwrap();
        assert_ne!(first, Stamp::of(&[directory.path()]).unwrap());
        std::fs::write(&file, "1").unwrap();
        assert_eq!(first, Stamp::of(&[directory.path()]).unwrap());
    }
}
