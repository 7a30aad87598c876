//! Any text is read, laid out and checked, or refused.

use policy_core::{check, compact, syntax};

use crate::{questions, shop};

/// Texts beyond this are only slower.
const LONGEST: usize = 16 * 1024;

/// Reads any bytes as a policy text.
///
/// # Panics
/// If the formatter refuses what the parser takes, gives another text the second time or changes
/// the meaning, or if a policy that compiles does not survive being stored.
pub fn policy(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if text.len() > LONGEST {
        return;
    }
    let tree = match syntax::parse(text) {
        Ok(tree) => tree,
        Err(findings) => {
            assert!(!findings.is_empty(), "refused without a finding");
            return;
        }
    };
    let once = syntax::format(text);
    assert!(once.is_ok(), "not formatted: {once:?}");
    let once = once.unwrap_or_default();
    assert_eq!(syntax::format(&once).as_ref(), Ok(&once), "a second time");
    let checked = check(&tree, &shop::CATALOGUE);
    let again = syntax::parse(&once).and_then(|tree| check(&tree, &shop::CATALOGUE));
    match (checked, again) {
        (Ok((mut policy, findings)), Ok((mut formatted, others))) => {
            assert_eq!(findings.len(), others.len(), "other findings");
            assert_eq!(
                compact::store(&policy)
                    .and_then(|bytes| compact::load(&bytes))
                    .as_ref(),
                Ok(&policy)
            );
            questions::ask(&policy);
            forget_lines(&mut policy);
            forget_lines(&mut formatted);
            assert_eq!(policy, formatted, "another policy");
        }
        (Err(findings), Err(others)) => {
            let codes = |findings: &[policy_core::Diagnostic]| {
                let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
                codes.sort_unstable();
                codes.join(" ")
            };
            assert_eq!(codes(&findings), codes(&others), "other findings");
        }
        (checked, again) => assert_eq!(checked.is_ok(), again.is_ok(), "another verdict"),
    }
}

/// Formatting moves lines, and nothing else.
fn forget_lines(policy: &mut policy_core::Policy) {
    policy
        .resources
        .iter_mut()
        .for_each(|resource| resource.line = 0);
    for table in &mut policy.tables {
        table.line = table.line.min(1);
        table.rules.iter_mut().for_each(|rule| rule.line = 0);
        table.never.iter_mut().for_each(|never| never.line = 0);
    }
    policy.views.iter_mut().for_each(|view| view.line = 0);
    policy
        .functions
        .iter_mut()
        .for_each(|function| function.line = 0);
}
