//! More objects than one reading, one window and one transaction hold.

use serde_json::{Value, json};
use store::db::{DbError, DbKind, Sql, params};
use wire::id::ContainerId;

use super::walk;
use crate::world::World;

/// How many objects each project has; more than one transaction looks at.
const MANY: i64 = 25_000;

/// Fills a project with objects number 1 to `MANY`, called `n<number>`, changed at `number % 100`.
async fn fill(world: &World, project: &str, letter: &'static str) {
    let project = ContainerId::parse(project).unwrap();
    world
        .app()
        .db
        .write(move |tx| {
            let project = store::project::by_id(tx, &project)?.unwrap().key;
            let mut sql = Sql::new("with recursive n (i) as (select 1 union all select i + 1 from n where i < ");
            sql.bind(MANY).push(
                ") insert into object (id, class, state, hidden, created, created_by, created_in, touched)
                 select 'record-' || cast(",
            );
            sql.bind(letter).push(
                " as text) || substr('00000000000000000000000', 1, 23 - length(cast(i as text))) || cast(i as text),
                   'record', 'open', 0, 0, (select min(key) from account), cast(",
            );
            sql.bind(project).push(" as bigint), i from n");
            tx.execute_sql(&sql)?;
            let mut sql = Sql::new(
                "insert into placement (project, object, folder, name, class, state, hidden, created, modified, placed, placed_by)
                 select created_in, key, (select key from folder where project = created_in and path = '/'),
                   'n' || cast(touched as text), class, state, hidden, created, touched % 100, 0, created_by
                 from object where created_in = ",
            );
            sql.bind(project);
            tx.execute_sql(&sql)?;
            let mut sql = Sql::new(
                "insert into placement_tag (tag, project, placement)
                 select 'even', project, key from placement where modified % 2 = 0 and project = ",
            );
            sql.bind(project);
            tx.execute_sql(&sql)?;
            if tx.kind() == DbKind::Postgres {
                // A server in use gathers statistics by itself; the one for tests does not. Of these tables alone: the
                // server holds those of all other tests too, and each would be locked.
                tx.execute("analyze object, placement, placement_tag", params![])?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
}

/// The numbers that fit, of each project from the last to the first, in the order of the search.
fn expected(letters: &[&str], fits: impl Fn(i64) -> bool) -> Vec<String> {
    let mut numbers: Vec<i64> = (1..=MANY).filter(|number| fits(*number)).collect();
    numbers.sort_by_key(|number| std::cmp::Reverse((number % 100, *number)));
    letters
        .iter()
        .rev()
        .flat_map(|letter| numbers.iter().map(move |number| format!("record-{letter}{number:023}")))
        .collect()
}

/// F184, invariants 32 to 34: also where matches are rare and lie beyond many windows, pages together are the whole, and
/// only the last has no `next`.
#[tokio::test]
async fn rare_matches_among_many_are_all_found() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let letters = ["A", "B", "C"];
    for letter in letters {
        let project = alice.project(letter).await;
        fill(&world, &project, letter).await;
    }
    let rare = |number: i64| number.to_string().ends_with("777");
    let cases: [(Value, &dyn Fn(i64) -> bool); 6] = [
        (json!({ "name": { "regexp": "777$" } }), &rare),
        (json!({ "name": { "glob": "*777" }, "visibility": "either" }), &rare),
        (json!({ "name": { "glob": "n1?777" } }), &|number| {
            number > 9_999 && number < 20_000 && rare(number)
        }),
        (json!({ "name": { "regexp": "778$" }, "tags": "even" }), &|number| number % 1000 == 778),
        (json!({ "tags": "even", "name": "n24778" }), &|number| number == 24_778),
        (json!({ "name": { "regexp": "nothing" } }), &|_| false),
    ];
    for (query, fits) in cases {
        let expected = expected(&letters, fits);
        for limit in [1000, 7] {
            let found: Vec<String> =
                walk(&alice, &query, limit).await.into_iter().map(|(_, id)| id).collect();
            assert_eq!(found, expected, "limit {limit}: {query}");
        }
    }
    let page = alice.ok(super::FIND, json!({ "tags": "even", "limit": 1000 })).await;
    let found: Vec<&str> =
        page["results"].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap()).collect();
    assert_eq!(found, expected(&letters, |number| number % 2 == 0)[..1000]);
}

/// A search that looked as long as it may and found nothing to go on from says so, and how to narrow it.
#[tokio::test]
async fn a_search_without_end_is_ended() {
    let world = World::with(|config| config.limits.search_seconds = 0).await;
    let alice = world.user("alice").await;
    let project = alice.project("A").await;
    fill(&world, &project, "A").await;
    let query = json!({ "name": { "regexp": "nothing" } });
    let refused = alice.fails(super::FIND, query, "InvalidInput").await;
    assert!(refused.contains("Narrow it"), "{refused}");
    let narrow = json!({ "name": "n24778" });
    assert_eq!(walk(&alice, &narrow, 1000).await.len(), 1);
}
