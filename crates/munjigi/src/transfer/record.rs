//! A record of a file, read: what it is of, and what it gives. Whether the values fit is asked later.

use super::pieces::{Flaw, Piece};
use super::{Format, Reason, json};
use csv_core::ReadRecordResult;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How long a record may be to be read into values, in bytes. A user of Django's own model has some kilobytes at most.
pub(super) const LONGEST: usize = 1 << 20;

/// What a record is of.
pub(super) enum Entry {
    /// A user.
    User(Given),
    /// A row by which the lists of users are understood.
    Named(NamedModel, Given),
    /// A row of another model, called so.
    Other(String),
    /// The line of a CSV that names the fields.
    Header,
}

/// The models that the lists of users refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedModel {
    /// `auth.group`.
    Group,
    /// `auth.permission`.
    Permission,
    /// `contenttypes.contenttype`.
    ContentType,
}

/// What a record gives.
#[derive(Default)]
pub(super) struct Given {
    /// The primary key; none where it is not given or null.
    pub(super) pk: Option<Value>,
    /// The fields by our names.
    pub(super) fields: Map<String, Value>,
    /// What is given beside them, and for which there is no place.
    pub(super) unknown: Vec<String>,
}

/// What a file's names mean here.
pub(super) struct Names {
    /// The fields that users have here.
    pub(super) fields: BTreeSet<String>,
    /// Our field for each other name that the operator told us of.
    pub(super) mapped: BTreeMap<String, String>,
    /// The model under which users stand in a fixture, in lower case.
    pub(super) model: String,
}

/// Why a header is of no use.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHeader {
    /// It cannot be read.
    #[error("The header of the CSV cannot be taken: {0}.")]
    Unreadable(Reason),
    /// Two columns are one field.
    #[error("The header names the field {0} twice. Take one of the two out.")]
    Twice(String),
    /// No column is a field.
    #[error(
        "The header names no field of the users. Write the names of the model's fields there, or --map FIELD=NAME."
    )]
    NoField,
    /// A column that was mapped is not there.
    #[error("--map names the column \"{0}\", and the header does not.")]
    NotThere(String),
}

impl BadHeader {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "header_unreadable",
            Self::Twice(_) => "header_twice",
            Self::NoField => "header_no_field",
            Self::NotThere(_) => "header_not_there",
        }
    }
}

/// Reads the records of a file.
pub(super) struct Records {
    format: Format,
    names: Names,
    header: Option<Vec<Column>>,
}

/// A column of a CSV.
enum Column {
    Key,
    Field(String),
    Unknown(String),
}

impl NamedModel {
    /// `app_label.model`.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Group => "auth.group",
            Self::Permission => "auth.permission",
            Self::ContentType => "contenttypes.contenttype",
        }
    }
}

impl Names {
    /// Our name for a file's, where there is a place for it.
    fn ours(&self, theirs: &str) -> Option<&str> {
        if let Some(field) = self.mapped.get(theirs) {
            return Some(field);
        }
        let is_mapped = || self.mapped.values().any(|field| field == theirs);
        self.fields
            .get(theirs)
            .map(String::as_str)
            .filter(|_| !is_mapped())
    }

    /// Whether a name of a flat record is that of the key.
    fn is_key(&self, theirs: &str) -> bool {
        match self.mapped.get(theirs) {
            Some(field) => field == "id",
            None => matches!(theirs, "id" | "pk") && !self.mapped.values().any(|field| field == "id"),
        }
    }
}

impl Records {
    pub(super) fn new(format: Format, names: Names) -> Self {
        Self {
            format,
            names,
            header: None,
        }
    }

    /// What a record is, or why it is nothing.
    ///
    /// # Errors
    /// [`BadHeader`], after which there is nothing to be read.
    pub(super) fn read(&mut self, piece: &Piece) -> Result<Result<Entry, Reason>, BadHeader> {
        if self.format == Format::Csv && self.header.is_none() {
            let cells = whole(piece).and_then(cells).map_err(BadHeader::Unreadable)?;
            self.header = Some(self.columns(cells)?);
            return Ok(Ok(Entry::Header));
        }
        Ok(self.entry(piece))
    }

    fn entry(&self, piece: &Piece) -> Result<Entry, Reason> {
        if matches!(self.format, Format::Fixture | Format::Jsonl)
            && let Some(model) = model_at_the_head(&piece.text)
            && !self.is_wanted(&model)
        {
            return Ok(Entry::Other(model));
        }
        let text = whole(piece)?;
        match self.format {
            Format::Fixture | Format::Jsonl => self.record(object(text)?),
            Format::Ndjson => Ok(Entry::User(self.flat(object(text)?))),
            Format::Csv => self.line(text).map(Entry::User),
        }
    }

    fn is_wanted(&self, model: &str) -> bool {
        model.eq_ignore_ascii_case(&self.names.model) || named(model).is_some()
    }

    /// `{"model": "auth.user", "pk": 1, "fields": {…}}`
    fn record(&self, mut record: Map<String, Value>) -> Result<Entry, Reason> {
        let (Some(Value::String(model)), Some(Value::Object(fields))) =
            (record.remove("model"), record.remove("fields"))
        else {
            return Err(Reason::NoRecord);
        };
        let pk = record.remove("pk").filter(|pk| !pk.is_null());
        if model.eq_ignore_ascii_case(&self.names.model) {
            let given = Given {
                pk,
                ..Given::default()
            };
            return Ok(Entry::User(self.with_fields(given, fields)));
        }
        let given = |fields| Given {
            pk,
            fields,
            unknown: Vec::new(),
        };
        Ok(match named(&model) {
            Some(named) => Entry::Named(named, given(fields)),
            None => Entry::Other(model),
        })
    }

    /// `{"id": 1, "username": "mseo", …}`
    fn flat(&self, mut record: Map<String, Value>) -> Given {
        let key = record.keys().find(|name| self.names.is_key(name)).cloned();
        let pk = key.and_then(|key| record.remove(&key)).filter(|pk| !pk.is_null());
        let given = Given {
            pk,
            ..Given::default()
        };
        self.with_fields(given, record)
    }

    fn with_fields(&self, mut given: Given, fields: Map<String, Value>) -> Given {
        for (name, value) in fields {
            match self.names.ours(&name) {
                Some(field) => drop(given.fields.insert(field.to_owned(), value)),
                None => given.unknown.push(name),
            }
        }
        given
    }

    fn line(&self, text: &[u8]) -> Result<Given, Reason> {
        let (cells, header) = (cells(text)?, self.header.as_deref().unwrap_or_default());
        if cells.len() != header.len() {
            return Err(Reason::Cells {
                found: cells.len(),
                named: header.len(),
            });
        }
        let mut given = Given::default();
        for (column, cell) in header.iter().zip(cells) {
            match column {
                Column::Key | Column::Unknown(_) if cell.is_empty() => {}
                Column::Key => given.pk = Some(cell.into()),
                Column::Field(field) => drop(given.fields.insert(field.clone(), cell.into())),
                Column::Unknown(name) => given.unknown.push(name.clone()),
            }
        }
        Ok(given)
    }

    fn columns(&self, header: Vec<String>) -> Result<Vec<Column>, BadHeader> {
        if let Some(name) = self.names.mapped.keys().find(|name| !header.contains(name)) {
            return Err(BadHeader::NotThere(name.clone()));
        }
        let mut taken = BTreeSet::new();
        let mut columns = Vec::new();
        for name in header {
            let column = if self.names.is_key(&name) {
                Column::Key
            } else {
                self.names.ours(&name).map_or_else(
                    || Column::Unknown(name.clone()),
                    |field| Column::Field(field.to_owned()),
                )
            };
            let field = match &column {
                Column::Key => Some("id"),
                Column::Field(field) => Some(field.as_str()),
                Column::Unknown(_) => None,
            };
            if let Some(field) = field
                && !taken.insert(field.to_owned())
            {
                return Err(BadHeader::Twice(field.to_owned()));
            }
            columns.push(column);
        }
        if taken.iter().any(|field| field != "id") {
            Ok(columns)
        } else {
            Err(BadHeader::NoField)
        }
    }
}

/// The text of a record that is whole and no longer than it may be.
fn whole(piece: &Piece) -> Result<&[u8], Reason> {
    match piece.flaw {
        Some(Flaw::CutOff) => Err(Reason::CutOff),
        Some(Flaw::TooLong) => Err(Reason::FarTooLong),
        None if piece.text.len() > LONGEST => Err(Reason::TooLong),
        None => Ok(&piece.text),
    }
}

fn object(text: &[u8]) -> Result<Map<String, Value>, Reason> {
    std::str::from_utf8(text).map_err(|_| Reason::NotUtf8)?;
    match json::read(text).map_err(Reason::NotJson)? {
        Value::Object(object) => Ok(object),
        _ => Err(Reason::NoObject),
    }
}

fn named(model: &str) -> Option<NamedModel> {
    match model.to_ascii_lowercase().as_str() {
        "auth.group" => Some(NamedModel::Group),
        "auth.permission" => Some(NamedModel::Permission),
        "contenttypes.contenttype" => Some(NamedModel::ContentType),
        _ => None,
    }
}

/// The model of a record of a fixture, where it is named first, as Django does. What is not wanted is read no further: it may
/// be the whole of a project's tables, and a row of them as long as it likes.
fn model_at_the_head(text: &[u8]) -> Option<String> {
    let rest = text.trim_ascii_start().strip_prefix(b"{")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"model\"")?;
    let rest = rest.trim_ascii_start().strip_prefix(b":")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest
        .iter()
        .take(256)
        .position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (model, rest) = rest.split_at_checked(end)?;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    (rest.starts_with(b"\"") && model.iter().all(is_word))
        .then(|| String::from_utf8_lossy(model).into_owned())
}

/// The cells of a line of CSV.
fn cells(text: &[u8]) -> Result<Vec<String>, Reason> {
    let mut reader = csv_core::Reader::new();
    // No cell is longer than its line, and there are no more cells than bytes and one.
    let (mut output, mut ends) = (vec![0; text.len()], vec![0; text.len() + 1]);
    let (mut read, mut written, mut ended) = (0, 0, 0);
    loop {
        let (result, nin, nout, nend) = reader.read_record(
            text.get(read..).unwrap_or_default(),
            output.get_mut(written..).unwrap_or_default(),
            ends.get_mut(ended..).unwrap_or_default(),
        );
        read += nin;
        written += nout;
        ended += nend;
        match result {
            // Told that there is no more, it ends the record.
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::Record if read == text.len() => break,
            _ => return Err(Reason::Quotes),
        }
    }
    let mut cells = Vec::with_capacity(ended);
    let mut start = 0;
    for &end in ends.iter().take(ended) {
        let cell = output.get(start..end).unwrap_or_default();
        cells.push(std::str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?.to_owned());
        start = end;
    }
    Ok(cells)
}
