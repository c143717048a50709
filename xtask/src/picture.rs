//! `cargo xtask picture`: what the demonstration prints, as a picture for the README.
//!
//! A run draws it, so that it shows what is; a test compares it with the next run.

use anyhow::{Context as _, Result};

use crate::repo::{Repo, capture, run as run_command};

/// The picture.
const PICTURE: &str = "docs/demo.svg";
/// Where the part of the output begins that is the same in every run.
const BEGIN: &str = "Who may do what";
/// Columns of the table.
const COLUMNS: usize = 120;
/// Width of a character and height of a line, in pixels.
const CHARACTER: f64 = 7.8;
const LINE: usize = 17;
/// Space around the text, in pixels.
const MARGIN: usize = 16;

/// Runs the demonstration and draws its table.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    run_command(repo.cargo().args(["build", "--locked", "--package", "operon"]))?;
    let mut demo = repo.command(repo.target.join("debug/operon"));
    demo.args(["demo", "--once", "--color", "always", "--width", &COLUMNS.to_string()]);
    let said = capture(&mut demo)?;
    let begin = said.find(BEGIN).with_context(|| format!("the demonstration did not print \"{BEGIN}\""))?;
    let lines: Vec<&str> = said[begin..].lines().take_while(|line| !line.starts_with("Audit log")).collect();
    std::fs::write(repo.root.join(PICTURE), draw(&lines))
        .with_context(|| format!("cannot write {PICTURE}"))?;
    println!("{PICTURE} shows {} lines", lines.len());
    Ok(())
}

/// Lines of a terminal as a picture, each line as one element on a line of its own.
fn draw(lines: &[&str]) -> String {
    let (width, height) = (COLUMNS as f64 * CHARACTER + 2.0 * MARGIN as f64, lines.len() * LINE + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height}\" viewBox=\"0 0 {width:.0} {height}\" role=\"img\" aria-label=\"What `operon demo` prints: who may do what, and why\">\n\
         <style>svg {{ background: #16191d; }} text {{ font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #e8eaed; white-space: pre; }} .b {{ font-weight: bold; }} .g {{ fill: #7ee2a8; }} .r {{ fill: #ff9a90; }}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16191d\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let y = MARGIN + number * LINE + 13;
        // The length is given, so that columns stand straight in whatever font there is.
        let spans: String = spans(line).iter().map(|span| element(span)).collect();
        svg.push_str(&format!("<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">{spans}</text>\n"));
    }
    svg.push_str("</svg>\n");
    svg
}

/// A piece of a line with its classes.
#[derive(Debug, PartialEq, Eq)]
struct Span<'l> {
    column: usize,
    text: &'l str,
    bold: bool,
    colour: Option<char>,
}

/// Cuts a line where its colours change.
fn spans(line: &str) -> Vec<Span<'_>> {
    let mut found = Vec::new();
    let (mut bold, mut colour, mut column) = (false, None, 0);
    for (number, part) in line.split('\u{1b}').enumerate() {
        let text = match part.strip_prefix('[').and_then(|rest| rest.split_once('m')) {
            Some((codes, text)) if number > 0 => {
                // `38;5;9` and `38;5;10` are the bright red and green of terminals with many colours.
                match codes {
                    "" | "0" => (bold, colour) = (false, None),
                    "1" => bold = true,
                    "31" | "91" | "38;5;9" => colour = Some('r'),
                    "32" | "92" | "38;5;10" => colour = Some('g'),
                    "39" => colour = None,
                    _ => {}
                }
                text
            }
            _ => part,
        };
        if !text.is_empty() {
            found.push(Span { column, text, bold, colour });
            column += text.chars().count();
        }
    }
    found
}

fn element(span: &Span<'_>) -> String {
    let text = span.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let classes: Vec<&str> =
        [(span.bold, "b"), (span.colour == Some('g'), "g"), (span.colour == Some('r'), "r")]
            .into_iter()
            .filter_map(|(on, class)| on.then_some(class))
            .collect();
    let x = MARGIN as f64 + span.column as f64 * CHARACTER;
    let length = span.text.chars().count() as f64 * CHARACTER;
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    format!("<tspan x=\"{x:.1}\" textLength=\"{length:.1}\"{class}>{text}</tspan>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_columns_are_kept() {
        let line = " \u{1b}[1mLena\u{1b}[0m \u{1b}[38;5;10m\u{1b}[1myes\u{1b}[0m <a&b>";
        let found = spans(line);
        assert_eq!(found.len(), 5);
        assert_eq!(found[1], Span { column: 1, text: "Lena", bold: true, colour: None });
        assert_eq!(found[3], Span { column: 6, text: "yes", bold: true, colour: Some('g') });
        assert_eq!(found[4].column, 9);
        assert!(element(&found[4]).contains("&lt;a&amp;b&gt;"));
    }

    #[test]
    fn a_picture_has_one_element_a_line() {
        let svg = draw(&["one", "", "two"]);
        assert_eq!(svg.lines().filter(|line| line.starts_with("<text")).count(), 3);
        assert!(svg.ends_with("</svg>\n"));
    }
}
