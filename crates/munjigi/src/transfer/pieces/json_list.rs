//! A JSON list, cut into its elements by its brackets and quotes alone.

use super::{Stands, Unreadable};

/// How far the list was read.
#[derive(Default)]
pub(super) struct JsonList(State);

#[derive(Default)]
enum State {
    /// `[` is still to come.
    #[default]
    Before,
    /// Behind `[`, a comma or an element.
    Between,
    /// In an element.
    Element(Nesting),
    /// Behind `]`.
    After,
}

/// Where in an element.
#[derive(Default)]
struct Nesting {
    /// How many brackets are open.
    depth: u64,
    in_string: bool,
    is_escaped: bool,
}

impl JsonList {
    pub(super) fn place(&mut self, byte: u8, line: u64) -> Result<Stands, Unreadable> {
        let is_space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        match &mut self.0 {
            State::Before | State::After if is_space => Ok(Stands::Outside),
            State::Before if byte == b'[' => Ok(self.goes_on(State::Between, Stands::Outside)),
            State::Before => Err(Unreadable::NoList(line)),
            State::After => Err(Unreadable::AfterTheEnd(line)),
            State::Between if is_space || byte == b',' => Ok(Stands::Outside),
            State::Between if byte == b']' => Ok(self.goes_on(State::After, Stands::Outside)),
            State::Between => {
                let mut nesting = Nesting::default();
                nesting.takes(byte);
                Ok(self.goes_on(State::Element(nesting), Stands::Inside))
            }
            // A number or a word has no bracket that closes it.
            State::Element(nesting) if nesting.is_bare() && byte == b']' => {
                Ok(self.goes_on(State::After, Stands::Behind))
            }
            State::Element(nesting) if nesting.is_bare() && byte == b',' => {
                Ok(self.goes_on(State::Between, Stands::Behind))
            }
            State::Element(nesting) if nesting.is_bare() && is_space => Ok(Stands::Outside),
            State::Element(nesting) => {
                if nesting.takes(byte) {
                    Ok(self.goes_on(State::Between, Stands::Last))
                } else {
                    Ok(Stands::Inside)
                }
            }
        }
    }

    /// Whether the input may end here.
    pub(super) fn may_end(&self) -> Result<bool, Unreadable> {
        match self.0 {
            State::Before => Err(Unreadable::Empty),
            State::After => Ok(true),
            _ => Ok(false),
        }
    }

    fn goes_on(&mut self, state: State, stands: Stands) -> Stands {
        self.0 = state;
        stands
    }
}

impl Nesting {
    /// Whether neither a bracket nor a string is open.
    fn is_bare(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// Takes the next byte, and tells whether it closes the element.
    fn takes(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}
