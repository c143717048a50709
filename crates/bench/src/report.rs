//! What was measured, as JSON and as a table.

use std::fmt::Write as _;

use serde::Serialize;

use crate::figure::{Figure, Figures, Target};
use crate::machine::Machine;
use crate::stats::exponent;

/// The growth exponent that we aim for.
const MOST_GROWTH: f64 = 0.1;

/// One run.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) figures: Vec<Figure>,
}

/// Adds how the time of each list grows with the number of objects.
pub(crate) fn growth(figures: &mut Figures) {
    let timed = |figure: &&Figure| figure.area == "lists" && figure.unit == "ms";
    let mut names: Vec<String> = Vec::new();
    for figure in figures.all.iter().filter(timed) {
        if !names.contains(&figure.what) {
            names.push(figure.what.clone());
        }
    }
    for name in names {
        let points: Vec<(f64, f64)> = figures
            .all
            .iter()
            .filter(timed)
            .filter(|figure| figure.what == name)
            .filter_map(|figure| Some((figure.objects? as f64, p50(figure)?)))
            .collect();
        if points.len() > 1 {
            figures.add(
                Figure::new("growth", name, exponent(&points), "exponent")
                    .beside("of the p50")
                    .target(Target::AtMost(MOST_GROWTH)),
            );
        }
    }
}

/// The p50 that stands beside a p99.
fn p50(figure: &Figure) -> Option<f64> {
    figure.beside.strip_prefix("p50 ")?.split(' ').next()?.parse().ok()
}

/// The table, in Markdown.
pub(crate) fn table(run: &Run) -> String {
    let mut text = String::from(
        "| area | what | objects | measured | target | | load |\n| --- | --- | ---: | ---: | ---: | --- | ---: |\n",
    );
    for figure in &run.figures {
        let target = match figure.target {
            Some(Target::AtMost(most)) => format!("≤ {most}"),
            Some(Target::AtLeast(least)) => format!("≥ {least}"),
            None => String::new(),
        };
        let verdict = match figure.met() {
            Some(true) => "met".to_owned(),
            Some(false) => format!("missed {:.1}-fold", figure.missed_by()),
            None => String::new(),
        };
        let objects = figure.objects.map_or_else(String::new, |objects| objects.to_string());
        let beside = if figure.beside.is_empty() { String::new() } else { format!(" ({})", figure.beside) };
        let _ = writeln!(
            text,
            "| {} | {}{beside} | {objects} | {} {} | {target} | {verdict} | {:.1} |",
            figure.area,
            figure.what,
            number(figure.value),
            figure.unit,
            figure.load
        );
    }
    text
}

/// Three digits that count.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// The page of the docs.
pub(crate) fn page(run: &Run) -> String {
    let Machine { processor, processors, memory_gib, kernel } = &run.machine;
    let missed: Vec<&Figure> = run.figures.iter().filter(|figure| figure.met() == Some(false)).collect();
    let judged = run.figures.iter().filter(|figure| figure.target.is_some()).count();
    let quick = if run.quick { " It was a quick run, without the largest size." } else { "" };
    let mut text = format!(
        "# Measurements\n\nWritten by `cargo xtask bench`; do not edit. {} of {judged} targets are met.{quick}\n\n\
         {processors} × {processor}, {memory_gib:.0} GiB, Linux {kernel}. The load is that of the last minute before each number, our\n\
         own part included: the client runs on the same processors as the server. Where it is far above {processors}, other work ran\n\
         beside and the times are longer than the server's own. Answers are compared with what a loop over all data finds before\n\
         anything is timed; comparisons alternate in one run and give the median of the ratios of all rounds.\n\n{}",
        judged - missed.len(),
        table(run)
    );
    if !missed.is_empty() {
        text.push_str("\n## Missed\n\n");
        for figure in missed {
            let objects = figure.objects.map_or_else(String::new, |objects| format!(" at {objects} objects"));
            let _ = writeln!(
                text,
                "- {}, {}{objects}: {:.1}-fold.",
                figure.area,
                figure.what,
                figure.missed_by()
            );
        }
    }
    text
}
