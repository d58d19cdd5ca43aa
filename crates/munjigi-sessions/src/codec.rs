//! `SessionBase.encode` and `.decode` of `contrib/sessions/backends/base.py`: the column `session_data`.

use jiff::Timestamp;
use munjigi_signing::{Age, Compress, SecretKeys, SigningError, TimestampSigner, b62_decode};

use crate::{SessionData, SessionError};

/// `key_salt` of the engines `db` and `cached_db`.
const SALT: &str = "django.contrib.sessions.SessionStore";

/// Writes and reads the column `session_data`: `signing.dumps(data, salt=…, compress=True)` of Django 5.2.
///
/// The signing keys for the salt are derived once; keep it for as long as the keys hold.
#[derive(Clone)]
pub struct SessionCodec {
    signer: TimestampSigner,
}

/// What a column held.
pub struct Decoded {
    /// The session; empty where it is damaged, as with Django.
    pub data: SessionData,
    /// When it was written, to the second, as its signature says; `None` where it is damaged.
    pub written_at: Option<Timestamp>,
    /// What was wrong with it, for the log.
    pub damage: Option<SessionError>,
}

impl SessionCodec {
    /// A codec for these keys.
    pub fn new(keys: &SecretKeys) -> Self {
        Self {
            signer: TimestampSigner::new(keys, SALT),
        }
    }

    /// The text for the column.
    pub fn encode(&self, data: &SessionData, now: Timestamp) -> String {
        self.signer.sign_json(&data.to_json(), Compress::IfShorter, now)
    }

    /// The session in the column. Like Django this asks no age of the signature: the row's `expire_date` decides.
    ///
    /// Where a signed payload is JSON but no object, Django hands that value on and fails later; here it is a damaged
    /// session.
    pub fn decode(&self, text: &str) -> Decoded {
        let json = self
            .signer
            .unsign_json(text, Age::Any)
            .map_err(|error| match error {
                SigningError::BadSignature => SessionError::Signature,
                _ => SessionError::Payload,
            });
        match json.and_then(|json| SessionData::from_json(json.value)) {
            Ok(data) => Decoded {
                data,
                written_at: written_at(text),
                damage: None,
            },
            Err(damage) => Decoded {
                data: SessionData::default(),
                written_at: None,
                damage: Some(damage),
            },
        }
    }
}

/// The time in `payload:time:signature`, once the signature is known to be good.
fn written_at(text: &str) -> Option<Timestamp> {
    let seconds = b62_decode(text.rsplit(':').nth(1)?)?;
    Timestamp::from_second(seconds).ok()
}
