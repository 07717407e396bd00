//! Text in columns, for people.

/// A table's rows under each other, each column as wide as it has to be.
/// Columns that are named here are figures, which end under each other.
pub(crate) fn columns(rows: &[Vec<String>], figures: &[usize]) -> String {
    let rows: Vec<Vec<_>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<_> = (0..count)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[column] - width(cell));
            if column > 0 {
                line.push_str("  ");
            }
            if figures.contains(&column) {
                line.push_str(&gap);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&gap);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// Without what would move a terminal's cursor: some of it was written by strangers.
fn printable(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_and_figures_end_under_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["MODEL", "TASKS", "NOTE"]), row(["viduq1", "7", "a\u{1b}[2J"])];
        assert_eq!(columns(&rows, &[1]), "MODEL   TASKS  NOTE\nviduq1      7  a\u{fffd}[2J\n");
        assert_eq!(columns(&[row(["a", "", ""])], &[]), "a\n");
    }
}
