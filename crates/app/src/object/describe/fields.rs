//! One description: which fields there are, and which of them the caller may read.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value as Json, json};
use store::object::{ObjectState, no_details};
use store::part::Part;
use store::text::Word;
use wire::Class;
use wire::answer::Described;
use wire::fields::{Description, Fields};

use super::load::Loaded;
use super::shown::{SPEC_FIELDS, Shown};
use crate::error::{Error, Result};

/// Describes a copy. Name, folder, tags, properties and `modified` are those of this copy; the rest is the same in
/// every copy. Fields that the object's class does not have are left out.
pub(super) fn describe(loaded: &Loaded, shown: &Shown<'_>, fields: &Fields) -> Result<Described> {
    let (object, placement) = (shown.object, shown.placement);
    let mut out = Readable { out: Description::new(fields, object.id.as_id()), shown };
    out.by_default("project", || shown.project.as_str())
        .by_default("class", || object.id.class().as_str())
        .by_default("sponsored", || false)
        .by_default("name", || placement.name.as_str())
        .by_default("types", || object.types.clone())
        .by_default("state", || object.state.word())
        .by_default("hidden", || object.hidden)
        .by_default("links", || loaded.links.get(&object.key).cloned().unwrap_or_default())
        .by_default("folder", || placement.folder_path.as_str())
        .by_default("tags", || placement.tags.clone())
        .by_default("created", || object.created)
        .by_default("modified", || placement.modified)
        .by_default("createdBy", || created_by(&object.created_by_id, object.created_by_job.as_deref()))
        .on_request("properties", || Json::Object(placement.properties.clone()));
    match loaded.details.get(&object.key) {
        Some(details) => out.put_text("details", false, details),
        None => out.on_request("details", no_details),
    };
    if object.id.class() == Class::File {
        out.by_default("media", || object.media.as_deref().unwrap_or_default())
            .by_default("archivalState", || placement.archival.word());
    }
    // A file may know its size and still wait for what it links to.
    if object.state == ObjectState::Closed {
        if let Some(size) = object.size {
            out.by_default("size", || size);
        }
        if let Some(md5) = &object.md5 {
            out.on_request("md5", || md5.as_str());
        }
    }
    if shown.has_parts() {
        let parts = || parts(loaded.parts.get(&object.key).map_or(&[], Vec::as_slice));
        out.put("parts", object.state != ObjectState::Closed, parts);
    }
    if let Some(spec) = loaded.specs.get(&object.key) {
        for name in SPEC_FIELDS {
            match spec.get(*name) {
                Some(run) if *name == "runSpec" && shown.may_read(name) && fields.wants(name, true) => {
                    out.put_text(name, true, &run_spec(run, shown.region, loaded.code.as_deref())?);
                }
                Some(value) => {
                    out.put_text(name, true, value);
                }
                None => {}
            }
        }
    }
    Ok(out.out.finish())
}

/// A run specification, with what could differ from region to region also under the region that it lies in, and with the
/// program if it was read.
fn run_spec(run: &RawValue, region: &str, code: Option<&str>) -> Result<Box<RawValue>> {
    let text = |value: Result<Box<RawValue>, _>| value.map_err(Error::internal);
    let mut run: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(run.get()).map_err(Error::internal)?;
    for (key, regional) in
        [("bundledDepends", "bundledDependsByRegion"), ("systemRequirements", "systemRequirementsByRegion")]
    {
        let here = text(to_raw_value(&BTreeMap::from([(region, run.get(key))])))?;
        run.insert(regional.to_owned(), here);
    }
    if let Some(code) = code {
        run.insert("code".to_owned(), text(to_raw_value(code))?);
    }
    text(to_raw_value(&run))
}

fn created_by(user: &str, job: Option<&str>) -> Json {
    match job {
        None => json!({ "user": user }),
        Some(job) => json!({ "user": user, "job": job }),
    }
}

fn parts(parts: &[Part]) -> Json {
    let entry = |part: &Part| {
        let mut entry = Map::new();
        entry.insert("state".into(), part.state.word().into());
        entry.insert("size".into(), part.size.into());
        if let Some(md5) = &part.md5 {
            entry.insert("md5".into(), md5.as_str().into());
        }
        (part.index.to_string(), Json::Object(entry))
    };
    Json::Object(parts.iter().map(entry).collect())
}

/// A description that leaves out what the caller may not read.
struct Readable<'a> {
    out: Description<'a>,
    shown: &'a Shown<'a>,
}

impl Readable<'_> {
    fn by_default<V: Into<Json>>(&mut self, name: &str, value: impl FnOnce() -> V) -> &mut Self {
        self.put(name, true, value)
    }

    fn on_request<V: Into<Json>>(&mut self, name: &str, value: impl FnOnce() -> V) -> &mut Self {
        self.put(name, false, value)
    }

    fn put<V: Into<Json>>(&mut self, name: &str, in_default: bool, value: impl FnOnce() -> V) -> &mut Self {
        if self.shown.may_read(name) {
            self.out.put(name, in_default, value);
        }
        self
    }

    fn put_text(&mut self, name: &str, in_default: bool, value: &RawValue) -> &mut Self {
        if self.shown.may_read(name) {
            self.out.put_text(name, in_default, value);
        }
        self
    }
}
