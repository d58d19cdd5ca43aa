//! Keys of another server: when they are fetched, how often, and what comes back.

use crate::issuer::{Answer, Issuer, REFUSED_URLS, Ticks, hostile, until};
use crate::support::{KEY, NOW, by_bearer, user};
use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use munjigi_axum::remote::{JwksClient, RemoteError, TIMEOUT};
use munjigi_axum::{Authentication, CurrentUser, JwtAuthentication, TokenUser};
use munjigi_tokens::{
    AccessToken, Algorithm, Jwk, JwkSet, KeyRing, Signer, SigningKey, SimpleJwt, SimpleJwtSettings,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A key that differs from others by its seed.
fn key(seed: u8) -> Jwk {
    Jwk::generate(Algorithm::EdDsa, &mut |bytes: &mut [u8]| bytes.fill(seed)).unwrap()
}

fn set(seeds: &[u8]) -> Answer {
    let keys: JwkSet = seeds.iter().map(|&seed| key(seed)).collect();
    Answer::Json(keys.to_public_json())
}

fn kid(seed: u8) -> String {
    key(seed).key_id().unwrap().to_owned()
}

async fn issuer_and_client(seeds: &[u8]) -> (Issuer, Ticks, JwksClient) {
    let (issuer, ticks) = (Issuer::start(set(seeds)).await, Ticks::start());
    let client = JwksClient::with_clock(issuer.url(), ticks.clock()).unwrap();
    (issuer, ticks, client)
}

fn kids(keys: &JwkSet) -> Vec<String> {
    keys.keys()
        .iter()
        .filter_map(Jwk::key_id)
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn all_who_wait_for_the_first_keys_share_one_fetch() {
    let (issuer, _, client) = issuer_and_client(&[1]).await;
    assert!(client.keys().is_none());
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.keys_for(Some("any")).await })
        })
        .collect();
    for one in waiting {
        assert_eq!(kids(&one.await.unwrap().unwrap()), [kid(1)]);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_flood_of_unknown_kids_leads_to_one_fetch_a_minute() {
    let (issuer, ticks, client) = issuer_and_client(&[1]).await;
    client.keys_for(None).await.unwrap();
    assert_eq!(issuer.asked(), 1);
    for minute in 0..3 {
        for second in 0..59 {
            for unknown in 0..10 {
                let unknown = format!("{minute}-{second}-{unknown}");
                assert_eq!(kids(&client.keys_for(Some(&unknown)).await.unwrap()), [kid(1)]);
            }
            ticks.advance(1);
        }
        assert_eq!(issuer.asked(), 0, "within minute {minute}");
        ticks.advance(1);
        client.keys_for(Some("unknown")).await.unwrap();
        assert_eq!(issuer.asked(), 1, "after minute {minute}");
    }
}

#[tokio::test]
async fn a_new_key_is_there_with_its_first_token() {
    let (issuer, ticks, client) = issuer_and_client(&[1]).await;
    client.keys_for(Some(&kid(1))).await.unwrap();
    issuer.answer(set(&[2, 1]));
    ticks.advance(60);
    assert_eq!(
        kids(&client.keys_for(Some(&kid(1))).await.unwrap()),
        [kid(1)],
        "a known one asks for nothing"
    );
    assert_eq!(
        kids(&client.keys_for(Some(&kid(2))).await.unwrap()),
        [kid(2), kid(1)]
    );
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn old_keys_are_fetched_anew_while_everybody_goes_on_with_them() {
    let (issuer, ticks, client) = issuer_and_client(&[1]).await;
    let old = client.keys_for(Some(&kid(1))).await.unwrap();
    ticks.advance(299);
    client.keys_for(Some(&kid(1))).await.unwrap();
    assert_eq!(issuer.asked(), 1);

    issuer.answer(set(&[2]));
    ticks.advance(1);
    assert!(Arc::ptr_eq(&client.keys_for(Some(&kid(1))).await.unwrap(), &old));
    until(|| !Arc::ptr_eq(&client.keys().unwrap(), &old)).await;
    assert_eq!(kids(&client.keys().unwrap()), [kid(2)]);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_server_that_says_nothing_are_told_so_when_the_first_one_is() {
    let issuer = Issuer::start(Answer::Stall).await;
    let clock = || tokio::time::Instant::now().into_std();
    let client = JwksClient::with_clock(issuer.url(), clock).unwrap();
    let started = clock();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.keys_for(Some("any")).await.err().unwrap().code() })
        })
        .collect();
    let mut codes = Vec::new();
    for one in waiting {
        codes.push(one.await.unwrap());
    }
    assert_eq!(codes.iter().filter(|code| **code == "remote_timeout").count(), 1);
    assert!(clock() - started < 2 * TIMEOUT, "{:?}", clock() - started);
}

#[tokio::test]
async fn whatever_the_server_answers_the_keys_that_are_known_hold() {
    let elsewhere = Issuer::start(set(&[3])).await;
    let (issuer, ticks, client) = issuer_and_client(&[1]).await;
    client.keys_for(None).await.unwrap();
    let mut answers = hostile(&elsewhere);
    answers.push(("remote_malformed", Answer::Json(r#"{"keys":[]}"#.to_owned())));
    answers.push((
        "remote_malformed",
        Answer::Json(r#"{"keys":[{"kty":"none"}]}"#.to_owned()),
    ));
    let nameless =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    answers.push(("remote_malformed", Answer::Json(nameless.to_owned())));
    for (word, answer) in answers {
        issuer.answer(answer);
        issuer.asked();
        ticks.advance(60);
        assert_eq!(
            kids(&client.keys_for(Some("unknown")).await.unwrap()),
            [kid(1)],
            "{word}"
        );
        assert_eq!(issuer.asked(), 1, "{word}");
    }
    assert_eq!(elsewhere.asked(), 0, "no redirection was followed");
}

#[tokio::test]
async fn without_keys_the_error_is_told_and_the_server_asked_again_after_a_second() {
    let elsewhere = Issuer::start(set(&[3])).await;
    for (word, answer) in hostile(&elsewhere) {
        let (issuer, ticks) = (Issuer::start(answer).await, Ticks::start());
        let client = JwksClient::with_clock(issuer.url(), ticks.clock()).unwrap();
        let error = client.keys_for(None).await.err().unwrap();
        assert_eq!(error.code(), word, "{error}");
        for _ in 0..10 {
            let error = client.keys_for(Some("any")).await.err().unwrap();
            assert_eq!(error.code(), "remote_asked_too_soon");
        }
        issuer.answer(set(&[1]));
        ticks.advance(1);
        assert_eq!(kids(&client.keys_for(None).await.unwrap()), [kid(1)]);
        assert_eq!(issuer.asked(), 2);
    }
}

/// Where nothing else moves, tokio's paused clock goes on to the end of the wait.
#[tokio::test(start_paused = true)]
async fn a_server_that_stalls_is_left_after_a_while() {
    let issuer = Issuer::start(Answer::Stall).await;
    let client = JwksClient::new(issuer.url()).unwrap();
    assert!(matches!(client.keys_for(None).await, Err(RemoteError::Timeout)));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://localhost:{}/keys", listener.local_addr().unwrap().port());
    drop(listener);
    let error = JwksClient::new(&url).unwrap().keys_for(None).await.err().unwrap();
    assert_eq!(error.code(), "remote_unreachable");
}

#[tokio::test]
async fn a_connection_is_kept_and_where_it_is_gone_made_anew() {
    let (issuer, ticks, client) = issuer_and_client(&[1]).await;
    for _ in 0..3 {
        client.keys_for(Some("unknown")).await.unwrap();
        ticks.advance(60);
    }
    assert_eq!((issuer.asked(), issuer.connections()), (3, 1));
    issuer.answer(Answer::Raw(Vec::new()));
    client.keys_for(Some("unknown")).await.unwrap();
    issuer.answer(set(&[2]));
    ticks.advance(60);
    assert_eq!(kids(&client.keys_for(Some(&kid(2))).await.unwrap()), [kid(2)]);
}

#[test]
fn an_address_is_https_or_this_machine() {
    for url in REFUSED_URLS {
        let error = JwksClient::new(url).err();
        assert_eq!(error.as_ref().map(RemoteError::code), Some("remote_url"), "{url}");
        // Who may be named in it stays out of the log.
        let shown = if url.contains('@') { "…" } else { url };
        assert!(error.unwrap().to_string().starts_with(&format!("\"{shown}\" ")));
    }
    for url in [
        "https://auth.example/.well-known/jwks.json",
        "https://10.0.0.1:8443",
        "http://LOCALHOST:8000/keys",
        "http://127.8.9.10/keys",
        "http://[::1]:8000/keys",
    ] {
        assert!(JwksClient::new(url).is_ok(), "{url}");
    }
}

// ---- a route behind such keys ----

async fn who(CurrentUser(user): CurrentUser<TokenUser>) -> String {
    user.id().to_owned()
}

fn settings() -> SimpleJwtSettings {
    SimpleJwtSettings {
        algorithm: Algorithm::EdDsa,
        ..SimpleJwtSettings::default()
    }
}

fn at_now(jwt: SimpleJwt) -> SimpleJwt {
    let now = Timestamp::from_second(NOW).unwrap();
    jwt.with_clock(move || now)
}

fn guarded(client: JwksClient) -> Router {
    let jwt = at_now(SimpleJwt::with_key_ring(settings(), KeyRing::default()).unwrap());
    let class = JwtAuthentication::stateless(jwt).unwrap().keys(client).unwrap();
    Router::new()
        .route("/", get(who))
        .with_state(Authentication::new(class))
}

fn token(signer: Signer) -> String {
    let jwt = SimpleJwt::with_key_ring(settings(), KeyRing::new(signer)).unwrap();
    AccessToken::for_user(&at_now(jwt), &user(1, ""))
        .unwrap()
        .encode()
        .unwrap()
}

fn by_key(seed: u8) -> Signer {
    Signer::from_jwk(Algorithm::EdDsa, &key(seed)).unwrap()
}

#[tokio::test]
async fn a_route_takes_tokens_of_the_other_servers_keys_alone() {
    let (issuer, ticks, client) = issuer_and_client(&[1, 2]).await;
    let router = guarded(client);
    for seed in [1, 2] {
        assert_eq!(by_bearer(&router, "/", &token(by_key(seed))).await.body, "1");
    }
    // A secret that everybody knows: the public key as it is published.
    let public = SigningKey::new(key(1).to_public_json().unwrap());
    let confused = Signer::new(Algorithm::Hs256, &SigningKey::new(KEY))
        .unwrap()
        .with_key_id(&kid(1))
        .unwrap();
    assert!(Signer::new(Algorithm::Hs256, &public).is_err());
    for foreign in [by_key(3), by_key(3).with_key_id(&kid(1)).unwrap(), confused] {
        let reply = by_bearer(&router, "/", &token(foreign)).await;
        assert_eq!(reply.status, 401);
        assert!(
            reply.body.contains(r#""message":"Token is invalid""#),
            "{}",
            reply.body
        );
    }
    assert_eq!(issuer.asked(), 1);

    // The other server changes its keys: the new one opens, the old one does no longer.
    issuer.answer(set(&[3]));
    ticks.advance(60);
    assert_eq!(by_bearer(&router, "/", &token(by_key(3))).await.body, "1");
    assert_eq!(by_bearer(&router, "/", &token(by_key(1))).await.status, 401);
}

/// A set in which somebody has published a secret among public keys.
fn unusable() -> Answer {
    let public: Value = serde_json::from_str(&key(2).to_public_json().unwrap()).unwrap();
    let secret = json!({"kty": "oct", "kid": "secret", "k": "A".repeat(43)});
    Answer::Json(json!({"keys": [secret, public]}).to_string())
}

#[tokio::test]
async fn a_set_that_cannot_be_used_changes_nothing_and_is_a_fault_where_it_is_the_first() {
    let (issuer, ticks, client) = issuer_and_client(&[1]).await;
    let router = guarded(client);
    let (known, foreign) = (token(by_key(1)), token(by_key(2)));
    assert_eq!(by_bearer(&router, "/", &known).await.body, "1");
    issuer.answer(unusable());
    ticks.advance(60);
    assert_eq!(by_bearer(&router, "/", &foreign).await.status, 401);
    assert_eq!(by_bearer(&router, "/", &known).await.body, "1");

    let issuer = Issuer::start(unusable()).await;
    let router = guarded(JwksClient::new(issuer.url()).unwrap());
    for _ in 0..2 {
        assert_eq!(by_bearer(&router, "/", &known).await.status, 500);
    }
}

#[tokio::test]
async fn a_route_without_keys_is_503() {
    let issuer = Issuer::start(Answer::Raw(Vec::new())).await;
    let router = guarded(JwksClient::new(issuer.url()).unwrap());
    let reply = by_bearer(&router, "/", &token(by_key(1))).await;
    let body = r#"{"detail":"The service is unavailable for the moment."}"#;
    assert_eq!(reply.refusal(), (503, None, body));
}

#[test]
fn an_algorithm_without_public_keys_is_refused_in_words() {
    let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new(KEY))).unwrap();
    let client = JwksClient::new("https://auth.example/keys").unwrap();
    let error = JwtAuthentication::stateless(jwt)
        .unwrap()
        .keys(client)
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "ALGORITHM is HS256, which has no public keys. Write the issuer's, such as EdDSA."
    );
}
