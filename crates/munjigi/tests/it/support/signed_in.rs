//! One user with several sign-ins.

use super::{Client, TestServer};

/// Somebody who is signed in twice by tokens and once by a session.
pub(crate) struct SignedIn<'s> {
    server: &'s TestServer,
    pub(crate) first: (String, String),
    pub(crate) second: (String, String),
    pub(crate) browser: Client<'s>,
}

impl<'s> SignedIn<'s> {
    pub(crate) async fn new(server: &'s TestServer) -> Self {
        let browser = server.cookie_user().await;
        Self {
            server,
            first: server.tokens().await,
            second: server.tokens().await,
            browser,
        }
    }

    /// Whether the first pair, the second pair and the session are good.
    pub(crate) async fn holds(&mut self) -> [bool; 3] {
        let pair = async |(access, refresh): &(String, String)| {
            let by_access = self.server.me(access).await.status == 200;
            let by_refresh = self.server.refresh(refresh).await.status == 200;
            assert_eq!(by_access, by_refresh, "one sign-in carries both");
            by_access
        };
        let (first, second) = (pair(&self.first).await, pair(&self.second).await);
        [first, second, self.browser.get("/user/me").await.status == 200]
    }
}
