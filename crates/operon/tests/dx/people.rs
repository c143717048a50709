//! Projects, and sharing them.

use crate::lab::Lab;

/// F097, F098, F103, F104: a project is made, named, tagged, shared and taken back; what was not shared is not there.
#[test]
fn a_project_is_shared_and_taken_back() {
    let lab = Lab::new();
    let (alice, bob, eve) = (lab.person("alice"), lab.person("bob"), lab.person("eve"));
    let project = alice.dx(&["new", "project", "My study", "--brief"]).trim().to_owned();
    let said = alice.dx(&["select", "My study"]);
    assert!(said.contains("Selected project My study"), "{said}");
    assert_eq!(alice.dx(&["pwd"]), "My study:/\n");
    let said = alice.dx(&["env"]);
    for part in ["127.0.0.1", &lab.port(), "\"My study\"", &project] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    assert_eq!(alice.dx(&["find", "projects"]), format!("{project} : My study (ADMINISTER)\n"));

    for person in [&bob, &eve] {
        assert_eq!(person.dx(&["find", "projects"]), "");
        let refused = person.refused(&["describe", &project], "");
        assert!(refused.contains("No matches found"), "{refused}");
    }
    let said = alice.dx(&["invite", "bob", ":", "VIEW"]);
    assert_eq!(said, format!("Invited user-bob to {project} (accepted)\n"));
    assert_eq!(bob.dx(&["find", "projects", "--level", "VIEW"]), format!("{project} : My study (VIEW)\n"));
    let refused = bob.refused(&["mkdir", &format!("{project}:/mine")], "");
    assert!(refused.contains("code 401"), "{refused}");
    let refused = alice.refused(&["invite", "nobody", ":", "VIEW"], "");
    assert!(refused.contains("There is no user or organisation \"user-nobody\""), "{refused}");
    let said = alice.dx(&["uninvite", "bob", ":"]);
    assert_eq!(said, format!("Uninvited user-bob from {project}\n"));
    assert_eq!(bob.dx(&["find", "projects", "--level", "VIEW"]), "");

    alice.dx(&["rename", ":", "Our study"]);
    alice.dx(&["tag", ":", "pilot", "2026"]);
    alice.dx(&["untag", ":", "2026"]);
    alice.dx(&["set_properties", ":", "phase=1", "site=north"]);
    alice.dx(&["unset_properties", ":", "site"]);
    let described = alice.json(&["describe", ":", "--json"]);
    assert_eq!(described["name"], "Our study");
    assert_eq!(described["tags"], serde_json::json!(["pilot"]));
    assert_eq!(described["properties"], serde_json::json!({ "phase": "1" }));
    let said = alice.dx(&["describe", ":"]);
    for part in ["Our study", "Access level                      ADMINISTER", "phase=1", "Data usage"] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    alice.dx(&["rmproject", "-y", &project]);
    assert_eq!(alice.dx(&["find", "projects"]), "");
}
