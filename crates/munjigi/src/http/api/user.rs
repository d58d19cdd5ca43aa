//! The notes' routes: `/user/session_signup`, `/user/session_signin`, `/user/jwt_signup`, `/user/jwt_signin` and
//! what goes with them.

use super::{get, post, route};
use crate::accounts::signin::{self, Credentials, Login};
use crate::accounts::signup::{self, Application};
use crate::accounts::{signout, tokens};
use crate::app::App;
use crate::http::authentication::{CurrentUser, Sender, set_session_cookie};
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::cookies::CookieAttributes;
use crate::http::error::Result;
use crate::http::{cross_site, csrf, fields};
use crate::i18n::Text;
use axum::extract::{FromRequest, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use munjigi_axum::cookies;
use munjigi_passwords::Password;
use munjigi_sessions::SessionKey;
use munjigi_store::FieldValue;
use munjigi_store::users::User;
use munjigi_user::UserId;
use serde_json::{Map, Value, json};

/// The routes of this file, where `[ROUTES]` puts them.
pub fn routes(app: &App) -> Router<App> {
    let paths = &app.config().routes;
    let foreign = from_fn_with_state(app.clone(), cross_site::refuse);
    let mut routes = Router::new();
    for (path, methods) in [
        (&paths.session_signup, post(session_signup)),
        (&paths.session_signin, post(session_signin)),
        (&paths.session_signout, post(session_signout)),
        (&paths.jwt_signup, post(jwt_signup)),
        (&paths.jwt_signin, post(jwt_signin)),
        (&paths.jwt_refresh, post(jwt_refresh)),
        (&paths.jwt_signout, post(jwt_signout)),
    ] {
        routes = route(routes, path.as_ref(), methods.route_layer(foreign.clone()));
    }
    routes = route(routes, paths.me.as_ref(), get(me));
    route(routes, paths.csrf.as_ref(), get(csrf_token))
}

/// `POST /user/session_signup`: 201 and the user, no cookie.
async fn session_signup(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let user = signup::signup(&app, application(&app, &fields)?, context.now()).await?;
    let body = json!({"message": Text::SignupDone.render(context.lang()), "user": represent(&user)});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `POST /user/jwt_signup`: the same, and a pair of tokens.
async fn jwt_signup(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let application = application(&app, &fields)?;
    let (user, pair) = signup::signup_with_tokens(&app, application, context.client(), context.now()).await?;
    let body = json!({
        "message": Text::SignupDone.render(context.lang()),
        "user": represent(&user),
        "access_token": pair.access,
        "refresh_token": pair.refresh,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `POST /user/session_signin`: the cookies `sessionid` and `csrftoken`.
async fn session_signin(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    let user = signin::authenticate(&app, credentials(&fields), context.now()).await?;
    let before = cookies::read(&headers, &app.config().session.cookie_name).and_then(SessionKey::parse);
    let session = signin::open_session(&app, user, before, context.client(), context.now()).await?;
    set_session_cookie(&app, &context, &session);
    csrf::rotate(&app, &context);
    Ok(Json(json!({"message": Text::SigninDone.render(context.lang())})).into_response())
}

/// `POST /user/jwt_signin`: a pair of tokens.
async fn jwt_signin(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let user = signin::authenticate(&app, credentials(&fields), context.now()).await?;
    let pair = signin::open_jwt(&app, &user, context.client(), context.now()).await?;
    Ok(Json(json!({
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "message": Text::SigninDone.render(context.lang()),
    }))
    .into_response())
}

/// `POST /user/jwt_refresh`: a new access token.
async fn jwt_refresh(State(app): State<App>, context: Context, fields: Fields) -> Result<Response> {
    let refresh = fields::required_text(&fields, "refresh_token")?;
    let access = tokens::refresh(&app, &refresh, context.now()).await?;
    Ok(Json(json!({"access_token": access})).into_response())
}

/// `POST /user/jwt_signout`: the record behind the token has ended.
async fn jwt_signout(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response> {
    if let Some(refresh) = fields::optional_text(&fields, "refresh_token")? {
        signout::by_refresh_token(&app, &refresh, context.now()).await?;
    } else if let Some(access) = app.config().bearer.token(&headers)? {
        signout::by_access_token(&app, &access, context.now()).await?;
    } else {
        fields::required_text(&fields, "refresh_token")?;
    }
    Ok(Json(json!({"message": Text::SignoutDone.render(context.lang())})).into_response())
}

/// `POST /user/session_signout`: the session's row is gone and its record has ended. Anonymous callers get the same
/// answer.
async fn session_signout(State(app): State<App>, context: Context, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let fields = Fields::from_request(Request::from_parts(parts.clone(), body), &app).await?;
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

/// `GET /user/me`: the user himself.
async fn me(CurrentUser(user): CurrentUser) -> Json<Value> {
    Json(represent(&user))
}

/// `GET /user/csrf`: a token for a page that cannot read the cookie, and the cookie.
async fn csrf_token(State(app): State<App>, context: Context, headers: HeaderMap) -> Json<Value> {
    Json(json!({"csrftoken": csrf::token(&app, &context, &headers)}))
}

/// What a sign-up asks for.
fn application(app: &App, fields: &Fields) -> Result<Application> {
    Ok(fields::signup_fields(
        fields,
        &app.config().user_model.extra_fields,
    )?)
}

/// What a sign-in brings: `username` where it is there, else `email`.
fn credentials(fields: &Fields) -> Credentials {
    let username = fields::credential(fields, "username").map(Login::Username);
    Credentials {
        login: username.or_else(|| fields::credential(fields, "email").map(Login::Email)),
        password: fields::credential(fields, "password").map(Password::from),
    }
}

/// What a client is told of a user: never the password, never a flag.
fn represent(user: &User) -> Value {
    let mut body = Map::new();
    body.insert(
        "id".to_owned(),
        match &user.id {
            UserId::Int(id) => Value::from(*id),
            other => Value::from(other.to_string()),
        },
    );
    body.insert("username".to_owned(), Value::from(user.username.as_str()));
    body.insert("email".to_owned(), Value::from(user.email.as_str()));
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
