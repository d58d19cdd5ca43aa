//! Guards axum routes with djangorestframework-simplejwt's tokens and Django's sessions: `JWTAuthentication`,
//! `SessionAuthentication` and the permission classes of Django REST framework, as extractors and layers.
//!
//! It stands on `axum-core` and holds no database: users come from a trait that the application implements.
//!
//! # From an empty crate to a guarded route
//!
//! ```console
//! $ cargo add axum munjigi-axum munjigi-tokens munjigi-user
//! $ cargo add tokio --features macros,net,rt-multi-thread
//! ```
//!
//! ```
//! use axum::{Router, routing::get};
//! use munjigi_axum::{Authentication, CurrentUser, JwtAuthentication};
//! use munjigi_tokens::{SigningKey, SimpleJwt, SimpleJwtSettings, SourceError, UserSource};
//! use munjigi_user::{AuthUser, UserId};
//!
//! // 1. Your user: at least an id.
//! #[derive(Clone)]
//! struct User {
//!     id: i64,
//!     name: &'static str,
//! }
//!
//! impl AuthUser for User {
//!     fn id(&self) -> UserId {
//!         UserId::Int(self.id)
//!     }
//! }
//!
//! // 2. Where users are: here your database is asked. `?` works on any error, and makes a 500 of it.
//! struct Users;
//!
//! impl UserSource for Users {
//!     type User = User;
//!
//!     async fn user(&self, _field: &str, value: &str) -> Result<Option<User>, SourceError> {
//!         Ok((value == "1").then_some(User { id: 1, name: "mseo" }))
//!     }
//! }
//!
//! // 3. The route. Whoever gets in here has sent a good token.
//! async fn hello(CurrentUser(user): CurrentUser<User>) -> String {
//!     format!("Hello, {}!", user.name)
//! }
//!
//! // 4. Django's SIMPLE_JWT, and a router. This and 5 stand in `main`, whose `?` takes any error:
//! // #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>>
//! let jwt = SimpleJwt::new(SimpleJwtSettings::new(SigningKey::new("a secret of no fewer than 32 bytes")))?;
//! let auth = Authentication::new(JwtAuthentication::new(jwt.clone(), Users)?);
//! let app = Router::new().route("/hello", get(hello)).with_state(auth);
//!
//! // 5. Serve it.
//! # async fn serve(app: Router) -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//!
//! // That is all. A token, as a sign-in of yours gives it, or Django's simplejwt with the same secret:
//! use munjigi_tokens::RefreshToken;
//! let access = RefreshToken::for_user(&jwt, &User { id: 1, name: "mseo" })?.access_token().to_string();
//!
//! # use axum::body::Body;
//! # use http::Request;
//! # use http_body_util::BodyExt;
//! # use tower::ServiceExt;
//! # let ask = |authorization: Option<String>| {
//! #     let mut request = Request::get("/hello");
//! #     if let Some(authorization) = authorization {
//! #         request = request.header("authorization", authorization);
//! #     }
//! #     let answer = app.clone().oneshot(request.body(Body::empty()).unwrap());
//! #     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! #     runtime.block_on(async {
//! #         let (parts, body) = answer.await.unwrap().into_parts();
//! #         let body = body.collect().await.unwrap().to_bytes();
//! #         (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
//! #     })
//! # };
//! // GET /hello with Authorization: Bearer <access>
//! # let (status, _, body) = ask(Some(format!("Bearer {access}")));
//! assert_eq!((status, body.as_str()), (200, "Hello, mseo!"));
//!
//! // GET /hello
//! # let (status, headers, body) = ask(None);
//! assert_eq!(status, 401);
//! assert_eq!(headers["www-authenticate"], "Bearer realm=\"api\"");
//! assert_eq!(body, r#"{"detail":"Authentication credentials were not provided."}"#);
//! # Ok::<(), munjigi_tokens::Error>(())
//! ```
//!
//! In an application with a state of its own, the state has a field of the type [`Authentication`] and implements
//! [`FromRef`](axum_core::extract::FromRef) for it.
//!
//! # Which argument a handler takes
//!
//! | argument | no credential | a bad one | a good one |
//! |---|---|---|---|
//! | [`CurrentUser<U>`] | 401 | 401 | the user |
//! | `Option<CurrentUser<U>>` | `None` | 401, as DRF | the user |
//! | [`MaybeUser<U>`] | `None` | `None` | the user |
//!
//! A token cookie that is no longer good is no credential: a browser sends it by itself, and a page that is open to all must
//! not close because of it.
//!
//! With [`JwtAuthentication::stateless`] nobody is looked up: the user is [`TokenUser`], what the token says.
//! [`permissions`] has the layers that ask for more than a user: [`IsAdminUser`](permissions::IsAdminUser),
//! [`HasPerm`](permissions::HasPerm), [`HasGroup`](permissions::HasGroup), or a rule of your own.
//!
//! # What a refusal looks like
//!
//! Bodies are simplejwt's and DRF's, to the letter, and so are the statuses and `WWW-Authenticate`. A token that has expired:
//!
//! ```http
//! HTTP/1.1 401 Unauthorized
//! content-type: application/json
//! www-authenticate: Bearer realm="api"
//!
//! {"detail":"Given token not valid for any token type","code":"token_not_valid",
//!  "messages":[{"token_class":"AccessToken","token_type":"access","message":"Token is expired"}]}
//! ```
//!
//! Somebody who may not is 403, `{"detail":"You do not have permission to perform this action."}`. Where your database does
//! not answer it is 503, where it fails 500; the cause is in the log ([`tracing`]) and not in the answer.
//!
//! # Browsers
//!
//! [`JwtAuthentication::cookie`] takes a token from a cookie, [`SessionAuthentication`] takes Django's own sessions, from
//! rows that you hand it. Both ask for Django's CSRF token where a method changes something: [`Csrf`].
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | tokens by a shared secret (HS256, HS384, HS512), sessions, permissions |
//! | `asymmetric` | tokens by RS*, PS*, ES* and EdDSA keys, over aws-lc-rs |
//! | `remote` | `asymmetric`, and `remote`: public keys from any JWKS address, and munjigi's list of ended sign-ins |
//!
//! # Where it differs from simplejwt 5.5.1 and DRF 3.18
//!
//! - Tokens are read as `munjigi-tokens` reads them: strictly. What makes simplejwt answer 500 is 401.
//! - A CSRF token is looked for in the header alone, not in a form.
//! - A session is read and never written: see [`SessionAuthentication`].
//! - [`TokenUser`] has the groups and permissions that its token names.
//! - It speaks English.
//!
//! | Python | here |
//! |---|---|
//! | `DEFAULT_AUTHENTICATION_CLASSES`, `request.user` | [`Authentication`], [`CurrentUser`] |
//! | `authentication.BaseAuthentication` | [`BaseAuthentication`] |
//! | `JWTAuthentication`, `JWTStatelessUserAuthentication` | [`JwtAuthentication`] |
//! | `SessionAuthentication` | [`SessionAuthentication`] |
//! | `models.TokenUser` | [`TokenUser`] |
//! | `permissions`, `permission_classes` | [`permissions`], [`Authentication::require`] |
//! | `exceptions` | [`Error`], [`Rejection`] |
//! | `JWTAuthentication.get_header`, `get_raw_token` | [`BearerHeader`] |
//! | `http.cookie.parse_cookie` | [`cookies::read`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authentication;
mod bearer;
pub mod cookies;
mod csrf;
mod error;
mod extract;
pub mod header;
mod jwt;
pub mod permissions;
#[cfg(feature = "remote")]
pub mod remote;
mod require;
mod session;
mod token_user;

pub use authentication::{Authentication, BaseAuthentication, BoxFuture, Found};
pub use bearer::{BadAuthorizationHeader, BearerHeader};
pub use csrf::Csrf;
pub use error::{Error, Rejection};
pub use extract::{CurrentUser, MaybeUser};
pub use jwt::JwtAuthentication;
pub use permissions::BasePermission;
pub use require::{Require, RequireLayer};
pub use session::{SessionAuthentication, SessionRow, SessionSource};
pub use token_user::TokenUser;
