use proptest::prelude::*;

use super::filter::{Operand, Quantifier};
use super::logic::{Group, Tree};
use super::name::{Key, Step};
use super::query::Range;
use super::*;

/// The query as it is read and written again, decoded so that it can be compared by eye.
fn rewritten(text: &str, dialect: Dialect) -> Result<String, Trouble> {
    let written = Query::read(text, dialect)?.write();
    Ok(percent_encoding::percent_decode_str(&written)
        .decode_utf8()
        .unwrap()
        .into_owned())
}

/// What is written as it was read.
const PLAIN: &[&str] = &[
    "",
    // Columns.
    "select=*",
    "select=id",
    "select=id,name,due_on",
    "select=title:name",
    "select=amount::text",
    "select=total:amount_cents::numeric",
    "select=metadata->a->>b",
    "select=metadata->0->>-1",
    "select=tag:metadata->tags->0::text",
    "select=a-b,$x,_y,123",
    r#"select="a,b","c.d":"e(f)""#,
    r#"select="with \"quotes\" and \\""#,
    "select=with spaces inside",
    r#"select=metadata->"a.b""#,
    r#"select=metadata->>"1""#,
    // Aggregates.
    "select=count()",
    "select=rows:count()::text",
    "select=amount_cents.sum()",
    "select=org_id,total:amount_cents.sum()::text",
    "select=amount::numeric.avg()::int,a.min(),b.max(),c.count()",
    // Embedded resources.
    "select=clients(*)",
    "select=id,clients(id,name)",
    "select=client:clients(name)",
    "select=clients!projects_client_id_fkey(name)",
    "select=clients!inner(name)",
    "select=clients!left()",
    "select=c:clients!fk!inner(*,projects(*,tasks(id)))",
    "select=...clients(client_name:name)",
    "select=id,...clients!fk!left(name,...owners(count()))",
    r#"select="my.table"(id)"#,
    // Filters.
    "id=eq.1",
    "name=eq.",
    "name=neq.a,b.(c)",
    "a=gt.1&a=gte.1&a=lt.1&a=lte.1",
    "a=like.*x*&a=ilike.*x*&a=match.^x&a=imatch.^x",
    "a=like(any).{x*,*y}&a=eq(all).{1}&a=gte(any).{1,2}",
    "a=in.(1,2,3)",
    r#"a=in.(x,"y,z","q\"")"#,
    "a=in.()",
    "a=in.(,)",
    "a=is.null&a=is.not_null&a=is.true&a=is.false&a=is.unknown",
    "a=isdistinct.x",
    "a=fts.cat&a=plfts.cat&a=phfts.cat&a=wfts.cat",
    "a=fts(english).the cat",
    "a=cs.{1,2}&a=cd.[1,2]&a=ov.(1,2)",
    "a=sl.(1,2)&a=sr.(1,2)&a=nxr.(1,2)&a=nxl.(1,2)&a=adj.(1,2)",
    "a=not.eq.1&a=not.in.(1)&a=not.is.null&a=not.fts(simple).x",
    "data->a->>b=eq.1",
    "clients.name=eq.x&clients.org.id=gt.1&clients.data->>k=eq.1",
    r#""a.b"=eq.1"#,
    r#""order"=eq.1"#,
    "clients=not.is.null",
    // Logic.
    "and=(a.eq.1,b.eq.2)",
    "or=(a.eq.1,b.not.in.(1,2),c.is.null)",
    "not.or=(a.eq.1,and(b.gt.1,not.or(c.eq.2,d.fts(english).x)))",
    "clients.or=(a.eq.1,b.eq.2)&clients.not.and=(a.eq.1)",
    r#"or=(a.eq."x,y",b.like(any).{x,y},c.cs.{1,2},d->>k.eq.")")"#,
    "or=(a.eq.,and.eq.1,or.is.null,not.eq.2)",
    // Order and ranges.
    "order=a",
    "order=a.desc,b.asc.nullsfirst,c.nullslast,data->k.desc.nullslast",
    "order=clients(name).desc,clients(data->>k)",
    "clients.order=name.desc&order=id",
    "limit=10&offset=20&clients.limit=1&clients.offset=0",
    // Writes.
    r#"columns=id,name,"a,b""#,
    "on_conflict=org_id,user_id",
];

/// What is written in another way.
const NORMAL: &[(&str, &str)] = &[
    ("select=", "select="),
    ("select=id,%20name%20,%09due_on", "select=id,name,due_on"),
    (
        "select=id,clients( id , name )",
        "select=id,clients(id,name)",
    ),
    ("select=clients!inner!fk(id)", "select=clients!fk!inner(id)"),
    (r#"select=%22id%22,%22a-b%22"#, "select=id,a-b"),
    ("select=data-%3E!%23x", r##"select=data->"!#x""##),
    ("columns=%22id%22,%22name%22", "columns=id,name"),
    ("name=eq.a+b%2Bc%26d", "name=eq.a b+c&d"),
    ("a=is.NULL", "a=is.null"),
    ("a=in.(%201,2)", "a=in.(1,2)"),
    ("or=(%20a.eq.1%20,%20b.eq.2)", "or=(a.eq.1 ,b.eq.2)"),
    ("clients.not.and=(a.eq.1)", "clients.not.and=(a.eq.1)"),
    ("order=a.asc,%20b", "order=a.asc,b"),
    ("limit=007", "limit=7"),
    ("flag&id=eq.1&&", "id=eq.1"),
];

/// What is no query, and where.
const MALFORMED: &[(&str, &str)] = &[
    ("select=a,", "select: a name after 2"),
    ("select=a,,b", "select: a name after 2"),
    ("select=clients(", "select: ) after 8"),
    ("select=clients(a", "select: ) after 9"),
    ("select=a)", "select: the end after 1"),
    ("select=*,*x", "select: the end after 3"),
    ("select=*::text", "select: the end after 1"),
    ("select=a::", "select: a name after 3"),
    (
        "select=a.median()",
        "select: an aggregate function (avg, count, max, min, sum) after 2",
    ),
    ("select=a.sum", "select: () after 5"),
    ("select=\"a", "select: a closing quote after 2"),
    ("select=\"a\\", "select: an escaped character after 3"),
    ("select=a->", "select: a key after 3"),
    (
        "select=a!b!c(id)",
        "select: at most one hint and one kind of join after 3",
    ),
    ("select=alias:...clients(id)", "select: a name after 6"),
    ("select=count(id)", "select: () after 5"),
    ("id=1", "id: an operator (eq, gt, ...) after 0"),
    ("id=", "id: an operator (eq, gt, ...) after 0"),
    ("id=equals.1", "id: an operator (eq, gt, ...) after 0"),
    ("id=neq(any).1", "id: an operator (eq, gt, ...) after 0"),
    ("id=in(any).(1)", "id: an operator (eq, gt, ...) after 0"),
    ("id=eq(some).1", "id: an operator (eq, gt, ...) after 0"),
    ("id=in.1,2", "id: ( after 3"),
    ("id=in.(1,2", "id: ) after 7"),
    ("id=in.(1)2", "id: the end after 6"),
    (
        "id=is.nil",
        "id: null, not_null, true, false or unknown after 3",
    ),
    ("id=is.null.x", "id: the end after 7"),
    ("id=fts().x", "id: a name after 4"),
    ("a..b=eq.1", "the name a..b: a name after 2"),
    ("a.=eq.1", "the name a.: a name after 2"),
    ("=eq.1", "the name : a name after 0"),
    ("a(b)=eq.1", "the name a(b): the end after 1"),
    ("or=a.eq.1", "or: ( after 0"),
    ("or=()", "or: a filter, `and(` or `or(` after 1"),
    ("or=(a.eq.1", "or: ) after 7"),
    ("or=(a.eq.1)x", "or: the end after 8"),
    ("or=(xor(a.eq.1))", "or: a filter, `and(` or `or(` after 1"),
    ("or=(a.eq.{1,2}x)", "or: ) after 11"),
    ("order=", "order: a name after 0"),
    ("order=a.up", "order: the end after 1"),
    ("order=a.nullsfirst.desc", "order: the end after 12"),
    ("order=clients(a,b)", "order: ) after 9"),
    ("limit=-1", "limit: a whole number after 0"),
    ("limit=ten", "limit: a whole number after 0"),
    (
        "limit=99999999999999999999",
        "limit: a whole number after 0",
    ),
    ("columns=", "columns: a name after 0"),
    ("on_conflict=a,,b", "on_conflict: a name after 2"),
    ("select=a&select=b", "twice: select"),
    ("order=a&order=b", "twice: order"),
    ("c.limit=1&c.limit=2", "twice: c.limit"),
    ("id=eq.%ff", "not UTF-8"),
];

#[test]
fn the_grammar_is_written_as_it_is_read() {
    for query in PLAIN {
        let encoded = query.replace('%', "%25").replace('+', "%2B");
        assert_eq!(rewritten(&encoded, Dialect::Filters).as_deref(), Ok(*query));
    }
    for (query, normal) in NORMAL {
        assert_eq!(
            rewritten(query, Dialect::Filters).as_deref(),
            Ok(*normal),
            "{query}"
        );
    }
}

#[test]
fn what_is_no_query_is_refused_with_its_place() {
    for (query, place) in MALFORMED {
        let found = match rewritten(query, Dialect::Filters) {
            Ok(written) => format!("read as {written}"),
            Err(Trouble::Encoding) => "not UTF-8".to_owned(),
            Err(Trouble::Twice(name)) => format!("twice: {name}"),
            Err(Trouble::Name(name, fault)) => {
                format!("the name {name}: {} after {}", fault.expected, fault.at)
            }
            Err(Trouble::Value(name, fault)) => {
                format!("{name}: {} after {}", fault.expected, fault.at)
            }
        };
        assert_eq!(found, *place, "{query}");
    }
}

#[test]
fn nesting_has_an_end() {
    for (open, close) in [("select=", ""), ("or=(", ")")] {
        let member = if close.is_empty() { "a(" } else { "or(" };
        for (depth, readable) in [(10, true), (100_000, false)] {
            let inner = if close.is_empty() { "id" } else { "a.eq.1" };
            let (left, right) = (member.repeat(depth), ")".repeat(depth));
            let query = format!("{open}{left}{inner}{right}{close}");
            assert_eq!(
                Query::read(&query, Dialect::Filters).is_ok(),
                readable,
                "{open} {depth}"
            );
        }
    }
}

#[test]
fn an_argument_is_what_begins_with_no_operator() {
    let query = "a=1&b=eq.2&c=notes&d=inside&\"order\"=x&limit=3&e=";
    let read = Query::read(query, Dialect::Arguments).unwrap();
    let names: Vec<&str> = read
        .arguments
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["a", "c", "d", "order", "e"]);
    assert_eq!(read.filters.len(), 1);
    assert_eq!(Query::read(&read.write(), Dialect::Arguments), Ok(read));
    for malformed in ["a=in.x", "a=is.x", "a=not.x", "a.b=1", "a->b=1"] {
        assert!(
            Query::read(malformed, Dialect::Arguments).is_err(),
            "{malformed}"
        );
    }
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_$][a-z0-9_$]{0,6}",
        1 => r#"[a-z .,:()"\\>!*&=%+;é-]{1,6}"#,
        1 => prop::sample::select(vec!["order", "and", "not", "select", "count", "desc", "1"])
            .prop_map(str::to_owned),
    ]
}

fn any_field() -> impl Strategy<Value = Field> {
    let key = prop_oneof![
        "-?[0-9]{1,3}".prop_map(Key::Index),
        any_name().prop_map(Key::Member),
    ];
    let step = (any::<bool>(), key).prop_map(|(as_text, key)| Step { as_text, key });
    (any_name(), prop::collection::vec(step, 0..3)).prop_map(|(name, path)| Field { name, path })
}

/// A filter as logic has it, where values may stand in quotes.
fn any_filter(in_logic: bool) -> BoxedStrategy<Filter> {
    let bare = if in_logic {
        "[a-z0-9*. ]{0,5}"
    } else {
        ".{0,5}"
    };
    let operand = move || {
        let bare = bare.prop_map(|text: String| Operand {
            text,
            quoted: false,
        });
        let quoted = ".{0,5}".prop_map(|text: String| Operand { text, quoted: true });
        if in_logic {
            prop_oneof![bare, quoted].boxed()
        } else {
            bare.boxed()
        }
    };
    let element = prop_oneof![
        "[a-z0-9*.]{0,5}".prop_map(|text: String| Operand {
            text,
            quoted: false
        }),
        ".{0,5}".prop_map(|text: String| Operand { text, quoted: true }),
    ];
    let quantifier = prop::option::of(prop::sample::select(vec![Quantifier::All, Quantifier::Any]));
    let like = Operator::Other {
        name: "like",
        quantifiable: true,
    };
    let test = prop_oneof![
        (
            prop::sample::select(vec![Operator::Equal, like]),
            quantifier,
            operand()
        )
            .prop_map(|(operator, quantifier, value)| Test::Compare {
                operator,
                quantifier,
                value
            }),
        prop::collection::vec(element, 1..4).prop_map(Test::In),
        prop::sample::select(vec![Is::Null, Is::NotNull, Is::True]).prop_map(Test::Is),
        operand().prop_map(Test::IsDistinct),
        (prop::option::of("[a-z]{1,4}"), operand()).prop_map(|(config, value)| Test::Search {
            operator: "fts",
            config,
            value
        }),
    ];
    (any_field(), any::<bool>(), test)
        .prop_map(|(field, negated, test)| Filter {
            field,
            negated,
            test,
        })
        .boxed()
}

fn any_group() -> impl Strategy<Value = Group> {
    let leaf = any_filter(true).prop_map(Tree::Filter);
    let tree = leaf.prop_recursive(3, 12, 3, |inner| group(inner).prop_map(Tree::Group));
    group(tree)
}

fn group(member: impl Strategy<Value = Tree>) -> impl Strategy<Value = Group> {
    (
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(member, 1..4),
    )
        .prop_map(|(negated, any, members)| Group {
            negated,
            any,
            members,
        })
}

fn at<T: std::fmt::Debug>(what: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<At<T>>> {
    let name = any_name().prop_filter("`not` is a word of logic", |name| name != "not");
    let one = (prop::collection::vec(name, 0..2), what).prop_map(|(path, what)| At { path, what });
    prop::collection::vec(one, 0..3)
}

proptest! {
    #[test]
    fn a_written_query_reads_as_the_same(
        filters in at(any_filter(false)),
        logic in at(any_group()),
        columns in prop::option::of(prop::collection::vec(any_name(), 1..3)),
        limit in prop::option::of(any::<u64>()),
    ) {
        let ranges = limit.map(|limit| At { path: Vec::new(), what: (Range::Limit, limit) });
        let ranges = ranges.into_iter().collect();
        let query = Query { filters, logic, columns, ranges, ..Query::default() };
        prop_assert_eq!(Query::read(&query.write(), Dialect::Filters), Ok(query));
    }

    #[test]
    fn nothing_panics_and_what_is_read_stays_the_same(
        text in r#"([a-z*,.()!:"{}\\> -]|select=|order=|or=|&|=|eq\.|in\.|not\.|count\(\)|%2[0-9a-f]|é){0,30}"#,
    ) {
        for dialect in [Dialect::Filters, Dialect::Arguments] {
            if let Ok(query) = Query::read(&text, dialect) {
                prop_assert_eq!(Query::read(&query.write(), dialect), Ok(query));
            }
        }
    }
}
