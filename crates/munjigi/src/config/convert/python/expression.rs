//! Reads one expression.
//!
//! It is bounded, for a settings.py may be anybody's: brackets within brackets, the size of what names stand for, and
//! each token is read a number of times that does not grow with the file.

use super::super::lexer::{Token, TokenKind};
use super::Python;
use super::arithmetic::{DEEPEST, calculate, compare, is_true, merged};
use super::names::Names;

/// Keys of a dict; more are not read.
pub(super) const MOST_KEYS: usize = 1000;
/// Bytes of a dotted name; more are not read.
const LONGEST_NAME: usize = 256;

/// The expression is more than is read here.
pub(super) struct Beyond;

pub(super) type Parsed<T = Python> = Result<T, Beyond>;

pub(super) struct Parser<'a> {
    pub(super) source: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    depth: usize,
    names: &'a Names,
    /// The variables of the environment that the value so far is made of.
    pub(super) variables: Vec<String>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str, tokens: &'a [Token], names: &'a Names) -> Self {
        Self {
            source,
            tokens,
            at: 0,
            depth: 0,
            names,
            variables: Vec::new(),
        }
    }

    /// All of it is one value, or text.
    pub(super) fn whole(mut self) -> Python {
        self.noted(|parser| match parser.expression() {
            Ok(value) if parser.at == parser.tokens.len() => value,
            // `A = "x", "y"` is a tuple.
            Ok(value) if parser.is_op(',') => parser.rest_of_tuple(value),
            _ => Python::Unknown(parser.passage(0, parser.tokens.len())),
        })
    }

    /// What `update(` is given: a dict, keywords, or both.
    pub(super) fn updates(mut self) -> Option<Vec<(Python, Python)>> {
        let pairs = self.pairs().ok()?;
        (self.at == self.tokens.len()).then_some(pairs)
    }

    fn rest_of_tuple(&mut self, first: Python) -> Python {
        let mut items = vec![first];
        while self.take(',') && self.at < self.tokens.len() {
            items.push(self.item());
        }
        if self.at == self.tokens.len() {
            Python::Sequence(items)
        } else {
            Python::Unknown(self.passage(0, self.tokens.len()))
        }
    }

    /// A value, with the variables that it was made of.
    pub(super) fn noted(&mut self, read: impl FnOnce(&mut Self) -> Python) -> Python {
        let before = std::mem::take(&mut self.variables);
        let value = read(self);
        let mut variables = std::mem::replace(&mut self.variables, before);
        if variables.is_empty() {
            return value;
        }
        let mut seen = std::collections::BTreeSet::new();
        variables.retain(|variable| seen.insert(variable.clone()));
        let otherwise = match value {
            Python::Unknown(_) => None,
            value => Some(Box::new(value)),
        };
        Python::Environment { variables, otherwise }
    }

    /// `a if condition else b`.
    pub(super) fn expression(&mut self) -> Parsed {
        self.depth += 1;
        let value = if self.depth > DEEPEST {
            Err(Beyond)
        } else {
            self.bounded_expression()
        };
        self.depth -= 1;
        value
    }

    fn bounded_expression(&mut self) -> Parsed {
        let start = self.at;
        let first = self.either()?;
        if !self.take_name("if") {
            return Ok(first);
        }
        // What decides is not looked at.
        self.skip_until(&["else"])?;
        if !self.take_name("else") {
            return Err(Beyond);
        }
        let mut between = vec![first];
        match self.expression()? {
            Python::Choice { between: more, .. } => between.extend(more),
            other => between.push(other),
        }
        Ok(Python::Choice {
            between,
            written: self.passage(start, self.at),
        })
    }

    /// Goes on to the next of some words, or to where the expression ends.
    fn skip_until(&mut self, words: &[&str]) -> Parsed<()> {
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            if depth == 0 && token.name().is_some_and(|name| words.contains(&name)) {
                return Ok(());
            }
            match token.kind {
                TokenKind::Op('(' | '[' | '{') => depth += 1,
                TokenKind::Op(')' | ']' | '}' | ',') if depth == 0 => return Ok(()),
                TokenKind::Op(')' | ']' | '}') => depth = depth.checked_sub(1).ok_or(Beyond)?,
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    /// `a or b`, `a and b`.
    fn either(&mut self) -> Parsed {
        let mut left = self.question()?;
        loop {
            let wants_true = if self.take_name("or") {
                true
            } else if self.take_name("and") {
                false
            } else {
                return Ok(left);
            };
            let right = self.question()?;
            if is_true(&left).ok_or(Beyond)? != wants_true {
                left = right;
            }
        }
    }

    /// `not a`, `a == b`, `a in b`.
    fn question(&mut self) -> Parsed {
        let start = self.at;
        if self.take_name("not") {
            // What decides is not looked at.
            self.skip_until(&["or", "and", "if", "else"])?;
            return Ok(Python::Choice {
                between: vec![Python::Bool(true), Python::Bool(false)],
                written: self.passage(start, self.at),
            });
        }
        let left = self.sum()?;
        let (is, ops) = if self.are_ops(['=', '=']) {
            (true, 2)
        } else if self.are_ops(['!', '=']) {
            (false, 2)
        } else if self.is_name("in") {
            (true, 1)
        } else {
            return Ok(left);
        };
        self.at += ops;
        let right = self.sum()?;
        Ok(Python::Bool(
            compare(&left, &right, ops == 1).ok_or(Beyond)? == is,
        ))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(op) = self.take_any(&['+', '-', '|']) {
            left = calculate(&left, op, &self.product()?).ok_or(Beyond)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.signed()?;
        while let Some(op) = self.take_any(&['*', '/']) {
            left = calculate(&left, op, &self.signed()?).ok_or(Beyond)?;
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed {
        let mut is_negative = false;
        while self.take('-') {
            is_negative = !is_negative;
        }
        let value = self.atom()?;
        let mut value = self.methods(value)?;
        if is_negative {
            value = calculate(&Python::Int(0), '-', &value).ok_or(Beyond)?;
        }
        Ok(value)
    }

    fn atom(&mut self) -> Parsed {
        let token = self.tokens.get(self.at).ok_or(Beyond)?;
        self.at += 1;
        match &token.kind {
            TokenKind::Int(number) => Ok(Python::Int(*number)),
            TokenKind::Float(number) => Ok(Python::Float(*number)),
            TokenKind::Text(text) => Ok(Python::Text(self.joined(text.clone()))),
            TokenKind::Name(name) => self.name(name.clone()),
            TokenKind::Op('(') => self.parenthesis(),
            TokenKind::Op('[') => self.items(']').map(|(items, _)| Python::Sequence(items)),
            TokenKind::Op('{') => self.braces(),
            TokenKind::Op(_) | TokenKind::Strange => Err(Beyond),
        }
    }

    /// Texts side by side are one.
    fn joined(&mut self, mut text: String) -> String {
        while let Some(TokenKind::Text(next)) = self.tokens.get(self.at).map(|token| &token.kind) {
            text.push_str(next);
            self.at += 1;
        }
        text
    }

    fn name(&mut self, first: String) -> Parsed {
        let mut path = first;
        while self.is_op('.') {
            let Some(next) = self.tokens.get(self.at + 1).and_then(Token::name) else {
                return Err(Beyond);
            };
            // What is asked of a value that is known is not a part of its name.
            if self.names.is_known(&path) {
                break;
            }
            if path.len() + next.len() > LONGEST_NAME {
                return Err(Beyond);
            }
            path = format!("{path}.{next}");
            self.at += 2;
        }
        if self.take('(') {
            return self.call(&path);
        }
        if is_environment(&path) && self.take('[') {
            let (items, _) = self.items(']')?;
            return match items.as_slice() {
                [Python::Text(name)] => {
                    self.variables.push(name.clone());
                    Err(Beyond)
                }
                _ => Err(Beyond),
            };
        }
        match path.as_str() {
            "None" => Ok(Python::None),
            "True" => Ok(Python::Bool(true)),
            "False" => Ok(Python::Bool(false)),
            "SECRET_KEY" | "settings.SECRET_KEY" | "django_settings.SECRET_KEY" => Ok(Python::SecretKey),
            _ => match self.names.value(&path).ok_or(Beyond)? {
                Python::Unknown(_) => Err(Beyond),
                Python::Environment { variables, otherwise } => {
                    self.variables.extend(variables);
                    otherwise.map(|value| *value).ok_or(Beyond)
                }
                value => Ok(value),
            },
        }
    }

    fn parenthesis(&mut self) -> Parsed {
        let (items, is_tuple) = self.items(')')?;
        let mut items = items.into_iter();
        match (items.next(), items.next()) {
            (Some(only), None) if !is_tuple => Ok(only),
            (first, second) => Ok(Python::Sequence(
                first.into_iter().chain(second).chain(items).collect(),
            )),
        }
    }

    /// Items up to the closing bracket, and whether a comma stands before it.
    pub(super) fn items(&mut self, close: char) -> Parsed<(Vec<Python>, bool)> {
        let mut items = Vec::new();
        let mut ends_with_comma = false;
        while !self.take(close) {
            items.push(self.item());
            ends_with_comma = self.separator(close)?;
        }
        Ok((items, ends_with_comma))
    }

    fn braces(&mut self) -> Parsed {
        let (mut pairs, mut members) = (Vec::new(), Vec::new());
        while !self.take('}') {
            if self.are_ops(['*', '*']) {
                self.at += 2;
                match self.item() {
                    Python::Dict(more) => pairs = merged(pairs, more),
                    // What it holds is told as a key that cannot be read.
                    unknown => pairs.push((unknown, Python::None)),
                }
            } else {
                let key = self.item();
                if self.take(':') {
                    let value = self.noted(Self::item);
                    pairs = merged(pairs, vec![(key, value)]);
                } else {
                    members.push(key);
                }
            }
            self.separator('}')?;
            if pairs.len() > MOST_KEYS {
                return Err(Beyond);
            }
        }
        match (pairs.is_empty(), members.is_empty()) {
            (_, true) => Ok(Python::Dict(pairs)),
            (true, false) => Ok(Python::Sequence(members)),
            (false, false) => Err(Beyond),
        }
    }

    /// One item of a bracket. What cannot be told is text up to the next comma, and its neighbours are still read.
    pub(super) fn item(&mut self) -> Python {
        let start = self.at;
        if let Ok(value) = self.expression()
            && [',', ')', ']', '}', ':'].into_iter().any(|op| self.is_op(op))
        {
            return value;
        }
        self.at = start;
        let is_lambda = self.is_name("lambda");
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::Op('(' | '[' | '{') => depth += 1,
                TokenKind::Op(':') if depth == 0 && is_lambda => {}
                TokenKind::Op(')' | ']' | '}' | ',' | ':') if depth == 0 => break,
                TokenKind::Op(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        Python::Unknown(self.passage(start, self.at))
    }
}

/// Whether a name is that of `os.environ`.
pub(super) fn is_environment(path: &str) -> bool {
    path == "environ" || path.ends_with(".environ")
}
