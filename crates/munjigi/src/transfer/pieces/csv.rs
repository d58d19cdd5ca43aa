//! RFC 4180, as far as it says where a record ends: at the end of a line, outside of quotes.

use super::Stands;

/// Which quotes are open.
#[derive(Default)]
pub(super) struct Quotes {
    state: State,
}

#[derive(Default, PartialEq, Eq)]
enum State {
    /// At the beginning of a field, where alone a quote opens one that may hold lines.
    #[default]
    Begins,
    /// In a field without quotes, or behind the quote that closed one.
    Bare,
    /// In a field with quotes.
    Quoted,
    /// Behind a quote in a field with quotes: the field's end, or the first of two.
    MayClose,
}

impl Quotes {
    pub(super) fn place(&mut self, byte: u8) -> Stands {
        self.state = match (&self.state, byte) {
            (State::Quoted, b'"') => State::MayClose,
            (State::Quoted, _) | (State::MayClose | State::Begins, b'"') => State::Quoted,
            (_, b'\n' | b'\r') => {
                self.state = State::Begins;
                return Stands::Behind;
            }
            (_, b',') => State::Begins,
            _ => State::Bare,
        };
        Stands::Inside
    }

    /// Whether a quote was opened and not closed.
    pub(super) fn are_open(&self) -> bool {
        self.state == State::Quoted
    }
}
