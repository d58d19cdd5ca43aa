//! `munjigi clearsessions` and `munjigi flushexpiredtokens`, as Django and simplejwt have them: for a timer.

use super::error::Result;
use super::location::Location;
use crate::accounts::housekeeping;
use std::io::Write;

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
        let flushed = housekeeping::flush_expired_tokens(&app, app.now()).await?;
        writeln!(out, "Expired tokens removed: {flushed}")?;
        Ok(())
    }
}
