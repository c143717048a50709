//! The audit log: what is recorded, who may search it, and that nobody can rewrite it unseen.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use store::db::{DbError, params};
use wire::Level;

use crate::world::{Client, World};

async fn events(client: &Client, query: Value) -> Vec<Value> {
    client.ok("/system/findAuditEvents", query).await["results"].as_array().unwrap().clone()
}

/// F473: changes and refusals are recorded with actor, action, project and rule; before and after are kept.
#[tokio::test]
async fn changes_and_refusals_are_recorded() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    bob.fails(
        &format!("/{project}/invite"),
        json!({ "invitee": "user-bob", "level": "UPLOAD" }),
        "PermissionDenied",
    )
    .await;
    let found = events(&alice, json!({ "project": project })).await;
    let actions: Vec<_> = found.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["access.refused", "member.invited", "project.made"]);
    assert_eq!(found[0]["actor"], "user-bob");
    assert_eq!(found[0]["outcome"], "refused");
    assert!(found[0]["rule"].is_string(), "{}", found[0]);
    assert_eq!(found[1]["subjects"], json!([project, "user-bob"]));
    assert_eq!(found[1]["after"]["level"], "VIEW");
}

/// The log of a project tells whatever changed in it, wherever it was asked for: with an organisation's membership or the
/// organisation itself, and beside what was asked for, such as folders on the way.
#[tokio::test]
async fn a_project_tells_what_came_from_elsewhere() {
    let world = World::new().await;
    let (alice, _) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let guild = world.org("guild", &["alice"]).await;
    let project = alice.ok("/project/new", json!({ "name": "Trial", "billTo": lab })).await;
    let project = project["id"].as_str().unwrap();
    alice.invite(project, "bob", Level::View).await;
    alice.invite(project, &guild, Level::View).await;
    alice.ok(&format!("/{lab}/removeMember"), json!({ "user": "user-bob" })).await;
    alice.ok(&format!("/{guild}/destroy"), json!({})).await;
    let note = json!({ "project": project, "folder": "/a/b", "parents": true, "name": "note" });
    alice.ok("/record/new", note).await;
    let found = events(&alice, json!({ "project": project })).await;
    let told: Vec<_> = found
        .iter()
        .map(|event| (event["action"].as_str().unwrap(), &event["subjects"][1]))
        .take(4)
        .collect();
    assert_eq!(
        told[1..],
        [
            ("folder.made", &Value::Null),
            ("member.removed", &json!("org-guild")),
            ("member.removed", &json!("user-bob"))
        ]
    );
    assert_eq!(told[0].0, "object.made");
}

/// A mark tells equal texts of one project from others; a text that is written elsewhere has another one.
#[tokio::test]
async fn marks_tell_nothing_to_who_writes_elsewhere() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let mut marks = Vec::new();
    for name in ["One", "Two"] {
        let project = alice.project(name).await;
        for _ in 0..2 {
            alice.ok(&format!("/{project}/newFolder"), json!({ "folder": "/Patient Jane Roe" })).await;
            alice.ok(&format!("/{project}/removeFolder"), json!({ "folder": "/Patient Jane Roe" })).await;
        }
        let made = events(&alice, json!({ "project": project, "kind": "folder.made" })).await;
        marks.push(made.iter().map(|event| event["after"]["folder"].clone()).collect::<Vec<_>>());
    }
    assert_eq!((&marks[0][0], &marks[1][0]), (&marks[0][1], &marks[1][1]));
    assert_ne!(marks[0][0], marks[1][0]);
}

/// Hidden projects leave a refusal in the log too, though the caller is told that there is nothing.
#[tokio::test]
async fn a_strangers_look_is_refused_and_told_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    bob.fails("/system/findAuditEvents", json!({ "project": project }), "ResourceNotFound").await;
    bob.fails("/system/findAuditEvents", json!({}), "PermissionDenied").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    bob.fails("/system/findAuditEvents", json!({ "project": project }), "PermissionDenied").await;
}

/// F474: pages are exact and filters hold.
#[tokio::test]
async fn pages_and_filters_are_exact() {
    let world = World::new().await;
    let (alice, _bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    for level in [Level::View, Level::Upload, Level::Contribute, Level::Administer] {
        alice.invite(&project, "bob", level).await;
    }
    let whole = events(&alice, json!({ "project": project, "kind": "member.invited" })).await;
    assert_eq!(whole.len(), 4);
    let (mut walked, mut starting) = (Vec::new(), Value::Null);
    loop {
        let mut query = json!({ "project": project, "kind": "member.invited", "limit": 3 });
        if !starting.is_null() {
            query["starting"] = starting.clone();
        }
        let page = alice.ok("/system/findAuditEvents", query).await;
        walked.extend(page["results"].as_array().unwrap().clone());
        starting = page["next"].clone();
        if starting.is_null() {
            break;
        }
    }
    let places = |events: &[Value]| events.iter().map(|event| event["after"].clone()).collect::<Vec<_>>();
    assert_eq!(places(&walked), places(&whole));
    assert!(events(&alice, json!({ "project": project, "actor": "user-bob" })).await.is_empty());
    assert!(events(&alice, json!({ "project": project, "before": 1 })).await.is_empty());
}

/// F474: a name that no event has is refused rather than looked for in vain, and the refusal says which names there are.
#[tokio::test]
async fn a_kind_that_no_event_has_is_refused() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for kind in ["member.invite", "MemberInvited", "", "%"] {
        let answer = alice.post("/system/findAuditEvents", json!({ "project": project, "kind": kind })).await;
        assert_eq!(answer.body["error"]["type"], "InvalidInput", "{}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("docs/audit-events.md") && message.contains("\"kinds\""), "{message}");
        let kinds = answer.body["error"]["details"]["kinds"].as_array().unwrap();
        assert!(kinds.contains(&json!("member.invited")), "{kinds:?}");
    }
}

/// F474: pages are exact where many events have the same time, whatever the length of a page.
#[tokio::test]
async fn pages_do_not_pass_over_events_of_one_moment() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let people = ["ann", "bert", "cleo", "dora", "eve"];
    let mut all = serde_json::Map::new();
    for handle in people {
        world.user(handle).await;
        alice.invite(&project, handle, Level::Upload).await;
        all.insert(format!("user-{handle}"), json!("VIEW"));
    }
    alice.ok(&format!("/{project}/decreasePermissions"), Value::Object(all)).await;
    let query = json!({ "project": project, "kind": "member.decreased" });
    let found = events(&alice, query.clone()).await;
    assert!(found.iter().all(|event| event["at"] == found[0]["at"]), "one call, one time");
    let whole: Vec<Value> = found.iter().map(|event| event["subjects"][1].clone()).collect();
    assert_eq!(whole.len(), people.len());
    for limit in 1..=people.len() {
        let (mut walked, mut query) = (Vec::new(), query.clone());
        query["limit"] = json!(limit);
        for _ in 0..=people.len() {
            let page = alice.ok("/system/findAuditEvents", query.clone()).await;
            let results = page["results"].as_array().unwrap();
            walked.extend(results.iter().map(|event| event["subjects"][1].clone()));
            query["starting"] = page["next"].clone();
            if page["next"].is_null() {
                break;
            }
        }
        assert_eq!(walked, whole, "{limit} at once");
    }
}

/// F474: an organisation's ADMINs, and nobody else, search what concerns it and what it pays for, and nothing besides.
#[tokio::test]
async fn an_organisations_part_of_the_log_is_for_its_admins() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let other = world.org("other", &["carol"]).await;
    let paid = alice.billed_project("Paid", &lab).await;
    let own = alice.project("Own").await;
    let of_other = carol.billed_project("Of another", &other).await;
    alice.ok(&format!("/{lab}/update"), json!({ "name": "The lab" })).await;
    let query = json!({ "org": lab });
    let found = events(&alice, query.clone()).await;
    let mut subjects: Vec<_> = found.iter().map(|event| event["subjects"][0].as_str().unwrap()).collect();
    subjects.dedup();
    assert_eq!(subjects, [lab.as_str(), paid.as_str()], "{found:?}");
    for hidden in [&own, &of_other, &other] {
        assert!(events(&alice, json!({ "org": lab, "object": hidden })).await.is_empty(), "{hidden}");
    }
    for caller in [&bob, &carol] {
        caller.fails("/system/findAuditEvents", query.clone(), "PermissionDenied").await;
    }
    // A project that is named beside an organisation counts for itself alone, and has to be one's own.
    carol
        .fails("/system/findAuditEvents", json!({ "project": paid, "org": other }), "ResourceNotFound")
        .await;
    assert!(events(&alice, json!({ "project": own, "org": lab })).await.is_empty());
}

/// The log verifies, and a changed, removed or added event is found.
#[tokio::test]
async fn nobody_rewrites_the_log_unseen() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "PUBLIC", Level::View).await;
    let app = world.app();
    app.fold_audit_log().await.unwrap();
    app.sign_checkpoint(0).await.unwrap();
    let verify = || verify(&world);
    assert!(verify().await.is_intact());
    app.db
        .write(|tx| {
            tx.execute(
                "update audit_event set body = replace(body, 'user-alice', 'user-mallo') where position = 2",
                params![],
            )?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
    let report = verify().await;
    assert!(!report.is_intact());
    assert_eq!(report.broken.map(|broken| broken.position), Some(2));
}

/// Entries cut out of the middle are missed, and so are those at the end, where a checkpoint was signed for them.
#[tokio::test]
async fn nobody_cuts_the_log_short_unseen() {
    for (cut, broken_at) in [
        ("delete from audit_log where position = 2", 2),
        ("delete from audit_log where position >= 3", 3),
        ("delete from audit_log", 1),
    ] {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let project = alice.project("Trial").await;
        alice.invite(&project, "PUBLIC", Level::View).await;
        world.app().fold_audit_log().await.unwrap();
        world.app().sign_checkpoint(0).await.unwrap();
        assert!(verify(&world).await.is_intact());
        world.write(move |tx| tx.execute(cut, params![])).await;
        let report = verify(&world).await;
        assert_eq!(report.broken.map(|broken| broken.position), Some(broken_at), "{cut}");
    }
}

/// What was refused to bob, one by one and counted; the counted events.
async fn refusals(client: &Client, project: &str) -> (usize, Vec<Value>) {
    let query = |kind: &str| json!({ "project": project, "actor": "user-bob", "kind": kind, "limit": 1000 });
    let single = events(client, query("access.refused")).await.len();
    (single, events(client, query("event.counted")).await)
}

/// F473: of a flood of refusals to one account, the first stand in the log one by one; the others are counted, and each
/// minute of them is one event, of each project. Nobody else's are touched by it.
#[tokio::test]
async fn a_flood_of_refusals_is_counted() {
    let (world, clock) = World::standing_still().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    for (project, handle) in [(&project, "bob"), (&project, "carol"), (&other, "bob")] {
        alice.invite(project, handle, Level::View).await;
    }
    let refuse = async |client: &Client, project: &str, times: usize| {
        for _ in 0..times {
            client
                .fails(&format!("/{project}/newFolder"), json!({ "folder": "/x" }), "PermissionDenied")
                .await;
        }
    };
    refuse(&bob, &project, 130).await;
    refuse(&bob, &other, 5).await;
    refuse(&carol, &project, 1).await;
    let began = clock.fetch_add(30_000, Ordering::SeqCst);
    refuse(&bob, &project, 10).await;
    world.app().fold_audit_log().await.unwrap();
    assert_eq!(refusals(&alice, &project).await, (100, vec![]), "the minute is not over");
    clock.fetch_add(30_000, Ordering::SeqCst);
    // Another minute, and so events of their own.
    refuse(&bob, &project, 3).await;
    world.app().fold_audit_log().await.unwrap();
    let (single, counted) = refusals(&alice, &project).await;
    assert_eq!((single, counted.len()), (103, 1));
    assert_eq!(
        counted[0]["after"],
        json!({ "kind": "access.refused", "count": 40, "since": began, "until": began + 30_000 })
    );
    assert_eq!((&counted[0]["actor"], &counted[0]["outcome"]), (&json!("user-bob"), &json!("refused")));
    assert_eq!(refusals(&alice, &other).await.1[0]["after"]["count"], 5);
    let carols = json!({ "project": project, "actor": "user-carol" });
    assert_eq!(events(&alice, carols).await.len(), 1, "another's refusals stand one by one");
    assert_eq!(world.rows("select count(*) from audit_counted").await, 0);
    assert!(verify(&world).await.is_intact());
}

/// What was counted is in the log when the server has stopped, also of the running minute.
#[tokio::test]
async fn what_was_counted_outlives_a_stop() {
    let mut world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    for _ in 0..130 {
        let input = json!({ "folder": "/x" });
        bob.fails(&format!("/{project}/newFolder"), input, "PermissionDenied").await;
    }
    world.restart().await;
    assert_eq!(world.rows("select count(*) from audit_counted").await, 0);
    let (single, counted) = refusals(&alice, &project).await;
    assert!(!counted.is_empty());
    let counted: i64 = counted.iter().map(|event| event["after"]["count"].as_i64().unwrap()).sum();
    assert_eq!(i64::try_from(single).unwrap() + counted, 130);
}

/// What strangers try in vain is counted like one account's refusals; attempts on an account that exists name it in any
/// case.
#[tokio::test]
async fn a_flood_of_strangers_is_counted() {
    let (world, clock) = World::standing_still().await;
    let root = world.person("root", "ADMIN").await;
    world.user("ada").await;
    // From no address, so that no throttle of an address holds them back.
    let guess = async |name: String| {
        let app = std::sync::Arc::clone(world.app());
        let request =
            app::RequestInfo { id: "test".into(), origin: None, now: app.clock.now(), headers: None };
        let ctx = app::Ctx::new(app, None, request, wire::MethodName::SystemNewAuthToken);
        let input = json!({ "username": name, "password": "not the one at all" });
        app::sign_in::new_auth_token(ctx, serde_json::from_value(input).unwrap()).await.unwrap_err();
    };
    for number in 0..105 {
        guess(format!("nobody{number}")).await;
    }
    guess("ada".to_owned()).await;
    clock.fetch_add(60_000, Ordering::SeqCst);
    world.app().fold_audit_log().await.unwrap();
    let of = |kind: &str| json!({ "kind": kind, "limit": 1000 });
    let single = events(&root, of("signIn.passwordRefused")).await;
    assert_eq!(single.len(), 101);
    assert_eq!(single[0]["subjects"], json!(["user-ada"]));
    let counted = events(&root, of("event.counted")).await;
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert_eq!((&counted[0]["after"]["count"], &counted[0]["actor"]), (&json!(5), &Value::Null));
    assert_eq!(counted[0]["after"]["kind"], "signIn.passwordRefused");
}

async fn verify(world: &World) -> audit::Report {
    let app = world.app();
    let keys = vec![audit::TrustedKey::always(app.audit.key.public().clone())];
    app::audit_log::verify(&app.db, &app.audit.origin, keys, Vec::new()).await.unwrap()
}
