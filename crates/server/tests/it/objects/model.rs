//! Random calls on one object, against a plain model of it (F174 to F180; invariants 2 to 5, 10).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Client, World};

/// Small numbers that a seed decides.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// Some of a few words, in any order, perhaps twice.
    fn words(&mut self) -> Vec<&'static str> {
        let count = self.roll(4);
        (0..count).map(|_| ["red", "green", "blue", "round"][self.roll(4)]).collect()
    }
}

/// What an object should be.
#[derive(Debug)]
struct Model {
    id: String,
    project: String,
    state: &'static str,
    hidden: bool,
    types: Vec<String>,
    details: Value,
    name: String,
    tags: Vec<String>,
    properties: BTreeMap<String, String>,
}

impl Model {
    /// Makes the object and the model of it.
    async fn make(client: &Client, project: &str) -> Self {
        let id = client.record(project, json!({})).await;
        Self {
            name: id.clone(),
            id,
            project: project.to_owned(),
            state: "open",
            hidden: false,
            types: vec![],
            details: json!({}),
            tags: vec![],
            properties: BTreeMap::new(),
        }
    }

    /// A call, and what should come of it: an error type, or none and the model changed.
    fn step(&mut self, dice: &mut Dice) -> (&'static str, Value, Option<&'static str>) {
        let project = self.project.clone();
        let frozen = (self.state != "open").then_some("InvalidState");
        match dice.roll(14) {
            0 => {
                let name = ["n", "a/b", "ü", "n n"][dice.roll(4)];
                self.name = name.to_owned();
                ("rename", json!({ "project": project, "name": name }), None)
            }
            1 => (
                "rename",
                json!({ "project": project, "name": (["", "\n", "a\u{0}"][dice.roll(3)]) }),
                Some("InvalidInput"),
            ),
            2 => {
                let (key, value) = (["k", "l", "m"][dice.roll(3)], ["", "v", "w"][dice.roll(3)]);
                self.properties.insert(key.to_owned(), value.to_owned());
                ("setProperties", json!({ "project": project, "properties": { key: value } }), None)
            }
            3 => {
                let key = ["k", "l", "m"][dice.roll(3)];
                self.properties.remove(key);
                ("setProperties", json!({ "project": project, "properties": { key: null } }), None)
            }
            4 => {
                let words = dice.words();
                add(&mut self.tags, &words);
                ("addTags", json!({ "project": project, "tags": words }), None)
            }
            5 => {
                let words = dice.words();
                self.tags.retain(|tag| !words.contains(&tag.as_str()));
                ("removeTags", json!({ "project": project, "tags": words }), None)
            }
            6 => {
                let words = dice.words();
                if frozen.is_none() {
                    add(&mut self.types, &words);
                }
                ("addTypes", json!({ "types": words }), frozen)
            }
            7 => {
                let words = dice.words();
                if frozen.is_none() {
                    self.types.retain(|name| !words.contains(&name.as_str()));
                }
                ("removeTypes", json!({ "types": words }), frozen)
            }
            8 | 9 => {
                let link = json!({ "$dnanexus_link": self.id });
                let details = [json!({}), json!([]), json!({ "a": [1, 2.5, null] }), json!([link, link])]
                    [dice.roll(4)]
                .clone();
                if frozen.is_none() {
                    self.details = details.clone();
                }
                ("setDetails", details, frozen)
            }
            10 => (
                "setDetails",
                [json!("x"), json!(1), json!({ "$dnanexus_link": 1 })][dice.roll(3)].clone(),
                Some("InvalidInput"),
            ),
            11 => {
                let hidden = dice.roll(2) == 0;
                if frozen.is_none() {
                    self.hidden = hidden;
                }
                ("setVisibility", json!({ "hidden": hidden }), frozen)
            }
            12 => ("addTags", json!({ "project": project, "tags": [""] }), Some("InvalidInput")),
            // Rarely, so that there is a life before.
            _ if dice.roll(8) == 0 => {
                self.state = "closed";
                ("close", json!({}), None)
            }
            _ => ("describe", json!({ "project": project }), None),
        }
    }

    /// The description that the model stands for, without times.
    fn described(&self) -> Value {
        let links =
            if self.details.to_string().contains("$dnanexus_link") { json!([self.id]) } else { json!([]) };
        json!({
            "id": self.id, "project": self.project, "class": "record", "sponsored": false, "name": self.name,
            "types": self.types, "state": self.state, "hidden": self.hidden, "links": links, "folder": "/",
            "tags": self.tags, "createdBy": { "user": "user-alice" }, "properties": self.properties, "details": self.details,
        })
    }
}

fn add(list: &mut Vec<String>, words: &[&str]) {
    for word in words {
        if !list.iter().any(|known| known == word) {
            list.push((*word).to_owned());
        }
    }
}

/// After every call the object is what the model says, `created` is what it was, and `modified` has moved if and only if
/// something changed.
#[tokio::test]
async fn an_object_is_what_its_calls_made_of_it() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for seed in 1..=6_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut model = Model::make(&alice, &project).await;
        let mut before = alice.described(&model.id).await;
        let mut calls = Vec::new();
        for _ in 0..60 {
            world.pass(Duration::from_secs(1));
            let (verb, input, wanted) = model.step(&mut dice);
            calls.push(format!("{verb} {input}"));
            let told = format!("seed {seed}, after {calls:#?}");
            let answer = alice.post(&format!("/{}/{verb}", model.id), input).await;
            assert_eq!(answer.body["error"]["type"].as_str(), wanted, "{told}: {}", answer.body);
            let seen = alice.described(&model.id).await;
            let mut timeless = seen.clone();
            let created = timeless.as_object_mut().unwrap().shift_remove("created");
            let modified = timeless.as_object_mut().unwrap().shift_remove("modified").unwrap();
            assert_eq!(timeless, model.described(), "{told}");
            assert_eq!(created.as_ref(), Some(&before["created"]), "{told}");
            let mut same = before.clone();
            same["modified"] = modified.clone();
            let changed = seen != same;
            assert_eq!(modified.as_i64() > before["modified"].as_i64(), changed, "{told}");
            before = seen;
        }
    }
}
