//! An input cut into its records, each as it stands there, with the line that it begins on. Nothing is read into memory but
//! one record, and of one that is longer than [`LONGEST`] only its beginning.
//!
//! Cutting knows no more of a format than where a record ends, so that a record that is broken inside is one bad record and
//! the next one is found all the same.

mod csv;
mod json_list;
mod lines;

use super::Format;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// How much of a record is kept, in bytes: ten megabytes in one field are still told, and come back in the rejects.
pub const LONGEST: usize = 16 << 20;

/// A record as it stands in the input.
pub struct Piece {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// Which record it is, from 1.
    pub number: u64,
    /// Its bytes; of one that is too long only its beginning.
    pub text: Vec<u8>,
    /// What is wrong with it as a whole.
    pub flaw: Option<Flaw>,
}

/// What is wrong with a record before it is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is longer than [`LONGEST`].
    TooLong,
    /// The input ends before it does, or before the list that it stands in.
    CutOff,
}

/// Why there is nothing to cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It cannot be read.
    #[error("The input cannot be read: {0}.")]
    Io(#[from] io::Error),
    /// PowerShell's `>` writes UTF-16.
    #[error("The input is UTF-16. Write it in UTF-8: `manage.py dumpdata --output users.json` does.")]
    Utf16,
    /// `dumpdata --output users.json.gz`.
    #[error(
        "The input is compressed. Unpack it on the way: `gunzip -c users.json.gz | munjigi import - --format fixture`."
    )]
    Compressed,
    /// There is not a record in it.
    #[error("The input is empty.")]
    Empty,
    /// A fixture in JSON is a list.
    #[error(
        "Line {0} of the input begins no JSON list, as a fixture does. Write --format jsonl, ndjson or csv if it is \
         one of these."
    )]
    NoList(u64),
    /// Something stands behind the list.
    #[error("Line {0} of the input goes on after the end of the list. What stands there was not read.")]
    AfterTheEnd(u64),
}

impl Unreadable {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "input",
            Self::Utf16 => "input_utf_16",
            Self::Compressed => "input_compressed",
            Self::Empty => "input_empty",
            Self::NoList(_) => "input_no_list",
            Self::AfterTheEnd(_) => "input_after_the_end",
        }
    }
}

/// The records of an input, one after the other.
pub struct Pieces<R> {
    input: BufReader<R>,
    cutter: Cutter,
    line: u64,
    number: u64,
    read: u64,
    begun: bool,
}

/// Where a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Between records.
    Outside,
    /// In a record.
    Inside,
    /// In a record, as its last byte.
    Last,
    /// Behind a record that ended before it.
    Behind,
}

/// What finds the ends of records in one format. It sees each byte once.
enum Cutter {
    List(json_list::JsonList),
    Lines,
    Csv(csv::Quotes),
}

impl<R: Read> Pieces<R> {
    /// Cuts an input of this format.
    pub fn new(input: R, format: Format) -> Self {
        Self {
            input: BufReader::with_capacity(1 << 16, input),
            cutter: match format {
                Format::Fixture => Cutter::List(json_list::JsonList::default()),
                Format::Jsonl | Format::Ndjson => Cutter::Lines,
                Format::Csv => Cutter::Csv(csv::Quotes::default()),
            },
            line: 1,
            number: 0,
            read: 0,
            begun: false,
        }
    }

    /// How many bytes were read so far.
    pub fn bytes(&self) -> u64 {
        self.read
    }

    /// The next record; none where the input is at its end.
    ///
    /// # Errors
    /// What makes the rest unreadable.
    pub fn cut(&mut self) -> Result<Option<Piece>, Unreadable> {
        if !self.begun {
            self.begin()?;
        }
        let mut piece: Option<Piece> = None;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return self.at_the_end(piece);
            }
            let (mut used, mut is_done) = (0, false);
            for &byte in buffer {
                let stands = self.cutter.place(byte, self.line)?;
                if stands == Stands::Behind && piece.is_some() {
                    is_done = true;
                }
                used += 1;
                if matches!(stands, Stands::Inside | Stands::Last) {
                    let (line, number) = (self.line, self.number + 1);
                    piece.get_or_insert_with(|| Piece::begun(line, number)).push(byte);
                }
                self.line += u64::from(byte == b'\n');
                if is_done || stands == Stands::Last {
                    is_done = true;
                    break;
                }
            }
            self.input.consume(used);
            self.read += used as u64;
            if is_done
                && let Some(piece) = piece.take()
                && !piece.is_blank()
            {
                self.number += 1;
                return Ok(Some(piece));
            }
        }
    }

    /// Looks at the first bytes: a mark of the byte order is passed over, another encoding is told.
    fn begin(&mut self) -> Result<(), Unreadable> {
        self.begun = true;
        let head = self.input.fill_buf()?;
        match head {
            [] => Err(Unreadable::Empty),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(Unreadable::Utf16),
            [0x1F, 0x8B, ..] | [b'B', b'Z', b'h', ..] | [0xFD, b'7', b'z', ..] => Err(Unreadable::Compressed),
            [0xEF, 0xBB, 0xBF, ..] => {
                self.input.consume(3);
                self.read += 3;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn at_the_end(&mut self, piece: Option<Piece>) -> Result<Option<Piece>, Unreadable> {
        let is_whole = self.cutter.may_end()?;
        let piece = match piece.filter(|piece| !piece.is_blank()) {
            None if is_whole => return Ok(None),
            None => Some(Piece::begun(self.line, self.number + 1)),
            piece => piece,
        };
        self.cutter = Cutter::Lines;
        self.number += 1;
        Ok(piece.map(|piece| Piece {
            flaw: if is_whole { piece.flaw } else { Some(Flaw::CutOff) },
            ..piece
        }))
    }
}

/// Leaves the text out, in which a password may stand.
impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Piece {
    fn begun(line: u64, number: u64) -> Self {
        Self {
            line,
            number,
            text: Vec::new(),
            flaw: None,
        }
    }

    /// Whether nothing stands in the line.
    fn is_blank(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }

    fn push(&mut self, byte: u8) {
        if self.text.len() < LONGEST {
            self.text.push(byte);
        } else {
            self.flaw = Some(Flaw::TooLong);
        }
    }
}

impl Cutter {
    fn place(&mut self, byte: u8, line: u64) -> Result<Stands, Unreadable> {
        match self {
            Self::List(list) => list.place(byte, line),
            Self::Lines => Ok(lines::place(byte)),
            Self::Csv(quotes) => Ok(quotes.place(byte)),
        }
    }

    /// Whether the input may end here.
    fn may_end(&self) -> Result<bool, Unreadable> {
        match self {
            Self::List(list) => list.may_end(),
            Self::Lines => Ok(true),
            Self::Csv(quotes) => Ok(!quotes.are_open()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &[u8], format: Format) -> Vec<Piece> {
        let mut pieces = Pieces::new(text, format);
        let mut found = Vec::new();
        while let Some(piece) = pieces.cut().unwrap() {
            found.push(piece);
        }
        assert_eq!(pieces.bytes(), text.len() as u64);
        found
    }

    /// Line, number and text of each.
    fn told(text: &[u8], format: Format) -> Vec<(u64, u64, String)> {
        let told = |piece: Piece| {
            assert_eq!(piece.flaw, None);
            (piece.line, piece.number, String::from_utf8(piece.text).unwrap())
        };
        cut(text, format).into_iter().map(told).collect()
    }

    #[test]
    fn a_list_is_cut_at_the_ends_of_its_elements() {
        let text = b"\xEF\xBB\xBF\n[\n{\"a\": \"]},\\\"{\"},\n {\"b\": [1,\n{}]}, 12 ,\"x,\"\n]\n";
        let expected = [
            (3, 1, "{\"a\": \"]},\\\"{\"}"),
            (4, 2, "{\"b\": [1,\n{}]}"),
            (5, 3, "12"),
            (5, 4, "\"x,\""),
        ];
        let expected = expected.map(|(line, number, text)| (line, number, text.to_owned()));
        assert_eq!(told(text, Format::Fixture), expected);
        assert!(told(b" [ ] ", Format::Fixture).is_empty());
    }

    #[test]
    fn a_record_that_is_broken_inside_does_not_take_the_next_one_with_it() {
        let pieces = told(b"[{'a': 1,}, nonsense, {}]", Format::Fixture);
        let texts: Vec<&str> = pieces.iter().map(|(_, _, text)| text.as_str()).collect();
        assert_eq!(texts, ["{'a': 1,}", "nonsense", "{}"]);
    }

    #[test]
    fn lines_are_cut_at_their_ends_and_empty_ones_left_out() {
        let expected =
            [(1, 1, "{}"), (3, 2, "{\"a\": 1} ")].map(|(line, number, text)| (line, number, text.to_owned()));
        assert_eq!(told(b"{}\r\n\n{\"a\": 1} ", Format::Ndjson), expected);
        assert_eq!(told(b"{}\n\n  \n{\"a\": 1} \n", Format::Jsonl).len(), 2);
    }

    #[test]
    fn a_line_of_csv_ends_outside_of_quotes() {
        let text = b"id,name\r\n1,\"a \"\"b\"\"\n,c\"\n\n2,d\"e\n3,\"\"\n";
        let expected = [
            (1, 1, "id,name"),
            (2, 2, "1,\"a \"\"b\"\"\n,c\""),
            (5, 3, "2,d\"e"),
            (6, 4, "3,\"\""),
        ];
        let expected = expected.map(|(line, number, text)| (line, number, text.to_owned()));
        assert_eq!(told(text, Format::Csv), expected);
    }

    #[test]
    fn an_input_that_ends_too_soon_is_told_of() {
        for (text, format) in [
            (b"[{\"a\": 1" as &[u8], Format::Fixture),
            (b"[{\"a\": \"}]", Format::Fixture),
            (b"id\n1,\"a\n2,b\n", Format::Csv),
        ] {
            assert_eq!(
                cut(text, format).last().unwrap().flaw,
                Some(Flaw::CutOff),
                "{text:?}"
            );
        }
        let pieces = cut(b"[{}, {},\n", Format::Fixture);
        let last = pieces.last().unwrap();
        assert_eq!((pieces.len(), last.line, last.flaw), (3, 2, Some(Flaw::CutOff)));
        assert!(last.text.is_empty());
    }

    #[test]
    fn of_a_record_that_is_too_long_the_beginning_is_kept_and_the_next_is_found() {
        let long = "x".repeat(LONGEST + 10);
        let pieces = cut(format!("[\"{long}\", 1]").as_bytes(), Format::Fixture);
        assert_eq!(
            (pieces[0].flaw, pieces[0].text.len()),
            (Some(Flaw::TooLong), LONGEST)
        );
        assert_eq!(pieces[1].text, b"1");
    }

    #[test]
    fn what_is_no_list_and_what_is_no_text_is_told_at_once() {
        for (text, told) in [
            (b"" as &[u8], ("input_empty", "empty")),
            (b"\xFF\xFE[\0", ("input_utf_16", "UTF-16")),
            (b"\x1F\x8B\x08", ("input_compressed", "compressed")),
            (
                b"\n{\"model\": 1}",
                ("input_no_list", "Line 2 of the input begins no JSON list"),
            ),
            (b" \n ", ("input_empty", "empty")),
            (
                b"[]\n[]",
                ("input_after_the_end", "Line 2 of the input goes on after the end"),
            ),
        ] {
            let refused = Pieces::new(text, Format::Fixture).cut().unwrap_err();
            let (code, words) = told;
            assert_eq!(refused.code(), code);
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }
}
