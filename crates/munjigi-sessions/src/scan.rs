//! Finds the members of a JSON object without building any value.
//!
//! The grammar is the one of Python's `json.loads`: RFC 8259, and `NaN`, `Infinity` and `-Infinity`, and lone
//! surrogates. The depth is bounded, since every level is a call.

use std::ops::Range;

use crate::data::Member;

/// As many levels as `serde_json` reads.
const MAX_DEPTH: usize = 128;

/// The members of the object that `text` is, in order; `None` where it is none.
pub(crate) fn members(text: &str) -> Option<Vec<Member>> {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut members = Vec::new();
    scanner.space();
    scanner.object(|scanner| {
        let name = scanner.name()?;
        let value = scanner.value(MAX_DEPTH - 1)?;
        members.push(Member { name, value });
        Some(())
    })?;
    scanner.space();
    scanner.peek().is_none().then_some(members)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// One value, of at most `depth` levels of objects and arrays.
    fn value(&mut self, depth: usize) -> Option<Range<usize>> {
        let start = self.at;
        match self.peek()? {
            b'"' => {
                self.string()?;
            }
            b'{' => {
                let depth = depth.checked_sub(1)?;
                self.object(|scanner| scanner.name().and_then(|_| scanner.value(depth)).map(drop))?;
            }
            b'[' => {
                let depth = depth.checked_sub(1)?;
                self.items(b'[', b']', |scanner| scanner.value(depth).map(drop))?;
            }
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        }
        Some(start..self.at)
    }

    fn object(&mut self, member: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.items(b'{', b'}', member)
    }

    /// What stands between two brackets, divided by commas.
    fn items(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(open)?;
        self.space();
        if self.eat(close) {
            return Some(());
        }
        loop {
            item(self)?;
            self.space();
            if self.eat(close) {
                return Some(());
            }
            self.expect(b',')?;
            self.space();
        }
    }

    /// A name and its colon; what is found is the name without its quotes.
    fn name(&mut self) -> Option<Range<usize>> {
        let name = self.string()?;
        self.space();
        self.expect(b':')?;
        self.space();
        Some(name)
    }

    fn string(&mut self) -> Option<Range<usize>> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.next()? {
                b'"' => return Some(start..self.at - 1),
                b'\\' => self.escape()?,
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => (0..4).try_for_each(|_| self.next().filter(u8::is_ascii_hexdigit).map(drop)),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if self.peek() == Some(b'I') {
            return self.word();
        }
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let words: [&[u8]; 5] = [b"null", b"true", b"false", b"NaN", b"Infinity"];
        let word = words.into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_object(json: &str) -> bool {
        members(json).is_some()
    }

    #[test]
    fn the_grammar_is_pythons() {
        for json in [
            "{}",
            " { } ",
            "{\"a\" : 1 , \"b\":\n[ ]\t}",
            "{\"a\":-0.0e-0}",
            "{\"a\":0}",
            "{\"a\":1E+5}",
            "{\"a\":-Infinity}",
            "{\"a\":[NaN,Infinity,null,true,false]}",
            "{\"a\":\"\\ud800\\/\\u00E9\u{7f}é\"}",
            "{\"\":{}}",
        ] {
            assert!(is_object(json), "{json}");
        }
        for json in [
            "",
            "[]",
            "1",
            "null",
            "\"a\"",
            "{",
            "}",
            "{}x",
            "{}{}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":[1,]}",
            "{\"a\":[,]}",
            "{\"a\":[}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":-}",
            "{\"a\":1e}",
            "{\"a\":0x1}",
            "{\"a\":-NaN}",
            "{\"a\":nul}",
            "{\"a\":nullx}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"}",
            "{\"a\":\"\\\"}",
            "\u{feff}{}",
            "{\"a\":1}\u{a0}",
        ] {
            assert!(!is_object(json), "{json}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(is_object(&nested(MAX_DEPTH - 1)));
        assert!(!is_object(&nested(MAX_DEPTH)));
        assert!(!is_object(&nested(1_000_000)));
    }
}
