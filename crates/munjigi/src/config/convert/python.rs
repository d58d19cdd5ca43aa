//! As much of Python as a settings file writes its values in: literals, `timedelta(…)`, sums and products of
//! numbers, names given to such values before. Nothing is run; what is more than that stays text.
//!
//! A parser of all of Python would be the largest dependency of the server, for the smallest of its commands.

use super::lexer::{LogicalLine, Token, TokenKind};
use std::collections::BTreeMap;

/// A value, as far as it can be told without running it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Python {
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
    /// A variable of the environment.
    Environment(String),
    /// What only Python can tell, as it is written.
    Unknown(String),
}

/// One assignment at the left margin.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) line: usize,
    /// `None` where the name is changed in a way that is not read: `SIMPLE_JWT["LEEWAY"] = 1`, or in a block.
    pub(super) value: Option<Python>,
}

/// Reads all assignments, in their order. `A = B = 1` is two.
pub(super) fn assignments(source: &str, lines: &[LogicalLine]) -> Vec<Assignment> {
    let mut known = BTreeMap::new();
    let mut found = Vec::new();
    for line in lines {
        let (names, rest) = targets(&line.tokens);
        let value = match rest.first() {
            Some(_) if !names.is_empty() && line.at_margin => {
                let parser = Parser {
                    source,
                    tokens: rest,
                    at: 0,
                    depth: 0,
                    known: &known,
                };
                Some(parser.whole())
            }
            _ => None,
        };
        let names = if names.is_empty() {
            changed(rest).into_iter().collect()
        } else {
            names
        };
        for name in names {
            if let Some(value) = &value {
                known.insert(name.to_owned(), value.clone());
            }
            found.push(Assignment {
                name: name.to_owned(),
                line: line.number,
                value: value.clone(),
            });
        }
    }
    found
}

/// The names before the signs of equality at the start of a line, and what stands behind the last of them.
fn targets(tokens: &[Token]) -> (Vec<&str>, &[Token]) {
    let mut names = Vec::new();
    let mut rest = tokens;
    while let [
        Token {
            kind: TokenKind::Name(name),
            ..
        },
        Token {
            kind: TokenKind::Op('='),
            ..
        },
        after @ ..,
    ] = rest
    {
        // `A == 1` is a question.
        if matches!(
            after.first(),
            Some(Token {
                kind: TokenKind::Op('='),
                ..
            })
        ) {
            break;
        }
        names.push(name.as_str());
        rest = after;
    }
    (names, rest)
}

/// The name that a line changes without giving it a value as a whole: `SIMPLE_JWT["LEEWAY"] = 1`.
fn changed(tokens: &[Token]) -> Option<&str> {
    match tokens {
        [
            Token {
                kind: TokenKind::Name(name),
                ..
            },
            Token {
                kind: TokenKind::Op('[' | '.' | '|' | '+'),
                ..
            },
            ..,
        ] => Some(name),
        _ => None,
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    known: &'a BTreeMap<String, Python>,
}

/// Brackets within brackets; more are not read.
const DEEPEST: usize = 50;

/// The expression is more than is read here.
struct Beyond;

type Parsed<T = Python> = Result<T, Beyond>;

impl Parser<'_> {
    fn whole(mut self) -> Python {
        match self.expression() {
            Ok(value) if self.at == self.tokens.len() => value,
            // `A = "x", "y"` is a tuple.
            Ok(value) if self.is_op(',') => self.rest_of_tuple(value),
            _ => self.text(0, self.tokens.len()),
        }
    }

    fn rest_of_tuple(mut self, first: Python) -> Python {
        let mut items = vec![first];
        while self.take(',') && self.at < self.tokens.len() {
            items.push(self.item());
        }
        if self.at == self.tokens.len() {
            Python::Sequence(items)
        } else {
            self.text(0, self.tokens.len())
        }
    }

    /// A sum of products. Only numbers and spans of time are calculated with.
    fn expression(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(op) = self.take_any(&['+', '-']) {
            left = calculate(&left, op, &self.product()?).ok_or(Beyond)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.atom()?;
        while let Some(op) = self.take_any(&['*', '/']) {
            left = calculate(&left, op, &self.atom()?).ok_or(Beyond)?;
        }
        Ok(left)
    }

    fn atom(&mut self) -> Parsed {
        self.depth += 1;
        let atom = if self.depth > DEEPEST {
            Err(Beyond)
        } else {
            self.bounded_atom()
        };
        self.depth -= 1;
        atom
    }

    fn bounded_atom(&mut self) -> Parsed {
        let token = self.tokens.get(self.at).ok_or(Beyond)?;
        self.at += 1;
        match &token.kind {
            TokenKind::Int(number) => Ok(Python::Int(*number)),
            TokenKind::Float(number) => Ok(Python::Float(*number)),
            TokenKind::Text(text) => Ok(Python::Text(self.joined(text.clone()))),
            TokenKind::Name(name) => self.name(name.clone()),
            TokenKind::Op('-') => calculate(&Python::Int(0), '-', &self.atom()?).ok_or(Beyond),
            TokenKind::Op('(') => self.parenthesis(),
            TokenKind::Op('[') => self.items(']').map(Python::Sequence),
            TokenKind::Op('{') => self.braces(),
            TokenKind::Op(_) | TokenKind::Strange => Err(Beyond),
        }
    }

    /// Texts side by side are one.
    fn joined(&mut self, mut text: String) -> String {
        while let Some(Token {
            kind: TokenKind::Text(next),
            ..
        }) = self.tokens.get(self.at)
        {
            text.push_str(next);
            self.at += 1;
        }
        text
    }

    fn name(&mut self, first: String) -> Parsed {
        let mut path = first;
        while self.take('.') {
            let Some(Token {
                kind: TokenKind::Name(name),
                ..
            }) = self.tokens.get(self.at)
            else {
                return Err(Beyond);
            };
            path = format!("{path}.{name}");
            self.at += 1;
        }
        if self.take('(') {
            return self.call(&path);
        }
        if path == "os.environ" && self.take('[') {
            let items = self.items(']')?;
            return variable(&items);
        }
        match path.as_str() {
            "None" => Ok(Python::None),
            "True" => Ok(Python::Bool(true)),
            "False" => Ok(Python::Bool(false)),
            "SECRET_KEY" | "settings.SECRET_KEY" => Ok(Python::SecretKey),
            _ => self
                .known
                .get(&path)
                .cloned()
                .filter(|value| !matches!(value, Python::Unknown(_)))
                .ok_or(Beyond),
        }
    }

    /// A call, behind its parenthesis.
    fn call(&mut self, function: &str) -> Parsed {
        match function {
            "timedelta" | "datetime.timedelta" => self.timedelta(),
            "os.environ.get" | "os.getenv" | "getenv" | "environ.get" | "env" | "config" => {
                let items = self.arguments()?;
                variable(&items)
            }
            // A title to be translated is its text.
            "_" | "gettext_lazy" | "gettext" => self.items(')')?.into_iter().next().ok_or(Beyond),
            "list" | "tuple" | "set" => match self.items(')')?.into_iter().next() {
                Some(Python::Sequence(items)) => Ok(Python::Sequence(items)),
                _ => Err(Beyond),
            },
            "dict" => {
                let pairs = self.keywords()?;
                Ok(Python::Dict(
                    pairs
                        .into_iter()
                        .map(|(key, value)| (Python::Text(key), value))
                        .collect(),
                ))
            }
            _ => Err(Beyond),
        }
    }

    /// `timedelta(days, seconds, …, minutes=5)`.
    fn timedelta(&mut self) -> Parsed {
        const UNITS: [(&str, f64); 7] = [
            ("days", 86_400.0),
            ("seconds", 1.0),
            ("microseconds", 1e-6),
            ("milliseconds", 1e-3),
            ("minutes", 60.0),
            ("hours", 3600.0),
            ("weeks", 604_800.0),
        ];
        let mut total = 0.0;
        for (position, (key, value)) in self.keyword_arguments()?.into_iter().enumerate() {
            let unit = match &key {
                Some(key) => UNITS.iter().find(|(name, _)| name == key),
                None => UNITS.get(position),
            };
            total += number(&value).ok_or(Beyond)? * unit.ok_or(Beyond)?.1;
        }
        whole(total).map(Python::Seconds).ok_or(Beyond)
    }

    fn keywords(&mut self) -> Parsed<Vec<(String, Python)>> {
        let arguments = self.keyword_arguments()?;
        arguments
            .into_iter()
            .map(|(key, value)| key.map(|key| (key, value)).ok_or(Beyond))
            .collect()
    }

    /// The values of arguments, whatever they are called.
    fn arguments(&mut self) -> Parsed<Vec<Python>> {
        Ok(self
            .keyword_arguments()?
            .into_iter()
            .map(|(_, value)| value)
            .collect())
    }

    /// Arguments up to the parenthesis, with their names where they have them.
    fn keyword_arguments(&mut self) -> Parsed<Vec<(Option<String>, Python)>> {
        let mut arguments = Vec::new();
        while !self.take(')') {
            let key = match self.tokens.get(self.at..self.at + 2) {
                Some(
                    [
                        Token {
                            kind: TokenKind::Name(name),
                            ..
                        },
                        Token {
                            kind: TokenKind::Op('='),
                            ..
                        },
                    ],
                ) => {
                    self.at += 2;
                    Some(name.clone())
                }
                _ => None,
            };
            arguments.push((key, self.item()));
            self.separator(')')?;
        }
        Ok(arguments)
    }

    fn parenthesis(&mut self) -> Parsed {
        let before = self.at;
        let items = self.items(')')?;
        let last = self.tokens.get(self.at.saturating_sub(2));
        let is_tuple = items.len() != 1 || last.is_some_and(|token| token.kind == TokenKind::Op(','));
        match items.into_iter().next() {
            Some(only) if !is_tuple => Ok(only),
            _ => {
                self.at = before;
                self.items(')').map(Python::Sequence)
            }
        }
    }

    /// Items up to the closing bracket.
    fn items(&mut self, close: char) -> Parsed<Vec<Python>> {
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.item());
            self.separator(close)?;
        }
        Ok(items)
    }

    fn braces(&mut self) -> Parsed {
        let (mut pairs, mut members) = (Vec::new(), Vec::new());
        while !self.take('}') {
            let key = self.item();
            if self.take(':') {
                pairs.push((key, self.item()));
            } else {
                members.push(key);
            }
            self.separator('}')?;
        }
        match (pairs.is_empty(), members.is_empty()) {
            (_, true) => Ok(Python::Dict(pairs)),
            (true, false) => Ok(Python::Sequence(members)),
            // `{**BASE, "KEY": 1}`
            (false, false) => Err(Beyond),
        }
    }

    /// A comma, or the closing bracket that is left standing.
    fn separator(&mut self, close: char) -> Parsed<()> {
        if self.take(',') || self.is_op(close) {
            Ok(())
        } else {
            Err(Beyond)
        }
    }

    /// One item of a bracket. What cannot be told is text up to the next comma, and its neighbours are still read.
    fn item(&mut self) -> Python {
        let start = self.at;
        if let Ok(value) = self.expression()
            && [',', ')', ']', '}', ':'].into_iter().any(|op| self.is_op(op))
        {
            return value;
        }
        self.at = start;
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::Op('(' | '[' | '{') => depth += 1,
                TokenKind::Op(')' | ']' | '}' | ',' | ':') if depth == 0 => break,
                TokenKind::Op(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.text(start, self.at)
    }

    fn text(&self, start: usize, end: usize) -> Python {
        let span = self
            .tokens
            .get(start..end)
            .and_then(|tokens| Some((tokens.first()?.start, tokens.last()?.end)));
        let text = span
            .and_then(|(start, end)| self.source.get(start..end))
            .unwrap_or_default();
        Python::Unknown(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn is_op(&self, op: char) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| token.kind == TokenKind::Op(op))
    }

    fn take(&mut self, op: char) -> bool {
        let is_op = self.is_op(op);
        self.at += usize::from(is_op);
        is_op
    }

    fn take_any(&mut self, ops: &[char]) -> Option<char> {
        ops.iter().copied().find(|op| self.take(*op))
    }
}

fn variable(items: &[Python]) -> Parsed {
    match items.first() {
        Some(Python::Text(name)) => Ok(Python::Environment(name.clone())),
        _ => Err(Beyond),
    }
}

fn calculate(left: &Python, op: char, right: &Python) -> Option<Python> {
    use Python::{Int, Seconds, Sequence};
    match (left, op, right) {
        (Int(left), '+', Int(right)) => left.checked_add(*right).map(Int),
        (Int(left), '-', Int(right)) => left.checked_sub(*right).map(Int),
        (Int(left), '*', Int(right)) => left.checked_mul(*right).map(Int),
        (Seconds(left), '+', Seconds(right)) => left.checked_add(*right).map(Seconds),
        (Seconds(span), '*', Int(times)) | (Int(times), '*', Seconds(span)) => {
            span.checked_mul(*times).map(Seconds)
        }
        (Sequence(left), '+', Sequence(right)) => Some(Sequence([left.as_slice(), right].concat())),
        _ => {
            let (left, right) = (number(left)?, number(right)?);
            let result = match op {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                _ => left / right,
            };
            Some(Python::Float(result))
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "settings count in thousands, not in quadrillions"
)]
fn number(value: &Python) -> Option<f64> {
    match value {
        Python::Int(number) => Some(*number as f64),
        Python::Float(number) => Some(*number),
        _ => None,
    }
}

/// A number without a fraction, as an integer.
fn whole(number: f64) -> Option<i64> {
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    // By way of text: a cast would lose what does not fit, and that has been looked at.
    is_whole.then(|| format!("{number:.0}").parse().ok())?
}
