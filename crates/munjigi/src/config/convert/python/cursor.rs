//! Where a parser stands in its tokens, and what it sees there.

use super::Passage;
use super::expression::{Beyond, Parsed, Parser};
use crate::config::convert::lexer::Token;

/// Longer passages are cut: they are told to somebody who has the file.
const LONGEST: usize = 200;

impl Parser<'_> {
    /// A comma, or the closing bracket that is left standing. Whether it was a comma.
    pub(super) fn separator(&mut self, close: char) -> Parsed<bool> {
        let is_comma = self.take(',');
        if is_comma || self.is_op(close) {
            Ok(is_comma)
        } else {
            Err(Beyond)
        }
    }

    /// What stands between two tokens, on one line.
    pub(super) fn passage(&self, start: usize, end: usize) -> Passage {
        let tokens = self.tokens.get(start..end).unwrap_or_default();
        let span = tokens
            .first()
            .zip(tokens.last())
            .map(|(first, last)| first.start..last.end);
        let text = span.and_then(|span| self.source.get(span)).unwrap_or_default();
        let words: String = text.chars().take(4 * LONGEST).collect();
        let mut text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST).chain(['…']).collect();
        }
        Passage {
            text,
            line: tokens.first().map_or(0, |token| token.line),
        }
    }

    pub(super) fn is_op(&self, op: char) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(op))
    }

    pub(super) fn are_ops(&self, ops: [char; 2]) -> bool {
        match self.tokens.get(self.at..self.at + 2) {
            Some([one, two]) => one.is(ops[0]) && two.is(ops[1]),
            _ => false,
        }
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.tokens.get(self.at).and_then(Token::name) == Some(name)
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let is_there = self.is_name(name);
        self.at += usize::from(is_there);
        is_there
    }

    pub(super) fn take(&mut self, op: char) -> bool {
        let is_op = self.is_op(op);
        self.at += usize::from(is_op);
        is_op
    }

    pub(super) fn take_any(&mut self, ops: &[char]) -> Option<char> {
        ops.iter().copied().find(|op| self.take(*op))
    }
}
