//! The keys of tokens as a client notices them: a ring that changes under a running server, the move from a secret to a
//! ring, keys in PEM, and what is published.

use crate::support::{Database, SECRET_KEY, START, TestServer, claims, header, run, signed};
use jiff::{SignedDuration, Timestamp};
use munjigi::clock::entropy;
use munjigi::keys::{Rotation, StoredRing};
use munjigi_tokens::{Algorithm, Signer, jws};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A file that is gone when the test is over.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("munjigi-{}-{number}-{name}", std::process::id())))
    }

    /// A ring of one key, made when the tests begin.
    fn ring(algorithm: Algorithm) -> Self {
        let file = Self::new("keys.json");
        StoredRing::generate(&file.0, algorithm, at(0), &mut entropy()).unwrap();
        file
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// So many seconds after the beginning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// The seconds that tokens under the old key are taken after a rotation.
const KEPT: i64 = 7 * 86_400 + 600;

fn rotate(path: &Path, now: Timestamp) -> String {
    let rotation = Rotation {
        algorithm: None,
        activate_after: SignedDuration::from_mins(10),
        keep: SignedDuration::from_secs(KEPT),
    };
    StoredRing::rotate(path, rotation, now, &mut entropy())
        .unwrap()
        .kid
}

async fn with_ring(ring: &File) -> TestServer {
    let server = Database::sqlite()
        .server_with(&[("SIMPLE_JWT__KEY_RING", ring.text())])
        .await;
    server.signed_up().await;
    server
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

async fn published(server: &TestServer) -> Vec<Value> {
    let reply = server
        .anonymous()
        .get("/.well-known/jwks.json")
        .await
        .expect_status(200);
    reply.json()["keys"].as_array().unwrap().clone()
}

async fn kids(server: &TestServer) -> Vec<String> {
    published(server)
        .await
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_key_that_was_rotated_is_good_until_its_last_token_has_expired_and_no_longer() {
    run(async {
        let ring = File::ring(Algorithm::EdDsa);
        let server = with_ring(&ring).await;
        let (access, refresh) = server.tokens().await;
        let old = kid(&access);
        assert_eq!(header(&access), json!({"alg": "EdDSA", "kid": old, "typ": "JWT"}));
        assert_eq!(
            (kids(&server).await, kid(&refresh)),
            (vec![old.clone()], old.clone())
        );

        let new = rotate(&ring.0, server.clock.now());
        assert_eq!(server.app.refresh_keys().unwrap(), Some(old.clone()));
        // Known to everybody, and not yet at work.
        assert_eq!(kids(&server).await, [old.clone(), new.clone()]);
        assert_eq!(kid(&server.tokens().await.0), old);

        server.clock.advance(599);
        assert_eq!(server.app.refresh_keys().unwrap(), None);
        let last = server.tokens().await.1;
        assert_eq!(kid(&last), old);
        server.clock.advance(1);
        assert_eq!(server.app.refresh_keys().unwrap(), Some(new.clone()));
        assert_eq!(kid(&server.tokens().await.0), new);
        let renewed = server
            .refresh(&refresh)
            .await
            .expect_status(200)
            .text("access_token");
        assert_eq!(kid(&renewed), new);
        server.me(&renewed).await.expect_status(200);

        // The last token under the old key has expired when the key ends.
        server.clock.advance(7 * 86_400 - 2);
        server.refresh(&last).await.expect_status(200);
        server.clock.advance(1);
        server.refresh(&last).await.expect_error(401, "token_expired");
        server.clock.advance(1);
        let mut forged = claims(&last);
        forged["exp"] = json!(START + 10_000_000);
        server
            .refresh(&under(&ring, &old, &forged))
            .await
            .expect_error(401, "token_not_valid");
        assert_eq!(server.app.refresh_keys().unwrap(), Some(new.clone()));
        assert_eq!(kids(&server).await, [new]);
    });
}

#[test]
fn an_old_key_opens_everything_during_the_overlap_and_nothing_after_it() {
    run(async {
        let ring = File::ring(Algorithm::Es256);
        let server = with_ring(&ring).await;
        let (access, _) = server.tokens().await;
        let mut long = claims(&access);
        long["exp"] = json!(START + 10_000_000);
        let long = under(&ring, &kid(&access), &long);
        rotate(&ring.0, server.clock.now());
        server.clock.advance(600);
        server.app.refresh_keys().unwrap();
        server.clock.advance(KEPT - 601);
        server.me(&long).await.expect_status(200);
        // Whether or not anybody has looked at the ring since.
        server.clock.advance(1);
        server.me(&long).await.expect_error(401, "token_not_valid");
    });
}

/// Claims signed by a key of the ring, as who has stolen its file could.
fn under(ring: &File, kid: &str, claims: &Value) -> String {
    let document = fs::read_to_string(&ring.0).unwrap();
    let keys: Value = serde_json::from_str(&document).unwrap();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == kid)
        .unwrap();
    let jwk = munjigi_tokens::Jwk::parse(&key.to_string()).unwrap();
    let signer = Signer::from_jwk(jwk.algorithm().unwrap(), &jwk).unwrap();
    jws::sign(claims.to_string().as_bytes(), &signer).unwrap()
}

#[test]
fn a_kid_that_the_ring_does_not_have_is_refused() {
    run(async {
        let (ring, other) = (File::ring(Algorithm::EdDsa), File::ring(Algorithm::EdDsa));
        let server = with_ring(&ring).await;
        let (access, _) = server.tokens().await;
        let key: Value = serde_json::from_str(&fs::read_to_string(&other.0).unwrap()).unwrap();
        let foreign = under(&other, key["keys"][0]["kid"].as_str().unwrap(), &claims(&access));
        server.me(&foreign).await.expect_error(401, "token_not_valid");
        // Nor does a ring take tokens without one, unless it is told until when.
        let kidless = signed(&claims(&access), SECRET_KEY);
        server.me(&kidless).await.expect_error(401, "token_not_valid");
    });
}

#[test]
fn moving_from_a_secret_to_a_ring_signs_nobody_out() {
    run(async {
        let server = Database::sqlite().server().await;
        server.signed_up().await;
        let (access, refresh) = server.tokens().await;
        let ring = File::ring(Algorithm::EdDsa);
        let settings = [
            ("SIMPLE_JWT__KEY_RING", ring.text()),
            ("SIMPLE_JWT__KEY_RING_KIDLESS_UNTIL", "2026-01-02T00:00:00Z"),
        ];
        let server = server.restarted_with(&settings).await;
        server.me(&access).await.expect_status(200);
        let renewed = server
            .refresh(&refresh)
            .await
            .expect_status(200)
            .text("access_token");
        assert_eq!(header(&renewed)["alg"], "EdDSA");
        server.me(&renewed).await.expect_status(200);
        assert_eq!(header(&server.tokens().await.1)["alg"], "EdDSA");

        server.clock.advance(86_399);
        server.refresh(&refresh).await.expect_status(200);
        server.clock.advance(1);
        server
            .refresh(&refresh)
            .await
            .expect_error(401, "token_not_valid");
    });
}

#[test]
fn moving_from_a_key_in_pem_to_a_ring_signs_nobody_out() {
    run(async {
        let pem = File::new("es384.pem");
        fs::write(&pem.0, ES384).unwrap();
        let of_before = [
            ("SIMPLE_JWT__ALGORITHM", "ES384"),
            ("SIMPLE_JWT__SIGNING_KEY", pem.text()),
        ];
        let server = Database::sqlite().server_with(&of_before).await;
        server.signed_up().await;
        let (access, refresh) = server.tokens().await;
        assert_eq!(header(&access), json!({"alg": "ES384", "typ": "JWT"}));
        let ring = File::ring(Algorithm::EdDsa);
        let until = [
            ("SIMPLE_JWT__KEY_RING", ring.text()),
            ("SIMPLE_JWT__KEY_RING_KIDLESS_UNTIL", "2026-01-08T00:00:00Z"),
        ];
        let server = server.restarted_with(&[of_before, until].concat()).await;
        server.me(&access).await.expect_status(200);
        let renewed = server
            .refresh(&refresh)
            .await
            .expect_status(200)
            .text("access_token");
        assert_eq!(header(&renewed)["alg"], "EdDSA");
    });
}

#[test]
fn a_bad_file_changes_nothing_and_is_told_once() {
    run(async {
        let ring = File::ring(Algorithm::EdDsa);
        let server = with_ring(&ring).await;
        let (access, _) = server.tokens().await;
        let whole = fs::read(&ring.0).unwrap();
        for torn in [&whole[..whole.len() / 2], b"", b"{\"keys\": []}"] {
            fs::write(&ring.0, torn).unwrap();
            let error = server.app.refresh_keys().unwrap_err();
            assert_eq!(error.code(), "key_ring_malformed");
            assert_eq!(server.app.refresh_keys().unwrap(), None);
            server.me(&access).await.expect_status(200);
            server.tokens().await;
        }
        fs::remove_file(&ring.0).unwrap();
        assert_eq!(
            server.app.refresh_keys().unwrap_err().code(),
            "key_ring_unreadable"
        );
        server.me(&access).await.expect_status(200);

        fs::write(&ring.0, &whole).unwrap();
        fs::set_permissions(&ring.0, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(server.app.refresh_keys().unwrap_err().code(), "key_ring_open");
        fs::set_permissions(&ring.0, fs::Permissions::from_mode(0o600)).unwrap();
        rotate(&ring.0, server.clock.now());
        server.app.refresh_keys().unwrap();
        assert_eq!(kids(&server).await.len(), 2);
    });
}

#[test]
fn two_servers_on_one_file_take_each_others_tokens_through_a_rotation() {
    run(async {
        let ring = File::ring(Algorithm::EdDsa);
        let servers = [with_ring(&ring).await, with_ring(&ring).await];
        let new = rotate(&ring.0, at(0));
        // Each step one of them notices before the other.
        for (seconds, looking) in [(0, 0), (0, 1), (600, 1), (1, 0)] {
            for server in &servers {
                server.clock.advance(seconds);
            }
            servers[looking].app.refresh_keys().unwrap();
            for (one, other) in [(0, 1), (1, 0)] {
                let token = servers[one].app.jwt().key_ring().sign(b"{}").unwrap();
                let verified = servers[other]
                    .app
                    .jwt()
                    .key_ring()
                    .verify(&token, servers[other].clock.now());
                assert!(verified.is_ok(), "{seconds} {looking} {one}");
            }
        }
        assert_eq!(kid(&servers[0].tokens().await.0), new);
        assert_eq!(kid(&servers[1].tokens().await.0), new);
    });
}

#[test]
fn nothing_private_is_published_of_any_algorithm() {
    run(async {
        let mut seen = 0;
        for &algorithm in Algorithm::ALL {
            let ring = (!algorithm.is_symmetric()).then(|| File::ring(algorithm));
            let settings = match &ring {
                Some(ring) => [("SIMPLE_JWT__KEY_RING", ring.text())],
                None => [("SIMPLE_JWT__ALGORITHM", algorithm.name())],
            };
            let server = Database::sqlite().server_with(&settings).await;
            let reply = server
                .anonymous()
                .get("/.well-known/jwks.json")
                .await
                .expect_status(200);
            let text = String::from_utf8(reply.body.clone()).unwrap();
            assert!(!text.contains(SECRET_KEY) && !text.contains("oct"), "{text}");
            let keys = published(&server).await;
            let Some(ring) = ring else {
                assert_eq!(text, r#"{"keys":[]}"#);
                continue;
            };
            seen += 1;
            let stored: Value = serde_json::from_str(&fs::read_to_string(&ring.0).unwrap()).unwrap();
            let stored = stored["keys"][0].as_object().unwrap();
            let [key] = &keys[..] else { panic!("{text}") };
            assert_eq!(key["alg"], algorithm.name());
            assert_eq!((&key["use"], &key["kid"]), (&json!("sig"), &stored["kid"]));
            for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert_eq!(key[name], Value::Null, "{algorithm}");
                let secret = stored.get(name).and_then(Value::as_str);
                assert!(
                    secret.is_none_or(|secret| !text.contains(secret)),
                    "{algorithm}: {name}"
                );
            }
        }
        assert_eq!(seen, 10);
    });
}

#[test]
fn the_published_keys_may_be_kept_for_five_minutes_and_asked_for_by_their_tag() {
    run(async {
        let ring = File::ring(Algorithm::EdDsa);
        let server = with_ring(&ring).await;
        let mut client = server.anonymous();
        let reply = client.get("/.well-known/jwks.json").await.expect_status(200);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        assert_eq!(reply.header("access-control-allow-origin"), "");
        let tag = reply.header("etag").to_owned();
        for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            client.header("if-none-match", &known);
            let reply = client.get("/.well-known/jwks.json/").await.expect_status(304);
            assert_eq!((reply.header("etag"), reply.body.len()), (tag.as_str(), 0));
        }
        client.header("if-none-match", "\"x\"");
        client.get("/.well-known/jwks.json").await.expect_status(200);
        client.header("if-none-match", &tag);
        rotate(&ring.0, server.clock.now());
        server.app.refresh_keys().unwrap();
        client.get("/.well-known/jwks.json").await.expect_status(200);
        client
            .post("/.well-known/jwks.json", &json!({}))
            .await
            .expect_status(405);
    });
}

#[test]
fn a_route_that_is_off_publishes_nothing() {
    run(async {
        let server = Database::sqlite().server_with(&[("ROUTES__JWKS", "false")]).await;
        server
            .anonymous()
            .get("/.well-known/jwks.json")
            .await
            .expect_status(404);
    });
}

#[test]
fn a_former_secret_key_still_verifies_tokens_while_no_signing_key_is_written() {
    run(async {
        let server = Database::sqlite().server().await;
        server.signed_up().await;
        let (access, refresh) = server.tokens().await;
        let new = "another-secret-key-of-the-tests-0123456789-abcdefghijklmnopqrst";
        let fallbacks = format!("[\"{SECRET_KEY}\"]");
        let rotated = [("SECRET_KEY", new), ("SECRET_KEY_FALLBACKS", &fallbacks)];
        let server = server.restarted_with(&rotated).await;
        server.me(&access).await.expect_status(200);
        let renewed = server
            .refresh(&refresh)
            .await
            .expect_status(200)
            .text("access_token");
        assert_eq!(renewed, signed(&claims(&renewed), new));
        // A key of the tokens' own has no former ones.
        let own = [
            &rotated[..],
            &[(
                "SIMPLE_JWT__SIGNING_KEY",
                "the-key-of-the-tokens-alone-0123456789-abcdefghijkl",
            )],
        ];
        let server = server.restarted_with(&own.concat()).await;
        server.me(&access).await.expect_error(401, "token_not_valid");
    });
}

#[test]
fn a_key_in_pem_comes_as_text_or_by_its_path_and_is_published_under_its_thumbprint() {
    run(async {
        let pem = File::new("es384.pem");
        fs::write(&pem.0, ES384).unwrap();
        let mut found = Vec::new();
        for key in [ES384, pem.text()] {
            let settings = [
                ("SIMPLE_JWT__ALGORITHM", "ES384"),
                ("SIMPLE_JWT__SIGNING_KEY", key),
            ];
            let server = Database::sqlite().server_with(&settings).await;
            server.signed_up().await;
            let (access, refresh) = server.tokens().await;
            assert_eq!(header(&access), json!({"alg": "ES384", "typ": "JWT"}));
            server.me(&access).await.expect_status(200);
            server.refresh(&refresh).await.expect_status(200);
            found.push(published(&server).await);
        }
        assert_eq!(found[0], found[1]);
        assert_eq!(
            (&found[0][0]["crv"], &found[0][0]["d"]),
            (&json!("P-384"), &Value::Null)
        );
        assert_eq!(found[0][0]["kid"].as_str().unwrap().len(), 43);
    });
}

#[test]
fn a_server_with_a_verifying_key_alone_takes_tokens_and_makes_none() {
    run(async {
        let issuer = [
            ("SIMPLE_JWT__ALGORITHM", "ES384"),
            ("SIMPLE_JWT__SIGNING_KEY", ES384),
        ];
        let server = Database::sqlite().server_with(&issuer).await;
        server.signed_up().await;
        let (access, _) = server.tokens().await;
        let off = [
            "JWT_SIGNUP",
            "JWT_SIGNIN",
            "JWT_REFRESH",
            "TOKEN_OBTAIN_PAIR",
            "TOKEN_REFRESH",
        ];
        let off = off
            .into_iter()
            .chain(["TOKEN_OBTAIN_SLIDING", "TOKEN_REFRESH_SLIDING"]);
        let off: Vec<String> = off.map(|name| format!("ROUTES__{name}")).collect();
        let mut settings = vec![
            ("SIMPLE_JWT__ALGORITHM", "ES384"),
            ("SIMPLE_JWT__VERIFYING_KEY", ES384_PUBLIC),
        ];
        settings.extend(off.iter().map(|name| (name.as_str(), "false")));
        let server = server.restarted_with(&settings).await;
        server.me(&access).await.expect_status(200);
        assert_eq!(kids(&server).await.len(), 1);
        server
            .anonymous()
            .post("/user/jwt_signin", &json!({}))
            .await
            .expect_status(404);
    });
}

/// Made for these tests: `openssl ecparam -name secp384r1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt`.
const ES384: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDgxvMIIZsrYQk4vuva\n\
utz43IvrHLmGcu46nUQ6hWcwPQmRYOHxyzQWaD3pmysA/U6hZANiAASQWdfmSku7\n\
QkWgHiZKEqMTpLw902aeYFjfVPwoW+Jx2jg7UEsYRlvXpklC6j+MzgdDhI5mgTx0\n\
2MwuyqWVBfXdm0TiSV66rVcBIeIYFBVsxuhDLy32DON9e5Matl91Sss=\n\
-----END PRIVATE KEY-----\n";
const ES384_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEkFnX5kpLu0JFoB4mShKjE6S8PdNmnmBY\n\
31T8KFvicdo4O1BLGEZb16ZJQuo/jM4HQ4SOZoE8dNjMLsqllQX13ZtE4kleuq1X\n\
ASHiGBQVbMboQy8t9gzjfXuTGrZfdUrL\n\
-----END PUBLIC KEY-----\n";
