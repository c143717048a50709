//! One change that a worker asks for: the call, and what it does to the model.

use serde_json::{Value, json};

use crate::model::{Copy, Holdings, Object, Project, within};

/// A change.
#[derive(Debug, Clone)]
pub enum Step {
    NewProject { name: String },
    TagProject { project: String, tag: String },
    Invite { project: String, who: String, level: &'static str },
    Revoke { project: String, who: String },
    Destroy { project: String },
    NewFolder { project: String, folder: String },
    RemoveFolder { project: String, folder: String },
    NewRecord { project: String, folder: String, name: String, details: u64, closed: bool },
    SetDetails { record: String, details: u64 },
    Close { object: String },
    Tag { project: String, object: String, tag: String },
    Move { project: String, object: String, folder: String },
    Clone { from: String, into: String, object: String },
    Remove { project: String, object: String },
    NewFile { project: String, folder: String, name: String },
    SendPart { file: String, part: u64, md5: String, seed: u64, size: usize },
    NewToken { label: String },
    EndToken { token: String },
}

impl Step {
    /// Path and input of the call; of two, those of the first.
    pub fn call(&self) -> (String, Value) {
        let (subject, verb, input) = match self {
            Self::NewProject { name } => ("project", "new", json!({ "name": name })),
            Self::TagProject { project, tag } => (project.as_str(), "addTags", json!({ "tags": [tag] })),
            Self::Invite { project, who, level } => {
                (project.as_str(), "invite", json!({ "invitee": who, "level": level }))
            }
            Self::Revoke { project, who } => (project.as_str(), "decreasePermissions", json!({ who: null })),
            Self::Destroy { project } => (project.as_str(), "destroy", json!({})),
            Self::NewFolder { project, folder } => {
                (project.as_str(), "newFolder", json!({ "folder": folder }))
            }
            Self::RemoveFolder { project, folder } => {
                (project.as_str(), "removeFolder", json!({ "folder": folder, "recurse": true }))
            }
            Self::NewRecord { project, folder, name, details, closed } => (
                "record",
                "new",
                json!({
                    "project": project, "folder": folder, "name": name, "details": { "number": details },
                    "close": closed, "nonce": name,
                }),
            ),
            Self::SetDetails { record, details } => {
                (record.as_str(), "setDetails", json!({ "number": details }))
            }
            Self::Close { object } => (object.as_str(), "close", json!({})),
            Self::Tag { project, object, tag } => {
                (object.as_str(), "addTags", json!({ "project": project, "tags": [tag] }))
            }
            Self::Move { project, object, folder } => {
                (project.as_str(), "move", json!({ "objects": [object], "destination": folder }))
            }
            Self::Clone { from, into, object } => {
                (from.as_str(), "clone", json!({ "objects": [object], "project": into }))
            }
            Self::Remove { project, object } => {
                (project.as_str(), "removeObjects", json!({ "objects": [object] }))
            }
            Self::NewFile { project, folder, name } => {
                ("file", "new", json!({ "project": project, "folder": folder, "name": name, "nonce": name }))
            }
            Self::SendPart { file, part, md5, size, .. } => {
                (file.as_str(), "upload", json!({ "index": part, "size": size, "md5": md5 }))
            }
            Self::NewToken { label } => {
                ("system", "newAuthToken", json!({ "label": label, "scope": { "full": true } }))
            }
            Self::EndToken { token } => ("system", "destroyAuthToken", json!({ "tokenSignature": token })),
        };
        (format!("/{subject}/{verb}"), input)
    }

    /// Where the answer says the id of what was made.
    pub fn made(&self, answer: &Value) -> String {
        let field = match self {
            Self::NewToken { .. } => "token_signature",
            _ => "id",
        };
        answer[field].as_str().unwrap_or_default().to_owned()
    }

    /// Whether it makes something with an id that only the answer tells.
    pub fn creates(&self) -> bool {
        self.repeats() || matches!(self, Self::NewProject { .. } | Self::NewToken { .. })
    }

    /// Whether the same call again gets the answer of the first (F025).
    pub fn repeats(&self) -> bool {
        matches!(self, Self::NewRecord { .. } | Self::NewFile { .. })
    }

    /// Does it to the model. `made` is the id of what it makes.
    pub fn apply(&self, held: &mut Holdings, made: &str, me: &str) {
        match self {
            Self::NewProject { name } => {
                let new = Project {
                    name: name.clone(),
                    members: [(me.to_owned(), "ADMINISTER".to_owned())].into(),
                    folders: ["/".to_owned()].into(),
                    ..Project::default()
                };
                held.projects.insert(made.to_owned(), new);
            }
            Self::TagProject { project, tag } => {
                at(held, project).tags.insert(tag.clone());
            }
            Self::Invite { project, who, level } => {
                at(held, project).members.insert(who.clone(), (*level).to_owned());
            }
            Self::Revoke { project, who } => {
                at(held, project).members.remove(who);
            }
            Self::Destroy { project } => {
                held.projects.remove(project);
                held.drop_without_copies();
            }
            Self::NewFolder { project, folder } => {
                at(held, project).folders.insert(folder.clone());
            }
            Self::RemoveFolder { project, folder } => {
                let project = at(held, project);
                project.folders.retain(|other| !within(other, folder));
                project.copies.retain(|_, copy| !within(&copy.folder, folder));
                held.drop_without_copies();
            }
            Self::NewRecord { project, folder, name, details, closed } => {
                let state = if *closed { "closed" } else { "open" };
                let object = Object { state: state.to_owned(), details: *details, ..Object::default() };
                place(held, project, made, object, folder, name);
            }
            Self::NewFile { project, folder, name } => {
                let object = Object { state: "open".to_owned(), ..Object::default() };
                place(held, project, made, object, folder, name);
            }
            Self::SetDetails { record, details } => {
                held.objects.get_mut(record).unwrap().details = *details;
            }
            Self::Close { object } => {
                // A file of several parts has to be read once.
                held.objects.get_mut(object).unwrap().state = "closing".to_owned();
            }
            Self::Tag { project, object, tag } => {
                at(held, project).copies.get_mut(object).unwrap().tags.insert(tag.clone());
            }
            Self::Move { project, object, folder } => {
                at(held, project).copies.get_mut(object).unwrap().folder.clone_from(folder);
            }
            Self::Clone { from, into, object } => {
                let copy = at(held, from).copies[object].clone();
                let copy = Copy { folder: "/".to_owned(), ..copy };
                at(held, into).copies.insert(object.clone(), copy);
            }
            Self::Remove { project, object } => {
                at(held, project).copies.remove(object);
                held.drop_without_copies();
            }
            Self::SendPart { file, part, md5, .. } => {
                held.objects.get_mut(file).unwrap().parts.insert(*part, md5.clone());
            }
            Self::NewToken { label } => {
                held.tokens.insert(made.to_owned(), label.clone());
            }
            Self::EndToken { token } => {
                held.tokens.remove(token);
            }
        }
    }
}

fn at<'h>(held: &'h mut Holdings, project: &str) -> &'h mut Project {
    held.projects.get_mut(project).unwrap()
}

fn place(held: &mut Holdings, project: &str, made: &str, object: Object, folder: &str, name: &str) {
    held.objects.insert(made.to_owned(), object);
    let copy = Copy { name: name.to_owned(), folder: folder.to_owned(), ..Copy::default() };
    at(held, project).copies.insert(made.to_owned(), copy);
}
