//! One mail: `EmailMessage` of `django.core.mail.message`. Its lines are written by lettre, which encodes what is not ASCII
//! and lets no header end early.

use jiff::Timestamp;
use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{Address, error};
use munjigi_user::UserId;
use std::time::SystemTime;

/// A mail to one user.
#[derive(Clone)]
pub struct Mail {
    /// Whom it is for: how the log calls him.
    pub user: UserId,
    /// `DEFAULT_FROM_EMAIL`.
    pub from: Mailbox,
    /// The address, as it is stored.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines of text, each with its end.
    pub body: String,
    /// When it was written.
    pub date: Timestamp,
    /// What stands before the `@` of its `Message-ID`: drawn, and used once.
    pub id: String,
}

/// An address that is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// It is misspelt.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It cannot be put into a header.
    #[error(transparent)]
    Message(#[from] error::Error),
}

impl Mail {
    /// The mail as it goes over the wire.
    pub(super) fn message(&self) -> Result<Message, Unusable> {
        let domain = self.from.email.domain();
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address(&self.to)?))
            .subject(self.subject.as_str())
            .date(SystemTime::from(self.date))
            .message_id(Some(format!("<{}@{domain}>", self.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(self.body.clone())?)
    }
}

/// The address, its domain in the letters that every mail server knows: `sanitize_address`.
fn address(text: &str) -> Result<Address, AddressError> {
    let (local, domain) = text.rsplit_once('@').ok_or(AddressError::MissingParts)?;
    if domain.is_ascii() {
        return Address::new(local, domain);
    }
    let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError::InvalidDomain)?;
    Address::new(local, domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str) -> Mail {
        Mail {
            user: UserId::Int(1),
            from: "문지기 <noreply@example.com>".parse().unwrap(),
            to: to.to_owned(),
            subject: "app.example.com의 비밀번호 재설정".to_owned(),
            body: "https://app.example.com/reset/MQ/d1p9c0-0f76521305f3be3da53e81bdbf3d0bbd/\n".to_owned(),
            date: Timestamp::UNIX_EPOCH,
            id: "0".repeat(32),
        }
    }

    fn written(mail: &Mail) -> String {
        String::from_utf8(mail.message().unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_in_korean_has_nothing_but_ascii_in_its_lines() {
        let text = written(&mail("mseo@naver.com"));
        assert!(text.is_ascii(), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        for line in [
            "To: mseo@naver.com",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Content-Type: text/plain; charset=utf-8",
            "Message-ID: <00000000000000000000000000000000@example.com>",
        ] {
            assert!(
                head.split("\r\n").any(|written| written == line),
                "{line} in {head}"
            );
        }
        assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
        assert!(body.contains("d1p9c0-0f76521305f3be3da53e81bdbf3d0bbd"), "{body}");
    }

    #[test]
    fn a_domain_of_other_letters_is_written_as_mail_servers_know_it() {
        assert!(written(&mail("mseo@예시.한국")).contains("\r\nTo: mseo@xn--vv4b11d.xn--3e0b707e\r\n"));
    }

    #[test]
    fn no_stored_address_adds_a_line_or_a_recipient() {
        for to in [
            "",
            "mseo",
            "@naver.com",
            "mseo@",
            "mseo@naver.com\r\nBcc: thief@example.com",
            "mseo\r\nBcc: thief@example.com\r\nX: @naver.com",
            "\"mseo\r\nBcc: thief@example.com\"@naver.com",
            "\"a\nb\"@naver.com",
            "mseo@naver.com, thief@example.com",
            "mseo@naver.com>, <thief@example.com",
            "<mseo@naver.com>",
            "Mseo <mseo@naver.com>",
            "mseo@naver.com\0",
            "mseo@naver.com SIZE=1",
            "mseo naver@naver.com",
            "\"thief@example.com, mseo\"@naver.com",
            "mseo@한국\r\nBcc: thief@example.com",
        ] {
            assert!(mail(to).message().is_err(), "{to:?}");
        }
    }
}
