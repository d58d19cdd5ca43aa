//! `munjigi clearsessions` and `munjigi flushexpiredtokens`, as Django and simplejwt have them: for a timer.

use super::bar::Bar;
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
                bar.show_count(&mut io::stderr(), removed);
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
