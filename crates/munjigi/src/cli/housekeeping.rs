//! `munjigi clearsessions` and `munjigi flushexpiredtokens`, as Django and simplejwt have them: for a timer.

use super::error::Result;
use super::location::Location;
use crate::accounts::housekeeping;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;

/// The flags of `clearsessions`.
#[derive(clap::Args)]
pub(super) struct ClearSessions {
    #[command(flatten)]
    location: Location,
}

/// The flags of `flushexpiredtokens`.
#[derive(clap::Args)]
pub(super) struct FlushExpiredTokens {
    #[command(flatten)]
    location: Location,
}

impl ClearSessions {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let app = self.location.app().await?;
        let cleared = housekeeping::clear_sessions(&app, app.now()).await?;
        writeln!(out, "Expired sessions removed: {}", cleared.sessions)?;
        writeln!(out, "Records of ended sign-ins removed: {}", cleared.records)?;
        writeln!(out, "Endings removed from their list: {}", cleared.endings)?;
        Ok(())
    }
}

impl FlushExpiredTokens {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let app = self.location.app().await?;
        let now = app.now();
        let mut bar = if io::stderr().is_terminal() {
            Some(Bar::new(housekeeping::count_expired_tokens(&app, now).await?))
        } else {
            None
        };
        let flushed = housekeeping::flush_expired_tokens(&app, now, |removed| {
            if let Some(bar) = &mut bar {
                bar.show(&mut io::stderr(), removed);
            }
            ControlFlow::Continue(())
        });
        let flushed = flushed.await;
        if let Some(bar) = bar {
            bar.finish(&mut io::stderr());
        }
        let flushed = flushed?;
        writeln!(out, "Expired tokens removed: {flushed}")?;
        Ok(())
    }
}

/// A line that fills up, for who waits at a terminal.
struct Bar {
    total: u64,
    is_drawn: bool,
}

impl Bar {
    const WIDTH: u64 = 40;

    fn new(total: u64) -> Self {
        Self {
            total,
            is_drawn: false,
        }
    }

    /// Draws the line anew. What no longer can be shown is not missed.
    fn show(&mut self, out: &mut impl Write, done: u64) {
        // Others may add tokens meanwhile.
        self.total = self.total.max(done);
        self.is_drawn = true;
        let filled = Self::WIDTH.saturating_mul(done).checked_div(self.total);
        let filled = usize::try_from(filled.unwrap_or_default()).unwrap_or_default();
        let bar = "#".repeat(filled);
        drop(write!(out, "\r[{bar:<40}] {done} of {}", self.total).and_then(|()| out.flush()));
    }

    /// Ends the line, where there is one.
    fn finish(self, out: &mut impl Write) {
        if self.is_drawn {
            drop(writeln!(out));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_up_and_ends_its_line() {
        let mut bar = Bar::new(4_000);
        let mut shown = Vec::new();
        for done in [1_000, 4_000, 5_000] {
            bar.show(&mut shown, done);
        }
        bar.finish(&mut shown);
        Bar::new(0).finish(&mut shown);
        let quarter = format!("[{}{}]", "#".repeat(10), " ".repeat(30));
        let full = format!("[{}]", "#".repeat(40));
        let expected = format!("\r{quarter} 1000 of 4000\r{full} 4000 of 4000\r{full} 5000 of 5000\n");
        assert_eq!(String::from_utf8(shown).unwrap(), expected);
    }
}
