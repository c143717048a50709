//! A server's data of a given size, written through the store in process, and the same known beforehand.
//!
//! What every object is follows from its number, so that the right answer of a search can be worked out without asking
//! anybody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use policy::{Labels, Preset};
use serde_json::{Map, Value, json};
use store::access::Operator;
use store::account::{self, Account};
use store::db::{Db, DbConfig, DbError, Tx};
use store::grant::Principal;
use store::keys::{FolderKey, ProjectKey};
use store::project::{Flags, NewProject};
use store::{folder, grant, object, placement, project};
use wire::Class;
use wire::folder::FolderPath;
use wire::id::{ContainerId, Id, ObjectId, UserId};

/// The people and their tokens: ada administers every project, bob sees ten, carol has one of her own.
const PEOPLE: [&str; 3] = ["ada", "bob", "carol"];
/// Projects that bob sees.
pub(crate) const BOBS: u64 = 10;
/// When the first object was made, in ms; the others follow second by second.
const BEGIN: i64 = 1_600_000_000_000;
/// Objects written in one transaction.
const AT_ONCE: u64 = 2_000;
/// Marks a folder that was filled to the end; changes whenever what is filled changes, or the tables.
const DONE: &str = "filled-2";

/// What was to be there is not.
const ABSENT: DbError = DbError::RowCount { found: 0, wanted: "one" };

/// A data directory of a given size.
pub(crate) struct World {
    /// How many objects it holds.
    pub(crate) size: u64,
    /// Where it lies.
    pub(crate) data: PathBuf,
}

/// The token of a person.
pub(crate) fn token(person: &str) -> String {
    format!("bench-token-of-{person}")
}

impl World {
    /// A data directory with this many objects; filled now unless it was before.
    pub(crate) fn filled(operon: &Path, folder: &Path, size: u64) -> anyhow::Result<Self> {
        let place = folder.join(format!("{size}-objects"));
        let world = Self { size, data: place.join("data") };
        if place.join(DONE).exists() {
            return Ok(world);
        }
        if place.exists() {
            fs::remove_dir_all(&place).with_context(|| format!("cannot clear {}", place.display()))?;
        }
        fs::create_dir_all(&place)?;
        make_people(operon, &place, &world.data)?;
        let runtime = tokio::runtime::Runtime::new()?;
        let begin = Instant::now();
        runtime.block_on(world.fill())?;
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!("   filled {size} objects in {seconds:.0} s ({:.0}/s)", size as f64 / seconds);
        fs::write(place.join(DONE), "")?;
        Ok(world)
    }

    /// How many projects there are, carol's apart.
    pub(crate) fn projects(&self) -> u64 {
        (self.size / 1000).max(20)
    }

    /// The project that an object lies in. Project 0 holds every second one.
    pub(crate) fn project_of(&self, object: u64) -> u64 {
        if object.is_multiple_of(2) { 0 } else { 1 + (object / 2) % (self.projects() - 1) }
    }

    async fn fill(&self) -> anyhow::Result<()> {
        let path = self.data.join("operon.sqlite");
        let db = Db::open(DbConfig::Sqlite { path, vfs: None }).await?;
        let (world, projects) = (Self { size: self.size, data: PathBuf::new() }, self.projects());
        let keys = db
            .write(move |tx| {
                (0..projects)
                    .map(|number| world.make_project(tx, number))
                    .collect::<Result<Vec<_>, DbError>>()
            })
            .await?;
        for begin in (0..self.size).step_by(AT_ONCE as usize) {
            let (world, keys) = (Self { size: self.size, data: PathBuf::new() }, keys.clone());
            let end = (begin + AT_ONCE).min(self.size);
            db.write(move |tx| {
                let ada = person(tx, "ada")?;
                let mut folders = Folders::default();
                (begin..end).try_for_each(|number| world.make_object(tx, number, &keys, &ada, &mut folders))
            })
            .await?;
        }
        db.checkpoint().await?;
        db.close().await;
        Ok(())
    }

    fn make_project(&self, tx: &Tx, number: u64) -> Result<ProjectKey, DbError> {
        let operator = Operator::new(tx);
        let (ada, bob) = (person(tx, "ada")?, person(tx, "bob")?);
        let (id, name) = (project_id(number), project_name(number));
        let key = project::insert(
            tx,
            &operator.system(),
            &NewProject {
                id: &id,
                name: &name,
                summary: "",
                description: "",
                region: "local",
                bill_to: ada.id.as_str(),
                flags: Flags::default(),
                database_results_restricted: None,
                tags: &[project_tag(number)],
                properties: &Map::new(),
                created_by: ada.id.as_str(),
            },
            BEGIN + i64::try_from(number).unwrap_or_default(),
        )?;
        let permit = operator.project(key);
        let now = BEGIN;
        let administrator = Principal::User(ada.key, ada.id.clone());
        grant::put(tx, &permit, &administrator, Preset::Administer, ada.id.as_str(), now)?;
        if (1..=BOBS).contains(&number) {
            let viewer = Principal::User(bob.key, bob.id.clone());
            grant::put(tx, &permit, &viewer, Preset::View, ada.id.as_str(), now)?;
        }
        Ok(key)
    }

    fn make_object(
        &self,
        tx: &Tx,
        number: u64,
        keys: &[ProjectKey],
        ada: &Account,
        folders: &mut Folders,
    ) -> Result<(), DbError> {
        let project = self.project_of(number);
        let permit = Operator::new(tx).project(keys[project as usize]);
        let folder = folders.find(tx, &permit, project, &folder_of(project, number))?;
        let id = object_id(number);
        let made = made(number);
        let key = object::insert(
            tx,
            &permit,
            &object::NewObject {
                id: &id,
                state: object::ObjectState::Closed,
                hidden: false,
                types: &[type_of(number)],
                details: &json!({}),
                links: &[],
                created_by: ada.key,
                media: None,
                executable: None,
            },
            made,
        )?;
        let mut properties = Map::new();
        properties.insert("donor".to_owned(), Value::from(donor_of(number)));
        let copy = placement::NewPlacement {
            object: key,
            folder,
            name: &name_of(number),
            labels: Labels::default(),
            tags: &tags_of(number),
            properties: &properties,
            placed_by: ada.key,
        };
        placement::insert(tx, &permit, &copy, made)?;
        Ok(())
    }
}

/// The last folder that was used, since neighbours share it.
#[derive(Default)]
struct Folders(Vec<((u64, String), FolderKey)>);

impl Folders {
    fn find(
        &mut self,
        tx: &Tx,
        permit: &store::access::Permit<'_>,
        project: u64,
        path: &str,
    ) -> Result<FolderKey, DbError> {
        let wanted = (project, path.to_owned());
        if let Some((_, key)) = self.0.iter().find(|(known, _)| *known == wanted) {
            return Ok(*key);
        }
        let parsed = FolderPath::parse(path).map_err(|_| ABSENT)?;
        let (key, _) = folder::find_or_insert(tx, permit, &parsed)?;
        if self.0.len() > 64 {
            self.0.clear();
        }
        self.0.push((wanted, key));
        Ok(key)
    }
}

/// When an object was made and last changed, in ms.
fn made(number: u64) -> i64 {
    BEGIN + 1000 * i64::try_from(number).unwrap_or_default()
}

pub(crate) fn name_of(number: u64) -> String {
    format!("sample-{number:07}.bam")
}

/// A thousand neighbours share a batch; every fourth object is marked.
pub(crate) fn tags_of(number: u64) -> Vec<String> {
    let mut tags = vec![format!("batch-{}", number / 1000)];
    if number.is_multiple_of(4) {
        tags.push("marked".to_owned());
    }
    tags
}

pub(crate) fn donor_of(number: u64) -> String {
    format!("donor-{}", number / 500)
}

pub(crate) fn type_of(number: u64) -> String {
    format!("Run{}", number / 1000)
}

/// A hundred objects of project 0 lie in each of its folders; other projects have none.
pub(crate) fn folder_of(project: u64, number: u64) -> String {
    if project == 0 { format!("/run-{}", number / 200) } else { "/".to_owned() }
}

pub(crate) fn project_name(number: u64) -> String {
    format!("study {number:05}")
}

pub(crate) fn project_tag(number: u64) -> String {
    format!("group-{}", number / 20)
}

pub(crate) fn object_id(number: u64) -> ObjectId {
    id(Class::Record, number, ObjectId::from_id)
}

pub(crate) fn project_id(number: u64) -> ContainerId {
    id(Class::Project, number, ContainerId::from_id)
}

/// An id that follows from a number and still looks like any other.
fn id<T>(class: Class, number: u64, of: fn(Id) -> Option<T>) -> T {
    let mut bytes = [0; 15];
    let mut state = number.wrapping_mul(2).wrapping_add(u64::from(class == Class::Project));
    for eight in bytes.chunks_mut(8) {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        eight.copy_from_slice(&mixed.to_be_bytes()[..eight.len()]);
    }
    #[expect(clippy::expect_used, reason = "a minted id is of the class that it was minted for")]
    of(Id::mint(class, bytes)).expect("an id of its class")
}

fn person(tx: &Tx, handle: &str) -> Result<Account, DbError> {
    let id = UserId::from_handle(handle).ok_or(ABSENT)?;
    account::by_id(tx, &id)?.ok_or(ABSENT)
}

/// Makes the people, with the program's own command.
fn make_people(operon: &Path, place: &Path, data: &Path) -> anyhow::Result<()> {
    let mut fixture = String::new();
    for person in PEOPLE {
        fixture.push_str(&format!(
            "[[user]]\nhandle = \"{person}\"\n\n[[token]]\nname = \"{person}\"\nuser = \"{person}\"\ntext = \"{}\"\n\n",
            token(person)
        ));
    }
    let file = place.join("people.toml");
    fs::write(&file, fixture)?;
    let status =
        Command::new(operon).args(["fixture", "load"]).arg(&file).arg("--data-dir").arg(data).status()?;
    if !status.success() {
        bail!("the people could not be made");
    }
    Ok(())
}
