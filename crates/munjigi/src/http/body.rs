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
mod number;

pub use number::Number;

use crate::i18n::{FieldErrors, Text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use json::Document;
use media_type::{MediaType, parameter};
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
    /// A number.
    Number(Number),
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
    if body.split(|byte| *byte == b'&').count() > form_fields {
        return Err(BodyError::Malformed(Text::TooManyFields(form_fields)));
    }
    let mut form = Form::new(media_type);
    for (name, value) in form_urlencoded::parse(body) {
        // The decoder puts U+FFFD where the bytes are not UTF-8; nobody means to send it.
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(form.not_utf8());
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
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        if form.fields.members.len() == form_fields {
            return Err(BodyError::Malformed(Text::TooManyFields(form_fields)));
        }
        let Some(disposition) = disposition(&part) else {
            continue;
        };
        if disposition.is_file {
            return Err(BodyError::Malformed(Text::FilesRefused));
        }
        let is_base64 = part
            .headers()
            .get("content-transfer-encoding")
            .is_some_and(|value| value == "base64");
        let sent = part.bytes().await.map_err(|error| broken(&error))?;
        let decoded = if is_base64 {
            STANDARD.decode(&sent).ok()
        } else {
            None
        };
        let bytes = decoded.unwrap_or_else(|| sent.into());
        let value = String::from_utf8(bytes).map_err(|_| form.not_utf8())?;
        form.add(disposition.name, value)?;
    }
    Ok(form.fields)
}

/// What a part says of itself.
struct Disposition {
    name: String,
    is_file: bool,
}

/// A part without a name is nothing. One with a `filename` is a file, but for an empty one: a file input left alone.
fn disposition(part: &multer::Field<'_>) -> Option<Disposition> {
    let header = part.headers().get(http::header::CONTENT_DISPOSITION)?;
    let (_, parameters) = std::str::from_utf8(header.as_bytes()).ok()?.split_once(';')?;
    let name = parameter(parameters, "name")?.trim().to_owned();
    let is_file = ["filename", "filename*"]
        .into_iter()
        .any(|name| parameter(parameters, name).is_some_and(|name| !name.is_empty()));
    Some(Disposition { name, is_file })
}

fn broken(error: &multer::Error) -> BodyError {
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
        if self.foreign_charset.is_some() && !(name.is_ascii() && text.is_ascii()) {
            return Err(self.not_utf8());
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

    /// Why a text that is not ASCII is not read.
    fn not_utf8(&self) -> BodyError {
        self.foreign_charset
            .map_or(BodyError::Malformed(Text::FormIsNotUtf8), unsupported)
    }
}

impl Value {
    /// `type(value).__name__` of what Python's `json` makes of the value.
    fn python_type(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Boolean(_) => "bool",
            Self::Number(number) if number.is_integer() => "int",
            Self::Number(_) => "float",
            Self::String { .. } => "str",
            Self::List => "list",
            Self::Object => "dict",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use crate::i18n::golden::{deviates, read};
    use serde_json::{Map, json};

    async fn parse(content_type: &str, body: &[u8]) -> Result<Fields, BodyError> {
        Fields::parse(Bytes::copy_from_slice(body), Some(content_type), 1000).await
    }

    fn whole(pieces: &serde_json::Value) -> Vec<u8> {
        let piece = |piece: &serde_json::Value| {
            let times = usize::try_from(piece[1].as_u64().unwrap()).unwrap();
            STANDARD.decode(piece[0].as_str().unwrap()).unwrap().repeat(times)
        };
        pieces.as_array().unwrap().iter().flat_map(piece).collect()
    }

    fn described(value: &Value) -> serde_json::Value {
        match value {
            Value::String {
                text,
                surrogate: Some(unit),
            } => json!(["str", text, unit]),
            Value::String {
                text,
                surrogate: None,
            } => json!(["str", text]),
            Value::Number(number) => json!([value.python_type(), number.python_str()]),
            Value::Boolean(true) => json!(["bool", "True"]),
            Value::Boolean(false) => json!(["bool", "False"]),
            other => json!([other.python_type(), ""]),
        }
    }

    /// What the vector would hold had munjigi made it.
    async fn outcome(vector: &serde_json::Value) -> serde_json::Value {
        let parsed = parse(vector["content_type"].as_str().unwrap(), &whole(&vector["body"])).await;
        let mut outcome = vector.clone();
        let refusal = |status: u16, answer: &dyn Fn(Lang) -> serde_json::Value| json!({"status": status, "en": answer(Lang::En), "ko": answer(Lang::Ko)});
        let detail = |text: Text| move |lang| json!({"detail": text.render(lang)});
        let ours = match parsed {
            Ok(fields) => {
                let members = fields
                    .members
                    .iter()
                    .map(|(name, value)| (name.clone(), described(value)));
                json!({"status": 200, "fields": members.collect::<Map<_, _>>()})
            }
            Err(BodyError::UnsupportedMediaType(text)) => refusal(415, &detail(text)),
            Err(BodyError::Malformed(text)) => refusal(400, &detail(text)),
            Err(BodyError::NotADictionary(errors)) => refusal(400, &|lang| errors.render(lang)),
        };
        for name in ["status", "fields", "en", "ko"] {
            outcome.as_object_mut().unwrap().remove(name);
        }
        outcome
            .as_object_mut()
            .unwrap()
            .extend(ours.as_object().unwrap().clone());
        outcome
    }

    #[tokio::test]
    async fn a_body_is_read_and_refused_as_drf_does_it() {
        let file = read("request_bodies.json");
        let vectors = file["vectors"].as_array().unwrap();
        let mut deviations = 0;
        for vector in vectors {
            let id = vector["id"].as_str().unwrap();
            let deviation = deviates("request_bodies.json", id);
            let ours = outcome(vector).await;
            assert_eq!(ours != *vector, deviation, "{id}\nours   {ours}\ntheirs {vector}");
            assert!(ours["status"].as_u64().unwrap() < 500);
            deviations += usize::from(deviation);
        }
        assert_eq!((vectors.len(), deviations), (294, 24));
    }

    #[tokio::test]
    async fn no_body_takes_long() {
        let megabyte = |piece: &str| piece.repeat((1 << 20) / piece.len());
        let members = (0..100_000)
            .map(|index| format!("\"{index}\":1,"))
            .collect::<Vec<_>>()
            .concat();
        for (content_type, body) in [
            ("application/json", megabyte("[")),
            ("application/json", megabyte("{\"a\":")),
            ("application/json", megabyte("9")),
            ("application/json", megabyte(" ")),
            ("application/json", format!("\"{}", megabyte("\\u0041"))),
            (
                "application/json",
                format!("{{{members}\"a\":1.{}}}", megabyte("1")),
            ),
            ("application/x-www-form-urlencoded", megabyte("&")),
            (
                "application/x-www-form-urlencoded",
                format!("a={}", megabyte("%41")),
            ),
            ("multipart/form-data; boundary=B", megabyte("--B\r\n\r\n\r\n")),
            ("multipart/form-data; boundary=B", megabyte("\r\n--C")),
            (
                "multipart/form-data; boundary=B",
                format!("--B\r\n{}", megabyte("name;")),
            ),
        ] {
            let started = std::time::Instant::now();
            drop(parse(content_type, body.as_bytes()).await);
            let taken = started.elapsed();
            assert!(
                taken < std::time::Duration::from_secs(5),
                "{content_type} {body:.40} {taken:?}"
            );
        }
    }
}
