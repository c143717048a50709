//! The shape of text files.

use super::tree::Tree;

/// A file of code holds one idea, and an idea needs fewer lines than this.
const MOST_LINES: usize = 400;

/// Files that are still longer. Empty, and meant to stay so.
const LONG: &[&str] = &[];

/// Kinds of files that people write, with neither tabs nor blanks at the ends of lines.
const WRITTEN: &[&str] =
    &["rs", "toml", "md", "sql", "html", "css", "js", "mjs", "py", "sh", "yml", "yaml", "json", "txt"];

/// No file of code is longer than [`MOST_LINES`], but for the exceptions.
pub(super) fn length(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|file| file.is(&["rs"])) {
        let (lines, excepted) = (file.text.lines().count(), LONG.contains(&file.path.as_str()));
        if lines > MOST_LINES && !excepted {
            complaints
                .push(format!("{} has {lines} lines; more than {MOST_LINES} hold two ideas", file.path));
        } else if lines <= MOST_LINES && excepted {
            complaints.push(format!("{} is short now; take it off the list in tidy/texts.rs", file.path));
        }
    }
    complaints
}

/// No tabs, no blanks at the ends of lines, and a line end at the end of the file.
pub(super) fn whitespace(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|file| file.is(WRITTEN)) {
        for (number, line) in file.lines() {
            if line.ends_with([' ', '\t']) {
                complaints.push(format!("{}:{number} ends in a blank", file.path));
            } else if line.contains('\t') {
                complaints.push(format!("{}:{number} holds a tab", file.path));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            complaints.push(format!("{} does not end with a line end", file.path));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_of_code_is_found() {
        let (long, short) = ("\n".repeat(MOST_LINES + 1), "\n".repeat(MOST_LINES));
        let tree = Tree::of_texts(&[("a.rs", &long), ("b.rs", &short), ("c.md", &long)]);
        assert_eq!(length(&tree), ["a.rs has 401 lines; more than 400 hold two ideas"]);
    }

    #[test]
    fn blanks_tabs_and_a_missing_line_end_are_found() {
        let tree = Tree::of_texts(&[("a.md", "fine\nblank \n\ttab\nlast"), ("b.tsv", "a\tb\n")]);
        assert_eq!(
            whitespace(&tree),
            ["a.md:2 ends in a blank", "a.md:3 holds a tab", "a.md does not end with a line end"]
        );
    }
}
