//! The access matrix as a page.
#![cfg(test)]

use countersign_rls::matrix::{matrix, page};
use policy_core::{Catalogue, compile};

fn html(text: &str, catalogue: &str) -> String {
    let catalogue: Catalogue = serde_json::from_str(catalogue).unwrap();
    let (policy, _) = compile(text, &catalogue).unwrap_or_else(|found| panic!("{found:#?}"));
    page(&policy, text, &matrix(&policy))
}

#[test]
fn a_page_for_auditors() {
    let crew = html(
        include_str!("crew/crew.policy"),
        include_str!("crew/crew.catalogue.json"),
    );
    insta::assert_snapshot!("crew", crew);
    let club = html(
        include_str!("club/club.policy"),
        include_str!("club/club.catalogue.json"),
    );
    insta::assert_snapshot!("club", club);
    for page in [crew, club] {
        assert_well_formed(&page);
        for table in page.split("<table>").skip(1) {
            assert!(table.trim_start().starts_with("<caption>"), "{table}");
        }
        assert_eq!(
            page.matches("<th").count(),
            page.matches("<th scope=").count() + page.matches("<thead").count()
        );
        assert!(
            !page.contains("<script") && !page.contains("http://") && !page.contains("https://")
        );
    }
}

/// Every tag is one of those that the page writes itself, and is closed in its turn.
fn assert_well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in page
        .split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
    {
        let name = tag.split_whitespace().next().unwrap();
        if ["!doctype", "meta"].contains(&name) {
            continue;
        }
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{tag}"),
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// Whatever a name, a role or a literal says, it is text.
#[test]
fn names_are_text() {
    let evil = "</h2><script>alert('1')</script>\u{202e}&amp;";
    let column = "x\" onmouseover=\"alert(1)";
    let catalogue = serde_json::json!({
        "schema": "a",
        "relations": [{
            "name": evil,
            "kind": "table",
            "columns": [
                { "name": "id", "type": "uuid" },
                { "name": column, "type": "text", "nullable": true },
            ],
            "primary_key": ["id"],
        }],
        "functions": [],
    });
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let text = format!(
        "app a; -- <script>alert(2)</script>\ncaller id uuid;\non {} {{ user: select where {} = '<img src=x onerror=alert(3)>'; }}\n",
        quoted(evil),
        quoted(column)
    );
    let page = html(&text, &catalogue.to_string());
    assert_well_formed(&page);
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
    assert!(!page.contains("onmouseover=\"alert"), "{page}");
    assert!(
        page.contains("&lt;script&gt;alert(&#39;1&#39;)")
            && page.contains("&lt;U+202E&gt;&amp;amp;")
    );
    assert!(page.contains("&lt;img src=x onerror=alert(3)&gt;"));
}
