//! `signing.dumps` and `signing.loads` of `django.core.signing`.
//!
//! Reading is bounded, which Django's is not: [`MAX_PAYLOAD`] bytes once unpacked, and 128 levels of JSON.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compress as Deflate, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use jiff::Timestamp;
use serde_json::Value;

use crate::{Age, SigningError, TimestampSigner, Unsigned, json::to_json};

/// The most bytes of JSON that a signed text may unpack to: 16 MiB.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// Whether a payload is packed with zlib: Django's `compress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compress {
    /// `compress=False`.
    Never,
    /// `compress=True`: where that makes it shorter, which a leading `.` then tells.
    IfShorter,
}

impl TimestampSigner {
    /// `signing.dumps(object, key=…, salt=…, compress=…)` of Django 5.2; the salt that it defaults to is
    /// `"django.core.signing"`.
    ///
    /// Django reads the result, and without compression it is the same text as Django's. What zlib makes of a
    /// payload may differ from one implementation to another.
    pub fn dumps(&self, object: &Value, compress: Compress, now: Timestamp) -> String {
        self.sign_json(&to_json(object), compress, now)
    }

    /// `signing.loads(signed, key=…, salt=…, max_age=…)`.
    ///
    /// A [`Value`] holds less than a Python object: an integer beyond 64 bits becomes a float, and a lone surrogate
    /// or `NaN` is an error. [`unsign_json`](Self::unsign_json) gives the text itself.
    ///
    /// # Errors
    /// Those of [`unsign_json`](Self::unsign_json), and [`SigningError::Payload`] where the text is not such JSON.
    pub fn loads(&self, signed: &str, age: Age) -> Result<Unsigned<Value>, SigningError> {
        let Unsigned { value, key } = self.unsign_json(signed, age)?;
        let value = serde_json::from_str(&value).map_err(|_| SigningError::Payload)?;
        Ok(Unsigned { value, key })
    }

    /// [`dumps`](Self::dumps) for JSON that is written already.
    pub fn sign_json(&self, json: &str, compress: Compress, now: Timestamp) -> String {
        let data = json.as_bytes();
        let packed = match compress {
            Compress::Never => None,
            Compress::IfShorter => deflate(data),
        };
        let mut text = String::with_capacity(data.len() * 4 / 3 + 64);
        if packed.is_some() {
            text.push('.');
        }
        URL_SAFE_NO_PAD.encode_string(packed.as_deref().unwrap_or(data), &mut text);
        self.sign_in_place(&mut text, now);
        text
    }

    /// [`loads`](Self::loads) without reading the JSON. Nothing but the signature says that it is JSON at all.
    ///
    /// # Errors
    /// Those of [`unsign`](Self::unsign), [`SigningError::Payload`] where the payload is not packed as Django does it,
    /// [`SigningError::PayloadTooLarge`].
    pub fn unsign_json(&self, signed: &str, age: Age) -> Result<Unsigned<String>, SigningError> {
        let Unsigned { value, key } = self.unsign(signed, age)?;
        let (packed, base64) = value
            .strip_prefix('.')
            .map_or((false, value), |base64| (true, base64));
        let data = URL_SAFE_NO_PAD
            .decode(base64)
            .map_err(|_| SigningError::Payload)?;
        let data = if packed { inflate(&data)? } else { data };
        if data.len() > MAX_PAYLOAD {
            return Err(SigningError::PayloadTooLarge);
        }
        Ok(Unsigned {
            value: latin_1(data),
            key,
        })
    }
}

/// The zlib form of `data`, if it is shorter by more than the `.` that marks it.
fn deflate(data: &[u8]) -> Option<Vec<u8>> {
    let longest = data.len().checked_sub(2)?;
    // What does not fit is not short enough.
    let mut packed = Vec::with_capacity(longest);
    let status =
        Deflate::new(Compression::new(6), true).compress_vec(data, &mut packed, FlushCompress::Finish);
    (matches!(status, Ok(Status::StreamEnd)) && packed.len() <= longest).then_some(packed)
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut inflater = Decompress::new(true);
    // Sessions shrink to a half or a third. Where the guess was too small it starts again with more room, since the
    // decoder is fastest when it writes into one buffer from beginning to end.
    let mut room = packed.len().saturating_mul(4).clamp(256, MAX_PAYLOAD);
    loop {
        let mut data = Vec::with_capacity(room);
        match inflater.decompress_vec(packed, &mut data, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => return Ok(data),
            Ok(Status::Ok | Status::BufError) if data.len() < data.capacity() => {
                return Err(SigningError::Payload);
            }
            Ok(Status::Ok | Status::BufError) if room >= MAX_PAYLOAD => {
                return Err(SigningError::PayloadTooLarge);
            }
            Ok(Status::Ok | Status::BufError) => {
                inflater.reset(true);
                room = room.saturating_mul(8).min(MAX_PAYLOAD);
            }
            Err(_) => return Err(SigningError::Payload),
        }
    }
}

/// `data.decode("latin-1")`. Python writes ASCII only, which is taken as it is.
fn latin_1(data: Vec<u8>) -> String {
    match String::from_utf8(data) {
        Ok(text) if text.is_ascii() => text,
        Ok(text) => text.bytes().map(char::from).collect(),
        Err(error) => error.as_bytes().iter().copied().map(char::from).collect(),
    }
}
