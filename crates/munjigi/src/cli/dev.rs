//! `munjigi dev`: a server for development, from nothing.

use super::banner::{self, Banner};
use super::error::Result;
use super::listen::Listeners;
use super::location::{self, Location};
use super::{listen, log, serve};
use crate::app::App;
use crate::clock::{Clock, entropy};
use crate::config::{Config, Exposure, LogFormat, Mode};
use munjigi_store::{Missing, migrate};
use std::io::Write;
use std::net::{Ipv6Addr, TcpListener};

/// The flags of `dev`.
#[derive(clap::Args)]
pub(super) struct Dev {
    #[command(flatten)]
    location: Location,
    #[command(flatten)]
    listening: serve::Listening,
    /// Let other machines reach this server, relaxed as it is
    #[arg(long)]
    expose: bool,
}

impl Dev {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let config = self.config()?;
        let _log = log::start(&config.log)?;
        let clock = Clock::system();
        let store = location::open(&config, Missing::Create).await?;
        migrate::apply(&store, clock.now()).await?;
        let listeners = Listeners::bind(&config)?;
        let app = Box::pin(App::new(config, store, clock)).await?;
        let stop = listen::Stop::listen()?;
        if app.config().log.format == LogFormat::Text {
            let banner = Banner {
                addresses: &listeners.addresses()?,
                config: app.config(),
                lang: banner::lang(),
            };
            // Where nobody can read it, the server is there all the same.
            drop(write!(out, "{banner}").and_then(|()| out.flush()));
        }
        listen::serve(app, listeners, stop).await;
        Ok(())
    }

    fn config(&self) -> Result<Config> {
        let mut written = location::gather(self.location.config.clone(), self.listening.flags())?;
        let exposure = if self.expose {
            Exposure::Network
        } else {
            Exposure::Loopback
        };
        if exposure == Exposure::Network {
            written.expose();
        }
        let finding = self.location.data_dir().prepare(&mut written, &mut entropy())?;
        let mut config = Config::resolve(&written, Mode::Dev)?;
        config.warnings.extend(finding);
        config.check_listening(exposure)?;
        if config.bind.len() > 1 && !has_ipv6() {
            config.bind.retain(|address| address.ip() != Ipv6Addr::LOCALHOST);
        }
        Ok(config)
    }
}

/// Whether `[::1]` is there: in a container it often is not, and `127.0.0.1` does as well.
fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}
