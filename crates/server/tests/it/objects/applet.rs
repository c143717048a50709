//! Applets: executables that lie among the data (F170; contract execution 1 to 3).

use policy::Preset;
use serde_json::{Value, json};
use wire::Level;

use crate::things::{file, record};
use crate::world::{Client, World};

const CODE: &str = "main() { echo \"ünïcode\"; }\n";

/// The least that makes an applet.
fn spec(project: &str) -> Value {
    json!({
        "project": project, "dxapi": "1.0.0",
        "runSpec": { "interpreter": "bash", "code": CODE, "distribution": "Ubuntu", "release": "24.04" },
    })
}

/// The least, and these keys more at the top and in `runSpec`.
pub fn spec_with(project: &str, more: Value, run: Value) -> Value {
    let mut spec = spec(project);
    let (Value::Object(more), Value::Object(run)) = (more, run) else { panic!("these are no hashes") };
    spec["runSpec"].as_object_mut().unwrap().extend(run);
    spec.as_object_mut().unwrap().extend(more);
    spec
}

fn link(id: &str) -> Value {
    json!({ "$dnanexus_link": id })
}

fn bundle(ids: &[&String]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "name": "x", "id": link(id) })).collect();
    json!({ "bundledDepends": items })
}

impl Client {
    async fn applet(&self, spec: Value) -> String {
        self.ok("/applet/new", spec).await["id"].as_str().unwrap().to_owned()
    }
}

/// F170: an applet of the least has every default, is closed, and shows its program to `get` alone.
#[tokio::test]
async fn a_bare_applet_has_every_default() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let region = alice.describe(&project, &["region"]).await["region"].as_str().unwrap().to_owned();
    let applet = alice.applet(spec(&project)).await;
    let mut seen = alice.described(&applet).await;
    assert!(seen["created"].is_i64() && seen["created"] == seen["modified"], "{seen}");
    for time in ["created", "modified"] {
        seen[time] = json!(0);
    }
    let mut expected = json!({
        "id": applet, "project": project, "class": "applet", "sponsored": false, "name": applet, "types": [],
        "state": "closed", "hidden": false, "links": [], "folder": "/", "tags": [], "created": 0, "modified": 0,
        "createdBy": { "user": "user-alice" }, "properties": {}, "details": {},
        "title": "", "summary": "", "description": "", "developerNotes": "", "access": {}, "dxapi": "1.0.0", "ignoreReuse": false,
        "runSpec": {
            "interpreter": "bash", "distribution": "Ubuntu", "release": "24.04", "bundledDepends": [], "systemRequirements": {},
            "headJobOnDemand": false, "inheritParentRestartOnPolicy": false,
            "bundledDependsByRegion": { &region: [] }, "systemRequirementsByRegion": { &region: {} },
        },
    });
    assert_eq!(seen, expected);
    let mut got = alice.ok(&format!("/{applet}/get"), json!({})).await;
    for time in ["created", "modified"] {
        got[time] = json!(0);
    }
    expected["runSpec"]["code"] = json!(CODE);
    assert_eq!(got, expected);
    let only = alice.ok(&format!("/{applet}/describe"), json!({ "fields": { "runSpec": true } })).await;
    assert_eq!(only["runSpec"], seen["runSpec"]);
}

/// What was given is kept: keys that are known, as they were written, and no others.
#[tokio::test]
async fn an_applet_has_what_it_was_given() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let archive = world.put(&alice, &project, file("resources.tar.gz", 5).hidden()).await;
    let reference = world.put(&alice, &project, file("hg38.fa", 5)).await;
    let fields = json!([
        { "name": "reads", "class": "array:file", "patterns": ["*.bam", "*.pab\"abam"], "label": "Reads", "help": "h", "optional": true },
        { "name": "reference", "class": "file", "default": link(&reference), "type": { "$or": ["A", "B"] },
          "suggestions": [{ "name": "public", "project": "project-012301230123012301230123", "path": "/" }] },
        { "name": "mode", "class": "string", "choices": ["fast", "exact"], "default": "exact", "group": "Advanced" },
        { "name": "more", "class": "hash", "default": { "a": null } },
    ]);
    let run = json!({
        "version": "0", "timeoutPolicy": { "*": { "hours": 24 } }, "restartableEntryPoints": "all",
        "executionPolicy": { "restartOn": { "*": 1 }, "maxRestarts": 3 },
        "execDepends": [{ "name": "samtools" }, { "name": "x", "package_manager": "git", "url": "https://example.org/x", "build_commands": "make" }],
        "bundledDepends": [{ "name": "resources.tar.gz", "id": link(&archive) }],
        "systemRequirements": { "main": { "instanceType": "mem1_ssd1_v2_x4" } }, "headJobOnDemand": true,
    });
    let top = json!({
        "name": "align", "title": "Align", "summary": "Aligns.", "description": "# Long", "developerNotes": "n", "inputSpec": fields,
        "outputSpec": [], "access": { "network": ["*"], "project": "CONTRIBUTE", "allProjects": "VIEW" }, "ignoreReuse": true,
        "httpsApp": { "ports": [443], "shared_access": "NONE", "dns": { "hostname": "h" } }, "treeTurnaroundTimeThreshold": 2,
        "types": ["T"], "tags": ["t"], "properties": { "k": "v" }, "details": { "other": link(&archive) }, "folder": "/tools",
        "parents": true,
    });
    let mut sent = spec_with(&project, top.clone(), run.clone());
    sent["regionalOptions"] = json!({ "elsewhere": {} });
    sent["runSpec"]["assetDepends"] = json!([]);
    let applet = alice.applet(sent).await;
    let got = alice.ok(&format!("/{applet}/get"), json!({ "project": project })).await;
    for (key, value) in top.as_object().unwrap() {
        if key != "parents" {
            assert_eq!(got[key], *value, "{key}");
        }
    }
    for (key, value) in run.as_object().unwrap() {
        assert_eq!(got["runSpec"][key], *value, "{key}");
    }
    assert_eq!(got["runSpec"]["code"], CODE);
    assert!(got.get("regionalOptions").is_none() && got["runSpec"].get("assetDepends").is_none(), "{got}");
    assert_eq!(got["links"], json!([archive, reference]), "details, what belongs to it, and defaults");
}

/// Contract execution 3: bad specifications are `InvalidInput`, with the key, and make nothing.
#[tokio::test]
async fn bad_specifications_are_refused() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let theirs = bob.project("Theirs").await;
    let open = world.put(&alice, &project, file("open", 1).open()).await;
    let hidden = world.put(&alice, &project, record("hidden").hidden().open()).await;
    let elsewhere = world.put(&alice, &other, file("elsewhere", 1)).await;
    let foreign = world.put(&bob, &theirs, file("foreign", 1)).await;
    let absent = "file-012301230123012301230123".to_owned();
    let default = |link: Value| json!({ "inputSpec": [{ "name": "a", "class": "file", "default": link }] });
    let before = world.rows("select count(*) from object").await;
    for (top, run, says) in [
        (json!({ "runSpec": null }), json!({}), "runSpec"),
        (json!({ "dxapi": 1 }), json!({}), "\"dxapi\""),
        (json!({}), json!({ "code": null }), "runSpec.code"),
        (json!({}), json!({ "code": "a\0b" }), "runSpec.code"),
        (json!({}), json!({ "code": "x".repeat((1 << 20) + 1) }), "at most 1048576"),
        (json!({}), json!({ "execDepends": { "name": "oops" } }), "runSpec.execDepends"),
        (json!({ "inputSpec": [{ "name": "34", "class": "int" }] }), json!({}), "inputSpec[0].name"),
        (
            json!({ "outputSpec": [{ "name": "a", "class": "int" }, { "name": "a", "class": "int" }] }),
            json!({}),
            "outputSpec[1].name",
        ),
        (json!({ "access": { "project": "OWNER" } }), json!({}), "access.project"),
        (
            json!({ "description": "x".repeat(200_000), "developerNotes": "ü".repeat(100_000), "inputSpec": [
            { "name": "a", "class": "string", "default": "x".repeat(700_000) }] }),
            json!({}),
            "at most 1048576",
        ),
        (default(link(&open)), json!({}), "inputSpec[0].default"),
        (default(link(&foreign)), json!({}), "inputSpec[0].default"),
        (default(link(&absent)), json!({}), "not a closed object that you see"),
        (
            default(json!({ "$dnanexus_link": { "project": project, "id": elsewhere } })),
            json!({}),
            "inputSpec[0].default",
        ),
        (json!({}), bundle(&[&open]), "runSpec.bundledDepends[0].id"),
        (json!({}), bundle(&[&elsewhere]), &elsewhere),
        (json!({}), bundle(&[&foreign]), "not a closed object that you see"),
        (json!({}), bundle(&[&absent]), "not a closed object that you see"),
        (json!({ "details": [link(&hidden)] }), json!({}), "close that first"),
    ] {
        let input = spec_with(&project, top, run);
        let shown = input.to_string().chars().take(300).collect::<String>();
        let message = alice.fails("/applet/new", input, "InvalidInput").await;
        assert!(message.contains(says), "{shown}: {message}");
    }
    assert_eq!(world.rows("select count(*) from object").await, before);
    assert_eq!(world.rows("select count(*) from executable").await, 0);
    // A default may lie in another project that one sees, with and without its name.
    alice.applet(spec_with(&project, default(link(&elsewhere)), json!({}))).await;
    let named = json!({ "$dnanexus_link": { "project": other, "id": elsewhere } });
    alice.applet(spec_with(&project, default(named), json!({}))).await;
    // What is hidden and does not exist is said in the same words.
    let said = |id: String| {
        let (alice, input) = (alice.clone(), spec_with(&project, default(link(&id)), json!({})));
        async move { alice.fails("/applet/new", input, "InvalidInput").await.replace(&id, "X") }
    };
    assert_eq!(said(foreign).await, said(absent).await);
}

/// An applet is a data object like others, but nothing of its content changes, and it does not run.
#[tokio::test]
async fn an_applet_is_an_object_that_never_changes() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let applet =
        alice.applet(spec_with(&project, json!({ "name": "one", "details": { "d": 1 } }), json!({}))).await;
    world.put(&alice, &project, record("record")).await;
    for (verb, input) in [
        ("rename", json!({ "project": project, "name": "two" })),
        ("setProperties", json!({ "project": project, "properties": { "k": "v" } })),
        ("addTags", json!({ "project": project, "tags": ["a", "b"] })),
        ("removeTags", json!({ "project": project, "tags": ["a"] })),
    ] {
        alice.ok(&format!("/{applet}/{verb}"), input).await;
    }
    for verb in ["addTypes", "removeTypes", "setDetails", "setVisibility", "close", "update"] {
        alice.fails(&format!("/{applet}/{verb}"), json!({ "types": [] }), "ResourceNotFound").await;
    }
    for verb in ["run", "validateBatch"] {
        let message = alice
            .fails(&format!("/{applet}/{verb}"), json!({ "project": project, "input": {} }), "InvalidState")
            .await;
        assert!(message.contains("cannot be run") && message.contains(&applet), "{message}");
    }
    assert_eq!(alice.ok(&format!("/{applet}/getDetails"), json!({})).await, json!({ "d": 1 }));
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [applet], "project": other })).await;
    let places = alice.ok(&format!("/{applet}/listProjects"), json!({})).await;
    assert_eq!(places, json!({ &project: "ADMINISTER", &other: "ADMINISTER" }));
    let copy = alice.ok(&format!("/{applet}/get"), json!({ "project": other })).await;
    assert_eq!(
        (&copy["project"], &copy["name"], &copy["runSpec"]["code"]),
        (&json!(other), &json!("two"), &json!(CODE))
    );
    let found = alice
        .ok(
            "/system/findDataObjects",
            json!({ "class": "applet", "state": "closed", "scope": { "project": project },
                "describe": { "defaultFields": true, "fields": { "details": true } } }),
        )
        .await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
    let described = &found["results"][0]["describe"];
    assert_eq!(
        (&described["name"], &described["dxapi"], &described["tags"]),
        (&json!("two"), &json!("1.0.0"), &json!(["b"]))
    );
    assert!(described["runSpec"].get("code").is_none(), "{described}");
    let resolved = alice
        .ok("/system/resolveDataObjects", json!({ "project": project, "objects": [{ "name": "two" }] }))
        .await;
    assert_eq!(resolved["results"][0][0]["id"], json!(applet));
    // With its last copy all of it goes.
    for project in [&project, &other] {
        alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [applet] })).await;
    }
    world.settled().await;
    assert_eq!(world.rows("select count(*) from executable").await, 0);
    alice.fails(&format!("/{applet}/get"), json!({}), "ResourceNotFound").await;
}

/// Contract data 4, execution 3: what belongs to an applet is cloned with it, and goes with the last one when it is hidden.
#[tokio::test]
async fn what_belongs_to_an_applet_goes_with_it() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let archive = world.put(&alice, &project, file("resources.tar.gz", 1).hidden()).await;
    let tool = world.put(&alice, &project, file("tool.tar.gz", 1)).await;
    let plain = world.put(&alice, &project, record("plain")).await;
    let details = json!({ "details": [link(&plain)] });
    let inner = alice.applet(spec_with(&project, details, bundle(&[&archive, &tool]))).await;
    let default = json!({ "name": "inner", "class": "applet", "default": link(&inner) });
    let outer = alice.applet(spec_with(&project, json!({ "inputSpec": [default] }), bundle(&[&inner]))).await;
    let second = alice.applet(spec_with(&project, json!({}), bundle(&[&archive]))).await;
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [outer], "project": other })).await;
    let all = json!({ "folder": "/", "includeHidden": true });
    let ids = |project: String| {
        let (alice, all) = (alice.clone(), all.clone());
        async move {
            let listed = alice.ok(&format!("/{project}/listFolder"), all).await;
            let objects = listed["objects"].as_array().unwrap().clone();
            let mut ids: Vec<String> =
                objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        }
    };
    let sorted = |mut ids: Vec<&String>| {
        ids.sort();
        ids.into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        ids(other.clone()).await,
        sorted(vec![&outer, &inner, &archive, &tool]),
        "but not the visible record"
    );
    // The archive stays as long as an applet needs it.
    let remove = format!("/{project}/removeObjects");
    alice.ok(&remove, json!({ "objects": [outer, inner] })).await;
    assert_eq!(ids(project.clone()).await, sorted(vec![&second, &archive, &tool, &plain]));
    alice.ok(&remove, json!({ "objects": [second] })).await;
    assert_eq!(ids(project).await, sorted(vec![&tool, &plain]));
    assert_eq!(ids(other).await.len(), 4, "the other project keeps its copies");
}

/// UPLOAD makes applets, whoever reads content reads programs, and flags on data do not stand in the way of a program.
#[tokio::test]
async fn programs_are_made_and_read_by_decision() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let applet = alice.applet(spec(&project)).await;
    let get = format!("/{applet}/get");
    let viewer = world.user("viewer").await;
    viewer.fails(&get, json!({}), "ResourceNotFound").await;
    viewer.fails("/applet/new", spec(&project), "ResourceNotFound").await;
    alice.invite(&project, "viewer", Level::View).await;
    assert_eq!(viewer.ok(&get, json!({})).await["runSpec"]["code"], CODE);
    let message = viewer.fails("/applet/new", spec(&project), "PermissionDenied").await;
    assert!(message.starts_with("UPLOAD permission required"), "{message}");
    let uploader = world.user("uploader").await;
    alice.invite(&project, "uploader", Level::Upload).await;
    uploader.applet(spec(&project)).await;
    // Who may add data without making tools adds no applet.
    let contributor = world.user("contributor").await;
    world.give(&project, "contributor", Preset::ProjectContributor).await;
    contributor.fails("/applet/new", spec(&project), "PermissionDenied").await;
    contributor.record(&project, json!({})).await;
    // People write programs; they are no data of the project.
    let strict = json!({ "restricted": true, "downloadRestricted": true, "externalUploadRestricted": true });
    alice.ok(&format!("/{project}/update"), strict).await;
    viewer.ok(&get, json!({})).await;
    uploader.applet(spec(&project)).await;
}

/// F473: a reading of a program is in the audit log, what it says is not; the event of the making holds marks.
#[tokio::test]
async fn readings_of_programs_are_recorded() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let input = spec_with(&project, json!({ "nonce": "once" }), json!({}));
    let applet = alice.applet(input.clone()).await;
    assert_eq!(alice.applet(input).await, applet, "F025: the same call is answered again");
    alice.ok(&format!("/{applet}/describe"), json!({})).await;
    alice.ok(&format!("/{applet}/get"), json!({})).await;
    let query = json!({ "project": project, "object": applet });
    let events = alice.ok("/system/findAuditEvents", query).await["results"].as_array().unwrap().clone();
    let actions: Vec<_> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["object.codeRead", "object.made"]);
    let mark = |part: &str| events[1]["after"][part].as_str().unwrap().to_owned();
    assert_eq!(mark("code").len(), 43, "a mark, and not the program");
    assert_ne!(mark("code"), mark("spec"));
    assert!(!json!(events).to_string().contains("echo"), "{events:?}");
}
