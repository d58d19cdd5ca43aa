//! As much of Python as a settings file writes its values in: literals, `timedelta(…)`, sums and products, names given
//! to such values before, variables of the environment. Nothing is run; what is more than that stays text.
//!
//! A parser of all of Python would be the largest dependency of the server, for the smallest of its commands.

mod arithmetic;
mod calls;
mod cursor;
mod expression;
mod names;

use super::lexer::{LogicalLine, Token, TokenKind};
use arithmetic::{calculate, merged};
use expression::Parser;
use names::Names;

/// A value, as far as it can be told without running it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Python {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A list, a tuple or a set.
    Sequence(Vec<Python>),
    Dict(Vec<(Python, Python)>),
    /// A timedelta, in whole seconds.
    Seconds(i64),
    /// `SECRET_KEY`, by name.
    SecretKey,
    /// What a file holds; its path, as it is written.
    File(String),
    /// Made of variables of the environment, and what it is where none of them is set.
    Environment {
        variables: Vec<String>,
        otherwise: Option<Box<Python>>,
    },
    /// `a if DEBUG else b`, `not DEBUG`: what it may be, and how it is written.
    Choice {
        between: Vec<Python>,
        written: Passage,
    },
    /// What only Python can tell.
    Unknown(Passage),
}

impl Python {
    /// What is a text, or a path to a class, as it is written.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What is in a dict.
    pub(super) fn pairs(&self) -> Option<&[(Self, Self)]> {
        match self {
            Self::Dict(pairs) => Some(pairs),
            _ => None,
        }
    }
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Passage {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// One statement that gives a name a value, or changes it.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) line: usize,
    /// What the name is then; `None` where it is changed in a way that is not read, or within a block.
    pub(super) value: Option<Python>,
    /// Whether it adds to something that stands in another file: `SIMPLE_JWT.update(…)` below `from .base import *`.
    pub(super) adds_to_unknown: bool,
}

/// Names in one `A = B = …`; nobody writes more.
const MOST_NAMES: usize = 10;

/// Reads all assignments, in their order. `A = B = 1` is two.
pub(super) fn assignments(source: &str, lines: &[LogicalLine]) -> Vec<Assignment> {
    let mut names = Names::new();
    let mut found = Vec::new();
    for line in lines {
        let statement = Statement::of(&line.tokens);
        let read = if line.at_margin {
            statement.value(source, &names)
        } else {
            None
        };
        let (value, adds_to_unknown) = read.map_or((None, false), |(value, adds)| (Some(value), adds));
        for name in statement.names().into_iter().take(MOST_NAMES) {
            if let Some(value) = &value {
                names.insert(name, value);
            }
            found.push(Assignment {
                name: name.to_owned(),
                line: line.number,
                value: value.clone(),
                adds_to_unknown,
            });
        }
    }
    found
}

/// The statements that are told apart.
enum Statement<'t> {
    /// `A = B = …`, `A: dict[str, Any] = …`
    Assign(Vec<&'t str>, &'t [Token]),
    /// `A["KEY"] = …`
    SetItem(&'t str, &'t str, &'t [Token]),
    /// `A += …`, `A |= …`
    Augment(&'t str, char, &'t [Token]),
    /// `A.update(…)`: what stands behind the parenthesis.
    Update(&'t str, &'t [Token]),
    /// Anything else that begins with a name and goes on with it.
    Change(&'t str),
    Other,
}

impl<'t> Statement<'t> {
    fn of(tokens: &'t [Token]) -> Self {
        let [first, after @ ..] = tokens else {
            return Self::Other;
        };
        let Some(name) = first.name().filter(|name| !is_keyword(name)) else {
            return Self::Other;
        };
        if let Some(value) = past_annotation(after) {
            return Self::Assign(vec![name], value);
        }
        let (names, rest) = targets(tokens);
        if !names.is_empty() {
            return Self::Assign(names, rest);
        }
        match after {
            [open, key, close, equals, second, ..]
                if open.is('[') && close.is(']') && equals.is('=') && !second.is('=') =>
            {
                match (&key.kind, after.get(4..)) {
                    (TokenKind::Text(key), Some(value)) => Self::SetItem(name, key, value),
                    _ => Self::Change(name),
                }
            }
            [op, equals, value @ ..] if (op.is('+') || op.is('|')) && equals.is('=') => {
                Self::Augment(name, if op.is('+') { '+' } else { '|' }, value)
            }
            [dot, update, open, arguments @ ..]
                if dot.is('.') && update.name() == Some("update") && open.is('(') =>
            {
                Self::Update(name, arguments)
            }
            [op, ..] if ['[', '.', '+', '|'].into_iter().any(|known| op.is(known)) => Self::Change(name),
            _ => Self::Other,
        }
    }

    fn names(&self) -> Vec<&'t str> {
        match self {
            Self::Assign(names, _) => names.clone(),
            Self::SetItem(name, ..)
            | Self::Augment(name, ..)
            | Self::Update(name, _)
            | Self::Change(name) => {
                vec![name]
            }
            Self::Other => Vec::new(),
        }
    }

    /// What the name is after the statement, and whether something unknown is below that.
    fn value(&self, source: &str, names: &Names) -> Option<(Python, bool)> {
        let parser = |tokens: &'t [Token]| Parser::new(source, tokens, names);
        let before = |name: &str| names.value(name);
        let added = |name: &str, pairs: Vec<(Python, Python)>| match before(name) {
            Some(Python::Dict(below)) => (Python::Dict(merged(below, pairs)), false),
            _ => (Python::Dict(pairs), true),
        };
        match self {
            Self::Assign(_, tokens) => Some((parser(tokens).whole(), false)),
            Self::SetItem(name, key, tokens) => {
                let pair = (Python::Text((*key).to_owned()), parser(tokens).whole());
                Some(added(name, vec![pair]))
            }
            Self::Update(name, tokens) => parser(tokens).updates().map(|pairs| added(name, pairs)),
            Self::Augment(name, op, tokens) => match (before(name), parser(tokens).whole()) {
                (_, Python::Dict(pairs)) if *op == '|' => Some(added(name, pairs)),
                (Some(below), more) => calculate(&below, *op, &more).map(|value| (value, false)),
                _ => None,
            },
            Self::Change(_) | Self::Other => None,
        }
    }
}

impl Token {
    pub(super) fn is(&self, op: char) -> bool {
        self.kind == TokenKind::Op(op)
    }

    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Name(name) => Some(name),
            _ => None,
        }
    }
}

fn is_keyword(name: &str) -> bool {
    [
        "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "lambda",
        "import", "from", "return", "assert", "del", "not", "and", "or", "in", "is", "None", "True", "False",
    ]
    .contains(&name)
}

/// What stands behind the sign of equality in `: dict[str, Any] = …`, without the name before it.
fn past_annotation(after: &[Token]) -> Option<&[Token]> {
    let (colon, annotation) = after.split_first()?;
    if !colon.is(':') {
        return None;
    }
    let equals = annotation.iter().position(|token| token.is('='))?;
    annotation.get(equals + 1..)
}

/// The names before the signs of equality at the start of a line, and what stands behind the last of them.
fn targets(tokens: &[Token]) -> (Vec<&str>, &[Token]) {
    let mut names = Vec::new();
    let mut rest = tokens;
    while let [name, equals, after @ ..] = rest {
        // `A == 1` is a question.
        let is_question = after.first().is_some_and(|next| next.is('='));
        match name.name() {
            Some(name) if equals.is('=') && !is_question => names.push(name),
            _ => break,
        }
        rest = after;
    }
    (names, rest)
}
