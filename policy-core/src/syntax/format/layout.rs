//! Statements, blocks, rules and conditions on lines.

use super::WIDTH;
use super::page::{Page, is_plain, width};
use super::pieces::{self, Block, Statement};
use super::word::Word;

/// Subjects longer than this are not padded to, and their actions hang below them.
const LONGEST_SUBJECT: usize = 20;

/// Writes a whole text.
pub(super) fn file(words: &[Word<'_>]) -> String {
    let statements = pieces::statements(words);
    let paddings = paddings(&statements);
    let mut page = Page::default();
    let mut above = false;
    for (statement, padding) in statements.iter().zip(paddings) {
        let Some(word) = statement.words.first() else {
            continue;
        };
        let start = page.text.len();
        page.lead(word, 0, start == 0);
        let body = page.text.len();
        write(&mut page, statement, padding);
        // What takes several lines stands apart.
        let tall = page
            .text
            .get(body..)
            .is_some_and(|body| body.contains('\n'));
        let apart = word.blank || word.before.iter().any(|comment| comment.blank);
        if start > 0 && !apart && (tall || above) {
            page.text.insert(start, '\n');
        }
        above = tall;
    }
    if let Some(end) = words.last() {
        let first = page.text.is_empty();
        page.lead(end, 0, first);
    }
    if !page.text.is_empty() {
        page.text.push('\n');
    }
    page.text
}

/// How many spaces are added before the `{` of each one-line block, so that the braces of those
/// which follow each other stand under each other; nothing for what is not a one-line block.
fn paddings(statements: &[Statement<'_, '_>]) -> Vec<Option<usize>> {
    let heads: Vec<Option<usize>> = statements.iter().map(one_line_head).collect();
    let mut paddings = vec![None; statements.len()];
    let mut from = 0;
    while from < statements.len() {
        let follows = |statement: &Statement<'_, '_>| {
            let word = statement.words.first();
            word.is_some_and(|word| word.before.is_empty() && !word.blank)
        };
        let more = statements.iter().zip(&heads).skip(from + 1);
        let more = more.take_while(|(statement, head)| head.is_some() && follows(statement));
        let to = from
            + 1
            + if heads.get(from).is_some_and(Option::is_some) {
                more.count()
            } else {
                0
            };
        let run = heads.get(from..to).unwrap_or(&[]);
        let widest = run.iter().flatten().max().copied().unwrap_or(0);
        let fits = statements
            .iter()
            .zip(&heads)
            .take(to)
            .skip(from)
            .all(|(statement, head)| {
                head.is_none_or(|head| width(statement.words) + widest - head <= WIDTH)
            });
        for (padding, head) in paddings.iter_mut().zip(&heads).take(to).skip(from) {
            *padding = head.map(|head| if fits { widest - head } else { 0 });
        }
        from = to;
    }
    paddings
}

/// The width of what stands before the `{`, if the block stands on one line.
fn one_line_head(statement: &Statement<'_, '_>) -> Option<usize> {
    let block = statement.block.as_ref()?;
    // A comment that goes on below makes the statement a tall one, which stands apart.
    let tall = statement
        .words
        .last()
        .is_some_and(|word| word.after.len() > 1);
    let fits = !tall && is_plain(statement.words) && width(statement.words) <= WIDTH;
    let (_, head) = block.head.split_last()?;
    (!statement.is_table() && fits).then(|| width(head))
}

fn write(page: &mut Page, statement: &Statement<'_, '_>, padding: Option<usize>) {
    match (&statement.block, padding) {
        (Some(block), Some(padding)) => {
            let (open, head) = block
                .head
                .split_last()
                .map_or((None, block.head), |(open, head)| (Some(open), head));
            page.run(head, 4);
            page.spaces(padding);
            if let Some(open) = open {
                page.put(open, 4);
            }
            for item in &block.items {
                page.run(item, 4);
            }
            page.run(block.close, 0);
        }
        (Some(block), None) => write_block(page, block),
        (None, _) if statement.is_tenant() => {
            for (index, clause) in pieces::tenant_clauses(statement.words)
                .into_iter()
                .enumerate()
            {
                if index > 0 {
                    page.line(2);
                }
                write_action(page, clause, 2);
            }
        }
        (None, _) => write_action(page, statement.words, 0),
    }
}

fn write_block(page: &mut Page, block: &Block<'_, '_>) {
    if page.fits(block.head) {
        page.run(block.head, 4);
    } else {
        page.pieces(&pieces::head_clauses(block.head), 4);
    }
    let empty = block.items.is_empty() && block.close.iter().all(|word| word.before.is_empty());
    if empty && block.head.last().is_some_and(|open| open.after.is_empty()) {
        page.run(block.close, 0);
        return;
    }
    let column = subject_width(block);
    for (index, item) in block.items.iter().enumerate() {
        if let Some(word) = item.first() {
            page.lead(word, 2, index == 0);
        }
        match pieces::rule(item) {
            Some((subject, actions)) => write_rule(page, subject, actions, column),
            None => write_action(page, item, 2),
        }
    }
    for word in block.close {
        for (index, comment) in word.before.iter().enumerate() {
            if comment.blank && (index > 0 || !block.items.is_empty()) {
                page.text.push('\n');
            }
            page.line(2);
            page.text.push_str(comment.text);
        }
        page.line(0);
        page.put_led(word, 0);
    }
}

/// The width that the subjects of a block are padded to, with their `:`.
fn subject_width(block: &Block<'_, '_>) -> usize {
    let subjects = block.items.iter().filter_map(|item| pieces::rule(item));
    let widths = subjects.filter_map(|(subject, _)| short(subject));
    widths.max().unwrap_or(0)
}

/// The width of a subject that is one word and not too long, with its `:`.
fn short(subject: &[Word<'_>]) -> Option<usize> {
    let [name, _] = subject else { return None };
    let width = width(subject);
    (name.width() <= LONGEST_SUBJECT).then_some(width)
}

fn write_rule(page: &mut Page, subject: &[Word<'_>], words: &[Word<'_>], column: usize) {
    page.run(subject, 4);
    let actions = pieces::actions(words);
    let commented = !words.first().is_none_or(|word| word.before.is_empty())
        || !subject.last().is_none_or(|colon| colon.after.is_empty());
    if let Some(width) = short(subject)
        && !commented
    {
        page.spaces(column.saturating_sub(width));
    }
    // A condition belongs to the action it follows; behind several on one line it would not show.
    let inner = actions.split_last().map_or(&[][..], |(_, inner)| inner);
    let clear = inner.iter().all(|action| pieces::clauses(action).len() < 2);
    if !commented && clear && page.fits(words) {
        page.run(words, 4);
        return;
    }
    let hangs = commented || short(subject).is_none() && actions.len() > 1;
    let indent = if hangs {
        4
    } else {
        (page.column() + 1).min(2 + LONGEST_SUBJECT + 2)
    };
    for (index, action) in actions.into_iter().enumerate() {
        if hangs || index > 0 {
            page.line(indent);
        }
        write_action(page, action, indent);
    }
}

/// An action, or any item or clause that may end in conditions.
fn write_action(page: &mut Page, words: &[Word<'_>], indent: usize) {
    if page.fits(words) {
        page.run(words, indent + 2);
        return;
    }
    for (index, clause) in pieces::clauses(words).into_iter().enumerate() {
        if index > 0 {
            page.line(indent + 2);
        }
        write_condition(page, clause, indent + 2, &["or", "and"]);
    }
}

/// Breaks before each `or`, where that is not enough before each `and`, and then where it must.
fn write_condition(page: &mut Page, words: &[Word<'_>], indent: usize, connectives: &[&str]) {
    match connectives.split_first() {
        _ if page.fits(words) => page.run(words, indent + 2),
        None => page.fill(words, indent + 2),
        Some((connective, rest)) => {
            let parts = pieces::parts(words, connective);
            let deeper = if parts.len() > 1 { indent + 2 } else { indent };
            for (index, part) in parts.into_iter().enumerate() {
                if index > 0 {
                    page.line(indent + 2);
                }
                write_condition(page, part, deeper, rest);
            }
        }
    }
}
