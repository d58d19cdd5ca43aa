//! Whatever is done to tokens in whatever order: what munjigi answers is what a small model says.

use crate::support::{Database, Reply, TestServer, run};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// What a client does. A token is meant by its place among those that were given out, counted around.
#[derive(Clone, Debug)]
enum Step {
    SignIn,
    SignInSliding,
    Verify(usize),
    Refresh(usize),
    RefreshSliding(usize),
    Blacklist(usize),
    SignOut(usize),
    Wait(i64),
}

/// Whether refresh tokens rotate, whether the old one ends with that, and for how many seconds it is answered again.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Keep,
    KeepAndBlacklist,
    Rotate,
    RotateAndBlacklist { window: i64 },
}

impl Rule {
    fn rotates(self) -> bool {
        matches!(self, Self::Rotate | Self::RotateAndBlacklist { .. })
    }

    fn blacklists(self) -> bool {
        matches!(self, Self::KeepAndBlacklist | Self::RotateAndBlacklist { .. })
    }

    fn window(self) -> i64 {
        match self {
            Self::RotateAndBlacklist { window } => window,
            _ => 0,
        }
    }
}

#[derive(Default)]
struct SignIn {
    has_ended: bool,
    /// The token that was rotated last, and when.
    rotated: Option<(usize, i64)>,
}

/// A token that was given out.
struct Given {
    text: String,
    kind: Kind,
    sign_in: usize,
    exp: i64,
    refresh_exp: i64,
    is_listed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Access,
    Refresh,
    Sliding,
}

const ACCESS: i64 = 300;
const REFRESH: i64 = 7 * 86_400;
const SLIDING: i64 = 300;
const SLIDING_REFRESH: i64 = 86_400;

#[test]
fn any_life_of_tokens_goes_as_the_model_says() {
    for rule in [
        Rule::Keep,
        Rule::KeepAndBlacklist,
        Rule::Rotate,
        Rule::RotateAndBlacklist { window: 0 },
        Rule::RotateAndBlacklist { window: 10 },
    ] {
        let config = Config {
            cases: 16,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new(config);
        let lived = runner.run(&vec(step(), 1..40), |steps| {
            run(live(rule, steps));
            Ok(())
        });
        lived.unwrap_or_else(|failure| panic!("{rule:?}: {failure}"));
    }
}

fn step() -> impl Strategy<Value = Step> {
    let some = || any::<usize>();
    prop_oneof![
        2 => Just(Step::SignIn),
        1 => Just(Step::SignInSliding),
        3 => some().prop_map(Step::Verify),
        5 => some().prop_map(Step::Refresh),
        3 => some().prop_map(Step::RefreshSliding),
        1 => some().prop_map(Step::Blacklist),
        1 => some().prop_map(Step::SignOut),
        2 => prop_oneof![1..9_i64, 1..400_i64, 40_000..90_000_i64].prop_map(Step::Wait),
    ]
}

async fn live(rule: Rule, steps: Vec<Step>) {
    let on = |is_on: bool| if is_on { "true" } else { "false" };
    let window = rule.window().to_string();
    let settings = [
        ("SIMPLE_JWT__ROTATE_REFRESH_TOKENS", on(rule.rotates())),
        ("SIMPLE_JWT__BLACKLIST_AFTER_ROTATION", on(rule.blacklists())),
        ("SIMPLE_JWT__ROTATION_WINDOW", window.as_str()),
    ];
    let server = Database::sqlite().server_with(&settings).await;
    server.signed_up().await;
    let mut model = Model {
        server,
        rule,
        now: 0,
        given: Vec::new(),
        sign_ins: Vec::new(),
    };
    for step in steps {
        model.take(step).await;
    }
    for at in 0..model.given.len() {
        model.verify(at).await;
        model.open(at).await;
    }
}

struct Model {
    server: TestServer,
    rule: Rule,
    now: i64,
    given: Vec<Given>,
    sign_ins: Vec<SignIn>,
}

impl Model {
    async fn take(&mut self, step: Step) {
        match step {
            Step::SignIn => self.sign_in("").await,
            Step::SignInSliding => self.sign_in("sliding/").await,
            Step::Verify(at) => self.verify(at).await,
            Step::Refresh(at) => self.refresh(at).await,
            Step::RefreshSliding(at) => self.refresh_sliding(at).await,
            Step::Blacklist(at) => self.blacklist(at).await,
            Step::SignOut(at) => self.sign_out(at).await,
            Step::Wait(seconds) => {
                self.server.clock.advance(seconds);
                self.now += seconds;
            }
        }
    }

    async fn sign_in(&mut self, path: &str) {
        let credentials = json!({"username": "mseo", "password": "1234"});
        let (status, body) = self.post(&format!("/api/token/{path}"), &credentials).await;
        assert_eq!(status, 200);
        self.sign_ins.push(SignIn::default());
        let sign_in = self.sign_ins.len() - 1;
        for (name, kind) in [
            ("access", Kind::Access),
            ("refresh", Kind::Refresh),
            ("token", Kind::Sliding),
        ] {
            if let Some(text) = body[name].as_str() {
                self.give(text, kind, sign_in);
            }
        }
    }

    fn give(&mut self, text: &str, kind: Kind, sign_in: usize) {
        let lifetime = match kind {
            Kind::Access => ACCESS,
            Kind::Refresh => REFRESH,
            Kind::Sliding => SLIDING,
        };
        self.given.push(Given {
            text: text.to_owned(),
            kind,
            sign_in,
            exp: self.now + lifetime,
            refresh_exp: self.now + SLIDING_REFRESH,
            is_listed: false,
        });
    }

    /// The token that a step means, if there is any yet, and its text.
    fn meant(&self, at: usize) -> Option<(usize, String)> {
        let at = at.checked_rem(self.given.len())?;
        Some((at, self.given[at].text.clone()))
    }

    /// Whether a token is good for a route that takes this kind.
    fn is_good(&self, at: usize, kind: Option<Kind>) -> bool {
        let token = &self.given[at];
        kind.is_none_or(|kind| token.kind == kind)
            && self.now < token.exp
            && !token.is_listed
            && !self.sign_ins[token.sign_in].has_ended
    }

    async fn verify(&self, at: usize) {
        let Some((at, token)) = self.meant(at) else { return };
        let (status, _) = self.post("/api/token/verify/", &json!({"token": token})).await;
        let expected = match (self.now < self.given[at].exp, self.is_good(at, None)) {
            (_, true) => 200,
            (true, false) => 400,
            (false, false) => 401,
        };
        assert_eq!(status, expected);
    }

    /// Asks for a guarded route, which access tokens open.
    async fn open(&self, at: usize) {
        let reply = self.server.me(&self.given[at].text).await;
        assert_eq!(reply.status == 200, self.is_good(at, Some(Kind::Access)));
    }

    async fn refresh(&mut self, at: usize) {
        let Some((at, token)) = self.meant(at) else { return };
        let reply = self.ask("/api/token/refresh/", &json!({"refresh": token})).await;
        if self.is_used_up(at) {
            return self.refresh_again(at, reply);
        }
        let (status, body) = (reply.status, reply.json());
        assert_eq!(status == 200, self.is_good(at, Some(Kind::Refresh)));
        if status != 200 {
            return;
        }
        let sign_in = self.given[at].sign_in;
        self.give(body["access"].as_str().unwrap(), Kind::Access, sign_in);
        assert_eq!(body["refresh"].is_string(), self.rule.rotates());
        if let Some(successor) = body["refresh"].as_str() {
            self.given[at].is_listed = self.rule.blacklists();
            self.sign_ins[sign_in].rotated = Some((at, self.now));
            self.give(successor, Kind::Refresh, sign_in);
        }
    }

    /// Whether a refresh token gave way to another one of its sign-in, which lives.
    fn is_used_up(&self, at: usize) -> bool {
        let token = &self.given[at];
        token.kind == Kind::Refresh
            && self.now < token.exp
            && token.is_listed
            && !self.sign_ins[token.sign_in].has_ended
    }

    /// The token of before is answered with its successor within the window. Whatever else was used up ends the sign-in,
    /// where there is a window.
    fn refresh_again(&mut self, at: usize, reply: Reply) {
        let sign_in = self.given[at].sign_in;
        let window = self.rule.window();
        let is_in_time = |(last, since): (usize, i64)| last == at && self.now - since <= window;
        if window == 0 {
            reply.expect_error(401, "token_blacklisted");
        } else if self.sign_ins[sign_in].rotated.is_some_and(is_in_time) {
            let body = reply.expect_status(200).json();
            assert_eq!(body["refresh"], self.newest(sign_in).text.as_str());
            self.give(body["access"].as_str().unwrap(), Kind::Access, sign_in);
        } else {
            reply.expect_error(401, "token_reused");
            self.end(at);
        }
    }

    async fn refresh_sliding(&mut self, at: usize) {
        let Some((at, token)) = self.meant(at) else { return };
        let (status, body) = self
            .post("/api/token/sliding/refresh/", &json!({"token": token}))
            .await;
        let refresh_exp = self.given[at].refresh_exp;
        assert_eq!(
            status == 200,
            self.is_good(at, Some(Kind::Sliding)) && self.now < refresh_exp
        );
        if let Some(newer) = body["token"].as_str().map(str::to_owned) {
            let sign_in = self.given[at].sign_in;
            self.give(&newer, Kind::Sliding, sign_in);
            self.given.last_mut().unwrap().refresh_exp = refresh_exp;
        }
    }

    async fn blacklist(&mut self, at: usize) {
        let Some((at, token)) = self.meant(at) else { return };
        let (status, _) = self
            .post("/api/token/blacklist/", &json!({"refresh": token}))
            .await;
        // As in simplejwt it is only asked whether the token is good; its sign-in may have ended by another.
        let token = &self.given[at];
        let is_taken = token.kind == Kind::Refresh && self.now < token.exp && !token.is_listed;
        assert_eq!(status == 200, is_taken);
        if is_taken {
            self.end(at);
        }
    }

    async fn sign_out(&mut self, at: usize) {
        let Some((at, token)) = self.meant(at) else { return };
        let (status, _) = self
            .post("/user/jwt_signout", &json!({"refresh_token": token}))
            .await;
        let is_refresh = self.given[at].kind == Kind::Refresh;
        let has_expired = self.now >= self.given[at].exp;
        assert_eq!(status == 200, is_refresh || has_expired);
        if is_refresh && !has_expired {
            self.end(at);
        }
    }

    /// The token is taken back and its sign-in ends. With that the sign-in's newest one is taken back too, so that a
    /// Django beside us refuses it.
    fn end(&mut self, at: usize) {
        let sign_in = self.given[at].sign_in;
        self.sign_ins[sign_in].has_ended = true;
        self.given[at].is_listed = true;
        self.newest(sign_in).is_listed = true;
    }

    /// The refresh token that carries a sign-in.
    fn newest(&mut self, sign_in: usize) -> &mut Given {
        let mut refreshing = self.given.iter_mut().filter(|token| token.kind == Kind::Refresh);
        refreshing.rfind(|token| token.sign_in == sign_in).unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let reply = self.ask(path, body).await;
        (reply.status.as_u16(), reply.json())
    }

    async fn ask(&self, path: &str, body: &Value) -> Reply {
        self.server.anonymous().post(path, body).await
    }
}
