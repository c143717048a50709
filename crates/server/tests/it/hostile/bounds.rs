//! Inputs and answers that would grow without bound.

use serde_json::{Value, json};
use store::db::{DbError, Tx};
use wire::Level;
use wire::json::MAX_VALUES;

use super::{fetch, file};
use crate::things::record;
use crate::world::{Client, World};

/// The smallest values take forty times their text, so their number is bounded and not only their length; and what a
/// stranger sends is hardly read at all.
#[tokio::test]
async fn many_small_values_are_refused() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    for body in ["[0", r#"[{"":0}"#].map(|start| format!("{start}{}]", ",0".repeat(MAX_VALUES))) {
        let answer = alice.post_raw("/system/findProjects", body.into_bytes()).await;
        assert_eq!(answer.body["error"]["type"], "InvalidInput", "{}", answer.body);
    }
    let large = json!({ "filler": "x".repeat(1 << 20) }).to_string().into_bytes();
    let stranger = world.client(Some("0123456789abcdefghijklmnopqrstuv"));
    for (client, kind) in [
        (&alice, None),
        (&stranger, Some("InvalidAuthentication")),
        (&world.anonymous(), Some("InvalidInput")),
    ] {
        let answer = client.post_raw("/system/greet", large.clone()).await;
        assert_eq!(answer.body["error"]["type"].as_str(), kind, "{}", answer.body);
    }
}

/// A thousand properties of the greatest length are nearly a megabyte for each object of a list, so that their sum is
/// bounded too; however they are brought.
#[tokio::test]
async fn metadata_has_a_size() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let long = |count: usize| -> Vec<String> { (0..count).map(|n| format!("{n:0700}")).collect() };
    let properties = |count: usize| -> Value {
        long(count).into_iter().enumerate().map(|(n, value)| (n.to_string(), json!(value))).collect()
    };
    for input in [json!({ "tags": long(100) }), json!({ "properties": properties(100) })] {
        let mut made = input.clone();
        made["project"] = project.clone().into();
        made["name"] = "new".into();
        for path in ["/record/new", "/file/new", "/project/new"] {
            let message = alice.fails(path, made.clone(), "InvalidInput").await;
            assert!(message.contains("65536"), "{message}");
        }
    }
    let fits = json!({ "project": project, "tags": long(90), "properties": properties(90) });
    let record = alice.ok("/record/new", fits).await["id"].as_str().unwrap().to_owned();
    for subject in [&record, &project] {
        for (verb, input) in [
            (
                "addTags",
                json!({ "project": project, "tags": ["a".repeat(700), "b".repeat(700), "c".repeat(700), "d".repeat(700)] }),
            ),
            (
                "setProperties",
                json!({ "project": project, "properties": { "a": "a".repeat(700), "b": "b".repeat(700), "c": "c".repeat(700), "d": "d".repeat(700) } }),
            ),
        ] {
            let answer = alice.post(&format!("/{subject}/{verb}"), input).await;
            let expected = if subject == &record { 422 } else { 200 };
            assert_eq!(answer.status, expected, "{subject} {verb}: {}", answer.body);
        }
    }
}

/// What is too long for an event of the log is done all the same, and recorded by its digest, as what people write is by a
/// mark: nobody gets round the log,
/// or is stopped by it.
#[tokio::test]
async fn long_changes_are_recorded() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    // Each of these characters takes six in JSON.
    let properties: Value = (0..90).map(|n| (n.to_string(), json!("\u{1}".repeat(700)))).collect();
    let record = alice.ok("/record/new", json!({ "project": project, "properties": properties })).await;
    let record = record["id"].as_str().unwrap();
    let gone: Value = (0..90).map(|n| (n.to_string(), Value::Null)).collect();
    alice.ok(&format!("/{record}/setProperties"), json!({ "project": project, "properties": gone })).await;
    let events = json!({ "project": project, "object": record });
    let found = alice.ok("/system/findAuditEvents", events).await;
    let results = found["results"].as_array().unwrap();
    let of = |action: &str| results.iter().find(|event| event["action"] == action).unwrap();
    assert!(of("object.propertiesSet")["before"].as_str().unwrap().len() < 100);
    assert!(of("object.made")["after"]["properties"].as_str().unwrap().len() < 100);
    let executables: Vec<String> = (0..1000).map(|n| format!("applet-{n:024}")).collect();
    for _ in 0..2 {
        let reversed: Vec<_> = executables.iter().rev().collect();
        alice.ok(&format!("/{project}/update"), json!({ "allowedExecutables": executables })).await;
        alice.ok(&format!("/{project}/update"), json!({ "allowedExecutables": reversed })).await;
    }
    let updates = json!({ "project": project, "kind": "project.updated" });
    let found = alice.ok("/system/findAuditEvents", updates).await;
    let last = &found["results"][0];
    assert_eq!(last["before"]["sha256"].as_str().unwrap().len(), 64, "{last}");
    assert!(last["after"]["bytes"].as_u64().unwrap() > 30_000, "{last}");
}

/// What is read with every project of a list is short.
#[tokio::test]
async fn settings_have_a_size() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for (length, status) in [(20_000, 422), (10_000, 200)] {
        let options = json!({ "httpsAppIsolatedBrowsingOptions": { "a": "x".repeat(length) } });
        assert_eq!(alice.post(&format!("/{project}/update"), options).await.status, status);
    }
}

/// Naming one project a thousand times does not give a thousand times its folders.
#[tokio::test]
async fn descriptions_have_a_size_together() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    // All paths together have half a megabyte.
    let folder: String = (0..120).map(|n| format!("/{n:070}")).collect();
    alice.ok(&format!("/{project}/newFolder"), json!({ "folder": folder, "parents": true })).await;
    let fields = json!({ "folders": true });
    let one = alice.ok(&format!("/{project}/describe"), json!({ "fields": fields })).await;
    assert_eq!(one["folders"].as_array().unwrap().len(), 121);
    let many: Vec<&String> = std::iter::repeat_n(&project, 1000).collect();
    let message = alice
        .fails("/system/describeProjects", json!({ "projects": many, "fields": fields }), "InvalidInput")
        .await;
    assert!(message.contains("Ask for fewer"), "{message}");
    let named =
        alice.ok("/system/describeProjects", json!({ "projects": many, "fields": { "name": true } })).await;
    assert_eq!(named["results"].as_array().unwrap().len(), 1000);
    assert_eq!(named["results"][0], named["results"][999]);
}

/// Nor does naming one object a thousand times give a thousand times its metadata, details or specification.
#[tokio::test]
async fn objects_have_a_size_however_often_they_are_named() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let long: Vec<String> = (0..90).map(|n| format!("{n:0700}")).collect();
    let properties: Value = long.iter().enumerate().map(|(n, text)| (n.to_string(), json!(text))).collect();
    // Small values, which take many times their text once they are read.
    let details = json!({ "a": vec![0; 40_000] });
    let record = json!({ "project": project, "tags": long, "properties": properties, "details": details });
    let record = alice.ok("/record/new", record).await["id"].as_str().unwrap().to_owned();
    let applet = json!({
        "project": project, "dxapi": "1.0.0",
        "runSpec": { "interpreter": "bash", "code": "true", "distribution": "Ubuntu", "release": "20.04", "version": "0" },
        "inputSpec": [{ "name": "a", "class": "hash", "optional": true, "default": details }],
    });
    let applet = alice.ok("/applet/new", applet).await["id"].as_str().unwrap().to_owned();
    for (id, fields) in [
        (&record, json!({ "tags": true, "properties": true })),
        (&record, json!({ "details": true })),
        (&applet, json!({ "inputSpec": true })),
    ] {
        let one = alice.ok(&format!("/{id}/describe"), json!({ "fields": fields })).await;
        let named = |count: usize| json!({ "objects": vec![json!({ "id": id, "describe": { "fields": fields } }); count] });
        let some = alice.ok("/system/describeDataObjects", named(20)).await;
        assert!(some["results"].as_array().unwrap().iter().all(|result| result["describe"] == one), "{id}");
        let message = alice.fails("/system/describeDataObjects", named(1000), "InvalidInput").await;
        assert!(message.contains("Ask for fewer"), "{message}");
    }
    let answered = alice.ok(&format!("/{record}/getDetails"), json!({})).await;
    assert_eq!(answered, details);
}

/// An object that strangers have copied very often is found, listed and hidden as before: each goes through projects of
/// their own.
#[tokio::test]
async fn copies_of_strangers_change_no_answer() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let (bob, carol) = (world.user("bob").await, world.user("carol").await);
    let (reference, own) = (alice.project("Reference").await, bob.project("Own").await);
    let object = world.put(&alice, &reference, record("GRCh38")).await;
    alice.ok(&format!("/{object}/close"), json!({})).await;
    alice.invite(&reference, "bob", Level::View).await;
    alice.invite(&reference, "mallory", Level::View).await;
    let clone = |project: &String| json!({ "objects": [object], "project": project });
    bob.ok(&format!("/{reference}/clone"), clone(&own)).await;
    for _ in 0..110 {
        let project = mallory.project("Copy").await;
        mallory.ok(&format!("/{reference}/clone"), clone(&project)).await;
    }
    let path = format!("/{object}/describe");
    let fields = json!({ "fields": { "project": true } });
    assert_eq!(alice.ok(&path, fields.clone()).await["project"], *reference);
    assert_eq!(bob.ok(&path, fields.clone()).await["project"], *own);
    let listed = bob.ok(&format!("/{object}/listProjects"), json!({})).await;
    assert_eq!(listed, json!({ reference.clone(): "VIEW", own.clone(): "ADMINISTER" }));
    let listed = mallory.ok(&format!("/{object}/listProjects"), json!({})).await;
    assert_eq!(listed.as_object().unwrap().len(), 111);
    let message = carol.fails(&path, json!({}), "ResourceNotFound").await;
    let absent = format!("record-{:024}", 7);
    let unknown = carol.fails(&format!("/{absent}/describe"), json!({}), "ResourceNotFound").await;
    assert_eq!(message.replace(&object, ""), unknown.replace(&absent, ""));
}

/// Strangers may also share their copies with everybody, and these be too many to look through: members find theirs all the
/// same. Others are told to say which project they mean.
#[tokio::test]
async fn public_copies_of_strangers_hide_none_of_ones_own() {
    let world = World::new().await;
    let (alice, bob, mallory) =
        (world.user("alice").await, world.user("bob").await, world.user("mallory").await);
    let (reference, open) = (alice.project("Reference").await, mallory.project("Open").await);
    let object = file(&alice, &reference, b"bytes").await;
    alice.invite(&reference, "mallory", Level::View).await;
    let clone = |project: &String| json!({ "objects": [object], "project": project });
    mallory.ok(&format!("/{reference}/clone"), clone(&open)).await;
    mallory.ok(&format!("/{open}/invite"), json!({ "invitee": "PUBLIC", "level": "VIEW" })).await;
    world.write(|tx| copy_often(tx, 100_000)).await;
    let path = format!("/{object}/describe");
    let fields = json!({ "fields": { "project": true } });
    assert_eq!(alice.ok(&path, fields.clone()).await["project"], *reference);
    let message = bob.fails(&path, fields.clone(), "InvalidInput").await;
    assert!(message.contains("Say with \"project\""), "{message}");
    let named = json!({ "project": open, "fields": { "project": true } });
    assert_eq!(bob.ok(&path, named).await["project"], *open);
    let many = json!({ "objects": [object] });
    let one = |answer: Value| answer["results"][0].clone();
    let described = one(alice.ok("/system/describeDataObjects", many.clone()).await);
    assert_eq!(described["describe"]["id"], *object, "{described}");
    let refused = one(bob.ok("/system/describeDataObjects", many).await);
    assert_eq!(refused["error"]["type"], "InvalidInput", "{refused}");
    // A list that is not whole is none.
    alice.fails(&format!("/{object}/listProjects"), json!({}), "InvalidInput").await;
    // Also where the strangers were first.
    let late = alice.project("Late").await;
    alice.ok(&format!("/{reference}/clone"), clone(&late)).await;
    alice.ok(&format!("/{reference}/removeObjects"), json!({ "objects": [object] })).await;
    assert_eq!(alice.ok(&path, fields).await["project"], *late);
    let address = alice.ok(&format!("/{object}/download"), json!({})).await;
    assert_eq!(fetch(&address).await.text().await.unwrap(), "bytes");
}

/// Makes so many projects like the one that is shared with everybody, each with a copy of what is in it.
fn copy_often(tx: &Tx, times: i64) -> Result<(), DbError> {
    tx.execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < $1)
         insert into project (id, class, name, summary, description, region, bill_to, created, created_by, modified)
         select 'project-Copy0' || cast(1000000000000000000 + n.i as text), p.class, p.name, p.summary, p.description,
           p.region, p.bill_to, p.created, p.created_by, p.modified
         from n, project p join project_grant g on g.project = p.key where g.principal = 'PUBLIC'",
        store::params![times],
    )?;
    tx.execute(
        "insert into placement
           (project, object, folder, name, class, state, hidden, created, modified, placed, placed_by)
         select p.key, c.object, c.folder, c.name, c.class, c.state, c.hidden, c.created, c.modified, c.placed,
           c.placed_by
         from project_grant g join placement c on c.project = g.project, project p
         where g.principal = 'PUBLIC' and p.id like 'project-Copy0%'",
        &[],
    )?;
    tx.execute(
        "insert into project_grant (project, principal, role, granted_by, granted)
         select p.key, g.principal, g.role, g.granted_by, g.granted
         from project_grant g, project p where g.principal = 'PUBLIC' and p.id like 'project-Copy0%'",
        &[],
    )?;
    Ok(())
}

/// Filters of as many terms as there can be, and patterns that take as long as a pattern can, end and answer truly.
#[tokio::test]
async fn heavy_searches_answer_truly() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let name = "a".repeat(4000);
    for number in 0..60 {
        let mut thing = record(&format!("{name}{number:02}"));
        if number % 7 == 3 {
            thing = thing.tagged("rare");
        }
        world.put(&alice, &project, thing).await;
    }
    let words: Vec<String> = (0..900).map(|n| format!("w{n}")).chain(["rare".to_owned()]).collect();
    let terms: Vec<Value> = words.iter().rev().take(450).map(|word| json!({ word: true })).collect();
    let heavy = json!({
        "tags": { "$or": words }, "tag": { "$or": words }, "properties": { "$or": terms }, "limit": 3,
        "scope": { "project": project },
    });
    assert_eq!(walk(&alice, heavy).await, 9);
    let absent = json!({ "tags": { "$or": words }, "type": { "$or": words } });
    assert_eq!(walk(&alice, absent).await, 0);
    for (pattern, expected) in [
        // Neither a table of states nor backtracking helps here.
        (format!("(a|aa)*[ab]{{500}}(a|b){{500}}{}$", "0[37]"), 2),
        ("(?:a?){2000}[0-9]3$".to_owned(), 6),
        ("(.*)(.*)(.*)(.*)(.*)(.*)(.*)x".to_owned(), 0),
    ] {
        let answer = alice.post("/system/findDataObjects", json!({ "name": { "regexp": pattern } })).await;
        match answer.status {
            200 => assert_eq!(answer.body["results"].as_array().unwrap().len(), expected, "{pattern}"),
            // Too large for the engine, or too slow for one request.
            _ => assert_eq!(answer.body["error"]["type"], "InvalidInput", "{}", answer.body),
        }
    }
}

/// How many objects all pages of a search hold.
async fn walk(client: &Client, mut input: Value) -> usize {
    let mut found = 0;
    loop {
        let page = client.ok("/system/findDataObjects", input.clone()).await;
        found += page["results"].as_array().unwrap().len();
        if page["next"].is_null() {
            return found;
        }
        input["starting"] = page["next"].clone();
    }
}

/// Names in very many folders of very many projects are not looked for.
#[tokio::test]
async fn names_are_looked_for_in_so_many_folders() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mut projects = Vec::new();
    for number in 0..501 {
        projects.push(alice.project(&format!("P{number}")).await);
    }
    let wanted = world.put(&alice, &projects[7], record("x").in_folder("/f3")).await;
    alice.invite(&projects[7], "bob", Level::View).await;
    let objects: Vec<Value> = (0..1000).map(|n| json!({ "name": "x", "folder": format!("/f{n}") })).collect();
    let message =
        alice.fails("/system/resolveDataObjects", json!({ "objects": objects }), "InvalidInput").await;
    assert!(message.contains("folders"), "{message}");
    let found = bob.ok("/system/resolveDataObjects", json!({ "objects": objects })).await;
    assert_eq!(found["results"][3], json!([{ "project": projects[7], "id": wanted }]));
    let few = json!({ "objects": &objects[..10] });
    assert_eq!(alice.ok("/system/resolveDataObjects", few).await["results"][3][0]["id"], *wanted);
}
