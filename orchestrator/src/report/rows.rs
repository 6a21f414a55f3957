//! Aligned columns with prose behind them: the one layout of lists whose rows have causes. Where
//! the screen is too narrow for the prose it stands below its row, where it is too narrow for the
//! columns those go that can be spared. Cells must be harmless already: styles of ours pass.

use console::measure_text_width;

use crate::text::{cut_line, pad_left, pad_right, wrap_words};

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    right: bool,
    spare: bool,
}

impl Column {
    /// Aligned to the left.
    pub const fn left(title: &'static str) -> Self {
        let (right, spare) = (false, false);
        Self { title, right, spare }
    }

    /// Aligned to the right.
    pub const fn right(title: &'static str) -> Self {
        let (right, spare) = (true, false);
        Self { title, right, spare }
    }

    /// One that a narrow screen does without.
    pub const fn to_spare(self) -> Self {
        Self { spare: true, ..self }
    }
}

/// A row: a cell for each column, and what is said beside them.
#[derive(Debug, Clone)]
pub struct ListRow {
    /// In the order of the columns.
    pub cells: Vec<String>,
    /// Nothing where it is empty.
    pub prose: String,
}

const GAP: &str = "  ";
const INDENT: usize = 4;

/// The lines, the header first; `prose` is the title of what stands behind the columns.
pub fn rows_text(columns: &[Column], prose: &str, rows: &[ListRow], width: Option<usize>) -> String {
    let mut widths = widths(columns, rows);
    let shown = shown(columns, &widths, width);
    narrow(&mut widths, &shown, width);
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (place, cell) in cells.enumerate().filter(|(place, _)| shown[*place]) {
            let wide = widths[place];
            let cell = cut_line(cell, Some(wide));
            let cell = match columns[place].right {
                true => pad_left(&cell, wide),
                false => pad_right(&cell, wide),
            };
            if !line.is_empty() {
                line.push_str(GAP);
            }
            line.push_str(&cell);
        }
        line
    };
    let heads: Vec<String> = rows
        .iter()
        .map(|row| line(&mut row.cells.iter().map(String::as_str)))
        .collect();
    let fits = |head: &String, prose: &str| {
        let wide = measure_text_width(head) + GAP.len() + measure_text_width(prose);
        prose.is_empty() || width.is_none_or(|width| wide <= width)
    };
    // All of it stands behind the columns or all of it below: a mixture is not read at a glance.
    let behind = heads.iter().zip(rows).all(|(head, row)| fits(head, &row.prose));
    let has_prose = rows.iter().any(|row| !row.prose.is_empty());
    let mut title = line(&mut columns.iter().map(|column| column.title));
    if behind && has_prose {
        title = format!("{title}{GAP}{prose}");
    }
    let mut text = cut_line(&title, width) + "\n";
    for (head, row) in heads.iter().zip(rows) {
        if behind {
            text.push_str(&cut_line(&format!("{head}{GAP}{}", row.prose), width));
            text.push('\n');
            continue;
        }
        text.push_str(&cut_line(head, width));
        text.push('\n');
        if !row.prose.is_empty() {
            text.push_str(&wrap_words(&row.prose, INDENT, width));
        }
    }
    text
}

/// As wide as the widest cell.
fn widths(columns: &[Column], rows: &[ListRow]) -> Vec<usize> {
    let mut widths: Vec<usize> = columns
        .iter()
        .map(|column| measure_text_width(column.title))
        .collect();
    for row in rows {
        for (wide, cell) in widths.iter_mut().zip(&row.cells) {
            *wide = (*wide).max(measure_text_width(cell));
        }
    }
    widths
}

/// Where what is left has no room either, the widest column is cut, and none that a reader
/// could not do without.
fn narrow(widths: &mut [usize], shown: &[bool], width: Option<usize>) {
    const LEAST: usize = 12;
    let Some(width) = width else { return };
    let all: usize = widths
        .iter()
        .zip(shown)
        .filter(|(_, shown)| **shown)
        .map(|(wide, _)| wide + GAP.len())
        .sum();
    let too_much = all.saturating_sub(width + GAP.len());
    let shown = widths.iter_mut().zip(shown).filter(|(_, shown)| **shown);
    if let Some((widest, _)) = shown.max_by_key(|(wide, _)| **wide) {
        *widest = widest.saturating_sub(too_much).max(LEAST.min(*widest));
    }
}

/// Which columns there is room for: those to spare go one by one, the last one first.
fn shown(columns: &[Column], widths: &[usize], width: Option<usize>) -> Vec<bool> {
    let mut shown = vec![true; columns.len()];
    let Some(width) = width else {
        return shown;
    };
    for place in (0..columns.len()).rev() {
        let wide: usize = (0..columns.len())
            .filter(|&place| shown[place])
            .map(|place| widths[place] + GAP.len())
            .sum();
        if wide <= width + GAP.len() {
            break;
        }
        shown[place] = !columns[place].spare;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(width: Option<usize>) -> String {
        let columns = [
            Column::left("Task"),
            Column::right("Exit").to_spare(),
            Column::right("Time"),
        ];
        let row = |task: &str, exit: &str, time: &str, prose: &str| ListRow {
            cells: [task, exit, time].map(str::to_owned).to_vec(),
            prose: prose.to_owned(),
        };
        let rows = [
            row("g/run_a", "0", "812ms", ""),
            row("g/run_long", "75", "2m 04s", "exited with code 75 (temporary)"),
        ];
        rows_text(&columns, "Notes", &rows, width)
    }

    #[test]
    fn prose_stands_behind_or_below() {
        insta::assert_snapshot!(lines(None), @r"
        Task        Exit    Time  Notes
        g/run_a        0   812ms
        g/run_long    75  2m 04s  exited with code 75 (temporary)
        ");
        insta::assert_snapshot!(lines(Some(30)), @r"
        Task        Exit    Time
        g/run_a        0   812ms
        g/run_long    75  2m 04s
            exited with code 75
            (temporary)
        ");
        insta::assert_snapshot!(lines(Some(20)), @r"
        Task          Time
        g/run_a      812ms
        g/run_long  2m 04s
            exited with code
            75 (temporary)
        ");
    }
}
