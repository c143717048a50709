//! How the tour shows who may do what, and why.

use std::io::IsTerminal as _;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};

use super::story::Act;
use super::verdict::Verdict;

/// The fewest columns the table is made for.
const NARROWEST: u16 = 80;
/// The most; longer lines are hard to read.
const WIDEST: u16 = 120;
/// Columns where there is no terminal to ask.
const ELSEWHERE: u16 = 100;

/// How to print.
pub(super) struct Look {
    colour: bool,
    width: u16,
}

impl Look {
    /// Coloured and as wide as asked, or as the terminal suggests.
    pub(super) fn new(colour: Option<bool>, width: Option<u16>) -> Self {
        let width = width.or_else(|| Table::new().width()).unwrap_or(ELSEWHERE);
        Self {
            colour: colour.unwrap_or_else(|| std::io::stdout().is_terminal()),
            width: width.clamp(NARROWEST, WIDEST),
        }
    }
}

/// Columns of who, what and yes or no; the last column takes the rest.
const COLUMNS: [u16; 3] = [6, 23, 5];

/// One act as text; the first one has the headings.
pub(super) fn print(number: usize, act: &Act, verdicts: &[Verdict], look: &Look) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(look.width);
    if look.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if number == 1 {
        table.set_header(["who", "does what", "may", "by which rule, and what the server says"].map(bold));
    }
    for verdict in verdicts {
        let attempt = verdict.attempt();
        let (may, colour) = if verdict.happened() { ("yes", Color::Green) } else { ("no", Color::Red) };
        table.add_row([
            bold(&capitalised(attempt.person)),
            Cell::new(attempt.deed.words()),
            bold(may).fg(colour),
            Cell::new(format!("{}\n{}", verdict.rule(), verdict.sentence())),
        ]);
    }
    // The same columns in every act, so that the eye can run down all of them; one more stands between two.
    let used: u16 = COLUMNS.iter().map(|width| width + 1).sum();
    let widths = COLUMNS.into_iter().chain([look.width - used]);
    for (column, width) in table.column_iter_mut().zip(widths) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    let title = format!("{number}. {}", act.title);
    let title = if look.colour { format!("\u{1b}[1m{title}\u{1b}[0m") } else { title };
    format!("\n{title}\n{}", table.trim_fmt())
}

fn bold(text: &str) -> Cell {
    Cell::new(text).add_attribute(Attribute::Bold)
}

/// A handle as a name: `Ines`.
fn capitalised(handle: &str) -> String {
    let mut letters = handle.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
