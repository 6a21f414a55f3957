//! Rows of CSV (RFC 4180, but with the line ends of this system). Pure; the only place
//! that writes CSV, so that no form of any list forgets what a spreadsheet does to a cell.

/// Appends one row.
pub(crate) fn push_csv_row<'a>(into: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            into.push(',');
        }
        push_field(into, field);
    }
    into.push('\n');
}

/// A spreadsheet takes what begins with one of these signs for a formula and evaluates
/// it; an apostrophe makes it text.
fn push_field(into: &mut String, field: &str) {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !field.contains(['"', ',', '\n', '\r']) {
        into.push_str(field);
        return;
    }
    into.push_str(if formula { "\"'" } else { "\"" });
    into.push_str(&field.replace('"', "\"\""));
    into.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[&str]) -> String {
        let mut text = String::new();
        push_csv_row(&mut text, fields.iter().copied());
        text
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(row(&["plain text", "", "a,b"]), "plain text,,\"a,b\"\n");
        assert_eq!(row(&["say \"hi\"\n"]), "\"say \"\"hi\"\"\n\"\n");
        assert_eq!(row(&["a\rb", "a=b"]), "\"a\rb\",a=b\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@sum(a1)", "\t=1+1", "\r=1+1"] {
            assert_eq!(row(&[formula, "x"]), format!("\"'{formula}\",x\n"));
        }
        let link = "=hyperlink(\"http://evil.example\",\"ok\")";
        assert_eq!(
            row(&[link]),
            "\"'=hyperlink(\"\"http://evil.example\"\",\"\"ok\"\")\"\n"
        );
    }
}
