//! The backend of `munjigi dev`: `django.core.mail.backends.console`. Unlike there the text is printed as it is read, not
//! as it is encoded for the wire, for a link is to be clicked.

use super::Mail;
use std::io::{self, Write};

/// Prints a whole mail, and the line of hyphens that Django ends one with.
pub(super) fn print(mail: &Mail) -> io::Result<()> {
    let text = format!(
        "Subject: {}\nFrom: {}\nTo: {}\nDate: {}\n\n{}{}\n",
        mail.subject,
        mail.from,
        mail.to.escape_debug(),
        mail.date,
        mail.body,
        "-".repeat(79),
    );
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
