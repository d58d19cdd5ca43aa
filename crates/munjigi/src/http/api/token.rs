//! simplejwt's own routes (`rest_framework_simplejwt/views.py`, 5.5.1), under `/api/token/`.

use super::metadata::{Field, View};
use super::{route, view};
use crate::accounts::signin::{self, Credentials, Login};
use crate::accounts::{self, signout, tokens};
use crate::app::App;
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::{Error, Result};
use crate::http::fields;
use axum::extract::State;
use axum::{Json, Router};
use munjigi_store::users::User;
use serde_json::{Map, Value, json};

/// The routes of this file, where `[ROUTES]` puts them.
pub fn routes(app: &App) -> Router<App> {
    let paths = &app.config().routes;
    let mut routes = Router::new();
    for (path, methods) in [
        (&paths.token_obtain_pair, view(&OBTAIN_PAIR, obtain_pair)),
        (&paths.token_refresh, view(&REFRESH, refresh)),
        (&paths.token_verify, view(&VERIFY, verify)),
        (&paths.token_blacklist, view(&BLACKLIST, blacklist)),
        (&paths.token_obtain_sliding, view(&OBTAIN_SLIDING, obtain_sliding)),
        (
            &paths.token_refresh_sliding,
            view(&REFRESH_SLIDING, refresh_sliding),
        ),
    ] {
        routes = route(routes, path.as_ref(), methods);
    }
    routes
}

const OBTAIN_PAIR: View = View {
    name: "Token Obtain Pair",
    description: "Takes a set of user credentials and returns an access and refresh JSON web\ntoken pair to prove the \
                  authentication of those credentials.",
    fields: CREDENTIALS,
};
const REFRESH: View = View {
    name: "Token Refresh",
    description: "Takes a refresh type JSON web token and returns an access type JSON web\ntoken if the refresh token \
                  is valid.",
    fields: &[
        Field::sent("refresh", "Refresh"),
        Field::answered("access", "Access"),
    ],
};
const VERIFY: View = View {
    name: "Token Verify",
    description: "Takes a token and indicates if it is valid.  This view provides no\ninformation about a token's \
                  fitness for a particular use.",
    fields: &[Field::sent("token", "Token")],
};
const BLACKLIST: View = View {
    name: "Token Blacklist",
    description: "Takes a token and blacklists it. Must be used with the\n`rest_framework_simplejwt.token_blacklist` \
                  app installed.",
    fields: &[Field::sent("refresh", "Refresh")],
};
const OBTAIN_SLIDING: View = View {
    name: "Token Obtain Sliding",
    description: "Takes a set of user credentials and returns a sliding JSON web token to\nprove the authentication of \
                  those credentials.",
    fields: CREDENTIALS,
};
const REFRESH_SLIDING: View = View {
    name: "Token Refresh Sliding",
    description: "Takes a sliding JSON web token and returns a new, refreshed version if the\ntoken's refresh period \
                  has not expired.",
    fields: &[Field::sent("token", "Token")],
};
const CREDENTIALS: &[Field] = &[
    Field::sent("username", "Username"),
    Field::sent("password", "Password"),
];

/// `TokenObtainPairView`.
async fn obtain_pair(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let user = authenticate(&app, &context, &fields).await?;
    let pair = signin::open_jwt(&app, &user, context.client(), context.now()).await?;
    let mut body = Map::new();
    body.insert("refresh".to_owned(), pair.refresh.into());
    body.insert("access".to_owned(), pair.access.into());
    body.extend(pair.told);
    Ok(Json(body.into()))
}

/// `TokenRefreshView`.
async fn refresh(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let refresh = fields::required_text(&fields, "refresh")?;
    let refreshed = tokens::refresh(&app, &refresh, context.now()).await?;
    Ok(Json(match refreshed.refresh {
        Some(refresh) => json!({"access": refreshed.access, "refresh": refresh}),
        None => json!({"access": refreshed.access}),
    }))
}

/// `TokenVerifyView`.
async fn verify(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let token = fields::required_text(&fields, "token")?;
    tokens::verify(&app, &token, context.now()).await?;
    Ok(Json(json!({})))
}

/// `TokenBlacklistView`.
async fn blacklist(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let refresh = fields::required_text(&fields, "refresh")?;
    signout::blacklist(&app, &refresh, context.now()).await?;
    Ok(Json(json!({})))
}

/// `TokenObtainSlidingView`.
async fn obtain_sliding(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let user = authenticate(&app, &context, &fields).await?;
    let slide = signin::open_sliding(&app, &user, context.client(), context.now()).await?;
    let mut body = Map::new();
    body.insert("token".to_owned(), slide.token.into());
    body.extend(slide.told);
    Ok(Json(body.into()))
}

/// `TokenRefreshSlidingView`.
async fn refresh_sliding(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let token = fields::required_text(&fields, "token")?;
    let token = tokens::refresh_sliding(&app, &token, context.now()).await?;
    Ok(Json(json!({"token": token})))
}

/// `TokenObtainSerializer.validate`.
async fn authenticate(app: &App, context: &Context, fields: &Fields) -> Result<User> {
    let input = fields::obtain_fields(fields)?;
    let credentials = Credentials {
        login: Some(Login::UsernameField(input.username)),
        password: Some(input.password),
    };
    match signin::authenticate(app, credentials, context.now()).await {
        Err(accounts::Error::InvalidCredentials) => Err(Error::NoActiveAccount),
        user => Ok(user?),
    }
}
