//! Tables for people: columns without lines, as wide as what they hold. The only place
//! that lays out a table of a verb.

use comfy_table::{Table, presets};

/// A table that grows row by row.
pub(crate) struct TextTable<const COLUMNS: usize>(Table);

impl<const COLUMNS: usize> TextTable<COLUMNS> {
    pub(crate) fn new(header: [&str; COLUMNS]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(header);
        Self(table)
    }

    /// Cells must be harmless already: styles of ours pass.
    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.0.add_row(cells);
    }

    /// The lines, without blanks at their ends.
    pub(crate) fn text(&self) -> String {
        format!("{}\n", self.0.trim_fmt())
    }
}
