//! The notes' routes: `/user/session_signup`, `/user/session_signin`, `/user/jwt_signup`, `/user/jwt_signin` and
//! what goes with them.

use super::{Endpoint, account, get, post};
use crate::accounts::signin::{self, Credentials, Login};
use crate::accounts::signup::{self, Application};
use crate::accounts::tokens::{self, Pair};
use crate::accounts::{self, RememberMe, Stay, drf_jwt, signout};
use crate::app::App;
use crate::config::{AuthenticationClass, Config, TokensStand};
use crate::http::authentication::{CurrentUser, Sender, json_web_token, set_session_cookie};
use crate::http::body::{Fields, Value as FieldsValue};
use crate::http::context::Context;
use crate::http::cookies::CookieAttributes;
use crate::http::error::Result;
use crate::http::{cross_site, csrf, fields, token_cookies};
use crate::i18n::Text;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use munjigi_axum::cookies;
use munjigi_passwords::Password;
use munjigi_sessions::SessionKey;
use munjigi_store::FieldValue;
use munjigi_store::users::User;
use munjigi_tokens::UntypedToken;
use munjigi_user::UserId;
use serde_json::{Map, Value, json};

mod told;

pub(super) use told::{ME, MESSAGE, cross_site, forbidden, unauthenticated, user_example};

/// The routes of this file, where `[ROUTES]` puts them.
pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    let paths = &config.routes;
    [
        post(
            paths.session_signup.as_ref(),
            told::session_signup(config),
            session_signup,
        ),
        post(
            paths.session_signin.as_ref(),
            told::session_signin(),
            session_signin,
        ),
        post(
            paths.session_signout.as_ref(),
            told::session_signout(),
            session_signout,
        ),
        post(paths.jwt_signup.as_ref(), told::jwt_signup(config), jwt_signup),
        post(paths.jwt_signin.as_ref(), told::jwt_signin(config), jwt_signin),
        post(paths.jwt_refresh.as_ref(), told::jwt_refresh(config), jwt_refresh),
        post(paths.jwt_signout.as_ref(), told::jwt_signout(config), jwt_signout),
        account::me(config, told::me(config), me),
        get(paths.csrf.as_ref(), told::csrf(config), csrf_token),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `POST /user/session_signup`: 201 and the user, no cookie.
async fn session_signup(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let user = signup::signup(&app, application(&app, &fields)?, context.client(), context.now()).await?;
    let body = json!({"message": Text::SignupDone.render(context.lang()), "user": represent(&app, &user)});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `POST /user/jwt_signup`: the same, and a pair of tokens.
async fn jwt_signup(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let application = application(&app, &fields)?;
    let (user, pair) = signup::signup_with_tokens(&app, application, context.client(), context.now()).await?;
    let mut body = Map::new();
    body.insert(
        "message".to_owned(),
        Text::SignupDone.render(context.lang()).into(),
    );
    body.insert("user".to_owned(), represent(&app, &user));
    body.extend(hand_out_pair(&app, &context, &pair));
    body.extend(pair.told);
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `POST /user/session_signin`: the cookies `sessionid` and `csrftoken`.
async fn session_signin(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    let arrival = context.arrival(remember_me(&fields)?);
    let user =
        signin::authenticate(&app, credentials(&app, &fields), context.client(), context.now()).await?;
    let before = cookies::read(&headers, &app.config().session.cookie_name).and_then(SessionKey::parse);
    let session = signin::open_session(&app, user, before, arrival).await?;
    set_session_cookie(&app, &context, &session);
    csrf::rotate(&app, &context);
    Ok(Json(json!({"message": Text::SigninDone.render(context.lang())})).into_response())
}

/// `POST /user/jwt_signin`: a pair of tokens.
async fn jwt_signin(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let arrival = context.arrival(remember_me(&fields)?);
    let user =
        signin::authenticate(&app, credentials(&app, &fields), context.client(), context.now()).await?;
    let pair = signin::open_jwt(&app, &user, arrival).await?;
    let mut body = hand_out_pair(&app, &context, &pair);
    body.insert(
        "message".to_owned(),
        Text::SigninDone.render(context.lang()).into(),
    );
    body.extend(pair.told);
    Ok(Json(body).into_response())
}

/// `POST /user/jwt_refresh`: a new access token, and where they rotate a new refresh token.
async fn jwt_refresh(State(app): State<App>, context: Context, request: Request) -> Result<Response> {
    let (parts, fields) = taken_apart(&app, request).await?;
    let refresh = match fields::optional_text(&fields, "refresh_token")? {
        Some(refresh) => refresh,
        None => match token_cookies::refresh(&app, &parts.headers) {
            Some(refresh) => {
                csrf::enforce(&app, &context, &parts, fields::form_token(&fields))?;
                refresh.to_owned()
            }
            None => fields::required_text(&fields, "refresh_token")?,
        },
    };
    let refreshed = tokens::refresh(&app, &refresh, context.client(), context.now()).await?;
    if app.config().auth_cookie.is_some() {
        csrf::provide(&app, &context, &parts.headers);
    }
    let tokens = (refreshed.access.as_str(), refreshed.refresh.as_deref());
    Ok(Json(hand_out(&app, &context, tokens, refreshed.stay)).into_response())
}

/// `POST /user/jwt_signout`: the record behind the token has ended, and the token cookies are gone.
async fn jwt_signout(State(app): State<App>, context: Context, request: Request) -> Result<Response> {
    let (parts, fields) = taken_apart(&app, request).await?;
    if let Some(refresh) = fields::optional_text(&fields, "refresh_token")? {
        signout::by_refresh_token(&app, &refresh, context.now()).await?;
    } else if let Some(bearer) = app.config().bearer.token(&parts.headers)? {
        signout::by_bearer(&app, &bearer, context.now()).await?;
    } else if let Some(token) = json_web_token_of(&app, &parts.headers) {
        drf_jwt::end(&app, token, context.now()).await?;
    } else if !signout_by_cookie(&app, &context, &parts, &fields).await? {
        fields::required_text(&fields, "refresh_token")?;
    }
    token_cookies::clear(&app, &context);
    Ok(Json(json!({"message": Text::SignoutDone.render(context.lang())})).into_response())
}

/// The token of a client that speaks djangorestframework-jwt's dialect, where guarded routes take one.
fn json_web_token_of<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    let classes = &app.config().authentication_classes;
    let is_taken = classes.contains(&AuthenticationClass::JsonWebToken);
    is_taken.then(|| json_web_token(headers, app)).flatten()
}

/// `POST /user/session_signout`: the session's row is gone and its record has ended. Anonymous callers get the same
/// answer.
async fn session_signout(State(app): State<App>, context: Context, request: Request) -> Result<Response> {
    let (parts, fields) = taken_apart(&app, request).await?;
    Sender::of(&parts, &app, fields::form_token(&fields)).await?;
    let cookie = CookieAttributes::from(&app.config().session);
    if let Some(key) = cookies::read(&parts.headers, &cookie.name) {
        if let Some(key) = SessionKey::parse(key) {
            signout::by_session(&app, &key, context.now()).await?;
        }
        context.set_cookie(cookie.delete());
    }
    Ok(Json(json!({"message": Text::SignoutDone.render(context.lang())})).into_response())
}

/// `GET /user/me`: the user himself, by his row or by his token's claims.
async fn me(State(app): State<App>, user: CurrentUser) -> Json<Value> {
    Json(match user {
        CurrentUser::Row(signed_in) => represent(&app, &signed_in.user),
        CurrentUser::Token(verified) => represent_token(&app, &verified.token),
    })
}

/// `GET /user/csrf`: a token for a page that cannot read the cookie, and the cookie. Where sessions keep the token, a visitor
/// is given a session, and no foreign page gives him one.
async fn csrf_token(State(app): State<App>, context: Context, headers: HeaderMap) -> Result<Json<Value>> {
    if app.config().csrf.use_sessions {
        cross_site::refuse_foreign(&app, &context, &headers)?;
    }
    let token = csrf::token(&app, &context, &headers).await?;
    Ok(Json(json!({"csrftoken": token})))
}

/// A request's head and its fields, where the head is needed beside them.
pub(super) async fn taken_apart(app: &App, request: Request) -> Result<(Parts, Fields)> {
    let (parts, body) = request.into_parts();
    let fields = Fields::from_request(Request::from_parts(parts.clone(), body), app).await?;
    Ok((parts, fields))
}

/// Gives a new sign-in's tokens out, with a new CSRF token where cookies carry them.
pub(super) fn hand_out_pair(app: &App, context: &Context, pair: &Pair) -> Map<String, Value> {
    if app.config().auth_cookie.is_some() {
        csrf::rotate(app, context);
    }
    hand_out(app, context, (&pair.access, Some(&pair.refresh)), pair.stay)
}

/// Gives tokens out: as cookies, where these are wanted, and as members of the body, unless cookies alone carry them.
fn hand_out(
    app: &App,
    context: &Context,
    (access, refresh): (&str, Option<&str>),
    stay: Stay,
) -> Map<String, Value> {
    token_cookies::set(app, context, (access, refresh), stay);
    let cookies = app.config().auth_cookie.as_ref();
    if cookies.is_some_and(|cookies| cookies.tokens == TokensStand::InCookiesOnly) {
        return Map::new();
    }
    let members = [("access_token", Some(access)), ("refresh_token", refresh)];
    let members = members.into_iter();
    members
        .filter_map(|(name, token)| Some((name.to_owned(), Value::from(token?))))
        .collect()
}

/// Ends the sign-ins that the token cookies carry; false where there are none. Where a token is dead, its cookie only has
/// to go. Both are ended: of two cookies that do not belong together, one may have been put there by somebody else, and the
/// other may still open everything.
async fn signout_by_cookie(app: &App, context: &Context, parts: &Parts, fields: &Fields) -> Result<bool> {
    let refresh = token_cookies::refresh(app, &parts.headers);
    let access = token_cookies::access(app, &parts.headers);
    if refresh.is_none() && access.is_none() {
        return Ok(false);
    }
    csrf::enforce(app, context, parts, fields::form_token(fields))?;
    let unless_dead = |ended| match ended {
        Err(accounts::Error::Token(_)) => Ok(()),
        ended => ended,
    };
    if let Some(token) = refresh {
        unless_dead(signout::by_refresh_token(app, token, context.now()).await)?;
    }
    if let Some(token) = access {
        unless_dead(signout::by_bearer(app, token, context.now()).await)?;
    }
    Ok(true)
}

/// What a sign-up asks for.
fn application(app: &App, fields: &Fields) -> Result<Application> {
    Ok(fields::signup_fields(fields, &app.config().user_model)?)
}

/// What a sign-in brings: `username` where it is there, else `email`, each also under the name that the model has for it.
/// A username that is no name is no reason to look at the other.
fn credentials(app: &App, fields: &Fields) -> Credentials {
    let model = &app.config().user_model;
    let is_sent = |name: &&str| !matches!(fields.value(name), None | Some(FieldsValue::Null));
    let own_name = (!model.is_named_by_email()).then_some(model.username_field.as_str());
    let username = ["username"].into_iter().chain(own_name).find(is_sent);
    let email = ["email"]
        .into_iter()
        .chain(model.email_field.as_deref())
        .find(is_sent);
    let login = match (username, email) {
        (Some(name), _) => fields::credential(fields, name).map(Login::Username),
        (None, Some(name)) => fields::credential(fields, name).map(Login::Email),
        (None, None) => None,
    };
    Credentials {
        login,
        password: fields::credential(fields, "password").map(Password::from),
    }
}

/// For how long somebody who signs in wishes to be remembered.
fn remember_me(fields: &Fields) -> Result<RememberMe> {
    Ok(match fields::optional_boolean(fields, "remember_me")? {
        None => RememberMe::Unsaid,
        Some(false) => RememberMe::No,
        Some(true) => RememberMe::Yes,
    })
}

/// What a client is told of a user: never the password, never a flag. His key is `id`, whatever it is called; all else
/// stands under the name that the model has for it, and what the model has not is left out.
pub(super) fn represent(app: &App, user: &User) -> Value {
    let model = &app.config().user_model;
    let mut body = Map::new();
    body.insert(
        "id".to_owned(),
        match &user.id {
            UserId::Int(id) => Value::from(*id),
            other => Value::from(other.to_string()),
        },
    );
    body.insert(model.username_field.clone(), Value::from(user.username.as_str()));
    if let Some(field) = &model.email_field {
        body.insert(field.clone(), Value::from(user.email.as_str()));
    }
    for (name, value) in &user.extra {
        body.insert(
            name.to_string(),
            match value {
                FieldValue::Null => Value::Null,
                FieldValue::Integer(number) => Value::from(*number),
                FieldValue::Text(text) => Value::from(text.as_str()),
                FieldValue::Boolean(truth) => Value::from(*truth),
            },
        );
    }
    Value::Object(body)
}

/// The same of a user without a row, as far as his token has it: `models.TokenUser` of simplejwt 5.5.1.
fn represent_token(app: &App, token: &UntypedToken) -> Value {
    let claims = token.claims();
    let id = claims.value(&app.jwt().settings().user_id_claim);
    let mut body = Map::new();
    body.insert("id".to_owned(), id.unwrap_or_default());
    for name in app.config().user_model.shown_fields() {
        // `__getattr__` gives `None` for what is not there, and `username` a text.
        let absent = || {
            if name == "username" {
                "".into()
            } else {
                Value::Null
            }
        };
        body.insert(name.to_owned(), claims.value(name).unwrap_or_else(absent));
    }
    Value::Object(body)
}
