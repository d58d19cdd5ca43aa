//! Cuts a Python file into logical lines of tokens (Python 3 reference, chapter 2), without caring what they mean.

/// A line, which may go over several lines of the file where a bracket or a text does.
#[derive(Debug)]
pub(super) struct LogicalLine {
    /// The line of the file that it begins on, from 1.
    pub(super) number: usize,
    /// Whether it begins at the left margin: nothing that it stands under decides whether it is run.
    pub(super) at_margin: bool,
    pub(super) tokens: Vec<Token>,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Where it begins in the file, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The line of the file that it begins on, from 1.
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Name(String),
    Int(i64),
    Float(f64),
    Text(String),
    Op(char),
    /// An f-string, bytes, a number that does not fit: something that is not read here.
    Strange,
}

/// Cuts the file. What is no Python comes out as strange tokens; an open text ends with the file.
pub(super) fn logical_lines(source: &str) -> Vec<LogicalLine> {
    Lexer {
        source,
        at: 0,
        line: 1,
        depth: 0,
    }
    .lines()
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    depth: usize,
}

impl Lexer<'_> {
    fn lines(mut self) -> Vec<LogicalLine> {
        let mut lines = Vec::new();
        let mut at_margin = true;
        let mut current: Option<LogicalLine> = None;
        while let Some(next) = self.peek() {
            match next {
                '\n' if self.depth == 0 => {
                    lines.extend(current.take());
                    at_margin = true;
                    self.step();
                }
                '#' => self.skip_while(|c| c != '\n'),
                '\\' if self.rest().starts_with("\\\n") => {
                    self.step();
                    self.step();
                }
                c if c.is_whitespace() => {
                    at_margin &= current.is_some();
                    self.step();
                }
                _ => {
                    let (number, at_margin) = (self.line, at_margin);
                    let token = self.token(next);
                    let line = current.get_or_insert_with(|| LogicalLine {
                        number,
                        at_margin,
                        tokens: Vec::new(),
                    });
                    line.tokens.push(token);
                }
            }
        }
        lines.extend(current);
        lines
    }

    fn token(&mut self, next: char) -> Token {
        let (start, line) = (self.at, self.line);
        let kind = if let Some((prefix, quote)) = self.text_start() {
            self.text(&prefix, quote)
        } else if next.is_alphabetic() || next == '_' {
            self.skip_while(|c| c.is_alphanumeric() || c == '_');
            TokenKind::Name(self.since(start).to_owned())
        } else if next.is_ascii_digit() || self.is_fraction() {
            self.skip_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            number(self.since(start))
        } else {
            self.step();
            match next {
                '(' | '[' | '{' => self.depth += 1,
                ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            TokenKind::Op(next)
        };
        Token {
            kind,
            start,
            end: self.at,
            line,
        }
    }

    /// `.5`
    fn is_fraction(&self) -> bool {
        let mut rest = self.rest().chars();
        rest.next() == Some('.') && rest.next().is_some_and(|next| next.is_ascii_digit())
    }

    /// The prefix and the quotes that a text begins with, if one begins here.
    fn text_start(&self) -> Option<(String, &'static str)> {
        let rest = self.rest();
        let prefix: String = rest
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .take(3)
            .collect();
        let is_prefix = prefix.len() < 3 && prefix.chars().all(|c| "rRbBuUfFtT".contains(c));
        let quotes = rest.get(prefix.len()..).filter(|_| is_prefix)?;
        let quote = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quote| quotes.starts_with(quote))?;
        Some((prefix.to_ascii_lowercase(), quote))
    }

    fn text(&mut self, prefix: &str, quote: &str) -> TokenKind {
        (0..prefix.len() + quote.len()).for_each(|_| self.step());
        let start = self.at;
        while !self.rest().is_empty() && !self.rest().starts_with(quote) {
            if self.peek() == Some('\\') {
                self.step();
            }
            self.step();
        }
        let content = self.since(start).to_owned();
        (0..quote.len()).for_each(|_| self.step());
        match prefix {
            "" | "u" => unescaped(&content).map_or(TokenKind::Strange, TokenKind::Text),
            "r" => TokenKind::Text(content),
            _ => TokenKind::Strange,
        }
    }

    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &str {
        self.source.get(start..self.at).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn step(&mut self) {
        if let Some(next) = self.peek() {
            self.line += usize::from(next == '\n');
            self.at += next.len_utf8();
        }
    }

    fn skip_while(&mut self, condition: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&condition) {
            self.step();
        }
    }
}

fn number(text: &str) -> TokenKind {
    let digits = text.replace('_', "");
    if let Ok(number) = digits.parse() {
        return TokenKind::Int(number);
    }
    let is_float = digits.contains('.') && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match digits.parse() {
        Ok(number) if is_float => TokenKind::Float(number),
        _ => TokenKind::Strange,
    }
}

/// The text without its escapes; `None` for a name of a character, which needs Unicode's list of names.
fn unescaped(content: &str) -> Option<String> {
    let mut text = String::with_capacity(content.len());
    let mut rest = content.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            text.push(next);
            continue;
        }
        match rest.next()? {
            '\n' => {}
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '0' => text.push('\0'),
            'x' => text.push(code_point(&mut rest, 2)?),
            'u' => text.push(code_point(&mut rest, 4)?),
            'U' => text.push(code_point(&mut rest, 8)?),
            'N' => return None,
            quoted @ ('\\' | '\'' | '"') => text.push(quoted),
            other => {
                text.push('\\');
                text.push(other);
            }
        }
    }
    Some(text)
}

fn code_point(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let digits: String = rest.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}
