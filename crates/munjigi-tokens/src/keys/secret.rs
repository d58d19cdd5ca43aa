//! Which texts are no shared secret: `HMACAlgorithm.prepare_key`, `jwt.utils.is_pem_format` and `is_ssh_key`.
//!
//! Whoever writes a public key as the secret lets everybody sign. PyJWT looks for PEM, OpenSSH, DER and JWK; here the
//! base64 of DER counts too (PEM without its lines), and all of them behind a byte order mark or in UTF-16.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;
use zeroize::Zeroizing;

/// Whether it is a key, or a set of keys, of a family that has a public half, in whatever encoding.
pub(super) fn is_of_another_family(secret: &[u8]) -> bool {
    is_der(secret) || is_key_text(as_text(secret).trim_ascii())
}

/// Without the marks and bytes that UTF-16 and UTF-32 put before and between ASCII.
fn as_text(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    let body = marks.iter().find_map(|mark| secret.strip_prefix(*mark));
    without(body.unwrap_or(secret), |byte| byte == 0)
}

/// The bytes but for these, copied once.
fn without(bytes: &[u8], is_left_out: impl Fn(u8) -> bool) -> Zeroizing<Vec<u8>> {
    let mut rest = Zeroizing::new(Vec::with_capacity(bytes.len()));
    rest.extend(bytes.iter().copied().filter(|&byte| !is_left_out(byte)));
    rest
}

fn is_key_text(text: &[u8]) -> bool {
    const SSH: [&[u8]; 5] = [
        b"ssh-ed25519",
        b"ssh-rsa",
        b"ssh-dss",
        b"ecdsa-sha2-nistp",
        b"sk-ssh-",
    ];
    const PEM: &[u8] = b"-----BEGIN ";
    SSH.iter().any(|prefix| text.starts_with(prefix))
        || text.windows(PEM.len()).any(|part| part == PEM)
        || is_jwk(text)
        || is_base64_of_der(text)
}

/// A JWK, a set of them, or a list; and what begins like one, names a `kty`, and is nested too deeply to be read.
fn is_jwk(text: &[u8]) -> bool {
    const NAME: &[u8] = b"\"kty\"";
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(json) => {
            let listed = json.get("keys").unwrap_or(&json).as_array();
            let is_key = |value: &Value| value.get("kty").is_some();
            is_key(&json) || listed.is_some_and(|keys| keys.iter().any(is_key))
        }
        Err(_) => text.windows(NAME.len()).any(|part| part == NAME),
    }
}

fn is_base64_of_der(text: &[u8]) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text = without(text, |byte| byte.is_ascii_whitespace());
    [alphabet::STANDARD, alphabet::URL_SAFE].iter().any(|alphabet| {
        GeneralPurpose::new(alphabet, config)
            .decode(&text)
            .is_ok_and(|der| is_der(&Zeroizing::new(der)))
    })
}

/// One sequence that begins with an integer or a sequence, and is as long as it says: so begin SPKI, PKCS#1, PKCS#8,
/// SEC 1 and certificates. A random secret looks so once in many millions.
fn is_der(bytes: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let body = match bytes {
        [SEQUENCE, length @ 0..=0x7f, body @ ..] if body.len() == usize::from(*length) => body,
        [SEQUENCE, 0x81, length, body @ ..] if body.len() == usize::from(*length) => body,
        [SEQUENCE, 0x82, high, low, body @ ..]
            if body.len() == usize::from(u16::from_be_bytes([*high, *low])) =>
        {
            body
        }
        _ => return false,
    };
    matches!(body.first(), Some(&SEQUENCE | &INTEGER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    fn public_key(file: &str) -> String {
        let path = format!(
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/keys/{}"),
            file
        );
        std::fs::read_to_string(path).unwrap()
    }

    fn utf_16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn every_encoding_of_a_public_key_is_known() {
        for file in [
            "rsa2048.pub.pem",
            "ec256.pub.pem",
            "ec384.pub.pem",
            "ec521.pub.pem",
            "ed25519.pub.pem",
        ] {
            let pem = public_key(file);
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let der = STANDARD.decode(&body).unwrap();
            let texts = [
                pem.clone().into_bytes(),
                format!("# mine\n{pem}").into_bytes(),
                format!("\u{feff}{pem}").into_bytes(),
                utf_16(&pem),
                [b"\xff\xfe".to_vec(), utf_16(&pem)].concat(),
                body.clone().into_bytes(),
                format!("  {body}\n").into_bytes(),
                URL_SAFE_NO_PAD.encode(&der).into_bytes(),
                body.trim_end_matches('=').as_bytes().to_vec(),
                der,
            ];
            for text in texts {
                assert!(
                    is_of_another_family(&text),
                    "{file}: {:?}",
                    String::from_utf8_lossy(&text)
                );
            }
        }
    }

    #[test]
    fn a_jwk_and_an_ssh_key_are_known() {
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        for text in [
            jwk.to_owned(),
            format!(" \n{jwk}\n"),
            format!("\u{feff}{jwk}"),
            format!(r#"{{"keys":[{jwk}]}}"#),
            format!(r#"{{"keys":[{{}},{jwk}]}}"#),
            format!("[{jwk}]"),
            jwk.replace("kty", r"\u006bty"),
            r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#.to_owned(),
            format!(r#"{{"kty":"oct","x":{}"#, "[".repeat(1_000)),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me".to_owned(),
            "ecdsa-sha2-nistp384 AAAA me".to_owned(),
        ] {
            assert!(is_of_another_family(text.as_bytes()), "{text}");
            assert!(is_of_another_family(&utf_16(&text)), "{text}");
        }
    }

    #[test]
    fn what_is_only_like_a_key_is_a_secret() {
        for text in [
            "{}",
            r#"{"a":1}"#,
            "a text with \"kty\" in it",
            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
            "0\u{1}a",
            "012345678901234567890123456789012",
            "-----BEGIN",
        ] {
            assert!(!is_of_another_family(text.as_bytes()), "{text}");
        }
    }
}
