//! What the runner measured, as a table for the terminal and as a page of the documentation.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::exceptions;

/// The runner's `results.json`, as far as it is shown.
#[derive(Deserialize)]
pub(super) struct Results {
    meta: Meta,
    applicable: u64,
    passed: u64,
    by: By,
    tests: Vec<Test>,
}

/// One test of the run.
#[derive(Deserialize)]
struct Test {
    /// `file.py::Class::test_name`.
    id: String,
    area: String,
    /// `passed`, `failed`, `error`, `timeout` or `skipped`.
    outcome: String,
}

#[derive(Deserialize)]
struct Meta {
    /// The version of the client that ran.
    dxpy: String,
    /// The version of the client to which the tests belong.
    toolkit: String,
    /// The commit of the tests.
    source_key: String,
    /// Which tests were asked for: `tier=…`, and more words where it was a part of the suite.
    selection: String,
    /// The time of the run, as 2026-01-31T12:00:00Z.
    when: String,
}

#[derive(Deserialize)]
struct By {
    /// Area → outcome → number of tests.
    area: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Results {
    /// Reads the file that the runner wrote.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("the runner left no {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("cannot understand {}", file.display()))
    }

    /// True if every applicable area ran, with the client to which the tests belong.
    pub(super) fn is_whole(&self) -> bool {
        self.meta.selection == "tier=T0,T0s,T1" && self.meta.dxpy == self.meta.toolkit
    }

    /// The counts per area, for the terminal.
    pub(super) fn table(&self) -> String {
        let width = self.by.area.keys().map(String::len).max().unwrap_or(0).max("total".len());
        let row = |area: &str, passed: u64, all: u64| format!("{area:<width$} {passed:>5} of {all:>5}\n");
        let mut text: String = self.areas().map(|(area, passed, all)| row(area, passed, all)).collect();
        text.push_str(&row("total", self.passed, self.applicable));
        text
    }

    /// The page of the documentation; `day` replaces the day of the run.
    pub(super) fn page(&self, day: Option<&str>) -> String {
        let day = day.or(self.meta.when.split('T').next()).unwrap_or_default();
        let Meta { dxpy, source_key, .. } = &self.meta;
        let mut text = format!(
            "# The public client's own tests\n\n\
             Made by `cargo xtask dx-suite`; do not edit. It runs the tests that the `dx` client's public repository\n\
             (dnanexus/dx-toolkit, commit {source_key}) keeps in `src/python/test` against a freshly seeded Operon, with\n\
             the unmodified client `dxpy` {dxpy}, on {day}. Applicable are the tests that need no more than a metadata\n\
             server; those that need jobs on workers or services outside of the platform are left out.\n\n\
             | area | passed | applicable |\n| --- | ---: | ---: |\n"
        );
        for (area, passed, all) in self.areas() {
            text.push_str(&format!("| {area} | {passed} | {all} |\n"));
        }
        text.push_str(&format!("| **total** | **{}** | **{}** |\n", self.passed, self.applicable));
        text.push_str(&self.exceptions());
        text
    }

    /// The tests that did not pass, each with the reason that is known for it.
    fn exceptions(&self) -> String {
        let mut of_areas: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        let mut alone = String::new();
        for test in self.tests.iter().filter(|test| test.outcome != "passed") {
            let name = test.id.rsplit("::").next().unwrap_or_default();
            if let Some(reason) = exceptions::of_area(&test.area) {
                *of_areas.entry((&test.area, reason)).or_default() += 1;
            } else {
                let reason = exceptions::of_test(name).unwrap_or("**not known: a defect of this server**");
                alone.push_str(&format!("| {} | {name} | {reason} |\n", test.area));
            }
        }
        let mut text = String::from("\n## What did not pass, and why\n\n");
        if alone.is_empty() && of_areas.is_empty() {
            text.push_str("Everything passed.\n");
            return text;
        }
        text.push_str("| area | test | reason |\n| --- | --- | --- |\n");
        text.push_str(&alone);
        for ((area, reason), count) in of_areas {
            text.push_str(&format!("| {area} | {count} tests | {reason} |\n"));
        }
        text
    }

    /// Area, number of tests that passed, number of all.
    fn areas(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.by.area.iter().map(|(area, outcomes)| {
            let passed = outcomes.get("passed").copied().unwrap_or(0);
            (area.as_str(), passed, outcomes.values().sum())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let text = r#"{
            "meta": {"server": "http://127.0.0.1:1", "dxpy": "0.413.0", "toolkit": "0.413.0", "source_key": "abc",
                     "selection": "tier=T0,T0s,T1", "when": "2026-01-31T23:00:00Z", "seconds": 1.5},
            "total": {"passed": 3, "failed": 1}, "applicable": 4, "passed": 3, "pass_rate": 0.75,
            "by": {"area": {"files": {"passed": 2, "failed": 1}, "auth": {"passed": 1}}, "tier": {}},
            "tests": [
                {"id": "t.py::C::test_one", "area": "files", "outcome": "passed"},
                {"id": "t.py::C::test_other", "area": "files", "outcome": "failed"},
                {"id": "t.py::C::test_workflow_completion", "area": "resolve", "outcome": "error"},
                {"id": "t.py::C::test_run", "area": "run", "outcome": "failed"},
                {"id": "t.py::C::test_run_again", "area": "run", "outcome": "timeout"}
            ]
        }"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_page_counts_per_area_and_names_client_and_day() {
        let page = results().page(None);
        for part in [
            "| auth | 1 | 1 |\n| files | 2 | 3 |\n| **total** | **3** | **4** |",
            "0.413.0",
            "2026-01-31",
            "abc",
        ] {
            assert!(page.contains(part), "{part} is not in:\n{page}");
        }
        assert!(results().page(Some("2026-02-01")).contains("on 2026-02-01."));
    }

    #[test]
    fn what_did_not_pass_is_told_with_its_reason() {
        let page = results().page(None);
        for part in [
            "| files | test_other | **not known: a defect of this server** |",
            "| resolve | test_workflow_completion | makes workflows |",
            "| run | 2 tests | ",
        ] {
            assert!(page.contains(part), "{part} is not in:\n{page}");
        }
        assert!(!page.contains("test_one"), "{page}");
    }

    #[test]
    fn the_table_counts_per_area() {
        assert_eq!(results().table(), "auth      1 of     1\nfiles     2 of     3\ntotal     3 of     4\n");
    }

    #[test]
    fn a_part_of_the_suite_or_another_client_is_not_the_whole() {
        assert!(results().is_whole());
        let mut part = results();
        part.meta.selection.push_str(" area=files");
        assert!(!part.is_whole());
        let mut newer = results();
        newer.meta.dxpy = "0.417.1".into();
        assert!(!newer.is_whole());
    }
}
