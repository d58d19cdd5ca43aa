//! What is wrong with a key ring.

use jiff::Timestamp;
use std::io;
use std::path::PathBuf;

/// Why a key ring cannot be used or changed. Each message is a sentence; none holds anything of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("The key ring {} cannot be read: {source}. `munjigi keys generate` makes one.", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("The key ring {} cannot be written: {source}. It is as it was.", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Others than its owner can read the file, or write to it.
    #[error(
        "Others can reach the key ring {} (mode {mode:04o}). Run `chmod 600` on it; if somebody else has used this \
         machine, make new keys.",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There is a file where one should be made.
    #[error("{} is there already. `munjigi keys rotate` gives it a new key; --file names another.", .0.display())]
    Exists(PathBuf),
    /// Another process is changing the file.
    #[error("Another `munjigi keys` is changing {}. Try again when it is done.", .0.display())]
    Busy(PathBuf),
    /// The content is no key ring.
    #[error("The key ring {} cannot be used: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do, in a sentence.
        problem: String,
    },
    /// The turn of no key has come, or that of each is over.
    #[error("The key ring {} has no key that signs now. `munjigi keys list` shows them.", .0.display())]
    NoSigner(PathBuf),
    /// A key waits for its turn already.
    #[error(
        "The key {kid} signs from {from} on, and there is no other until then. Rotate again after that, or with \
         --activate-after 0 if the keys have leaked."
    )]
    Waiting {
        /// The key.
        kid: String,
        /// Its turn.
        from: Timestamp,
    },
    /// `ALGORITHM` is written beside a ring, and the ring signs otherwise.
    #[error(
        "SIMPLE_JWT.ALGORITHM is {written}, and the key that signs in SIMPLE_JWT.KEY_RING is for {signing}. Leave \
         ALGORITHM out: a key says itself what it is for."
    )]
    OtherAlgorithm {
        /// What is written.
        written: munjigi_tokens::Algorithm,
        /// What signs.
        signing: munjigi_tokens::Algorithm,
    },
    /// An algorithm that has no public key.
    #[error(
        "{0} has one key for signing and verifying, which cannot be published. Write RS256, ES256, EdDSA or one of \
         their kin."
    )]
    Symmetric(munjigi_tokens::Algorithm),
    /// The keys do not do what they are to do.
    #[error(transparent)]
    Tokens(#[from] munjigi_tokens::Error),
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "key_ring_unreadable",
            Self::Write { .. } => "key_ring_unwritable",
            Self::Open { .. } => "key_ring_open",
            Self::Exists(_) => "key_ring_exists",
            Self::Busy(_) => "key_ring_busy",
            Self::Malformed { .. } => "key_ring_malformed",
            Self::NoSigner(_) => "no_signing_key",
            Self::Waiting { .. } => "next_key_waits",
            Self::OtherAlgorithm { .. } => "other_algorithm",
            Self::Symmetric(_) => "symmetric_algorithm",
            Self::Tokens(error) => error.code(),
        }
    }
}
