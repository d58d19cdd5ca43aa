//! JSON read strictly.
//!
//! PyJWT reads with `json.loads`, which takes the last of two equal members, `NaN`, and any nesting that Python's
//! stack bears. Two readers may then see two different tokens in one text. Here an object with two equal names, at
//! any depth, is no JSON, nor is `NaN` (RFC 7519, section 4, leaves the first to the reader, RFC 8259 forbids the
//! second).
//!
//! The reader keeps places in the text instead of building a tree: a token has some five members and is read on
//! each request, and what it holds beside the registered claims is seldom looked at.

use std::borrow::Cow;

/// Deeper nesting is refused. Claims nest once or twice; `serde_json`, which reads single claims, stops at 128.
const MAX_DEPTH: usize = 100;

/// What an object is expected to have at the outermost level.
pub(crate) const USUAL_MEMBERS: usize = 8;

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

/// A member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: Quoted,
    pub(crate) value: Item,
}

/// A name or a text value: the part between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quoted {
    pub(crate) inner: Span,
    /// Whether there is a backslash in it, so that it means something else than it says.
    pub(crate) is_escaped: bool,
}

impl Quoted {
    pub(crate) fn with_quotes(self) -> Span {
        Span {
            start: self.inner.start - 1,
            end: self.inner.end + 1,
        }
    }

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
pub(crate) fn read_object(text: &str) -> Result<Vec<Member>, Malformed> {
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

/// The same for an array; gives its items.
#[cfg(feature = "asymmetric")]
pub(crate) fn read_array(text: &str) -> Result<Vec<Item>, Malformed> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    let items = reader.array(1)?;
    reader.skip_space();
    if reader.at == text.len() {
        Ok(items)
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

    fn object(&mut self, depth: usize) -> Result<Vec<Member>, Malformed> {
        self.expect(b'{')?;
        let mut members = Vec::with_capacity(if depth == 1 { USUAL_MEMBERS } else { 0 });
        self.skip_space();
        if self.take(b'}') {
            return Ok(members);
        }
        loop {
            let name = self.quoted()?;
            self.skip_space();
            self.expect(b':')?;
            members.push(Member {
                name,
                value: self.value(depth)?,
            });
            if self.take(b'}') {
                break;
            }
            self.expect(b',')?;
            self.skip_space();
        }
        check_names(self.text, &members)?;
        Ok(members)
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Item>, Malformed> {
        self.expect(b'[')?;
        self.skip_space();
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            if self.take(b']') {
                return Ok(items);
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
            b'[' if depth < MAX_DEPTH => self.array(depth + 1).map(|_| None)?,
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
fn check_names(text: &str, members: &[Member]) -> Result<(), Malformed> {
    const FEW: usize = 12;
    let is_plain = members.iter().all(|member| !member.name.is_escaped);
    let is_repeated = if is_plain && members.len() <= FEW {
        let name = |member: &Member| member.name.inner.of(text);
        members
            .iter()
            .enumerate()
            .any(|(at, one)| members.iter().skip(at + 1).any(|other| name(one) == name(other)))
    } else {
        let names = members.iter().map(|member| member.name.decode(text));
        let mut names: Vec<_> = names.collect::<Option<_>>().ok_or(Malformed)?;
        names.sort_unstable();
        names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other))
    };
    if is_repeated { Err(Malformed) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn an_object_is_read_in_its_order_and_place() {
        let text = " {\"a\" : \"x\\n\" ,\r\n\t\"b\":-1.5e+3,\"c\":[{\"a\":[]},{}],\"\\u0064\":null}\n";
        let members = read_object(text).unwrap();
        let read: Vec<_> = members
            .iter()
            .map(|member| match member.value {
                Item::Text(quoted) => (member.name.decode(text).unwrap(), quoted.decode(text).unwrap()),
                Item::Other(span) => (member.name.decode(text).unwrap(), Cow::Borrowed(span.of(text))),
            })
            .collect();
        let expected = [
            ("a", "x\n"),
            ("b", "-1.5e+3"),
            ("c", "[{\"a\":[]},{}]"),
            ("d", "null"),
        ];
        assert_eq!(
            read,
            expected.map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)))
        );
        assert_eq!(read_object("{}"), Ok(vec![]));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[]",
            "null",
            "1",
            "\"a\"",
            "{}{}",
            "{},",
            "{} x",
            "\u{feff}{}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{a:1}",
            "{'a':1}",
            "{1:1}",
            "{\"a\"::1}",
            "{\"a\":1}}",
            "{\"a\":[1,]}",
            "{\"a\":[1 2]}",
            "{\"a\":[}",
            "{\"a\":[1}",
            "{\"a\":[,1]}",
            "{\"a\":{]}",
            "/**/{}",
            "{\"a\":1/**/}",
        ] {
            assert_eq!(read_object(text), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_value_is_spelled_as_rfc_8259_has_it() {
        for value in [
            "0",
            "-0",
            "10",
            "1.0",
            "1e5",
            "1E-5",
            "0.1e+01",
            "true",
            "\"\\u00e9\\/\"",
            "\"\\ud800\"",
            "\"é\"",
        ] {
            assert!(read_object(&format!("{{\"a\":{value}}}")).is_ok(), "{value}");
        }
        for value in [
            "01",
            "-",
            "-01",
            "+1",
            ".5",
            "1.",
            "1.e5",
            "1e",
            "1e+",
            "0x1",
            "1_0",
            "NaN",
            "Infinity",
            "-Infinity",
            "nan",
            "True",
            "tru",
            "truefalse",
            "nul",
            "None",
            "'a'",
            "\"",
            "\"\\\"",
            "\"\\x41\"",
            "\"\\u00g0\"",
            "\"\\u12\"",
            "\"\n\"",
            "\"\u{0}\"",
            "\"\u{1f}\"",
            "１",
        ] {
            assert_eq!(
                read_object(&format!("{{\"a\":{value}}}")),
                Err(Malformed),
                "{value}"
            );
        }
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[1,{"y":{"":1,"":2}}]}"#,
        ] {
            assert_eq!(read_object(text), Err(Malformed), "{text}");
        }
        assert!(read_object(r#"{"a":{"a":{"a":1}},"A":1,"b":{"a":2}}"#).is_ok());
        assert_eq!(
            read_object(r#"{"\ud800":1}"#),
            Err(Malformed),
            "no UTF-8 text can hold the name"
        );
        let many = |last: &str| {
            let members: Vec<_> = (0..1_000).map(|index| format!("\"n{index}\":1")).collect();
            read_object(&format!("{{{},\"{last}\":1}}", members.join(",")))
        };
        assert_eq!(many("n1000").unwrap().len(), 1_001);
        assert_eq!(many("n500"), Err(Malformed));
    }

    #[test]
    fn nesting_ends_at_a_hundred() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(read_object(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(read_object(&nested(MAX_DEPTH + 1)), Err(Malformed));
        assert_eq!(read_object(&"{\"a\":".repeat(100_000)), Err(Malformed));
    }

    /// Texts that are nearly JSON, each read by `serde_json` too.
    #[test]
    fn it_reads_what_serde_json_reads_but_for_what_is_stricter_here() {
        const SEED: &str = r#"{"token_type":"access","exp":1767225900,"f":-1.5e-3,"n":[null,{"a":true,"b":false}],"s":"\u00e9\n"}"#;
        const BYTES: &[u8] = b"{}[]\",:\\ \ntfn0123456789.-+eEu\x00a";
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..50_000 {
            let mut bytes = SEED.as_bytes().to_vec();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                match next(3) {
                    0 => bytes[at] = BYTES[next(BYTES.len())],
                    1 => bytes.insert(at, BYTES[next(BYTES.len())]),
                    _ => drop(bytes.remove(at)),
                }
            }
            let text = String::from_utf8(bytes).unwrap();
            let theirs = serde_json::from_str::<serde_json::Map<String, Value>>(&text);
            match (read_object(&text), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    let names: Vec<_> = ours
                        .iter()
                        .map(|member| member.name.decode(&text).unwrap())
                        .collect();
                    assert_eq!(
                        names,
                        theirs.keys().map(String::as_str).collect::<Vec<_>>(),
                        "{text}"
                    );
                    accepted += 1;
                }
                (Ok(_), Err(error)) => {
                    let is_range = error.to_string().contains("number out of range");
                    assert!(
                        is_range || error.to_string().contains("surrogate"),
                        "{text}: {error}"
                    );
                }
                (Err(Malformed), Ok(_)) => assert!(has_a_repeated_name(&text), "{text}"),
                (Err(Malformed), Err(_)) => refused += 1,
            }
        }
        assert!(accepted > 5_000 && refused > 20_000, "{accepted} {refused}");
    }

    fn has_a_repeated_name(text: &str) -> bool {
        let count = |value: &Value| value.to_string().matches("\":").count();
        count(&serde_json::from_str(text).unwrap()) < text.matches(':').count()
    }
}
