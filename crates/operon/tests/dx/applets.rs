//! Applets: built out of a folder, looked at, copied, got back into a folder. They do not run yet.

use serde_json::json;

use crate::lab::Lab;

const PROGRAM: &str = "main() {\n  echo \"Hello, $name\"\n}\n";

/// F170, F182: what comes back is what was built, resources included.
#[test]
fn from_a_folder_and_back() {
    let lab = Lab::new();
    let alice = lab.person("alice");
    alice.dx(&["new", "project", "My tools", "--select"]);
    let mut manifest = json!({
        "name": "greet", "title": "Greet", "summary": "Greets somebody", "dxapi": "1.0.0",
        "inputSpec": [{ "name": "name", "class": "string", "choices": ["Lena", "Otto"], "default": "Lena" }],
        "outputSpec": [],
        "runSpec": {
            "interpreter": "bash", "distribution": "Ubuntu", "release": "24.04", "version": "0", "file": "greet.sh",
            "timeoutPolicy": { "*": { "hours": 1 } },
        },
    });
    alice.write("greet/dxapp.json", &manifest.to_string());
    alice.write("greet/greet.sh", PROGRAM);
    alice.write("greet/resources/usr/share/greet/names", "Lena\nOtto\n");
    let built = alice.json(&["build", "greet", "--json"]);
    let id = built["id"].as_str().unwrap();
    assert!(id.starts_with("applet-"), "{built}");
    let said = alice.dx(&["describe", "greet"]);
    assert!(
        said.contains(id) && said.contains("Greets somebody") && said.contains("[name (string, default"),
        "{said}"
    );
    assert_eq!(
        alice.dx(&["find", "data", "--class", "applet", "--brief"]).trim().split(':').next_back(),
        Some(id)
    );
    // The client itself tells of an applet of that name, and replaces it where it shall.
    let refused = alice.refused(&["build", "greet"], "");
    assert!(refused.contains("already exists"), "{refused}");
    manifest["runSpec"]["interpreter"] = json!("python3");
    manifest["inputSpec"][0]["default"] = json!("Eve");
    alice.write("wrong/dxapp.json", &manifest.to_string());
    alice.write("wrong/greet.sh", "print('Hello')\n");
    let refused = alice.refused(&["build", "wrong", "-f"], "");
    assert!(
        refused.contains("inputSpec[0].default") && refused.contains("none of the field's choices"),
        "{refused}"
    );

    let other = alice.dx(&["new", "project", "Other", "--brief"]).trim().to_owned();
    alice.dx(&["cp", "greet", &format!("{other}:/")]);
    alice.dx(&["rm", "greet"]);
    alice.dx(&["get", &format!("{other}:/greet"), "-o", "back"]);
    assert_eq!(alice.read("back/src/code.sh"), PROGRAM);
    assert_eq!(alice.read("back/resources/usr/share/greet/names"), "Lena\nOtto\n");
    let got: serde_json::Value = serde_json::from_str(&alice.read("back/dxapp.json")).unwrap();
    for key in ["name", "title", "summary", "outputSpec"] {
        assert_eq!(got[key], manifest[key], "{key}");
    }
    assert_eq!(got["inputSpec"][0]["default"], "Lena");
    assert_eq!(got["runSpec"]["timeoutPolicy"], json!({ "*": { "hours": 1 } }));

    let refused = alice.refused(&["run", &format!("{other}:/greet"), "-iname=Otto", "-y", "--brief"], "");
    assert!(refused.contains("cannot be run: this server keeps applets, but runs nothing yet"), "{refused}");
}
