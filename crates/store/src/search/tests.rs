//! Which index SQLite takes for each way of reading, so that a search never looks at more than it counted.

use std::fmt::Write as _;

use policy::{ClassMask, Visibility};
use serde_json::json;
use wire::Class;
use wire::folder::FolderPath;
use wire::query::TimeRange;
use wire::time::Millis;

use super::*;
use crate::db::DbKind;
use crate::db::testing::TestDatabases;
use crate::keys::{AccountKey, FolderKey, PlacementKey};
use crate::schema::MIGRATIONS;

const EVERYTHING: Visibility = Visibility { listed: ClassMask::ALL, own_open: ClassMask::ALL };
const OWN_OPEN: Visibility = Visibility { listed: ClassMask::NONE, own_open: ClassMask::ALL };

fn places(visibility: Visibility, count: i64) -> Vec<Place> {
    (1..=count).rev().map(|key| Place { project: ProjectKey::from_number(key), visibility }).collect()
}

fn plan(tx: &Tx, title: &str, statement: Sql, out: &mut String) {
    writeln!(out, "{title}").unwrap();
    for step in crate::db::testing::plan(tx, statement).unwrap().lines() {
        writeln!(out, "    {step}").unwrap();
    }
}

fn query<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn searches() -> Vec<(&'static str, Filters)> {
    let none = || Filters { hidden: Some(false), ..Filters::none(AccountKey::from_number(1)) };
    let range = TimeRange { after: Some(Millis(1)), before: Some(Millis(2)) };
    vec![
        ("nothing asked", none()),
        ("visible and hidden", Filters { hidden: None, ..none() }),
        ("class", Filters { classes: Some(vec![Class::File]), ..none() }),
        ("two classes", Filters { classes: Some(vec![Class::File, Class::Record]), ..none() }),
        ("objects", Filters { objects: Some(vec![ObjectKey::from_number(1)]), ..none() }),
        ("name", Filters { name: Some(query(json!("a"))), ..none() }),
        ("name prefix", Filters { name: Some(query(json!({ "glob": "a*b" }))), ..none() }),
        ("regexp", Filters { name: Some(query(json!({ "regexp": "a" }))), ..none() }),
        ("tag", Filters { tags: vec![query(json!("a"))], ..none() }),
        ("type", Filters { types: Some(query(json!("a"))), ..none() }),
        ("property", Filters { properties: Some(query(json!({ "a": "b" }))), ..none() }),
        ("property present", Filters { properties: Some(query(json!({ "a": true }))), ..none() }),
        ("property absent", Filters { properties: Some(query(json!({ "a": false }))), ..none() }),
        ("link", Filters { link: Some(query(json!("file-012301230123012301230123"))), ..none() }),
        ("folder", Filters { folder: Some(InFolder::Directly(FolderKey::from_number(1))), ..none() }),
        (
            "subtree",
            Filters {
                folder: Some(InFolder::Below(ProjectKey::from_number(1), FolderPath::parse("/a").unwrap())),
                ..none()
            },
        ),
        ("modified", Filters { modified: range, ..none() }),
        ("created", Filters { created: range, ..none() }),
    ]
}

#[tokio::test]
async fn every_reading_has_its_index() {
    let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
    database.db.migrate(MIGRATIONS).await.unwrap();
    let plans = database
        .db
        .read(|tx| {
            let mut out = String::new();
            for (title, filters) in searches() {
                for (count, from) in [(3, false), (1, true)] {
                    let places = places(EVERYTHING, count);
                    let position =
                        Position { project: places[0].project, at: 5, key: PlacementKey::from_number(5) };
                    let from = from.then_some(position);
                    let area = Area { filters: &filters, order: Order::Modified, places: &places, from };
                    let title = format!(
                        "{title}, {} ",
                        if from.is_some() { "behind a position" } else { "3 projects" }
                    );
                    describe(tx, &title, &area, &mut out);
                }
            }
            let filters = Filters::none(AccountKey::from_number(1));
            for order in [Order::NewestCreated, Order::OldestCreated] {
                let places = places(EVERYTHING, 3);
                let area = Area { filters: &filters, order, places: &places, from: None };
                describe(tx, &format!("{order:?} "), &area, &mut out);
            }
            let places = places(OWN_OPEN, 3);
            let area = Area { filters: &filters, order: Order::Modified, places: &places, from: None };
            describe(tx, "own open ", &area, &mut out);
            let root = FolderPath::root();
            plan(tx, "resolve", resolve::statement(&filters, &places, &root, &["a", "b"], 9), &mut out);
            Ok::<_, DbError>(out)
        })
        .await
        .unwrap();
    assert!(!plans.contains("SCAN placement") && !plans.contains("SCAN object"), "{plans}");
    insta::assert_snapshot!(plans);
}

fn describe(tx: &Tx, title: &str, area: &Area<'_>, out: &mut String) {
    let drivers = Driver::all(area);
    if drivers.is_empty() || area.from.is_none() {
        let window = Window { area, length: 100 };
        plan(tx, &format!("{title}(window)"), window.matches(10), out);
        plan(tx, &format!("{title}(end of window)"), window.end(), out);
    }
    for driver in drivers {
        plan(tx, &format!("{title}({driver:?})"), area.driven(&driver, 10), out);
    }
}
