//! Python's `json.loads` (3.11, `Lib/json/decoder.py` and `Modules/_json.c`) behind DRF's strict parser: the
//! same texts are JSON, and what is not is refused at the same place in the same words.
//!
//! Two refusals are ours. Python's scanner recurses, and a body nested deeper than its stack is a 500 there; here
//! [`MAX_DEPTH`] levels are read and more refused. DRF drops a character that the end of the body cuts in half.

use super::{Number, Value};

/// A JSON text, read.
pub(super) enum Document {
    /// An object's members in order; a name may repeat.
    Object(Vec<(String, Value)>),
    /// Anything else.
    Other(Value),
}

/// How deep lists and objects may be nested: a little more than Python's recursion limit lets through.
const MAX_DEPTH: usize = 1000;
/// `sys.get_int_max_str_digits()`.
const MAX_INTEGER_DIGITS: usize = 4300;

/// Reads a body. The error is the text of Python's exception.
pub(super) fn parse(body: &[u8]) -> Result<Document, String> {
    let text = decode(body)?;
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    scanner.document().map_err(|refusal| match refusal {
        Refusal::At(what, at) => located(what, text, at),
        Refusal::Whole(what) => what,
    })
}

/// Why and where the text is no JSON.
enum Refusal {
    /// What is missing at this byte.
    At(&'static str, usize),
    /// A whole message without a place.
    Whole(String),
}

type Scan<T> = Result<T, Refusal>;

/// `JSONDecodeError`: lines and columns count from one, both and `char` in code points.
fn located(what: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    format!(
        "{what}: line {line} column {column} (char {})",
        before.chars().count()
    )
}

/// UTF-8 without a byte order mark; else the text of Python's `UnicodeDecodeError`.
fn decode(body: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let start = error.valid_up_to();
        let first = body.get(start).copied().unwrap_or_default();
        let end = error.error_len().map_or(body.len(), |length| start + length);
        let why = match error.error_len() {
            None => "unexpected end of data",
            Some(1) if !matches!(first, 0xC2..=0xF4) => "invalid start byte",
            Some(_) => "invalid continuation byte",
        };
        if end - start == 1 {
            format!("'utf-8' codec can't decode byte 0x{first:02x} in position {start}: {why}")
        } else {
            format!(
                "'utf-8' codec can't decode bytes in position {start}-{}: {why}",
                end - 1
            )
        }
    })?;
    if text.starts_with('\u{FEFF}') {
        return Err(located("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0));
    }
    Ok(text)
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Scan<Document> {
        self.skip_space();
        let document = match self.peek() {
            Some(b'{') => Document::Object(self.members()?),
            _ => Document::Other(self.value()?),
        };
        self.skip_space();
        if self.at < self.bytes.len() {
            Err(self.refuse("Extra data"))
        } else {
            Ok(document)
        }
    }

    /// The members of the outermost object, the only one that is kept.
    fn members(&mut self) -> Scan<Vec<(String, Value)>> {
        let mut members = Vec::new();
        if self.opens(b'}') {
            return Ok(members);
        }
        loop {
            let name = self.key()?;
            members.push((name, self.value()?));
            if self.closes(b'}')? {
                return Ok(members);
            }
        }
    }

    fn value(&mut self) -> Scan<Value> {
        match self.peek() {
            Some(b'{') => self.skip_nested().map(|()| Value::Object),
            Some(b'[') => self.skip_nested().map(|()| Value::List),
            _ => self.scalar(),
        }
    }

    /// Checks a list or an object and all within it, without recursion.
    fn skip_nested(&mut self) -> Scan<()> {
        let mut open = Vec::new();
        loop {
            if let Some(opening @ (b'{' | b'[')) = self.peek() {
                // The outermost object is open, too.
                if open.len() + 1 == MAX_DEPTH {
                    return Err(Refusal::Whole(format!(
                        "lists and objects nested more than {MAX_DEPTH} deep"
                    )));
                }
                // ASCII has the closing bracket two places behind the opening one.
                let closing = opening + 2;
                if !self.opens(closing) {
                    open.push(closing);
                    self.skip_key(closing)?;
                    continue;
                }
            } else {
                self.scalar()?;
            }
            while let Some(closing) = open.last().copied() {
                if !self.closes(closing)? {
                    self.skip_key(closing)?;
                    break;
                }
                open.pop();
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Steps over an opening bracket, and over the closing one if nothing stands between.
    fn opens(&mut self, closing: u8) -> bool {
        self.at += 1;
        self.skip_space();
        let is_empty = self.peek() == Some(closing);
        self.at += usize::from(is_empty);
        is_empty
    }

    /// What stands behind a value: the closing bracket, or a comma and something more.
    fn closes(&mut self, closing: u8) -> Scan<bool> {
        self.skip_space();
        match self.peek() {
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(false)
            }
            _ => Err(self.refuse("Expecting ',' delimiter")),
        }
    }

    fn skip_key(&mut self, closing: u8) -> Scan<()> {
        if closing == b'}' {
            self.key().map(drop)
        } else {
            Ok(())
        }
    }

    /// A member's name and the colon behind it.
    fn key(&mut self) -> Scan<String> {
        if self.peek() != Some(b'"') {
            return Err(self.refuse("Expecting property name enclosed in double quotes"));
        }
        let (name, _) = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.refuse("Expecting ':' delimiter"));
        }
        self.at += 1;
        self.skip_space();
        Ok(name)
    }

    fn scalar(&mut self) -> Scan<Value> {
        if self.peek() == Some(b'"') {
            let (text, surrogate) = self.string()?;
            return Ok(Value::String { text, surrogate });
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let words = [
            ("null", Value::Null),
            ("true", Value::Boolean(true)),
            ("false", Value::Boolean(false)),
        ];
        for (word, value) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        if let Some(constant) = ["NaN", "Infinity", "-Infinity"]
            .into_iter()
            .find(|word| rest.starts_with(word))
        {
            let what = format!("Out of range float values are not JSON compliant: '{constant}'");
            return Err(Refusal::Whole(what));
        }
        self.number()
    }

    /// As many bytes as make a number; what follows is for others to refuse (`01` is a zero and something extra).
    fn number(&mut self) -> Scan<Value> {
        let start = self.at;
        let first = start + usize::from(self.peek() == Some(b'-'));
        let whole = match self.bytes.get(first) {
            Some(b'0') => first + 1,
            Some(b'1'..=b'9') => self.digits_end(first),
            _ => return Err(self.refuse("Expecting value")),
        };
        let mut end = whole;
        if self.bytes.get(end) == Some(&b'.') && self.digits_end(end + 1) > end + 1 {
            end = self.digits_end(end + 1);
        }
        if matches!(self.bytes.get(end), Some(b'e' | b'E')) {
            let digits = end + 1 + usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            if self.digits_end(digits) > digits {
                end = self.digits_end(digits);
            }
        }
        if end == whole && whole - first > MAX_INTEGER_DIGITS {
            return Err(Refusal::Whole(format!(
                "Exceeds the limit ({MAX_INTEGER_DIGITS} digits) for integer string conversion: value has {} digits; \
                 use sys.set_int_max_str_digits() to increase the limit",
                whole - first
            )));
        }
        self.at = end;
        Ok(Value::Number(Number::from_json(
            self.text.get(start..end).unwrap_or_default(),
        )))
    }

    fn digits_end(&self, start: usize) -> usize {
        let digits = self
            .bytes
            .iter()
            .skip(start)
            .take_while(|byte| byte.is_ascii_digit());
        start + digits.count()
    }

    /// A string, and its first surrogate that stands alone.
    fn string(&mut self) -> Scan<(String, Option<u16>)> {
        let opening = self.at;
        let unterminated = Refusal::At("Unterminated string starting at", opening);
        let (mut text, mut surrogate) = (String::new(), None);
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(length) = rest
                .bytes()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F))
            else {
                return Err(unterminated);
            };
            text.push_str(rest.get(..length).unwrap_or_default());
            self.at += length;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok((text, surrogate));
                }
                Some(b'\\') if self.at + 1 == self.bytes.len() => return Err(unterminated),
                Some(b'\\') => match self.escape()? {
                    Ok(character) => text.push(character),
                    Err(unit) => {
                        text.push(char::REPLACEMENT_CHARACTER);
                        surrogate = surrogate.or(Some(unit));
                    }
                },
                _ => return Err(self.refuse("Invalid control character at")),
            }
        }
    }

    /// What a backslash and what follows it stand for: a character, or half of one.
    fn escape(&mut self) -> Scan<Result<char, u16>> {
        let backslash = self.at;
        self.at += 2;
        let character = match self.bytes.get(backslash + 1) {
            Some(b'u') => return self.unicode_escape(),
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(Refusal::At("Invalid \\escape", backslash)),
        };
        Ok(Ok(character))
    }

    fn unicode_escape(&mut self) -> Scan<Result<char, u16>> {
        let unit = self.four_hex_digits()?;
        let is_high = (0xD800..0xDC00).contains(&unit);
        if is_high && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            let behind_first = self.at;
            self.at += 2;
            let second = self.four_hex_digits()?;
            if let Some(Ok(character)) = char::decode_utf16([unit, second]).next() {
                return Ok(Ok(character));
            }
            self.at = behind_first;
        }
        Ok(char::from_u32(u32::from(unit)).ok_or(unit))
    }

    /// Python asks for one byte more than the digits, for no string ends in them.
    fn four_hex_digits(&mut self) -> Scan<u16> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|_| self.at + 4 < self.bytes.len());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or(Refusal::At("Invalid \\uXXXX escape", self.at - 1))?;
        self.at += 4;
        Ok(unit)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
    }

    fn refuse(&self, what: &'static str) -> Refusal {
        Refusal::At(what, self.at)
    }
}
