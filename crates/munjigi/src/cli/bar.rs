//! A line that fills up, for who waits at a terminal.

use std::io::Write;

/// How much of some work is done.
pub(super) struct Bar {
    total: u64,
    is_drawn: bool,
}

impl Bar {
    const WIDTH: u64 = 40;

    pub(super) fn new(total: u64) -> Self {
        Self {
            total,
            is_drawn: false,
        }
    }

    /// Draws the line anew, with what was counted. What no longer can be shown is not missed.
    pub(super) fn show_count(&mut self, out: &mut impl Write, done: u64) {
        let label = format!("{done} of {}", self.total.max(done));
        self.show(out, done, &label);
    }

    /// Draws the line anew, with these words behind it.
    pub(super) fn show(&mut self, out: &mut impl Write, done: u64, label: &str) {
        // Others may add to the work meanwhile.
        self.total = self.total.max(done);
        self.is_drawn = true;
        let filled = Self::WIDTH.saturating_mul(done).checked_div(self.total);
        let filled = usize::try_from(filled.unwrap_or_default()).unwrap_or_default();
        let bar = "#".repeat(filled);
        drop(write!(out, "\r[{bar:<40}] {label}").and_then(|()| out.flush()));
    }

    /// Takes the line away, so that another one can be written in its place.
    pub(super) fn clear(&mut self, out: &mut impl Write) {
        if self.is_drawn {
            self.is_drawn = false;
            drop(write!(out, "\r\x1b[K"));
        }
    }

    /// Ends the line, where there is one.
    pub(super) fn finish(self, out: &mut impl Write) {
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
            bar.show_count(&mut shown, done);
        }
        bar.finish(&mut shown);
        Bar::new(0).finish(&mut shown);
        let quarter = format!("[{}{}]", "#".repeat(10), " ".repeat(30));
        let full = format!("[{}]", "#".repeat(40));
        let expected = format!("\r{quarter} 1000 of 4000\r{full} 4000 of 4000\r{full} 5000 of 5000\n");
        assert_eq!(String::from_utf8(shown).unwrap(), expected);
    }

    #[test]
    fn a_bar_that_was_taken_away_leaves_no_line_to_end() {
        let (mut bar, mut shown) = (Bar::new(2), Vec::new());
        bar.show(&mut shown, 1, "1 row");
        bar.clear(&mut shown);
        bar.finish(&mut shown);
        let half = format!("[{}{}]", "#".repeat(20), " ".repeat(20));
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            format!("\r{half} 1 row\r\x1b[K")
        );
    }
}
