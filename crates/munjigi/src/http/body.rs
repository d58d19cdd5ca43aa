//! A request's body as fields: DRF's `request.data` (`rest_framework/parsers.py`, `request.py`, 3.18, and Django's
//! `QueryDict` and `MultiPartParser`, 5.2).
//!
//! JSON is read by a scanner of our own, because a password's number must keep every digit, a lone surrogate must be
//! told, and the refusal is Python's to the column. It needs no stack for nested lists, so that no body brings the
//! server down.
//!
//! It differs from DRF where DRF guesses: what is not UTF-8 is refused, not patched with U+FFFD; a file is refused; a
//! multipart body that is cut off is refused.

mod json;
mod media_type;

use crate::i18n::{FieldErrors, Text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use json::Document;
use media_type::MediaType;
use multer::Multipart;

/// The members of a body by name, in the order in which they were sent.
///
/// ```
/// use munjigi::http::body::{Fields, Value};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let body = br#"{"password": 1234, "password": "1234"}"#;
/// let fields = Fields::parse(body.as_slice().into(), Some("application/json"), 1000).await.unwrap();
/// assert!(matches!(fields.value("password"), Some(Value::String { text, .. }) if text == "1234"));
/// assert!(fields.value("email").is_none());
/// # });
/// ```
pub struct Fields {
    members: Vec<(String, Value)>,
    source: Source,
}

/// How the fields came, which decides what an empty one means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// As JSON: an empty text is an empty text.
    Json,
    /// As a form, where an empty field may stand for null.
    Form,
}

/// One value of a body. It may be a password, so it has no `Debug`.
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as it was written.
    Number(String),
    /// A text; every value of a form is one.
    String {
        /// The text, with U+FFFD for each half of a surrogate pair that stands alone.
        text: String,
        /// The first half that stands alone.
        surrogate: Option<u16>,
    },
    /// A list of whatever.
    List,
    /// An object of whatever.
    Object,
}

/// Why a body is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// 415 with this `detail`.
    #[error("The body's media type is not read.")]
    UnsupportedMediaType(Text),
    /// 400 with this `detail`.
    #[error("The body is malformed.")]
    Malformed(Text),
    /// 400 with these `non_field_errors`: JSON, but no object.
    #[error("The body is not an object.")]
    NotADictionary(FieldErrors),
}

/// DRF's `max_media_type_length`: a longer `Content-Type` is not looked at.
const MEDIA_TYPE_BYTES: usize = 256;

impl Fields {
    /// Reads a whole body by its `Content-Type`. A form may have at most `form_fields` fields
    /// (`DATA_UPLOAD_MAX_NUMBER_FIELDS`). An empty body has no fields, whatever its type.
    ///
    /// # Errors
    /// [`BodyError`] for a type other than JSON, urlencoded and multipart, and for a body that is not of its type.
    pub async fn parse(
        body: Bytes,
        content_type: Option<&str>,
        form_fields: usize,
    ) -> Result<Self, BodyError> {
        let header = content_type.unwrap_or_default();
        let media_type = MediaType::parse(header);
        let readable = header.len() <= MEDIA_TYPE_BYTES;
        if body.is_empty() {
            let source = if media_type.is_form() {
                Source::Form
            } else {
                Source::Json
            };
            Ok(Self {
                members: Vec::new(),
                source,
            })
        } else if readable && media_type.matches("application", "json") {
            json(&body, &media_type)
        } else if readable && media_type.matches("application", "x-www-form-urlencoded") {
            urlencoded(&body, &media_type, form_fields)
        } else if readable && media_type.matches("multipart", "form-data") {
            multipart(body, &media_type, form_fields).await
        } else {
            Err(BodyError::UnsupportedMediaType(Text::UnsupportedMediaType(
                header.to_owned(),
            )))
        }
    }

    /// The value of a field: the last, where several have its name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.members
            .iter()
            .rev()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
    }

    /// How the fields came.
    pub fn source(&self) -> Source {
        self.source
    }
}

fn json(body: &[u8], media_type: &MediaType<'_>) -> Result<Fields, BodyError> {
    if let Some(charset) = media_type.foreign_charset().filter(|_| !body.is_ascii()) {
        return Err(unsupported(charset));
    }
    match json::parse(body).map_err(|why| BodyError::Malformed(Text::JsonParseError(why)))? {
        Document::Object(members) => Ok(Fields {
            members,
            source: Source::Json,
        }),
        Document::Other(value) => {
            let text = match value.python_type() {
                "NoneType" => Text::NoData,
                kind => Text::ExpectedDictionary(kind),
            };
            Err(BodyError::NotADictionary(FieldErrors::of(
                "non_field_errors",
                vec![text],
            )))
        }
    }
}

fn urlencoded(body: &[u8], media_type: &MediaType<'_>, form_fields: usize) -> Result<Fields, BodyError> {
    // Counted before anything is allocated, empty ones too, as `urllib.parse.parse_qsl` counts.
    if body.iter().filter(|byte| **byte == b'&').count() >= form_fields {
        return Err(BodyError::Malformed(Text::TooManyFields(form_fields)));
    }
    let mut form = Form::new(media_type);
    for (name, value) in form_urlencoded::parse(body) {
        // The decoder puts U+FFFD where the bytes are not UTF-8; nobody means to send it.
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(BodyError::Malformed(Text::FormIsNotUtf8));
        }
        form.add(name.into_owned(), value.into_owned())?;
    }
    Ok(form.fields)
}

async fn multipart(body: Bytes, media_type: &MediaType<'_>, form_fields: usize) -> Result<Fields, BodyError> {
    let boundary = media_type
        .boundary()
        .map_err(|why| BodyError::Malformed(Text::MultipartParseError(why)))?;
    let mut parts = Multipart::new(BodyDataStream::new(Full::new(body)), boundary);
    let mut form = Form::new(media_type);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        if form.fields.members.len() == form_fields {
            return Err(BodyError::Malformed(Text::TooManyFields(form_fields)));
        }
        if is_file(&part) {
            return Err(BodyError::Malformed(Text::FilesRefused));
        }
        let is_base64 = part
            .headers()
            .get("content-transfer-encoding")
            .is_some_and(|value| value == "base64");
        let Some(name) = part.name().map(|name| name.trim().to_owned()) else {
            continue;
        };
        let sent = part.bytes().await.map_err(broken)?;
        let decoded = if is_base64 {
            STANDARD.decode(&sent).ok()
        } else {
            None
        };
        let bytes = decoded.unwrap_or_else(|| sent.into());
        let value = String::from_utf8(bytes).map_err(|_| BodyError::Malformed(Text::FormIsNotUtf8))?;
        form.add(name, value)?;
    }
    Ok(form.fields)
}

/// A part with a `filename` is a file, one with an empty `filename` is not (a file input left alone).
fn is_file(part: &multer::Field<'_>) -> bool {
    let has_encoded_name = part
        .headers()
        .get(http::header::CONTENT_DISPOSITION)
        .is_some_and(|value| value.as_bytes().windows(9).any(|window| window == b"filename*"));
    has_encoded_name || part.file_name().is_some_and(|name| !name.is_empty())
}

fn broken(error: multer::Error) -> BodyError {
    BodyError::Malformed(Text::MultipartParseError(error.to_string()))
}

fn unsupported(charset: &str) -> BodyError {
    BodyError::Malformed(Text::UnsupportedCharset(charset.to_owned()))
}

/// The fields of a form as they are read.
struct Form<'t> {
    fields: Fields,
    foreign_charset: Option<&'t str>,
}

impl<'t> Form<'t> {
    fn new(media_type: &'t MediaType<'_>) -> Self {
        let fields = Fields {
            members: Vec::new(),
            source: Source::Form,
        };
        Self {
            fields,
            foreign_charset: media_type.foreign_charset(),
        }
    }

    fn add(&mut self, name: String, text: String) -> Result<(), BodyError> {
        if let Some(charset) = self
            .foreign_charset
            .filter(|_| !(name.is_ascii() && text.is_ascii()))
        {
            return Err(unsupported(charset));
        }
        self.fields.members.push((
            name,
            Value::String {
                text,
                surrogate: None,
            },
        ));
        Ok(())
    }
}

impl Value {
    /// `type(value).__name__` of what Python's `json` makes of the value.
    fn python_type(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Boolean(_) => "bool",
            Self::Number(text) if text.contains(['.', 'e', 'E']) => "float",
            Self::Number(_) => "int",
            Self::String { .. } => "str",
            Self::List => "list",
            Self::Object => "dict",
        }
    }
}
