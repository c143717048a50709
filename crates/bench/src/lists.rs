//! The first page of lists and searches, over HTTP: compared with what a loop over all objects finds, then timed.

use std::cmp::Reverse;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use crate::client::Connection;
use crate::figure::{Figure, Figures, Target};
use crate::fill::{self, BOBS, World, token};
use crate::machine;
use crate::served::Served;
use crate::stats::{quantile, time};

/// Results of a page.
const PAGE: usize = 100;
/// Calls that are timed, at most.
const CALLS: usize = 400;
/// How long the calls of one question may take.
const TIME: Duration = Duration::from_secs(6);
/// Calls before.
const WARM_UP: usize = 20;
/// What the slowest of a hundred may take, in ms.
const MOST_MS: f64 = 5.0;

/// One call, and the ids that it must answer.
struct Question {
    what: &'static str,
    person: &'static str,
    path: String,
    input: Value,
    /// Where the rows of the answer stand.
    rows: &'static str,
    expected: Vec<String>,
    /// Whether the order counts.
    ordered: bool,
}

/// Asks everything of one size.
pub(crate) fn measure(operon: &Path, world: &World, figures: &mut Figures) -> anyhow::Result<()> {
    let served = Served::start(operon, &world.data)?;
    let mut connection = served.connect()?;
    for question in questions(world) {
        compare(&mut connection, &question)?;
        let (token, input) = (token(question.person), question.input.to_string());
        for _ in 0..WARM_UP {
            connection.call_raw(&token, &question.path, &input)?;
        }
        let begin = Instant::now();
        let mut took = Vec::new();
        while took.len() < CALLS && begin.elapsed() < TIME {
            let (duration, answer) = time(|| connection.call_raw(&token, &question.path, &input));
            answer?;
            took.push(duration.as_secs_f64() * 1000.0);
        }
        let calls = took.len();
        let (half, most) = (quantile(&mut took, 0.5), quantile(&mut took, 0.99));
        figures.add(
            Figure::new("lists", question.what, most, "ms")
                .objects(world.size)
                .beside(format!("p50 {half:.2} ms, p99 of {calls} calls"))
                .target(Target::AtMost(MOST_MS)),
        );
    }
    if let Some(mib) = machine::resident_mib(served.process()) {
        figures.add(Figure::new("lists", "memory after all of these", mib, "MiB").objects(world.size));
    }
    served.stop()
}

/// The answer must be the one that was worked out.
fn compare(connection: &mut Connection, question: &Question) -> anyhow::Result<()> {
    let answer = connection.call(&token(question.person), &question.path, &question.input)?;
    let Some(rows) = answer[question.rows].as_array() else { bail!("{}: {answer}", question.what) };
    let mut found: Vec<String> =
        rows.iter().map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect();
    let mut expected = question.expected.clone();
    if !question.ordered {
        found.sort();
        expected.sort();
    }
    ensure!(
        found == expected,
        "{}: the server answered {} rows, and {} are right; the first that differs is number {:?}",
        question.what,
        found.len(),
        expected.len(),
        found.iter().zip(&expected).position(|(found, expected)| found != expected)
    );
    Ok(())
}

/// The first page of the objects that pass, in the order that searches promise: the newest project first, and in each the
/// newest object. A loop over all.
fn newest(world: &World, passes: impl Fn(u64) -> bool) -> Vec<String> {
    let mut all: Vec<u64> = (0..world.size).filter(|number| passes(*number)).collect();
    all.sort_unstable_by_key(|number| Reverse((world.project_of(*number), *number)));
    all.iter().take(PAGE).map(|number| fill::object_id(*number).to_string()).collect()
}

/// Ids of the projects that pass.
fn projects(world: &World, passes: impl Fn(u64) -> bool) -> Vec<String> {
    let all = (0..world.projects()).filter(|number| passes(*number));
    all.map(|number| fill::project_id(number).to_string()).collect()
}

fn questions(world: &World) -> Vec<Question> {
    // Objects in the middle: neither first nor last in any index.
    let middle = world.size / 2;
    let main = fill::project_id(0).to_string();
    let in_main = json!({ "project": main });
    let bobs = |number| (1..=BOBS).contains(&world.project_of(number));
    let batch = format!("batch-{}", middle / 1000);
    let has = |number: u64, tag: &str| fill::tags_of(number).iter().any(|own| own == tag);
    let find = |what, person, filter: Value, expected| {
        let mut input = filter;
        input["limit"] = json!(PAGE);
        let path = "/system/findDataObjects".to_owned();
        Question { what, person, path, input, rows: "results", expected, ordered: true }
    };
    let find_projects = |what, person, filter: Value, expected| {
        let mut input = filter;
        input["limit"] = json!(PAGE);
        input["level"] = json!("VIEW");
        let path = "/system/findProjects".to_owned();
        Question { what, person, path, input, rows: "results", expected, ordered: false }
    };
    let folder = fill::folder_of(0, middle);
    let in_folder = (0..world.size).filter(|n| world.project_of(*n) == 0 && fill::folder_of(0, *n) == folder);
    let prefix = &fill::name_of(middle)["sample-".len()..][..5];
    let named = format!("sample-{prefix}");
    let donor = fill::donor_of(middle);
    let kind = fill::type_of(middle);
    let group = fill::project_tag(world.projects() / 2);
    let one = fill::project_name(world.projects() / 2);
    vec![
        Question {
            what: "listFolder, 100 objects of a folder",
            person: "ada",
            path: format!("/{main}/listFolder"),
            input: json!({ "folder": folder, "only": "objects" }),
            rows: "objects",
            expected: in_folder.map(|number| fill::object_id(number).to_string()).collect(),
            ordered: false,
        },
        find(
            "newest of a project",
            "ada",
            json!({ "scope": in_main }),
            newest(world, |n| world.project_of(n) == 0),
        ),
        find("newest of all projects", "ada", json!({}), newest(world, |_| true)),
        find("newest of the ten projects one sees", "bob", json!({}), newest(world, bobs)),
        find(
            "one name in a project",
            "ada",
            json!({ "name": fill::name_of(middle), "scope": in_main }),
            newest(world, |n| n == middle),
        ),
        find(
            "one name in all projects",
            "ada",
            json!({ "name": fill::name_of(middle) }),
            newest(world, |n| n == middle),
        ),
        find(
            "beginning of a name in a project",
            "ada",
            json!({ "name": { "glob": format!("{named}*") }, "scope": in_main }),
            newest(world, |n| world.project_of(n) == 0 && fill::name_of(n).starts_with(&named)),
        ),
        find(
            "a rare tag in a project",
            "ada",
            json!({ "tags": batch, "scope": in_main }),
            newest(world, |n| world.project_of(n) == 0 && has(n, &batch)),
        ),
        find(
            "a rare tag in all projects",
            "ada",
            json!({ "tags": batch }),
            newest(world, |n| has(n, &batch)),
        ),
        find(
            "a common tag in a project",
            "ada",
            json!({ "tags": "marked", "scope": in_main }),
            newest(world, |n| world.project_of(n) == 0 && has(n, "marked")),
        ),
        find("a tag that lies only where one sees nothing", "bob", json!({ "tags": "marked" }), Vec::new()),
        find(
            "a property in a project",
            "ada",
            json!({ "properties": { "donor": donor }, "scope": in_main }),
            newest(world, |n| world.project_of(n) == 0 && fill::donor_of(n) == donor),
        ),
        find(
            "a property in the ten projects one sees",
            "bob",
            json!({ "properties": { "donor": donor } }),
            newest(world, |n| bobs(n) && fill::donor_of(n) == donor),
        ),
        find(
            "a type in a project",
            "ada",
            json!({ "type": kind, "scope": in_main }),
            newest(world, |n| world.project_of(n) == 0 && fill::type_of(n) == kind),
        ),
        find_projects(
            "findProjects, one name",
            "ada",
            json!({ "name": one }),
            projects(world, |n| fill::project_name(n) == one),
        ),
        find_projects(
            "findProjects, a tag",
            "ada",
            json!({ "tags": group }),
            projects(world, |n| fill::project_tag(n) == group),
        ),
        find_projects(
            "findProjects, the ten one sees",
            "bob",
            json!({}),
            projects(world, |n| (1..=BOBS).contains(&n)),
        ),
    ]
}
