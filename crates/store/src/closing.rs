//! From open to closed (contract: data 5).
//!
//! An object that is asked to close freezes at once: it is `closing`. It is `closed` as soon as nothing holds it back: its
//! own class has nothing left to do, and every hidden object that it links to, in the project where it lies, is closed
//! or could be closed together with it.

mod window;

use std::collections::HashSet;

use wire::id::{ContainerId, ObjectId};

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::keys::ObjectKey;
use crate::object::{self, ObjectState};
use crate::text;

use window::Window;

/// The most objects that one change closes one after the other.
const MOST_IN_TURN: usize = 1000;
/// The most objects that wait for one another and are closed together.
pub const MOST_TOGETHER: usize = 10_000;
/// How many statements one object is followed with, one for each link that leads further: what lies beyond is not known now.
const STEPS_OF_ONE: usize = 100;
/// How many statements one transaction follows links with, about.
const STEPS: usize = 500;

/// An object that was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The object.
    pub id: ObjectId,
    /// Where it lies.
    pub project: ContainerId,
}

/// What settling did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What was closed.
    pub sealed: Vec<Sealed>,
    /// Some wait for one another, and are more than [`MOST_TOGETHER`]: they cannot be closed.
    pub too_many: bool,
}

/// Freezes the permit's object, which is open.
pub fn begin(tx: &Tx, permit: &Permit<'_>, now: i64) -> Result<(), DbError> {
    object::set_state(tx, &[permit.object()?], ObjectState::Closing, now)
}

/// Closes each of these objects that nothing holds back, and whatever waited for those; of a long chain some hundred, and
/// the rest when [`ready`] finds it. One that leads through very many others waits for those to be closed, or for [`ready`].
///
/// This is a consequence of what was asked before and so needs no leave: it closes only what was asked to close. A
/// file must have its size by now, which tells that its bytes are whole.
pub fn settle(tx: &Tx, objects: &[ObjectKey], now: i64) -> Result<Settled, DbError> {
    settle_by(tx, Climb::default(), objects, now)
}

/// As [`settle`], for what [`ready`] found, in its order: with as much effort.
pub fn settle_ready(tx: &Tx, ready: &[ObjectKey], now: i64) -> Result<Settled, DbError> {
    settle_by(tx, Climb::thorough(), ready, now)
}

fn settle_by(tx: &Tx, mut climb: Climb, objects: &[ObjectKey], now: i64) -> Result<Settled, DbError> {
    let mut settled = Settled::default();
    // From the first on: what is looked at together with one are those that were made after it.
    let mut waiting: Vec<_> = objects.iter().rev().copied().collect();
    while let Some(candidate) = waiting.pop() {
        if settled.sealed.len() >= MOST_IN_TURN || climb.steps >= STEPS {
            break;
        }
        let Some(together) = climb.sealable(tx, candidate)? else { continue };
        if together.len() > MOST_TOGETHER {
            settled.too_many = true;
            continue;
        }
        object::set_state(tx, &together, ObjectState::Closed, now)?;
        climb.window = None;
        let sealed = ids_of(tx, &together)?;
        waiting.extend(waiting_for(tx, &sealed.iter().map(|sealed| sealed.id.clone()).collect::<Vec<_>>())?);
        settled.sealed.extend(sealed);
    }
    Ok(settled)
}

/// A part of the closing objects, and those of it that nothing holds back any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ready {
    /// What can be closed.
    pub objects: Vec<ObjectKey>,
    /// Where the next part begins; none at the end.
    pub next: Option<ObjectKey>,
    /// How many objects were looked at, and statements that followed their links.
    pub work: usize,
}

/// Looks at the next closing objects, `limit` of them or fewer. What holds an object back may end without a word to that
/// object: a hidden one that it links to is removed, or a chain, or ring, was too long for one transaction.
pub fn ready(tx: &Tx, after: Option<ObjectKey>, limit: u32) -> Result<Ready, DbError> {
    let rows = tx.query(
        "select key from object where state = 'closing' and key > $1 order by key limit $2",
        params![after.map_or(0, ObjectKey::number), limit],
    )?;
    let mut found = Ready::default();
    let mut climb = Climb::thorough();
    for row in &rows {
        let key = row.get(0)?;
        if climb.sealable(tx, key)?.is_some_and(|together| together.len() <= MOST_TOGETHER) {
            found.objects.push(key);
        }
        found.next = Some(key);
        found.work += 1;
        if climb.steps >= STEPS {
            break;
        }
    }
    if u32::try_from(found.work).is_ok_and(|looked_at| looked_at < limit) && climb.steps < STEPS {
        found.next = None;
    }
    found.work += climb.steps;
    Ok(found)
}

/// The closing objects that link to one of these. When a hidden object is shown or removed, they may be ready.
pub fn waiting_for(tx: &Tx, targets: &[ObjectId]) -> Result<Vec<ObjectKey>, DbError> {
    let mut found = HashSet::new();
    in_batches(targets, |batch| {
        let mut sql = Sql::new(
            "select distinct o.key from object_link l join object o on o.key = l.object and o.state = 'closing'
             where l.target in (",
        );
        sql.bind_list(batch.iter().map(ObjectId::as_str)).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(found.into_iter().collect())
}

/// Whether an object links to a hidden one, in the project where both lie, that is not closed.
pub fn links_to_unclosed(tx: &Tx, object: ObjectKey) -> Result<bool, DbError> {
    Ok(!Climb::default().held_by(tx, &[object])?.is_empty())
}

/// An object that is not closed yet, as far as closing goes.
struct Unsealed {
    key: ObjectKey,
    ready: bool,
}

/// Following links from closing objects to what holds them back, in one transaction.
#[derive(Default)]
struct Climb {
    /// The statements that it took.
    steps: usize,
    /// Objects that something holds back, which also hold back whatever leads to them.
    held: HashSet<ObjectKey>,
    /// Whether very many objects are looked at together for one that leads too far.
    thorough: bool,
    /// Those, as they were a moment ago.
    window: Option<Window>,
}

impl Climb {
    fn thorough() -> Self {
        Self { thorough: true, ..Self::default() }
    }

    /// What can be closed when `candidate` is: itself, and the closing hidden objects it leads to, which wait for nothing
    /// but each other. None when something holds it back, or when that cannot be told with little effort.
    fn sealable(&mut self, tx: &Tx, candidate: ObjectKey) -> Result<Option<Vec<ObjectKey>>, DbError> {
        if self.held.contains(&candidate) {
            return Ok(None);
        }
        let own = tx.query_opt(
            "select key, case when state = 'closing' and (class <> 'file' or size is not null) then 1 else 0 end
             from object where key = $1",
            params![candidate],
        )?;
        if !own.map(|row| unsealed(&row)).transpose()?.is_some_and(|own| own.ready) {
            return Ok(None);
        }
        if let Some(together) = self.window.as_ref().and_then(|window| window.together(candidate)) {
            return Ok(Some(together));
        }
        let most = self.steps + STEPS_OF_ONE;
        let mut together = vec![candidate];
        let mut known = HashSet::from([candidate]);
        let mut front = vec![candidate];
        while !front.is_empty() && together.len() <= MOST_TOGETHER {
            if self.steps >= most {
                return self.look_wide(tx, candidate);
            }
            let mut next = Vec::new();
            for held_by in self.held_by(tx, &front)? {
                if !held_by.ready || self.held.contains(&held_by.key) {
                    self.held.insert(candidate);
                    return Ok(None);
                }
                if known.insert(held_by.key) {
                    next.push(held_by.key);
                    together.push(held_by.key);
                }
            }
            front = next;
        }
        Ok(Some(together))
    }

    /// What can be closed when `candidate`, which leads too far to be followed, is; looked for once.
    fn look_wide(&mut self, tx: &Tx, candidate: ObjectKey) -> Result<Option<Vec<ObjectKey>>, DbError> {
        if !std::mem::take(&mut self.thorough) {
            return Ok(None);
        }
        self.steps += STEPS_OF_ONE;
        let Some(window) = Window::from(tx, candidate)? else { return Ok(None) };
        self.held.extend(window.held());
        Ok(self.window.insert(window).together(candidate))
    }

    /// The hidden objects that these link to, in the project where both lie, that are not closed.
    fn held_by(&mut self, tx: &Tx, objects: &[ObjectKey]) -> Result<Vec<Unsealed>, DbError> {
        const LIMIT: i64 = MOST_TOGETHER as i64 + 1;
        let mut found = Vec::new();
        in_batches(objects, |batch| {
            self.steps += 1;
            let mut sql = links_to_unclosed_of("select distinct o.key, ", batch);
            // One that is not ready decides, so those come first.
            sql.push(" order by 2 limit ").bind(LIMIT);
            for row in tx.query_sql(&sql)? {
                found.push(unsealed(&row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// A statement over the links of these objects to hidden ones `o`, in the project where both lie, that are not closed. Its
/// last column is whether `o` is ready to be closed.
fn links_to_unclosed_of(select: &'static str, objects: &[ObjectKey]) -> Sql {
    let mut sql = Sql::new(select);
    sql.push(
        "case when o.state = 'closing' and (o.class <> 'file' or o.size is not null) then 1 else 0 end
         from object_link l
         join object o on o.id = l.target and o.hidden = 1 and o.state <> 'closed'
         join placement mine on mine.object = l.object
         join placement theirs on theirs.object = o.key and theirs.project = mine.project
         where l.object in (",
    );
    sql.bind_list(objects.iter().copied()).push(")");
    sql
}

fn unsealed(row: &Row) -> Result<Unsealed, DbError> {
    Ok(Unsealed { key: row.get(0)?, ready: row.get(1)? })
}

fn ids_of(tx: &Tx, objects: &[ObjectKey]) -> Result<Vec<Sealed>, DbError> {
    let mut found = Vec::new();
    in_batches(objects, |batch| {
        let mut sql = Sql::new(
            "select o.id, j.id from object o join placement p on p.object = o.key join project j on j.key = p.project
             where o.key in (",
        );
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.push(Sealed {
                id: text::id(&row, 0, ObjectId::parse)?,
                project: text::id(&row, 1, ContainerId::parse)?,
            });
        }
        Ok(())
    })?;
    Ok(found)
}
