//! Making, describing and sharing projects.

use serde_json::json;
use wire::Level;

use crate::world::World;

/// F097: a new project is private.
#[tokio::test]
async fn a_new_project_is_private_to_its_maker() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let seen = alice.ok(&format!("/{project}/describe"), json!({ "permissions": true })).await;
    assert_eq!(seen["name"], "Trial");
    assert_eq!(seen["level"], "ADMINISTER");
    assert_eq!(seen["permissions"], json!({ "user-alice": "ADMINISTER" }));
    let refused = bob.fails(&format!("/{project}/describe"), json!({}), "ResourceNotFound").await;
    let absent = bob.fails("/project-012301230123012301230123/describe", json!({}), "ResourceNotFound").await;
    assert_eq!(refused.replace(&project, "X"), absent.replace("project-012301230123012301230123", "X"));
}

/// F102, F105: members are people and hold one of the levels.
#[tokio::test]
async fn an_invited_person_holds_the_level_at_once() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    let seen = bob.ok(&format!("/{project}/describe"), json!({})).await;
    assert_eq!(seen["level"], "VIEW");
    let message = bob
        .fails(
            &format!("/{project}/invite"),
            json!({ "invitee": "user-bob", "level": "CONTRIBUTE" }),
            "PermissionDenied",
        )
        .await;
    assert!(message.contains("ADMINISTER permission required"), "{message}");
}

/// The contract's words for callers without a good token.
#[tokio::test]
async fn tokens_are_asked_for_in_the_contracts_words() {
    let world = World::new().await;
    let message = world.anonymous().fails("/system/whoami", json!({}), "PermissionDenied").await;
    assert!(message.contains("token"), "{message}");
    let message =
        world.client(Some("expiredToken")).fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    assert!(message.contains("The token could not be found"), "{message}");
}

/// F104, F095: everything the client reads is in the default answer, and figures are computed.
#[tokio::test]
async fn a_description_has_what_clients_read() {
    let world = World::with(|config| config.storage_price = 2.0).await;
    let alice = world.user("alice").await;
    let made = alice
        .ok(
            "/project/new",
            json!({
                "name": "Trial", "summary": "s", "description": "d", "protected": true, "downloadRestricted": true,
                "tags": ["b", "a", "b"], "properties": { "k": "v" }, "databaseResultsRestricted": 5,
            }),
        )
        .await;
    let project = made["id"].as_str().unwrap();
    let seen = alice.ok(&format!("/{project}/describe"), json!({})).await;
    for (field, value) in [
        ("id", json!(project)),
        ("class", json!("project")),
        ("name", json!("Trial")),
        ("summary", json!("s")),
        ("description", json!("d")),
        ("version", json!(0)),
        ("billTo", json!("user-alice")),
        ("level", json!("ADMINISTER")),
        ("region", json!("local")),
        ("tags", json!(["b", "a"])),
        ("pendingTransfer", json!(null)),
        ("createdBy", json!({ "user": "user-alice" })),
        ("protected", json!(true)),
        ("restricted", json!(false)),
        ("downloadRestricted", json!(true)),
        ("previewViewerRestricted", json!(true)),
        ("externalUploadRestricted", json!(false)),
        ("displayDataProtectionNotice", json!(false)),
        ("databaseUIViewOnly", json!(false)),
        ("databaseResultsRestricted", json!(5)),
        ("allowedExecutables", json!(null)),
        ("httpsAppIsolatedBrowsing", json!(false)),
        ("containsPHI", json!(false)),
        ("atSpendingLimit", json!(false)),
        ("dataUsage", json!(0.0)),
        ("archivedDataUsage", json!(0.0)),
        ("storageCost", json!(0.0)),
    ] {
        assert_eq!(seen[field], value, "{field}");
    }
    assert!(seen["created"].is_i64() && seen["modified"].is_i64());
    for absent in ["properties", "permissions", "folders", "objects", "fileUploadParameters", "resolution"] {
        assert!(seen.get(absent).is_none(), "{absent}");
    }
    let asked = ["properties", "permissions", "folders", "objects", "resolution", "fileUploadParameters"];
    let seen = alice.describe(project, &asked).await;
    assert_eq!(seen["properties"], json!({ "k": "v" }));
    assert_eq!(seen["permissions"], json!({ "user-alice": "ADMINISTER" }));
    assert_eq!(seen["folders"], json!(["/"]));
    assert_eq!(seen["objects"], 0);
    assert_eq!(seen["resolution"], "greatest");
    assert_eq!(seen["fileUploadParameters"]["minimumPartSize"], 5_242_880);
}

/// F117: texts, flags and settings change together, and each change makes a version.
#[tokio::test]
async fn an_update_changes_what_it_names() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    let update = format!("/{project}/update");
    let change = json!({
        "name": "Other", "summary": "s", "protected": true, "restricted": true, "databaseResultsRestricted": 10,
        "allowedExecutables": ["applet-abcdefghijklmnopqrstuzwx"], "discoverable": true, "version": 0,
    });
    bob.fails(&update, change.clone(), "PermissionDenied").await;
    assert_eq!(alice.ok(&update, change).await, json!({ "id": project }));
    let fields = [
        "name",
        "summary",
        "description",
        "protected",
        "restricted",
        "databaseResultsRestricted",
        "allowedExecutables",
        "discoverable",
        "version",
    ];
    let seen = alice.describe(&project, &fields).await;
    assert_eq!(
        seen,
        json!({
            "id": project, "name": "Other", "summary": "s", "description": "", "protected": true, "restricted": true,
            "databaseResultsRestricted": 10, "allowedExecutables": ["applet-abcdefghijklmnopqrstuzwx"],
            "discoverable": true, "version": 1,
        })
    );
    let message = alice.fails(&update, json!({ "name": "Late", "version": 0 }), "InvalidState").await;
    assert!(message.contains("version 1, not 0"), "{message}");
    alice.ok(&update, json!({ "allowedExecutables": null, "databaseResultsRestricted": null })).await;
    let seen = alice.describe(&project, &fields).await;
    assert_eq!(
        (&seen["allowedExecutables"], &seen["databaseResultsRestricted"]),
        (&json!(null), &json!(null))
    );
    assert_eq!((&seen["name"], &seen["version"]), (&json!("Other"), &json!(2)));
    alice.ok(&update, json!({})).await;
    assert_eq!(alice.describe(&project, &["version"]).await["version"], 2);
    for refused in [json!({ "defaultSymlink": {} }), json!({ "drive": "drive-1" }), json!({ "name": "" })] {
        alice.fails(&update, refused, "InvalidInput").await;
    }
}

/// The two download flags go in the order that the public client's own test pins.
#[tokio::test]
async fn previews_are_allowed_again_before_downloads() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let update = format!("/{project}/update");
    let flags = ["downloadRestricted", "previewViewerRestricted"];
    let seen = async || {
        let seen = alice.describe(&project, &flags).await;
        flags.map(|flag| seen[flag].as_bool().unwrap())
    };
    alice.ok(&update, json!({ "downloadRestricted": true })).await;
    assert_eq!(seen().await, [true, true]);
    alice.fails(&update, json!({ "downloadRestricted": false }), "InvalidInput").await;
    assert_eq!(seen().await, [true, true]);
    alice.ok(&update, json!({ "previewViewerRestricted": false })).await;
    assert_eq!(seen().await, [true, false]);
    alice.ok(&update, json!({ "downloadRestricted": false })).await;
    assert_eq!(seen().await, [false, false]);
    alice.ok(&update, json!({ "downloadRestricted": true })).await;
    let both = json!({ "downloadRestricted": false, "previewViewerRestricted": false });
    alice.ok(&update, both).await;
    assert_eq!(seen().await, [false, false]);
}

/// PHI needs an organisation that has it, cannot be unset, and shuts PUBLIC out.
#[tokio::test]
async fn phi_needs_a_licence_and_stays() {
    let world = World::new().await;
    let (alice, admin) = (world.user("alice").await, world.person("root", "ADMIN").await);
    let lab = world.org("lab", &["alice"]).await;
    let refused = json!({ "name": "p", "containsPHI": true });
    let message = alice.fails("/project/new", refused, "PermissionDenied").await;
    assert!(message.starts_with("PHI features must be enabled for "), "{message}");
    let own = alice.project("Own").await;
    let message =
        alice.fails(&format!("/{own}/update"), json!({ "containsPHI": true }), "PermissionDenied").await;
    assert!(message.starts_with("PHI features must be enabled for "), "{message}");

    let made = alice.ok("/project/new", json!({ "name": "p", "containsPHI": true, "billTo": lab })).await;
    let phi = made["id"].as_str().unwrap().to_owned();
    let update = format!("/{phi}/update");
    alice.fails(&update, json!({ "containsPHI": false }), "InvalidState").await;
    alice.fails(&update, json!({ "billTo": "user-alice" }), "PermissionDenied").await;
    alice.fails(&format!("/{phi}/invite"), json!({ "invitee": "PUBLIC" }), "PermissionDenied").await;
    assert_eq!(alice.describe(&phi, &["containsPHI", "billTo"]).await["billTo"], json!(lab));

    let open = alice.billed_project("Open", &lab).await;
    alice.invite(&open, "PUBLIC", Level::View).await;
    alice.fails(&format!("/{open}/update"), json!({ "containsPHI": true }), "InvalidState").await;

    let off = json!({ "features": { "phi": false, "externalUploadRestricted": false } });
    alice.fails(&format!("/{lab}/setFeatures"), off.clone(), "PermissionDenied").await;
    admin.ok(&format!("/{lab}/setFeatures"), off).await;
    let plain = alice.billed_project("Plain", &lab).await;
    for flag in ["containsPHI", "externalUploadRestricted"] {
        alice.fails(&format!("/{plain}/update"), json!({ flag: true }), "PermissionDenied").await;
    }
    alice.ok(&format!("/{plain}/update"), json!({ "protected": true })).await;
    assert_eq!(alice.describe(&lab, &["phiFeaturesEnabled"]).await["phiFeaturesEnabled"], false);
}

/// F029: who pays is changed by those who may, for accounts that exist.
#[tokio::test]
async fn the_payer_changes_by_the_rules() {
    let world = World::new().await;
    let (alice, bob, admin) =
        (world.user("alice").await, world.user("bob").await, world.person("root", "ADMIN").await);
    let lab = world.org("lab", &["bob", "alice"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Administer).await;
    let update = format!("/{project}/update");
    alice.fails(&update, json!({ "billTo": "user-nobody" }), "InvalidInput").await;
    alice.fails(&update, json!({ "billTo": "org-nothing" }), "ResourceNotFound").await;
    alice.fails(&update, json!({ "billTo": "user-bob" }), "InvalidInput").await;
    // A MEMBER without billable activities.
    alice.fails(&update, json!({ "billTo": lab }), "PermissionDenied").await;
    bob.ok(&update, json!({ "billTo": lab })).await;
    assert_eq!(alice.describe(&project, &["billTo"]).await["billTo"], json!(lab));

    // Only its ADMINs move projects away, once the organisation says so.
    bob.ok(&format!("/{lab}/update"), json!({ "policies": { "restrictProjectTransfer": "ADMIN" } })).await;
    alice.fails(&update, json!({ "billTo": "user-alice" }), "PermissionDenied").await;
    bob.ok(&format!("/{lab}/update"), json!({ "policies": { "restrictProjectTransfer": "MEMBER" } })).await;

    // What has expired is left for somebody else, and is not charged anew.
    admin.ok(&format!("/{lab}/setFeatures"), json!({ "expiresAt": 1 })).await;
    alice.ok(&update, json!({ "billTo": "user-alice" })).await;
    bob.fails(&update, json!({ "billTo": lab }), "OrgExpired").await;
    assert_eq!(alice.describe(&project, &["billTo"]).await["billTo"], "user-alice");
}

/// Whoever pays in person keeps ADMINISTER by an own entry.
#[tokio::test]
async fn whoever_takes_over_the_bill_stays_an_administrator() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["bob"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, &lab, Level::Administer).await;
    bob.ok(&format!("/{project}/update"), json!({ "billTo": "user-bob" })).await;
    let seen = alice.describe(&project, &["permissions", "billTo"]).await;
    assert_eq!(seen["permissions"]["user-bob"], "ADMINISTER");
    // The entry is in the log as any other.
    let given = json!({ "project": project, "kind": "member.invited", "object": "user-bob" });
    let found = bob.ok("/system/findAuditEvents", given).await;
    assert_eq!(found["results"][0]["after"], json!({ "level": "ADMINISTER" }));
    assert_eq!(found["results"][0]["before"], json!({ "level": null }));
    bob.fails(&format!("/{project}/leave"), json!({}), "PermissionDenied").await;
}

/// Nothing counts against a limit, so that nobody can set one and believe that it holds; null takes nothing away and is fine.
#[tokio::test]
async fn limits_that_nothing_keeps_are_refused() {
    let world = World::new().await;
    let (alice, admin) = (world.user("alice").await, world.person("root", "ADMIN").await);
    let lab = world.org("lab", &["alice"]).await;
    let project = alice.billed_project("Trial", &lab).await;
    let limits = [
        ("monthlyComputeLimit", json!(100)),
        ("monthlyEgressBytesLimit", json!(0)),
        ("monthlyStorageLimit", json!(2.5)),
    ];
    let says = "this server does not limit spending or egress yet, so no such limit can be set.";
    for (key, limit) in &limits {
        for (route, fixed) in [("/project/new".to_owned(), "name"), (format!("/{project}/update"), "summary")]
        {
            let message =
                alice.fails(&route, json!({ (*key): limit, (fixed): "Limited" }), "InvalidInput").await;
            assert!(message.contains(key) && message.contains(says), "{message}");
            alice.ok(&route, json!({ (*key): null, (fixed): "Free" })).await;
        }
        let seen = alice.describe(&project, &[*key, "summary"]).await;
        assert_eq!((&seen[*key], &seen["summary"]), (&json!(null), &json!("Free")));
    }
    let named = alice.ok("/system/findProjects", json!({ "name": "Limited" })).await;
    assert_eq!(named["results"], json!([]));
    let route = format!("/{lab}/setFeatures");
    let message =
        admin.fails(&route, json!({ "spendingLimit": 5, "billingEnabled": false }), "InvalidInput").await;
    assert!(message.contains("spendingLimit") && message.contains(says), "{message}");
    admin.ok(&route, json!({ "spendingLimit": null })).await;
    let seen = alice.ok(&format!("/{lab}/describe"), json!({})).await;
    assert_eq!((&seen["spendingLimit"], &seen["billingEnabled"]), (&json!(null), &json!(true)));
}

/// Tags and properties of the project itself.
#[tokio::test]
async fn tags_and_properties_are_added_and_removed() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    alice.invite(&project, "carol", Level::Upload).await;
    let (add, remove) = (format!("/{project}/addTags"), format!("/{project}/removeTags"));
    let set = format!("/{project}/setProperties");
    for (route, body) in [(&add, json!({ "tags": ["x"] })), (&set, json!({ "properties": { "a": "1" } }))] {
        carol.fails(route, body, "PermissionDenied").await;
    }
    bob.ok(&add, json!({ "tags": ["Ψ", "world"] })).await;
    bob.ok(&add, json!({ "tags": ["world", "more"] })).await;
    bob.ok(&remove, json!({ "tags": ["more", "never"] })).await;
    bob.ok(&set, json!({ "properties": { "a": "1", "b": "" } })).await;
    bob.ok(&set, json!({ "properties": { "a": null, "c": "3", "never": null } })).await;
    let seen = alice.describe(&project, &["tags", "properties"]).await;
    assert_eq!(seen["tags"], json!(["Ψ", "world"]));
    assert_eq!(seen["properties"], json!({ "b": "", "c": "3" }));
    alice.fails(&add, json!({ "tags": [""] }), "InvalidInput").await;
    let many: Vec<String> = (0..999).map(|n| n.to_string()).collect();
    let message = alice.fails(&add, json!({ "tags": many }), "InvalidInput").await;
    assert!(message.contains("1001 tags"), "{message}");
}

/// F119: only ADMINISTER destroys, the protection holds, and what is destroyed is gone at once.
#[tokio::test]
async fn a_destroyed_project_is_gone() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    let destroy = format!("/{project}/destroy");
    bob.fails(&destroy, json!({}), "PermissionDenied").await;
    alice.ok(&format!("/{project}/update"), json!({ "destroyProtected": true })).await;
    alice.fails(&destroy, json!({ "terminateJobs": true }), "PermissionDenied").await;
    alice.ok(&format!("/{project}/update"), json!({ "destroyProtected": false })).await;
    assert_eq!(alice.ok(&destroy, json!({})).await, json!({ "id": project }));
    for client in [&alice, &bob] {
        client.fails(&format!("/{project}/describe"), json!({}), "ResourceNotFound").await;
        let found = client.ok("/system/findProjects", json!({ "level": "VIEW" })).await;
        assert_eq!(found, json!({ "results": [], "next": null }));
    }
    alice.fails(&destroy, json!({}), "ResourceNotFound").await;
}

/// The data protection notice stands before the data, for everybody, once.
#[tokio::test]
async fn the_notice_is_accepted_by_each() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    let (list, accept) = (format!("/{project}/listFolder"), format!("/{project}/acceptDataProtectionNotice"));
    alice.ok(&accept, json!({})).await;
    alice.ok(&format!("/{project}/update"), json!({ "displayDataProtectionNotice": true })).await;
    for client in [&alice, &bob] {
        let message = client.fails(&list, json!({}), "PermissionDenied").await;
        assert!(message.contains("data protection notice not accepted"), "{message}");
        let seen = client.describe(&project, &["name", "folders", "objects"]).await;
        assert_eq!(seen, json!({ "id": project, "name": "Trial" }));
    }
    bob.ok(&accept, json!({})).await;
    bob.ok(&accept, json!({})).await;
    bob.ok(&list, json!({})).await;
    alice.fails(&list, json!({}), "PermissionDenied").await;
}

/// Many at once, each as its own call would answer.
#[tokio::test]
async fn many_projects_are_described_at_once() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (mine, hidden) = (alice.project("Mine").await, bob.project("Hidden").await);
    let input = json!({ "projects": [mine, hidden, "project-x", mine], "fields": { "name": true } });
    let answer = alice.ok("/system/describeProjects", input).await;
    let found = json!({ "describe": { "id": mine, "name": "Mine" } });
    assert_eq!((&answer["results"][0], &answer["results"][3]), (&found, &found));
    assert_eq!(answer["results"][1]["error"]["type"], "ResourceNotFound");
    assert_eq!(answer["results"][1]["statusCode"], 404);
    assert_eq!(answer["results"][2]["statusCode"], 422);
    let too_many: Vec<&str> = std::iter::repeat_n("project-x", 1001).collect();
    alice.fails("/system/describeProjects", json!({ "projects": too_many }), "InvalidInput").await;
}
