//! Why somebody can, or cannot, do something in a project, and what the answer gives away.

use serde_json::{Value, json};
use wire::Level;

use crate::world::{Client, World};

/// A project of one's own, shared with an organisation, does not tell who belongs to it, who runs the platform, or whose an
/// e-mail address is.
#[tokio::test]
async fn explaining_access_gives_nobody_away() {
    let world = World::new().await;
    let (eve, bob) = (world.user("eve").await, world.user("bob").await);
    world.person("root", "ADMIN").await;
    world.user("dave").await;
    crate::web::person(&world, "ada").await;
    let clinic = world.org("clinic", &["bob", "dave"]).await;
    let project = eve.project("Bait").await;
    eve.invite(&project, &clinic, Level::Administer).await;
    let explain = format!("/{project}/describeAccess");
    let told = async |client: &Client, user: &str| {
        let mut told = client.ok(&explain, json!({ "user": user })).await;
        told.as_object_mut().unwrap().remove("user");
        told
    };
    let of_a_stranger = told(&eve, "user-ada").await;
    assert_eq!(
        (&of_a_stranger["withheld"], &of_a_stranger["level"]),
        (&json!(["org-clinic"]), &json!("NONE"))
    );
    for somebody in ["user-dave", "user-bob", "user-root"] {
        assert_eq!(told(&eve, somebody).await, of_a_stranger, "{somebody}");
    }
    // The same holds of an organisation that pays, on whose behalf she may charge.
    let ward = world.org("ward", &["bob", "dave", "eve"]).await;
    let may_bill = json!({ "user-eve": { "level": "MEMBER", "allowBillableActivities": true } });
    bob.ok(&format!("/{ward}/setMemberAccess"), may_bill).await;
    let paid = eve.billed_project("Paid", &ward).await;
    let paid = format!("/{paid}/describeAccess");
    let of_a_member = eve.ok(&paid, json!({ "user": "user-dave" })).await;
    let of_its_admin = eve.ok(&paid, json!({ "user": "user-bob" })).await;
    for told in [&of_a_member, &of_its_admin] {
        assert_eq!((&told["withheld"], &told["sources"]), (&json!(["org-ward"]), &json!([])), "{told}");
    }
    // What she gave somebody herself she may know.
    eve.invite(&project, "dave", Level::View).await;
    assert_eq!(told(&eve, "user-dave").await["level"], "VIEW");
    // Who may list the members is told all.
    let all = told(&bob, "user-dave").await;
    assert_eq!((&all["level"], all.get("withheld")), (&json!("CONTRIBUTE"), None));
    for address in ["ada@example.org", "nobody@example.org"] {
        eve.fails(&explain, json!({ "user": address }), "ResourceNotFound").await;
        let found = eve.ok(&format!("/{project}/findMembers"), json!({ "principal": address })).await;
        assert_eq!(found["results"], json!([]), "{address}");
    }
}

/// "Why can or can't somebody do this?" has an answer.
#[tokio::test]
async fn access_is_explained() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, &lab, Level::Administer).await;
    alice.invite(&project, "bob", Level::View).await;
    alice.ok(&format!("/{project}/update"), json!({ "downloadRestricted": true })).await;
    let explain = format!("/{project}/describeAccess");

    let seen = bob.ok(&explain, json!({ "action": "data.download" })).await;
    assert_eq!((&seen["user"], &seen["level"]), (&json!("user-bob"), &json!("CONTRIBUTE")));
    let sources: Vec<(&Value, &Value)> = seen["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| (&source["principal"], &source["grant"]))
        .collect();
    assert!(sources.contains(&(&json!("user-bob"), &json!("VIEW"))), "{sources:?}");
    assert!(sources.contains(&(&json!("org-lab"), &json!("ADMINISTER"))), "{sources:?}");
    let decision = &seen["decision"];
    assert_eq!((&decision["allowed"], &decision["rule"]), (&json!(false), &json!("flag.downloadRestricted")));
    assert_eq!(decision["missing"], json!(["data.download"]));
    assert!(decision["message"].as_str().unwrap().contains("download-restricted"), "{decision}");
    assert!(
        decision["reasons"].as_array().unwrap().iter().any(|reason| reason["rule"] == "cap.org"),
        "{decision}"
    );

    let allowed = bob.ok(&explain, json!({ "user": "bob", "action": "exec.run" })).await;
    assert_eq!(
        (&allowed["decision"]["allowed"], &allowed["decision"]["rule"]),
        (&json!(true), &json!("grant.org"))
    );
    bob.fails(&explain, json!({ "user": "alice" }), "PermissionDenied").await;
    let other = alice.ok(&explain, json!({ "user": "user-bob" })).await;
    assert_eq!((&other["level"], other.get("decision")), (&json!("CONTRIBUTE"), None));
    alice.fails(&explain, json!({ "user": "nobody" }), "ResourceNotFound").await;
    alice.fails(&explain, json!({ "action": "data.peek" }), "InvalidInput").await;
}

/// What somebody else may do with an object is told as of that person, who may have made it; and a copy is taken out to where
/// nothing is licensed, unless more is said.
#[tokio::test]
async fn access_to_an_object_is_explained() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice"]).await;
    let made = json!({ "name": "Trial", "containsPHI": true, "billTo": lab });
    let project = alice.ok("/project/new", made).await["id"].as_str().unwrap().to_owned();
    alice.invite(&project, "bob", Level::Upload).await;
    let record = async |client: &Client| {
        client.ok("/record/new", json!({ "project": project })).await["id"].as_str().unwrap().to_owned()
    };
    let (hers, his) = (record(&alice).await, record(&bob).await);
    world.give(&project, "bob", policy::Preset::ProjectDataProvider).await;
    let explain = format!("/{project}/describeAccess");
    for (object, sees) in [(&hers, false), (&his, true)] {
        let input = json!({ "user": "user-bob", "object": object, "action": "data.list" });
        let told = alice.ok(&explain, input).await;
        assert_eq!(told["decision"]["allowed"], sees, "{object}: {told}");
    }
    let told = alice.ok(&explain, json!({ "object": hers, "action": "data.copyOut" })).await;
    let decision = &told["decision"];
    assert_eq!((&decision["allowed"], &decision["rule"]), (&json!(false), &json!("flag.containsPHI")));
}
