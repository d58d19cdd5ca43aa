//! One record a line.

use super::Stands;

/// A line ends at a line feed, and a carriage return belongs to no record.
pub(super) fn place(byte: u8) -> Stands {
    match byte {
        b'\n' | b'\r' => Stands::Behind,
        _ => Stands::Inside,
    }
}
