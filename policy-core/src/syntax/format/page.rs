//! What has been written so far, and how the next word is added to it.

use super::word::Word;
use super::{COMMENT_COLUMN, WIDTH};

/// The text under way.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// Whether the line holds only its indentation.
    fresh: bool,
    /// The indentation of the line.
    indent: usize,
    /// Whether a comment ended the line.
    broken: bool,
    /// Whether the comments before the next word are already written.
    led: bool,
}

impl Page {
    /// Starts a line.
    pub(super) fn line(&mut self, indent: usize) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.spaces(indent);
        self.indent = indent;
        self.fresh = true;
        self.broken = false;
    }

    /// Adds spaces.
    pub(super) fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    /// Where the line ends, in characters.
    pub(super) fn column(&self) -> usize {
        let line = self.text.rsplit('\n').next().unwrap_or_default();
        line.chars().count()
    }

    /// Starts the line of a statement or item: its comments first, empty lines kept. The first in
    /// the text or in a block has no empty line before it.
    pub(super) fn lead(&mut self, word: &Word<'_>, indent: usize, first: bool) {
        let mut first = first;
        for comment in &word.before {
            self.lead_line(comment.blank && !first, indent);
            self.text.push_str(comment.text);
            self.fresh = false;
            first = false;
        }
        if !word.text.is_empty() {
            self.lead_line(word.blank && !first, indent);
            self.led = true;
        }
    }

    fn lead_line(&mut self, blank: bool, indent: usize) {
        if blank {
            self.text.push('\n');
        }
        self.line(indent);
    }

    /// Adds a word, its comments before and behind it. Where a comment breaks the line, the text
    /// goes on at the indent.
    pub(super) fn put(&mut self, word: &Word<'_>, indent: usize) {
        if !std::mem::take(&mut self.led) {
            let indent = if self.fresh { self.indent } else { indent };
            for comment in &word.before {
                if !self.fresh {
                    self.line(indent);
                }
                self.text.push_str(comment.text);
                self.line(indent);
            }
        }
        if self.broken && !self.fresh {
            self.line(indent);
        }
        if !self.fresh && !word.glued {
            self.text.push(' ');
        }
        self.text.push_str(word.text);
        self.fresh = false;
        let Some((first, more)) = word.after.split_first() else {
            return;
        };
        let column = self.column();
        let target = COMMENT_COLUMN.max(column + 2);
        self.spaces(target - column);
        self.text.push_str(first);
        for line in more {
            self.text.push('\n');
            self.spaces(target);
            self.text.push_str(line);
        }
        self.broken = true;
    }

    /// Adds a word whose comments are already written.
    pub(super) fn put_led(&mut self, word: &Word<'_>, indent: usize) {
        self.led = true;
        self.put(word, indent);
    }

    /// Adds words on one line, if no comment breaks it.
    pub(super) fn run(&mut self, words: &[Word<'_>], indent: usize) {
        for word in words {
            self.put(word, indent);
        }
    }

    /// Adds pieces, starting a line before each that does not fit.
    pub(super) fn pieces(&mut self, pieces: &[&[Word<'_>]], indent: usize) {
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 && !self.fits(piece) {
                self.line(indent);
            }
            self.fill(piece, indent + 2);
        }
    }

    /// Adds words, breaking the line where it is full.
    pub(super) fn fill(&mut self, words: &[Word<'_>], indent: usize) {
        let mut rest = words;
        while let Some(word) = rest.first() {
            let tail = rest.iter().skip(1).take_while(|next| next.glued).count();
            let unit = rest.get(..=tail).unwrap_or(rest);
            if !self.fresh && !word.glued && self.column() + 1 + width(unit) > WIDTH {
                self.line(indent);
            }
            self.run(unit, indent);
            rest = rest.get(tail + 1..).unwrap_or(&[]);
        }
    }

    /// Whether the words fit on what is left of the line, and no comment breaks it.
    pub(super) fn fits(&self, words: &[Word<'_>]) -> bool {
        let first = words.first();
        let lead = usize::from(!self.fresh && first.is_some_and(|word| !word.glued));
        let commented = first.is_some_and(|word| !self.led && !word.before.is_empty());
        !self.broken
            && !commented
            && is_plain(words)
            && self.column() + lead + width(words) <= WIDTH
    }
}

/// Whether no comment stands between these words.
pub(super) fn is_plain(words: &[Word<'_>]) -> bool {
    let before = words.iter().skip(1).all(|word| word.before.is_empty());
    let inner = words.split_last().map_or(words, |(_, inner)| inner);
    before && inner.iter().all(|word| word.after.is_empty())
}

/// The width of some words on one line.
pub(super) fn width(words: &[Word<'_>]) -> usize {
    let spaces = words.iter().skip(1).filter(|word| !word.glued).count();
    words.iter().map(Word::width).sum::<usize>() + spaces
}
