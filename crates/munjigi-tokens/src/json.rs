//! JSON as a token has it: read strictly, written as Python's `json.dumps(…, separators=(",", ":"))` does.
//!
//! PyJWT reads with `json.loads`, which takes the last of two equal members, `NaN`, and any nesting that Python's
//! stack bears. Two readers may then see two different tokens in one text. Here an object with two equal names, at
//! any depth, is no JSON (RFC 8725, section 3; RFC 7519, section 4 leaves the choice), nor is `NaN`.
//!
//! The reader keeps places in the text instead of building a tree: a token has some five members and is read on
//! each request, and what it holds beside the registered claims is seldom looked at.

use serde_json::{Number, Value};
use std::borrow::Cow;

/// Deeper nesting is refused. Claims nest once or twice; `serde_json`, which reads single claims, stops at 128.
const MAX_DEPTH: usize = 100;

/// A part of a text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A name or a text value: the part between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quoted {
    pub(crate) inner: Span,
    /// Whether there is a backslash in it, so that it means something else than it says.
    pub(crate) is_escaped: bool,
}

impl Quoted {
    /// What it means; `None` for half of a surrogate pair, which no UTF-8 text can hold.
    pub(crate) fn decode(self, text: &str) -> Option<Cow<'_, str>> {
        let inner = self.inner.of(text);
        if self.is_escaped {
            serde_json::from_str(&format!("\"{inner}\"")).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }
}

/// A value of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Text(Quoted),
    /// Anything else, as it is spelled.
    Other(Span),
}

/// The text is not the JSON of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads a text that is one object and nothing else but white space; gives its members in their order.
pub(crate) fn read_object(text: &str) -> Result<Vec<(Quoted, Item)>, Malformed> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    let members = reader.object(1)?;
    reader.skip_space();
    if reader.at == text.len() {
        Ok(members)
    } else {
        Err(Malformed)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte) { Ok(()) } else { Err(Malformed) }
    }

    fn skip_while(&mut self, accepts: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let skipped = rest.iter().position(|&byte| !accepts(byte)).unwrap_or(rest.len());
        self.at += skipped;
        skipped
    }

    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(Quoted, Item)>, Malformed> {
        self.expect(b'{')?;
        let mut members = Vec::with_capacity(if depth == 1 { 8 } else { 0 });
        self.skip_space();
        if self.take(b'}') {
            return Ok(members);
        }
        loop {
            let name = self.quoted()?;
            self.skip_space();
            self.expect(b':')?;
            members.push((name, self.value(depth)?));
            if self.take(b'}') {
                break;
            }
            self.expect(b',')?;
            self.skip_space();
        }
        check_names(self.text, &members)?;
        Ok(members)
    }

    fn array(&mut self, depth: usize) -> Result<(), Malformed> {
        self.expect(b'[')?;
        self.skip_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// A value, and the white space around it.
    fn value(&mut self, depth: usize) -> Result<Item, Malformed> {
        self.skip_space();
        let start = self.at;
        let text = match self.peek().ok_or(Malformed)? {
            b'"' => Some(self.quoted()?),
            b'{' if depth < MAX_DEPTH => self.object(depth + 1).map(|_| None)?,
            b'[' if depth < MAX_DEPTH => self.array(depth + 1).map(|()| None)?,
            b't' => self.word("true").map(|()| None)?,
            b'f' => self.word("false").map(|()| None)?,
            b'n' => self.word("null").map(|()| None)?,
            _ => self.number().map(|()| None)?,
        };
        let end = self.at;
        self.skip_space();
        Ok(text.map_or(Item::Other(Span { start, end }), Item::Text))
    }

    fn quoted(&mut self) -> Result<Quoted, Malformed> {
        self.expect(b'"')?;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            self.skip_while(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            let end = self.at;
            if self.take(b'"') {
                return Ok(Quoted {
                    inner: Span { start, end },
                    is_escaped,
                });
            }
            self.expect(b'\\')?;
            is_escaped = true;
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        let letter = self.peek().ok_or(Malformed)?;
        self.at += 1;
        match letter {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Malformed)?;
                self.at += 4;
                if digits.iter().all(u8::is_ascii_hexdigit) {
                    Ok(())
                } else {
                    Err(Malformed)
                }
            }
            _ => Err(Malformed),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        let is_there = self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += word.len();
        if is_there { Ok(()) } else { Err(Malformed) }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        if self.skip_while(|byte| byte.is_ascii_digit()) > 0 {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// No two members may have one name. Few are compared each with each; many are sorted, so that no text costs
/// more than its length is worth.
fn check_names(text: &str, members: &[(Quoted, Item)]) -> Result<(), Malformed> {
    const FEW: usize = 12;
    let is_plain = members.iter().all(|(name, _)| !name.is_escaped);
    let is_repeated = if is_plain && members.len() <= FEW {
        let mut rest = members.iter();
        std::iter::from_fn(|| rest.next().map(|(name, _)| (name, rest.clone())))
            .any(|(name, mut later)| later.any(|(other, _)| other.inner.of(text) == name.inner.of(text)))
    } else {
        let names = members.iter().map(|(name, _)| name.decode(text));
        let mut names: Vec<_> = names.collect::<Option<_>>().ok_or(Malformed)?;
        names.sort_unstable();
        names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other))
    };
    if is_repeated { Err(Malformed) } else { Ok(()) }
}

/// Writes a text as Python does with `ensure_ascii`: everything beyond printable ASCII is escaped.
pub(crate) fn write_text(out: &mut String, text: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    out.push('"');
    if text.bytes().all(is_plain) {
        out.push_str(text);
    } else {
        text.chars().for_each(|character| write_character(out, character));
    }
    out.push('"');
}

fn write_character(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        ' '..='~' => out.push(character),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let hex = unit.to_be_bytes().map(|byte| format!("{byte:02x}")).concat();
                out.extend(["\\u", &hex]);
            }
        }
    }
}

/// Writes a value as Python does.
pub(crate) fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, item)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_text(out, name);
                out.push(':');
                write_value(out, item);
            }
            out.push('}');
        }
    }
}

/// Rust and Python agree on the shortest digits of a float and on where an exponent begins; Python gives the
/// exponent a sign and two digits: `1e-07`, `1e+16`.
fn write_number(out: &mut String, number: &Number) {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return out.push_str(&number.to_string());
    };
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => out.push_str(&text),
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent
                .strip_prefix('-')
                .map_or(("+", exponent), |rest| ("-", rest));
            out.extend([
                digits,
                "e",
                sign,
                if exponent.len() < 2 { "0" } else { "" },
                exponent,
            ]);
        }
    }
}
