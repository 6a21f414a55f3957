//! The screens of a failing night at three widths, kept as snapshots.

use anstream::adapter::strip_str;

use super::*;
use crate::queries::status::fixtures::failing_night;

fn screen(width: Option<usize>) -> String {
    let view = StatusView {
        width,
        zone: TimeZone::UTC,
        attention_only: false,
    };
    strip_str(&status_text(&failing_night(), &view)).to_string()
}

#[test]
fn a_failing_night_fits_eighty_columns() {
    let text = screen(Some(80));
    insta::assert_snapshot!("status_80", text);
}

#[test]
fn a_failing_night_on_wider_screens() {
    insta::assert_snapshot!("status_120", screen(Some(120)));
    insta::assert_snapshot!("status_200", screen(Some(200)));
}

/// Commands are there to be copied; everything else stays within the screen.
#[test]
fn only_lines_to_copy_are_longer_than_the_screen() {
    let night = failing_night();
    let commands: Vec<&str> = night
        .tasks
        .iter()
        .filter_map(|line| line.command_line.as_deref())
        .collect();
    for width in [40, 80, 120, 200] {
        for line in screen(Some(width)).lines() {
            let fits = measure_text_width(line) <= width;
            assert!(fits || commands.contains(&line.trim()), "{width}: {line}");
        }
    }
    for command in commands {
        assert!(screen(Some(80)).contains(command), "{command}");
    }
}
