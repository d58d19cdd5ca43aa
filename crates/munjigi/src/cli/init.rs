//! `munjigi init`: the settings beside a Django project.

use super::error::Result;
use crate::neighbour;
use std::io::Write;

/// The flags of `init`.
#[derive(clap::Args)]
pub(super) struct Init {
    /// Print the script that a Django project is asked with
    ///
    /// Where munjigi and the project are on different machines: `munjigi init --django-script | kubectl exec -i … -- python
    /// manage.py shell > dj.json`. What the script prints holds secrets.
    #[arg(long, required = true)]
    django_script: bool,
}

impl Init {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        if self.django_script {
            out.write_all(neighbour::SCRIPT.as_bytes())?;
        }
        Ok(())
    }
}
