//! Whatever the settings and whatever the claims: what is made is good, what is made from it is good and says the same,
//! and nothing passes for another.

use crate::{KEY, NOW, at};
use jiff::SignedDuration;
use munjigi_tokens::{
    AccessToken, Algorithm, Audience, Error, Minted, RefreshToken, SigningKey, SimpleJwt, SimpleJwtSettings,
    SlidingToken, Token, TokenType, UntypedToken,
};
use munjigi_user::{AuthUser, UserId};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
struct User {
    id: UserId,
    password: String,
}

impl AuthUser for User {
    fn id(&self) -> UserId {
        self.id.clone()
    }

    fn password(&self) -> &str {
        &self.password
    }
}

/// One round: settings, a user, claims of his, and how far the clock goes on between the steps.
#[derive(Clone, Debug)]
struct Round {
    written: Written,
    user: User,
    claims: BTreeMap<String, Value>,
    step: i64,
}

/// What of the settings is drawn. (The settings themselves hold a key, and are not to be shown.)
#[derive(Clone, Debug)]
struct Written {
    algorithm: Algorithm,
    audience: Option<Audience>,
    issuer: Option<String>,
    leeway: u16,
    /// Of `TOKEN_TYPE_CLAIM`, `JTI_CLAIM`, `USER_ID_CLAIM`, `SLIDING_TOKEN_REFRESH_EXP_CLAIM`, `REVOKE_TOKEN_CLAIM`.
    claims: [String; 5],
    has_type: bool,
    has_id: bool,
    check_revoke_token: bool,
    lifetimes: [u32; 4],
}

impl Written {
    fn settings(&self) -> SimpleJwtSettings {
        let mut settings = SimpleJwtSettings::new(SigningKey::new(KEY));
        let [token_type, jti, user_id, refresh_exp, revoke] = self.claims.clone();
        settings.algorithm = self.algorithm;
        settings.audience.clone_from(&self.audience);
        settings.issuer.clone_from(&self.issuer);
        settings.leeway = SignedDuration::from_secs(self.leeway.into());
        settings.token_type_claim = self.has_type.then_some(token_type);
        settings.jti_claim = self.has_id.then_some(jti);
        settings.user_id_claim = user_id;
        settings.sliding_token_refresh_exp_claim = refresh_exp;
        settings.revoke_token_claim = revoke;
        settings.check_revoke_token = self.check_revoke_token;
        let [access, refresh, sliding, sliding_refresh] = self
            .lifetimes
            .map(|seconds| SignedDuration::from_secs(seconds.into()));
        settings.access_token_lifetime = access;
        settings.refresh_token_lifetime = refresh;
        settings.sliding_token_lifetime = sliding;
        settings.sliding_token_refresh_lifetime = sliding_refresh;
        settings
    }
}

fn written() -> impl Strategy<Value = Written> {
    let algorithm = prop_oneof![
        Just(Algorithm::Hs256),
        Just(Algorithm::Hs384),
        Just(Algorithm::Hs512)
    ];
    let audience = prop_oneof![
        ".{1,12}".prop_map(Audience::One),
        vec(".{1,12}", 1..4).prop_map(Audience::Several)
    ];
    // Five names that differ by their first letters, and from every name that is taken.
    let claims = ["[^\\p{C}]{0,8}"; 5].prop_map(|[one, two, three, four, five]| {
        [('t', one), ('i', two), ('u', three), ('e', four), ('p', five)]
            .map(|(first, rest)| format!("{first}_{rest}"))
    });
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let lifetime = || 1_u32..100_000;
    let lifetimes = [lifetime(), lifetime(), lifetime(), lifetime()];
    let head = (algorithm, option::of(audience), option::of(".{0,20}"));
    (head, 0_u16..120, claims, flags, lifetimes).prop_map(
        |(
            (algorithm, audience, issuer),
            leeway,
            claims,
            (has_type, has_id, check_revoke_token),
            lifetimes,
        )| {
            Written {
                algorithm,
                audience,
                issuer,
                leeway,
                claims,
                has_type,
                has_id,
                check_revoke_token,
                lifetimes,
            }
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no NaN", |float| float.is_finite())
            .prop_map(Value::from),
        ".{0,24}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,8}", inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn round() -> impl Strategy<Value = Round> {
    let id = prop_oneof![
        any::<i64>().prop_map(UserId::Int),
        any::<[u8; 16]>().prop_map(|bytes| UserId::Uuid(uuid::Uuid::from_bytes(bytes))),
        ".{1,24}".prop_map(UserId::Text),
    ];
    let user = (id, ".{0,40}").prop_map(|(id, password)| User { id, password });
    // `x` begins no name of the settings.
    let claims = btree_map("x[^\\p{C}]{0,8}", value(), 0..5);
    (written(), user, claims, 0_i64..200_000).prop_map(|(written, user, claims, step)| Round {
        written,
        user,
        claims,
        step,
    })
}

#[test]
fn what_is_minted_verifies_refreshes_and_rotates_and_keeps_what_it_says() {
    let config = Config {
        cases: 512,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&round(), |round| go_round(&round))
        .unwrap();
}

fn go_round(round: &Round) -> Result<(), TestCaseError> {
    let jwt = SimpleJwt::new(round.written.settings()).unwrap();
    let later = NOW + round.step;
    let refresh: RefreshToken = mint(&jwt, round)?;
    let access = refresh.access_token_at(at(NOW));
    is_good(&jwt, &access, round)?;
    // As long as it holds, and to the second no longer.
    let lifetime = i64::from(round.written.lifetimes[1]) + i64::from(round.written.leeway);
    let read = RefreshToken::verify_at(&jwt, &refresh.encode().unwrap(), at(later));
    if round.step < lifetime {
        let read = read.unwrap();
        let newer = read.access_token_at(at(later));
        prop_assert_eq!(
            newer.expires_at(),
            at(later + i64::from(round.written.lifetimes[0]))
        );
        let rotated = read.clone().rotate_at(at(later));
        let names = |token: &RefreshToken| token.claims().names().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(names(&rotated), names(&read), "all claims, in their places");
        prop_assert_eq!(rotated.jti() == read.jti(), !round.written.has_id);
        prop_assert_eq!(own(&rotated, round), own(&read, round));
        prop_assert!(RefreshToken::verify_at(&jwt, &rotated.encode().unwrap(), at(later)).is_ok());
    } else {
        prop_assert_eq!(read.unwrap_err(), Error::Expired);
    }

    let sliding: SlidingToken = mint(&jwt, round)?;
    let ends = sliding.refresh_expires_at().unwrap();
    let jti = sliding.jti().map(str::to_owned);
    let leeway = SignedDuration::from_secs(round.written.leeway.into());
    match sliding.refresh_at(at(later)) {
        Ok(newer) => {
            prop_assert!(ends + leeway > at(later));
            prop_assert_eq!(
                (newer.jti(), newer.refresh_expires_at()),
                (jti.as_deref(), Some(ends))
            );
            prop_assert!(SlidingToken::verify_at(&jwt, &newer.encode().unwrap(), at(later)).is_ok());
        }
        Err(error) => {
            prop_assert!(ends + leeway <= at(later));
            let claim = round.written.claims[3].clone();
            prop_assert_eq!(error, Error::ClaimExpired { claim });
        }
    }
    Ok(())
}

/// A token of a kind with the claims of a round, found good.
fn mint<T: Minted>(jwt: &SimpleJwt, round: &Round) -> Result<Token<T>, TestCaseError> {
    let mut token = Token::<T>::for_user_at(jwt, &round.user, at(NOW)).unwrap();
    for (name, value) in &round.claims {
        token = token.with_claim(name, value.clone()).unwrap();
    }
    is_good(jwt, &token, round)?;
    Ok(token)
}

/// It verifies as what it is, as nothing else, and says what was put into it.
fn is_good<T: TokenType>(jwt: &SimpleJwt, token: &Token<T>, round: &Round) -> Result<(), TestCaseError> {
    let text = token.encode().unwrap();
    let read = Token::<T>::verify_at(jwt, &text, at(NOW)).unwrap();
    prop_assert_eq!(read.encode().unwrap(), text.clone(), "the same bytes");
    prop_assert_eq!(read.user_id().unwrap(), round.user.id.to_string());
    prop_assert_eq!(read.jti().is_some(), round.written.has_id);
    prop_assert_eq!(read.check_password(&round.user), Ok(()));
    let other = User {
        password: format!("{}.", round.user.password),
        ..round.user.clone()
    };
    prop_assert_eq!(
        read.check_password(&other).is_err(),
        round.written.check_revoke_token
    );
    prop_assert_eq!(own(&read, round), json!(round.claims));
    prop_assert!(UntypedToken::verify_at(jwt, &text, at(NOW)).is_ok());
    let as_others = [
        AccessToken::verify_at(jwt, &text, at(NOW)).is_ok(),
        RefreshToken::verify_at(jwt, &text, at(NOW)).is_ok(),
        SlidingToken::verify_at(jwt, &text, at(NOW)).is_ok(),
    ];
    let count = as_others.into_iter().filter(|is_taken| *is_taken).count();
    prop_assert_eq!(count, if round.written.has_type { 1 } else { 3 });
    let (head, tail) = text.split_at(text.len() / 2);
    let other = if tail.starts_with('A') { 'B' } else { 'A' };
    let tampered = format!("{head}{other}{}", &tail[1..]);
    prop_assert_eq!(
        Token::<T>::verify_at(jwt, &tampered, at(NOW)).unwrap_err(),
        Error::Invalid
    );
    Ok(())
}

/// The claims that the round put into a token.
fn own<T: TokenType>(token: &Token<T>, round: &Round) -> Value {
    let read = |name: &String| Some((name.clone(), token.claims().value(name)?));
    Value::Object(round.claims.keys().filter_map(read).collect::<Map<_, _>>())
}
