//! What a cold start pays for its policy.

use std::hint::black_box;
use std::path::Path;

use policy_core::{Catalogue, compact};

use crate::error::{BenchError, read};
use crate::section::Section;
use crate::timing::{human, nanoseconds, nanoseconds_kept};

pub(crate) fn measure(root: &Path) -> Result<Vec<Section>, BenchError> {
    let path = root.join("policies/agency.policy");
    let source = read(&path)?;
    let catalogue = read(&root.join("policies/agency.catalogue.json"))?;
    let catalogue: Catalogue = serde_json::from_str(&catalogue)?;
    let damaged = || BenchError::Policy(path.clone());
    let (policy, _) = policy_core::compile(&source, &catalogue).map_err(|_| damaged())?;
    let stored = compact::store(&policy).map_err(|_| damaged())?;

    let compile = nanoseconds(|| {
        let _ = black_box(policy_core::compile(black_box(&source), &catalogue));
    });
    let load = nanoseconds_kept(|| compact::load(black_box(&stored)));
    let mut section = Section::new(
        "Compiling and loading a policy",
        &["agency, 32 tables", "time", "target"],
    );
    let bytes = stored.len();
    section.row(["parse and check the text".into(), human(compile), "".into()]);
    section.row([
        format!("load the compact form ({bytes} bytes)"),
        human(load),
        "50 us".into(),
    ]);
    section.row(["ratio".into(), format!("{:.0}x", compile / load), "".into()]);
    Ok(vec![section])
}
