//! Data objects as metadata: making, describing, changing and closing them.

mod applet;
mod audit;
mod bulk;
mod close;
mod create;
mod describe;
mod edit;
mod model;
mod nonce;

use serde_json::{Value, json};

use crate::world::Client;

/// An id that is well-formed and nobody's.
const NOBODY: &str = "record-012301230123012301230123";

impl Client {
    /// Makes a record out of an input without its project.
    async fn record(&self, project: &str, mut input: Value) -> String {
        input["project"] = json!(project);
        self.ok("/record/new", input).await["id"].as_str().unwrap().to_owned()
    }

    /// Makes an open file out of an input without its project.
    async fn file(&self, project: &str, mut input: Value) -> String {
        input["project"] = json!(project);
        self.ok("/file/new", input).await["id"].as_str().unwrap().to_owned()
    }

    /// The default fields, properties and details of an object.
    async fn described(&self, object: &str) -> Value {
        self.ok(&format!("/{object}/describe"), json!({ "properties": true, "details": true })).await
    }
}
