//! Another password for who forgot his, by mail.

mod asking;
mod confirming;
mod posting;

use crate::support::{Database, MailServer, Manner, Reply, TestServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

const NEW: &str = "another-9-word";
const URL: (&str, &str) = (
    "PASSWORD_RESET_URL",
    "https://app.example.com/reset/{uid}/{token}/",
);
const SENT: &str = "계정이 존재한다면, 독자가 입력한 이메일로 비밀번호 설정 안내문을 발송했습니다. 곧 수신할 수 있을 것입니다. ";
const BAD_LINK: &str =
    "비밀번호 초기화 링크가 이미 사용되어 올바르지 않습니다. 비밀번호 초기화를 다시 해주세요.";

/// A server, and where its mails go.
struct Site {
    server: TestServer,
    post: MailServer,
}

impl Site {
    async fn new(database: Database) -> Self {
        Self::with(database, Manner::Takes, &[]).await
    }

    async fn with(database: Database, manner: Manner, more: &[(&str, &str)]) -> Self {
        let post = MailServer::start(manner).await;
        let written = post.settings();
        let mut settings: Vec<(&str, &str)> = written
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        settings.push(URL);
        settings.extend(more);
        Self {
            server: database.server_with(&settings).await,
            post,
        }
    }

    async fn ask(&self, email: &str) -> Reply {
        let mut client = self.server.anonymous();
        client
            .post("/user/password_reset", &json!({"email": email}))
            .await
    }

    /// Asks, and has the link out of the only mail that comes.
    async fn link(&self, email: &str) -> Link {
        let before = self.post.mails(0).await.len();
        self.ask(email).await.expect_status(200);
        let mails = self.post.mails(before + 1).await;
        Link::in_mail(&mails[before])
    }

    /// Until everybody who asked is looked up, and every mail is handed over or given up.
    async fn settle(&self) {
        let long = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        self.server.app.resets().settle(long).await;
        self.server.app.outgoing().settle(long).await;
    }
}

/// Both parts of a mailed link.
#[derive(Clone, PartialEq, Debug)]
struct Link {
    uid: String,
    token: String,
}

impl Link {
    fn in_mail(mail: &str) -> Self {
        let text = text_of(mail);
        let line = text
            .lines()
            .find(|line| line.starts_with("https://"))
            .expect(&text);
        let path = line.strip_prefix("https://app.example.com/reset/").expect(line);
        let (uid, rest) = path.split_once('/').unwrap();
        Self {
            uid: uid.to_owned(),
            token: rest.strip_suffix('/').unwrap().to_owned(),
        }
    }

    async fn use_for(&self, server: &TestServer, password: &str) -> Reply {
        let body = json!({"uid": self.uid, "token": self.token, "new_password": password});
        server
            .anonymous()
            .post("/user/password_reset_confirm", &body)
            .await
    }
}

/// The text of a mail, however it travelled.
fn text_of(mail: &str) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let bytes = if head.contains("Content-Transfer-Encoding: base64") {
        STANDARD.decode(body.replace("\r\n", "")).unwrap()
    } else if head.contains("Content-Transfer-Encoding: quoted-printable") {
        let joined = body.replace("=\r\n", "");
        let mut parts = joined.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend(&part.as_bytes()[2..]);
        }
        bytes
    } else {
        body.as_bytes().to_vec()
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

/// Whom a mail is for.
fn recipient(mail: &str) -> &str {
    let line = mail.split("\r\n").find_map(|line| line.strip_prefix("To: "));
    line.unwrap()
}
