//! `munjigi.toml`.

use super::written::{Origin, Written};
use super::{Error, table};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use toml::Value;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

/// The file that is read where none is named, if it is there.
const UNNAMED: &str = "munjigi.toml";

/// Reads the named file, or `munjigi.toml` if it is there.
pub(super) fn read_into(written: &mut Written, named: Option<&Path>) -> Result<(), Error> {
    let path = named.unwrap_or(Path::new(UNNAMED));
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            File { path, text: &text }.write_into(written)
        }
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::File {
            path: path.to_owned(),
            source,
        }),
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn write_into(&self, written: &mut Written) -> Result<(), Error> {
        // Spans and values come from two readings: the one with spans keeps numbers as text.
        let spans = DeTable::parse(self.text).map_err(|error| self.syntax(&error))?;
        let values: toml::Table = toml::from_str(self.text).map_err(|error| self.syntax(&error))?;
        let mut lines = BTreeMap::new();
        self.number("", spans.get_ref(), &mut lines);
        for (name, value) in values {
            self.write(written, &name, value, &lines)?;
        }
        Ok(())
    }

    /// Sets one name, going into tables here so that each setting bears its own line.
    fn write(
        &self,
        written: &mut Written,
        name: &str,
        value: Value,
        lines: &BTreeMap<String, usize>,
    ) -> Result<(), Error> {
        match value {
            Value::Table(inner) if table::is_table(name) => inner
                .into_iter()
                .try_for_each(|(key, value)| self.write(written, &format!("{name}.{key}"), value, lines)),
            value => table::write(
                written,
                name,
                value,
                &self.origin(lines.get(name).copied().unwrap_or(1)),
            ),
        }
    }

    fn number(&self, prefix: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                self.number(&format!("{name}."), inner, lines);
            }
            lines.insert(name, self.line(key.span().start));
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File {
            path: PathBuf::from(self.path),
            line,
        }
    }

    /// The parser's word without the line that it stands in: a secret may stand there.
    fn syntax(&self, error: &toml::de::Error) -> Error {
        let line = error.span().map_or(1, |span| self.line(span.start));
        let message = error.message().trim().trim_end_matches('.').replace('\n', ", ");
        Error::Syntax {
            origin: self.origin(line).to_string(),
            message,
        }
    }
}
