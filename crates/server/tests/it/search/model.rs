//! Objects put straight into the store, so that tests do not depend on how they are made.

use serde_json::{Map, Value, json};
use store::access::Operator;
use store::db::DbError;
use store::object::{NewObject, ObjectState};
use store::placement::NewPlacement;
use wire::Class;
use wire::folder::FolderPath;
use wire::id::{ContainerId, ObjectId, UserId};

use crate::world::World;

/// An object to put.
#[derive(Debug, Clone)]
pub struct Put<'a> {
    pub maker: &'a str,
    pub class: &'a str,
    pub name: &'a str,
    pub folder: &'a str,
    /// When the copy last changed; the object was made one ms earlier.
    pub at: i64,
    pub closed: bool,
    pub hidden: bool,
    pub types: &'a [&'a str],
    pub tags: &'a [&'a str],
    pub properties: &'a [(&'a str, &'a str)],
    pub links: &'a [&'a str],
}

impl<'a> Put<'a> {
    pub fn by(maker: &'a str) -> Self {
        Self {
            maker,
            class: "record",
            name: "object",
            folder: "/",
            at: 0,
            closed: false,
            hidden: false,
            types: &[],
            tags: &[],
            properties: &[],
            links: &[],
        }
    }
}

/// Makes an object and answers its id.
pub async fn put(world: &World, project: &str, object: Put<'_>) -> String {
    let class = Class::parse(object.class).unwrap();
    let id = ObjectId::from_id(world.app().mint(class)).unwrap();
    let made = id.to_string();
    let project = ContainerId::parse(project).unwrap();
    let maker = UserId::from_handle(object.maker).unwrap();
    let folder = FolderPath::parse(object.folder).unwrap();
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (name, at) = (object.name.to_owned(), object.at);
    let (types, tags, links) = (owned(object.types), owned(object.tags), owned(object.links));
    let properties: Map<String, Value> =
        object.properties.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let state = if object.closed { ObjectState::Closed } else { ObjectState::Open };
    let hidden = object.hidden;
    world
        .app()
        .db
        .write(move |tx| {
            let project = store::project::by_id(tx, &project)?.unwrap().key;
            #[expect(clippy::disallowed_methods, reason = "a test makes objects of any maker and time")]
            let permit = Operator::new(tx).project(project);
            let maker = store::account::by_id(tx, &maker)?.unwrap().key;
            let (folder, _) = store::folder::find_or_insert(tx, &permit, &folder)?;
            let object = NewObject {
                id: &id,
                state,
                hidden,
                types: &types,
                details: &json!({}),
                links: &links,
                created_by: maker,
                media: None,
                executable: None,
            };
            let object = store::object::insert(tx, &permit, &object, at - 1)?;
            let copy = NewPlacement {
                object,
                folder,
                name: &name,
                labels: Default::default(),
                tags: &tags,
                properties: &properties,
                placed_by: maker,
            };
            store::placement::insert(tx, &permit, &copy, at)?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
    made
}
