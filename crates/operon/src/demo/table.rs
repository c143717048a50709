//! Who may do what, and why: each line is tried, and explained by the same decision.

use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use super::client::Client;
use super::lab::{Lab, PEOPLE, People};

/// One line of the table.
pub(super) struct Row {
    person: &'static str,
    action: &'static str,
    expected: bool,
    happened: bool,
    explained: bool,
    rule: String,
    sentence: String,
}

impl Row {
    /// Whether what happened, what the explanation says and what the tour promises are one.
    pub(super) fn as_expected(&self) -> bool {
        self.happened == self.expected && self.explained == self.expected
    }
}

/// What is tried: a name, the capability it rests on, and the people who may.
const ACTIONS: [(&str, &str, &[&str]); 6] = [
    ("list the data", "data.list", &["ines", "omar", "lena", "tom"]),
    ("download the calls", "data.download", &[]),
    ("copy the calls to Tom's project", "data.copyOut", &[]),
    ("add a folder", "data.create", &["ines", "omar"]),
    ("delete the record", "data.delete", &["ines"]),
    ("invite somebody", "member.invite", &["ines"]),
];

/// Tries every action as every person, the destructive ones last.
pub(super) async fn rows(base: &str, people: &People, lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let ines = Client::new(base, people.token("ines"));
    let mut rows = Vec::new();
    for (action, capability, allowed) in ACTIONS {
        // The administrator comes last, so that what they delete is there for the others to fail on.
        for (person, _) in PEOPLE.into_iter().rev() {
            let client = Client::new(base, people.token(person));
            let why = json!({ "user": format!("user-{person}"), "action": capability, "object": lab.calls });
            let answer = ines.must(&format!("/{}/describeAccess", lab.source), why).await?;
            let outcome = attempt(&client, capability, person, lab).await?;
            rows.push(Row {
                person,
                action,
                expected: allowed.contains(&person),
                happened: outcome.is_ok(),
                explained: answer["decision"]["allowed"] == json!(true),
                rule: answer["decision"]["rule"].as_str().unwrap_or_default().to_owned(),
                sentence: outcome.err().unwrap_or_default(),
            });
        }
    }
    Ok(rows)
}

/// Does it; the error is the server's sentence.
async fn attempt(
    client: &Client,
    capability: &str,
    person: &str,
    lab: &Lab,
) -> anyhow::Result<Result<(), String>> {
    let source = &lab.source;
    let (route, input): (String, Value) = match capability {
        "data.list" => (format!("/{source}/listFolder"), json!({ "folder": "/calls" })),
        "data.download" => (format!("/{}/download", lab.calls), json!({ "project": source })),
        "data.copyOut" => (
            format!("/{source}/clone"),
            json!({ "objects": [lab.calls], "project": lab.elsewhere, "destination": "/" }),
        ),
        "data.create" => (format!("/{source}/newFolder"), json!({ "folder": format!("/from {person}") })),
        "data.delete" => (format!("/{source}/removeObjects"), json!({ "objects": [lab.cohort] })),
        _ => (format!("/{source}/invite"), json!({ "invitee": "omar", "level": "VIEW" })),
    };
    let outcome = client.call(&route, input).await?;
    Ok(outcome.map(|_| ()).map_err(|refused| refused.message))
}

/// The table as text.
pub(super) fn print(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["who", "what", "may", "rule", "what the server said"]);
    for row in rows {
        let may = match (row.happened, row.as_expected()) {
            (true, true) => "yes",
            (false, true) => "no",
            (true, false) => "YES (wrong)",
            (false, false) => "NO (wrong)",
        };
        table.add_row([row.person, row.action, may, &row.rule, &row.sentence]);
    }
    table.to_string()
}
