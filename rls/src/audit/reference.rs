//! The reference of all findings, as it stands in `docs/audit.md`.

use std::fmt::Write as _;

use super::kinds::FAMILIES;

/// Where the reference begins in the page; everything after it is made from [`super::kinds`].
pub const MARK: &str = "<!-- The rest is made from rls/src/audit/kinds.rs; a test holds it. -->\n";

/// The reference in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for (family, kinds) in FAMILIES {
        let _ = writeln!(text, "\n## {family}");
        for kind in *kinds {
            let _ = write!(
                text,
                "\n### {name}\n\n**{severity}** · {what}\n\n{why}\n\n*Mend:* {mend}\n",
                name = kind.name,
                severity = kind.severity,
                what = kind.what,
                why = kind.why,
                mend = kind.mend,
            );
        }
    }
    text
}
