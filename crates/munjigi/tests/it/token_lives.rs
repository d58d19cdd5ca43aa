//! Whatever is done with the tokens of a user, in whatever order: a token is good as long as a plain model of it says.

use crate::support::{Database, TestServer, claims, run};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

const REFRESH_LIFETIME: i64 = 600;
const ACCESS_LIFETIME: i64 = 100;

/// One step. An [`Index`] picks one of the refresh tokens so far.
#[derive(Clone, Debug)]
enum Step {
    SignIn,
    Refresh(Index),
    Blacklist(Index),
    SignOut(Index),
    Wait(i64),
}

/// A refresh token, and the access token that came with it.
struct Known {
    refresh: String,
    access: String,
    issued_at: i64,
    /// Which sign-in they stand for.
    sign_in: usize,
    is_listed: bool,
}

struct Model {
    rotates: bool,
    blacklists: bool,
    now: i64,
    tokens: Vec<Known>,
    has_ended: Vec<bool>,
}

impl Model {
    /// Whether a token can be refreshed.
    fn is_good(&self, token: &Known) -> bool {
        self.now < token.issued_at + REFRESH_LIFETIME && !token.is_listed && !self.has_ended[token.sign_in]
    }

    fn opens(&self, token: &Known) -> bool {
        self.now < token.issued_at + ACCESS_LIFETIME && !self.has_ended[token.sign_in]
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => any::<bool>().prop_map(|_| Step::SignIn),
        5 => any::<Index>().prop_map(Step::Refresh),
        2 => any::<Index>().prop_map(Step::Blacklist),
        1 => any::<Index>().prop_map(Step::SignOut),
        2 => (1_i64..250).prop_map(Step::Wait),
    ];
    vec(step, 1..14)
}

#[test]
fn a_token_is_good_until_it_ends_is_taken_back_is_used_up_or_its_sign_in_ends() {
    for (rotates, blacklists) in [(false, false), (true, false), (false, true), (true, true)] {
        let config = Config {
            cases: 12,
            failure_persistence: None,
            ..Config::default()
        };
        let walked = TestRunner::new(config).run(&steps(), |steps| {
            run(walk(rotates, blacklists, &steps));
            Ok(())
        });
        walked.unwrap();
    }
}

async fn walk(rotates: bool, blacklists: bool, steps: &[Step]) {
    let settings = [
        ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", rotates.to_string()),
        ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", blacklists.to_string()),
        (
            "SIMPLE_JWT__REFRESH_TOKEN_LIFETIME",
            format!("{REFRESH_LIFETIME}s"),
        ),
        ("SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", format!("{ACCESS_LIFETIME}s")),
    ];
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let server = Database::sqlite().server_with(&settings).await;
    server.signed_up().await;
    let mut model = Model {
        rotates,
        blacklists,
        now: server.clock.now().as_second(),
        tokens: Vec::new(),
        has_ended: Vec::new(),
    };
    sign_in(&server, &mut model).await;
    for step in steps {
        take(&server, &mut model, step).await;
        for token in &model.tokens {
            let status = if model.opens(token) { 200 } else { 401 };
            server.me(&token.access).await.expect_status(status);
            let status = match (
                model.now < token.issued_at + REFRESH_LIFETIME,
                model.is_good(token),
            ) {
                (_, true) => 200,
                (true, false) => 400,
                (false, false) => 401,
            };
            post(
                &server,
                "/api/token/verify/",
                &json!({"token": token.refresh}),
                status,
            )
            .await;
        }
    }
}

async fn take(server: &TestServer, model: &mut Model, step: &Step) {
    match step {
        Step::SignIn => sign_in(server, model).await,
        Step::Wait(seconds) => {
            server.clock.advance(*seconds);
            model.now += seconds;
        }
        Step::Refresh(index) => refresh(server, model, index.index(model.tokens.len())).await,
        Step::Blacklist(index) => {
            let at = index.index(model.tokens.len());
            let body = json!({"refresh": model.tokens[at].refresh});
            // As in simplejwt, it is only asked whether the token is good; its sign-in may have ended otherwise.
            let is_good =
                model.now < model.tokens[at].issued_at + REFRESH_LIFETIME && !model.tokens[at].is_listed;
            post(
                server,
                "/api/token/blacklist/",
                &body,
                if is_good { 200 } else { 401 },
            )
            .await;
            if is_good {
                end(model, at);
            }
        }
        Step::SignOut(index) => {
            let at = index.index(model.tokens.len());
            let body = json!({"refresh_token": model.tokens[at].refresh});
            post(server, "/user/jwt_signout", &body, 200).await;
            if model.now < model.tokens[at].issued_at + REFRESH_LIFETIME {
                end(model, at);
            }
        }
    }
}

/// The token is taken back, its sign-in ends, and with that the newest token of the sign-in is taken back too, so that a
/// Django beside us refuses it.
fn end(model: &mut Model, at: usize) {
    let sign_in = model.tokens[at].sign_in;
    model.tokens[at].is_listed = true;
    model.has_ended[sign_in] = true;
    let newest = model.tokens.iter_mut().rfind(|token| token.sign_in == sign_in);
    newest.unwrap().is_listed = true;
}

async fn sign_in(server: &TestServer, model: &mut Model) {
    let (access, refresh) = server.tokens().await;
    model.has_ended.push(false);
    model.tokens.push(Known {
        refresh,
        access,
        issued_at: model.now,
        sign_in: model.has_ended.len() - 1,
        is_listed: false,
    });
}

async fn refresh(server: &TestServer, model: &mut Model, at: usize) {
    let is_good = model.is_good(&model.tokens[at]);
    let body = json!({"refresh": model.tokens[at].refresh});
    let status = if is_good { 200 } else { 401 };
    let mut client = server.anonymous();
    let reply = client
        .post("/api/token/refresh/", &body)
        .await
        .expect_status(status);
    if !is_good {
        return;
    }
    let access = reply.text("access");
    assert_eq!(claims(&access)["sid"], claims(&model.tokens[at].refresh)["sid"]);
    server.me(&access).await.expect_status(200);
    assert_eq!(reply.json().get("refresh").is_some(), model.rotates);
    if model.rotates {
        model.tokens[at].is_listed = model.blacklists;
        let sign_in = model.tokens[at].sign_in;
        model.tokens.push(Known {
            refresh: reply.text("refresh"),
            access,
            issued_at: model.now,
            sign_in,
            is_listed: false,
        });
    }
}

async fn post(server: &TestServer, path: &str, body: &serde_json::Value, status: u16) {
    server.anonymous().post(path, body).await.expect_status(status);
}
