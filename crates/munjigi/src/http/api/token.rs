//! simplejwt's own routes (`rest_framework_simplejwt/views.py`, 5.5.1): `/api/token/` and `/api/token/refresh/`.

use super::metadata::{Direction, Field, View};
use super::{route, view};
use crate::accounts::signin::{self, Credentials, Login};
use crate::accounts::{self, tokens};
use crate::app::App;
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::{Error, Result};
use crate::http::fields;
use axum::extract::State;
use axum::{Json, Router};
use serde_json::{Value, json};

/// The routes of this file, where `[ROUTES]` puts them.
pub fn routes(app: &App) -> Router<App> {
    let paths = &app.config().routes;
    let obtain_pair = view(&OBTAIN_PAIR, obtain_pair);
    let routes = route(Router::new(), paths.token_obtain_pair.as_ref(), obtain_pair);
    route(routes, paths.token_refresh.as_ref(), view(&REFRESH, refresh))
}

const OBTAIN_PAIR: View = View {
    name: "Token Obtain Pair",
    description: "Takes a set of user credentials and returns an access and refresh JSON web\ntoken pair to prove the \
                  authentication of those credentials.",
    fields: &[
        Field {
            name: "username",
            label: "Username",
            direction: Direction::In,
        },
        Field {
            name: "password",
            label: "Password",
            direction: Direction::In,
        },
    ],
};
const REFRESH: View = View {
    name: "Token Refresh",
    description: "Takes a refresh type JSON web token and returns an access type JSON web\ntoken if the refresh token \
                  is valid.",
    fields: &[
        Field {
            name: "refresh",
            label: "Refresh",
            direction: Direction::In,
        },
        Field {
            name: "access",
            label: "Access",
            direction: Direction::Out,
        },
    ],
};

/// `TokenObtainPairView`.
async fn obtain_pair(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let input = fields::obtain_fields(&fields)?;
    let credentials = Credentials {
        login: Some(Login::UsernameField(input.username)),
        password: Some(input.password),
    };
    let user = match signin::authenticate(&app, credentials, context.now()).await {
        Err(accounts::Error::InvalidCredentials) => return Err(Error::NoActiveAccount),
        user => user?,
    };
    let pair = signin::open_jwt(&app, &user, context.client(), context.now()).await?;
    Ok(Json(json!({"refresh": pair.refresh, "access": pair.access})))
}

/// `TokenRefreshView`.
async fn refresh(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let refresh = fields::required_text(&fields, "refresh")?;
    Ok(Json(
        json!({"access": tokens::refresh(&app, &refresh, context.now()).await?}),
    ))
}
