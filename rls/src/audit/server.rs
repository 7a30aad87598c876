//! Versions of PostgreSQL in which row-level security does not always hold.

use super::finding::{Finding, Object};
use super::kinds::SERVER_VERSION;
use super::scene::Scene;

/// A hole, and for each major version the first minor one without it.
struct Hole {
    name: &'static str,
    what: &'static str,
    fixed: &'static [(u32, u32)],
}

const HOLES: [Hole; 3] = [
    Hole {
        name: "CVE-2026-120154",
        what: "`on conflict do update ... where` tells whether a hidden row meets a condition",
        fixed: &[(14, 25), (15, 20), (16, 16), (17, 12), (18, 7)],
    },
    Hole {
        name: "CVE-2025-8713",
        what: "planner statistics show values of hidden rows",
        fixed: &[(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)],
    },
    Hole {
        name: "CVE-2024-10976",
        what: "a reused plan applies another role's policies below a subquery",
        fixed: &[(12, 21), (13, 17), (14, 14), (15, 9), (16, 5), (17, 1)],
    },
];

/// The oldest major version that still gets fixes.
const OLDEST: u32 = 14;

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    let server = &scene.live.server;
    if let Some((detail, needed)) = judge(server.version_number) {
        let object = Object::new("server", format!("PostgreSQL {}", server.version));
        found.push(
            Finding::new(&SERVER_VERSION, object, detail)
                .mended(format!("-- update PostgreSQL to {needed} or later")),
        );
    }
}

/// What is wrong with a version, and which one is needed.
fn judge(number: u32) -> Option<(String, String)> {
    let (major, minor) = (number / 10_000, number % 10_000);
    if major < OLDEST {
        return Some((
            format!("PostgreSQL {major} gets no more fixes"),
            format!("a version of PostgreSQL {OLDEST}"),
        ));
    }
    let open = |hole: &&Hole| {
        let fixed = hole.fixed.iter().find(|(of, _)| *of == major);
        fixed.is_some_and(|(_, first)| minor < *first)
    };
    let holes: Vec<&Hole> = HOLES.iter().filter(open).collect();
    let needed = holes
        .iter()
        .flat_map(|hole| hole.fixed)
        .filter(|(of, _)| *of == major)
        .max()?;
    let said: Vec<String> = holes
        .iter()
        .map(|hole| format!("{}: {}", hole.name, hole.what))
        .collect();
    Some((said.join("; "), format!("{}.{}", needed.0, needed.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_judged_by_their_holes() {
        let holes =
            |number| judge(number).map(|(said, needed)| (said.matches("CVE").count(), needed));
        assert_eq!(holes(180_004), Some((1, "18.7".to_owned())));
        assert_eq!(holes(180_007), None);
        assert_eq!(holes(190_000), None);
        assert_eq!(holes(170_000), Some((3, "17.12".to_owned())));
        assert_eq!(holes(170_006), Some((1, "17.12".to_owned())));
        assert_eq!(holes(150_020), None);
        assert!(judge(130_022).is_some_and(|(said, _)| said.contains("no more fixes")));
    }
}
