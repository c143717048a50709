use serde_json::{Value, json};

use super::*;
use crate::executable::IoSpec;
use crate::json::decode_any;

const FILE: &str = "file-012301230123012301230123";
const RECORD: &str = "record-012301230123012301230123";

fn link(id: &str) -> Value {
    json!({ "$dnanexus_link": id })
}

/// Reads and checks a runSpec with these keys more, and fields.
fn checked(run: Value, inputs: Value) -> Result<SpecLinks, String> {
    let mut whole =
        json!({ "interpreter": "bash", "code": "true", "distribution": "Ubuntu", "release": "24.04" });
    let Value::Object(run) = run else { panic!("no hash: {run}") };
    whole.as_object_mut().unwrap().extend(run);
    let run: RunSpec = decode_any(whole).map_err(|error| error.message)?;
    let inputs: IoSpec = decode_any(inputs).map_err(|error| error.message)?;
    check(&run, Some(&inputs), None).map_err(|error| error.message)
}

/// Contract execution 1: names, defaults and choices.
#[test]
fn fields_agree_with_themselves() {
    for fine in [
        json!([]),
        json!([{ "name": "a", "class": "int", "default": -1 }, { "name": "b", "class": "array:int", "default": [1, 2] }]),
        json!([{ "name": "a", "class": "float", "default": 1 }, { "name": "b", "class": "hash", "default": { "x": null } }]),
        json!([{ "name": "a", "class": "string", "choices": ["x", "y"], "default": "y" }]),
        json!([{ "name": "a", "class": "array:string", "choices": ["x", "y"], "default": ["y", "x"] }]),
        json!([{ "name": "a", "class": "file", "choices": [{ "name": "n", "value": link(FILE) }], "default": link(FILE) }]),
        json!([{ "name": "a", "class": "string", "choices": [], "default": "y" }]),
    ] {
        assert!(checked(json!({}), fine.clone()).is_ok(), "{fine}");
    }
    for (wrong, says) in [
        (json!([{ "name": "1", "class": "int" }]), "[0].name"),
        (json!([{ "name": "a", "class": "array:hash" }]), "[0].class"),
        (json!([{ "name": "a", "class": "integer" }]), "\"array:string\""),
        (json!([{ "class": "int" }]), "[0].name\" is missing"),
        (json!([{ "name": "a", "class": "int" }, { "name": "a", "class": "int" }]), "inputSpec[1].name"),
        (json!([{ "name": "a", "class": "int", "default": 1.5 }]), "inputSpec[0].default"),
        (json!([{ "name": "a", "class": "array:int", "default": 1 }]), "class array:int"),
        (json!([{ "name": "a", "class": "array:int", "default": [[1]] }]), "inputSpec[0].default"),
        (json!([{ "name": "a", "class": "string", "choices": ["x", 1] }]), "inputSpec[0].choices[1]"),
        (
            json!([{ "name": "a", "class": "string", "choices": ["x"], "default": "y" }]),
            "none of the field's choices",
        ),
        (json!([{ "name": "a", "class": "file", "default": link(RECORD) }]), "class file"),
        (json!([{ "name": "a", "class": "file", "default": FILE }]), "class file"),
        (
            json!([{ "name": "a", "class": "file", "default": { "$dnanexus_link": { "job": "j", "field": "f" } } }]),
            "class file",
        ),
        (json!([{ "name": "a", "class": "file", "type": { "$xor": [] } }]), "[0].type"),
        (json!([{ "name": "a", "class": "file", "patterns": "*.bam" }]), "[0].patterns"),
    ] {
        let message = checked(json!({}), wrong.clone()).unwrap_err();
        assert!(message.contains(says), "{wrong}: {message}");
    }
}

/// Contract execution 2: dependencies, requirements, times and restarts.
#[test]
fn run_specifications_agree_with_themselves() {
    for fine in [
        json!({ "execDepends": [{ "name": "samtools" }, { "name": "x", "package_manager": "git", "url": "https://x.org" }] }),
        json!({ "systemRequirements": { "*": { "instanceType": "azure:mem2_ssd1_x1" }, "main": {} } }),
        json!({ "systemRequirements": { "main": { "instanceTypeSelector": { "allowedInstanceTypes": ["mem2_ssd1_gpu_x16", "mem3_ssd2_fpga1_x24"] } } } }),
        json!({ "systemRequirements": { "main": { "clusterSpec": { "type": "spark", "initialInstanceCount": 3 }, "instanceType": "mem1_ssd1_v2_x4" } } }),
        json!({ "timeoutPolicy": { "*": { "days": 29, "hours": 23, "minutes": 60 } } }),
        json!({ "executionPolicy": { "restartOn": { "*": 0, "AppInternalError": 3 }, "maxRestarts": 9 } }),
        json!({ "version": "1", "restartableEntryPoints": "all", "headJobOnDemand": true, "unknown": 1 }),
    ] {
        assert!(checked(fine.clone(), json!([])).is_ok(), "{fine}");
    }
    for (wrong, says) in [
        (json!({ "interpreter": "perl" }), "interpreter"),
        (json!({ "release": "10.04" }), "release"),
        (json!({ "execDepends": { "name": "oops" } }), "execDepends"),
        (json!({ "execDepends": [1] }), "execDepends[0]"),
        (json!({ "execDepends": [{ "name": "x", "package_manager": "git" }] }), "needs a \"url\""),
        (json!({ "execDepends": [{ "name": "x", "package_manager": "npm" }] }), "package_manager"),
        (json!({ "execDepends": [{ "name": "x", "id": link(FILE) }] }), "bundledDepends"),
        (json!({ "bundledDepends": [{ "name": "x", "id": FILE }] }), "bundledDepends[0].id"),
        (json!({ "bundledDepends": [{ "name": "x" }] }), "bundledDepends[0].id\" is missing"),
        (
            json!({ "systemRequirements": { "main": { "instanceType": "large" } } }),
            "systemRequirements.main.instanceType",
        ),
        (
            json!({ "systemRequirements": { "m": { "instanceType": "mem1_ssd1_x2", "instanceTypeSelector": { "allowedInstanceTypes": [] } } } }),
            "exclude each other",
        ),
        (
            json!({ "systemRequirements": { "m": { "clusterSpec": { "type": "slurm" } } } }),
            "clusterSpec.type",
        ),
        (json!({ "timeoutPolicy": { "*": { "days": 30, "minutes": 1 } } }), "30 days"),
        (json!({ "timeoutPolicy": { "*": {} } }), "one minute"),
        (json!({ "timeoutPolicy": { "*": { "hours": -1 } } }), "timeoutPolicy.*.hours"),
        (json!({ "executionPolicy": { "maxRestarts": 10 } }), "0 to 9"),
        (json!({ "executionPolicy": { "restartOn": { "AppError": 1 } } }), "restartOn"),
    ] {
        let message = checked(wrong.clone(), json!([])).unwrap_err();
        assert!(message.contains(says), "{wrong}: {message}");
    }
}

/// What must be looked up, with the keys to name when it is not there.
#[test]
fn links_are_found_with_their_keys() {
    let run = json!({
        "bundledDepends": [{ "name": "x", "id": link(FILE) }],
        "dependencies": [{ "name": "y", "id": link(RECORD) }, { "name": "samtools" }],
    });
    let field =
        json!({ "name": "a", "class": "array:file", "choices": [link(FILE)], "default": [link(FILE)] });
    let links =
        checked(run, json!([field, { "name": "b", "class": "hash", "default": link(FILE) }])).unwrap();
    let paths = |links: &[(String, Link)]| links.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&links.bundled), ["runSpec.dependencies[0].id", "runSpec.bundledDepends[0].id"]);
    let values = ["inputSpec[0].choices[0]", "inputSpec[0].default", "inputSpec[1].default"];
    assert_eq!(paths(&links.values), values);
    let many: Vec<Value> = (0..=MAX_VALUE_LINKS).map(|_| link(FILE)).collect();
    let many = json!([{ "name": "a", "class": "array:file", "default": many }]);
    assert!(checked(json!({}), many).unwrap_err().contains("201 links"));
}
