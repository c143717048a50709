//! How much lies in a project: the running sums against what the files come to when they are added up.

use serde_json::{Value, json};
use store::db::params;
use store::project::Usage;
use wire::id::ContainerId;

use super::{closed, noise};
use crate::world::World;

const GIB: f64 = 1_073_741_824.0;

/// The running sums of a project, and what its files come to when they are added up.
async fn sums(world: &World, project: &str) -> (Usage, Usage) {
    let id = ContainerId::parse(project).unwrap();
    world
        .read(move |tx| {
            let project = store::project::by_id(tx, &id)?.unwrap();
            let mut added_up = Usage::default();
            for row in tx.query(
                "select o.size, p.archival from placement p join object o on o.key = p.object
                 where p.project = $1 and p.class = 'file' and p.state = 'closed'",
                params![project.key],
            )? {
                let size: i64 = row.get(0)?;
                added_up.bytes += size;
                if row.get::<String>(1)? == "archived" {
                    added_up.archived += size;
                }
            }
            Ok((store::project::usage(tx, project.key)?, added_up))
        })
        .await
}

/// F104: whatever is done to files, in whatever order, the figures are those of the files that are there.
#[tokio::test]
async fn figures_follow_the_files() {
    for seed in 1..=3_u64 {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let mut projects = Vec::new();
        for name in ["A", "B", "C"] {
            projects.push(alice.project(name).await);
        }
        let mut files: Vec<String> = Vec::new();
        let choices = noise(400, seed);
        let mut choices = choices.into_iter().map(usize::from);
        let mut done = Vec::new();
        for step in 0..40 {
            let mut pick = |among: usize| choices.next().unwrap() % among;
            let (call, project, other) = (pick(6), projects[pick(3)].clone(), projects[pick(3)].clone());
            if call == 0 || files.is_empty() {
                let bytes = noise(1 + pick(200), step);
                files.push(closed(&alice, &project, &format!("f{step}"), &[&bytes]).await);
                done.push(format!("{step}: upload into {project}"));
            } else {
                let file = &files[pick(files.len())];
                let (verb, input): (&str, Value) = match call {
                    1 | 2 => ("clone", json!({ "objects": [file], "project": other })),
                    3 => ("archive", json!({ "files": [file] })),
                    4 => ("unarchive", json!({ "files": [file], "rate": "Expedited" })),
                    _ => ("removeObjects", json!({ "objects": [file], "force": true })),
                };
                let answer = alice.post(&format!("/{project}/{verb}"), input).await;
                done.push(format!("{step}: {verb} {file} in {project}: {}", answer.status));
            }
            if step % 4 == 3 {
                world.settled().await;
            }
            for project in &projects {
                let (running, added_up) = sums(&world, project).await;
                assert_eq!(running, added_up, "{project}, seed {seed}: {done:#?}");
            }
        }
        world.settled().await;
        for project in &projects {
            let told = alice.describe(project, &["dataUsage", "archivedDataUsage"]).await;
            let (Usage { bytes, archived }, _) = sums(&world, project).await;
            for (figure, bytes) in [("dataUsage", bytes), ("archivedDataUsage", archived)] {
                let told = (told[figure].as_f64().unwrap() * GIB).round();
                assert_eq!(told.to_string(), bytes.to_string(), "{figure}, seed {seed}");
            }
        }
        let archived = done.iter().any(|step| step.contains(" archive ") && step.ends_with("200"));
        assert!(archived, "seed {seed} archives nothing, so it proves little: {done:#?}");
    }
}
