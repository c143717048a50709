//! Objects put straight into the store, with everything a test may want to say about them: files without an upload,
//! links, labels.

use std::sync::Arc;

use app::{Ctx, RequestInfo};
use policy::{Action, Labels};
use serde_json::{Map, json};
use store::db::{DbError, params};
use store::object::{NewObject, ObjectState};
use store::placement::NewPlacement;
use store::{folder, object, placement};
use wire::folder::FolderPath;
use wire::id::{ContainerId, ObjectId};
use wire::{Class, MethodName};

use crate::wait;
use crate::world::{Client, World};

/// An object to be, by default a closed and visible record in the root.
#[derive(Debug, Clone)]
pub struct Thing {
    class: Class,
    name: String,
    folder: String,
    hidden: bool,
    open: bool,
    links: Vec<String>,
    labels: Labels,
    tags: Vec<String>,
    size: i64,
}

/// A record of that name.
pub fn record(name: &str) -> Thing {
    Thing {
        class: Class::Record,
        name: name.to_owned(),
        folder: "/".to_owned(),
        hidden: false,
        open: false,
        links: Vec::new(),
        labels: Labels::default(),
        tags: Vec::new(),
        size: 0,
    }
}

/// A file of that name and size, without bytes.
pub fn file(name: &str, size: i64) -> Thing {
    Thing { class: Class::File, size, ..record(name) }
}

impl Thing {
    /// In a folder, which is made.
    pub fn in_folder(self, folder: &str) -> Self {
        Self { folder: folder.to_owned(), ..self }
    }

    /// Of another class.
    pub fn of(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// Left out of lists.
    pub fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// Still open.
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// With a link to each of these.
    pub fn linking(self, to: &[&String]) -> Self {
        Self { links: to.iter().map(|id| (*id).clone()).collect(), ..self }
    }

    /// With restrictions from elsewhere.
    pub fn labelled(self, labels: Labels) -> Self {
        Self { labels, ..self }
    }

    /// With a tag and a property of this text.
    pub fn tagged(self, text: &str) -> Self {
        Self { tags: vec![text.to_owned()], ..self }
    }
}

impl World {
    /// Puts an object into a project, as a client that may.
    pub async fn put(&self, client: &Client, project: &str, thing: Thing) -> String {
        self.put_all(client, project, vec![thing]).await.remove(0)
    }

    /// Puts objects into a project at once, as a client that may.
    pub async fn put_all(&self, client: &Client, project: &str, things: Vec<Thing>) -> Vec<String> {
        let app = Arc::clone(self.app());
        let caller = app.authenticate(client.token.as_ref().unwrap(), self.now()).await.unwrap();
        let request = RequestInfo { id: Arc::from("test"), origin: None, now: self.now(), headers: None };
        let made: Vec<(ObjectId, Thing)> = things
            .into_iter()
            .map(|thing| (ObjectId::from_id(app.mint(thing.class)).unwrap(), thing))
            .collect();
        let texts = made.iter().map(|(id, _)| id.to_string()).collect();
        let project = ContainerId::parse(project).unwrap();
        Ctx::new(Arc::clone(&app), Some(caller), request, MethodName::ContainerNewFolder)
            .change(move |work| {
                let (_, access) = work.project(&project)?;
                let permit = work.permit(&access, Action::CreateData { bytes: false })?;
                let by = work.caller()?.account;
                for (id, thing) in &made {
                    let new = NewObject {
                        id,
                        state: if thing.open { ObjectState::Open } else { ObjectState::Closed },
                        hidden: thing.hidden,
                        types: &[],
                        details: &json!({}),
                        links: &thing.links,
                        created_by: by,
                        media: None,
                        executable: None,
                    };
                    let object = object::insert(work.tx, &permit, &new, work.now())?;
                    let path = FolderPath::parse(&thing.folder).unwrap();
                    let properties =
                        thing.tags.iter().map(|tag| (tag.clone(), json!(tag))).collect::<Map<_, _>>();
                    let placed = NewPlacement {
                        object,
                        folder: folder::find_or_insert(work.tx, &permit, &path)?.0,
                        name: &thing.name,
                        labels: thing.labels,
                        tags: &thing.tags,
                        properties: &properties,
                        placed_by: by,
                    };
                    placement::insert(work.tx, &permit, &placed, work.now())?;
                    work.tx.execute(
                        "update object set size = $2 where id = $1",
                        params![id.as_str(), thing.size],
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
        texts
    }

    /// Waits until the background has nothing to do now; a task that failed is waited for until it went through.
    pub async fn settled(&self) {
        let mut told = None;
        wait::until("the background is at rest", async || {
            let now = self.now();
            let (busy, failure): (i64, Option<String>) = self
                .app()
                .db
                .read(move |tx| {
                    let row = tx.query_one(
                        "select count(*), max(kind || ': ' || failure) from background_task
                         where state = 'running' or due <= $1 or failure is not null",
                        params![now],
                    )?;
                    Ok((row.get(0)?, row.get(1)?))
                })
                .await
                .unwrap_or_else(|error: DbError| panic!("{error}"));
            // Whatever the test meets then, this is where to look.
            if failure.is_some() && failure != told {
                eprintln!("a background task failed, {failure:?}");
                told = failure;
            }
            busy == 0
        })
        .await;
    }

    /// How many rows a table has.
    pub async fn rows(&self, count: &'static str) -> i64 {
        self.app()
            .db
            .read(move |tx| tx.query_one(count, params![])?.get(0))
            .await
            .unwrap_or_else(|error: DbError| panic!("{error}"))
    }
}

impl Client {
    /// The ids of the objects directly in a folder, in the order of their names; hidden ones too.
    pub async fn ids_in(&self, project: &str, folder: &str) -> Vec<String> {
        let input = json!({ "folder": folder, "includeHidden": true, "only": "objects" });
        let listed = self.ok(&format!("/{project}/listFolder"), input).await;
        listed["objects"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap().to_owned()).collect()
    }
}
