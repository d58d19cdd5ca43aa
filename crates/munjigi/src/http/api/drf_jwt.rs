//! djangorestframework-jwt's routes, as its fork drf-jwt answers them (`rest_framework_jwt/views.py`, 1.19):
//! `/api-token-auth/`, `/api-token-refresh/`, `/api-token-verify/` in its documentation, off until they are written.

use super::metadata::{Field, View};
use super::{route, view};
use crate::accounts;
use crate::accounts::drf_jwt::{self, Issued};
use crate::accounts::signin::{self, Credentials, Login};
use crate::app::App;
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::{Error, Result, refused_token};
use crate::http::fields;
use crate::i18n::Text;
use axum::extract::State;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

/// The routes of this file, where `[ROUTES]` puts them.
pub fn routes(app: &App) -> Router<App> {
    let paths = &app.config().routes;
    let mut routes = Router::new();
    for (path, methods) in [
        (&paths.obtain_jwt_token, view(&OBTAIN, obtain)),
        (&paths.refresh_jwt_token, view(&REFRESH, refresh)),
        (&paths.verify_jwt_token, view(&VERIFY, verify)),
    ] {
        routes = route(routes, path.as_ref(), methods);
    }
    routes
}

const OBTAIN: View = View {
    name: "Obtain Json Web Token",
    description: "API View that receives a POST with a user's username and password.\n\nReturns a JSON Web Token that \
                  can be used for authenticated requests.",
    fields: &[
        Field::sent("password", "Password"),
        Field::answered("token", "Token"),
        Field::sent("username", "Username"),
    ],
};
const REFRESH: View = View {
    name: "Refresh Json Web Token",
    description: "API View that returns a refreshed token (with new expiration) based on\nexisting token\n\nIf \
                  'orig_iat' field (original issued-at-time) is found it will first check\nif it's within expiration \
                  window, then copy it to the new token.",
    fields: &[TOKEN],
};
const VERIFY: View = View {
    name: "Verify Json Web Token",
    description: "API View that checks the validity of a token, returning the token if it\nis valid.",
    fields: &[TOKEN],
};
const TOKEN: Field = Field::sent("token", "Token");

/// The answer of all three: `jwt_create_response_payload`.
type Answer = (StatusCode, Json<Value>);

/// `ObtainJSONWebTokenView`.
async fn obtain(State(app): State<App>, context: Context, fields: Fields) -> Result<Answer> {
    let input = fields::json_web_token_fields(&fields)?;
    let credentials = Credentials {
        login: Some(Login::UsernameField(input.username)),
        password: Some(input.password),
    };
    let signed_in = async {
        let user = signin::authenticate(&app, credentials, context.now()).await?;
        drf_jwt::obtain(&app, &user, context.client(), context.now()).await
    };
    match signed_in.await {
        Err(accounts::Error::InvalidCredentials) => Err(Error::NonField {
            word: "invalid_credentials",
            text: Text::NoLogin,
        }),
        issued => answer(issued),
    }
}

/// `RefreshJSONWebTokenView`.
async fn refresh(State(app): State<App>, context: Context, fields: Fields) -> Result<Answer> {
    let token = fields::required_text(&fields, "token")?;
    answer(drf_jwt::refresh(&app, &token, context.now()).await)
}

/// `VerifyJSONWebTokenView`.
async fn verify(State(app): State<App>, context: Context, fields: Fields) -> Result<Answer> {
    let token = fields::required_text(&fields, "token")?;
    answer(drf_jwt::verify(&app, &token, context.now()).await)
}

fn answer(issued: accounts::Result<Issued>) -> Result<Answer> {
    match issued {
        Ok(Issued { token, issued_at }) => Ok((
            StatusCode::CREATED,
            Json(json!({"pk": issued_at, "token": token})),
        )),
        Err(accounts::Error::JsonWebToken(refused)) => Err(refused_token(refused)),
        Err(error) => Err(error.into()),
    }
}
