//! Columns for terminals.

/// Rows under headings, two spaces between columns; numbers stand to the right. Cells must be printable already.
pub(super) struct Table {
    headings: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

/// Where a column's cells stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Table {
    pub(super) fn new(headings: &[(&'static str, Side)]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as there are headings.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The whole table, a newline after each line and no spaces before it.
    pub(super) fn render(&self) -> String {
        let width = |column: usize| {
            let heading = self.headings[column].0.chars().count();
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .fold(heading, usize::max)
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for ((cell, &width), (_, side)) in cells.zip(&widths).zip(&self.headings) {
                match side {
                    Side::Left => line.push_str(&format!("{cell:<width$}  ")),
                    Side::Right => line.push_str(&format!("{cell:>width$}  ")),
                }
            }
            line.truncate(line.trim_end().len());
            line.push('\n');
            line
        };
        let mut text = line(&mut self.headings.iter().map(|(heading, _)| *heading));
        for row in &self.rows {
            text.push_str(&line(&mut row.iter().map(String::as_str)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_where_the_text_does() {
        let mut table = Table::new(&[("NAME", Side::Left), ("COUNT", Side::Right), ("HOST", Side::Left)]);
        table.row(vec!["a".into(), "1".into(), "here".into()]);
        table.row(vec!["longer".into(), "1000000".into(), "".into()]);
        assert_eq!(
            table.render(),
            "NAME      COUNT  HOST\n\
             a             1  here\n\
             longer  1000000\n"
        );
    }
}
