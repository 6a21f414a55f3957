//! Tables for people: columns without lines, as wide as what they hold, and on a terminal no
//! wider than that: what does not fit is wrapped in its cell. Lists whose rows have causes are
//! laid out by `report/rows`.

use comfy_table::{ContentArrangement, Table, presets};

use crate::cli::shell::output::output_width;

/// A table that grows row by row.
pub(crate) struct TextTable<const COLUMNS: usize>(Table);

impl<const COLUMNS: usize> TextTable<COLUMNS> {
    /// For standard output.
    pub(crate) fn new(header: [&str; COLUMNS]) -> Self {
        Self::within(header, output_width())
    }

    fn within(header: [&str; COLUMNS], width: Option<usize>) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(header);
        // Without a width it asks nobody, and wraps nothing.
        table.set_content_arrangement(match width {
            Some(_) => ContentArrangement::Dynamic,
            None => ContentArrangement::Disabled,
        });
        if let Some(width) = width {
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
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

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::*;

    #[test]
    fn a_table_is_no_wider_than_the_screen() {
        let text = |width| {
            let mut table = TextTable::within(["Collection", "Records", "Brought"], width);
            table.row([
                "github_activity_per_day".to_owned(),
                "1280".to_owned(),
                "180 new, 3 changed, 1097 unchanged".to_owned(),
            ]);
            table.text()
        };
        let widest = |text: &str| text.lines().map(measure_text_width).max();
        assert!(widest(&text(Some(50))) <= Some(50), "{}", text(Some(50)));
        assert_eq!(text(None).lines().count(), 2, "nothing is wrapped");
        assert_eq!(text(Some(200)), text(None));
    }
}
