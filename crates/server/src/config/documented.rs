//! `docs/configuration.md` holds every setting, under its name, with its variable and its default.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::Config;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md"));

/// Tables with settings that nobody can do without: absent unless the operator needs them.
const OPTIONAL: [&str; 4] = ["tls", "files.s3", "mail.smtp", "oidc"];

/// A setting as the page describes it.
struct Documented {
    variable: Option<&'static str>,
    /// None when the setting is absent or required.
    default: Option<Value>,
    required: bool,
}

fn documented() -> BTreeMap<&'static str, Documented> {
    let quoted = |cell: &'static str| cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut settings = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [key, variable, default, _] = cells[..] else { panic!("a row has not four cells: {row}") };
        let default_value =
            quoted(default).map(|text| format!("x = {text}").parse::<Table>().unwrap()["x"].clone());
        assert!(default_value.is_some() || ["none", "required"].contains(&default), "{row}");
        assert!(quoted(variable).is_some() || variable == "file only", "{row}");
        let required = default == "required";
        let setting = Documented { variable: quoted(variable), default: default_value, required };
        assert!(settings.insert(key.trim_end_matches('`'), setting).is_none(), "{key} is there twice");
    }
    settings
}

/// A configuration with one setting.
fn with(key: &str, value: Value) -> Table {
    let mut table = Table::new();
    set(&mut table, key, value);
    table
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some(("oidc", rest)) => {
            let list = table.entry("oidc").or_insert_with(|| Value::Array(vec![Value::Table(Table::new())]));
            set(list.as_array_mut().unwrap()[0].as_table_mut().unwrap(), rest, value);
        }
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            set(inner.as_table_mut().unwrap(), rest, value);
        }
    }
}

/// The settings that the server reads below a key, as it names them itself when it meets one that it does not know; none
/// when the key is a setting and not a table.
fn read_below(key: &str) -> Option<Vec<String>> {
    let unknown = if key.is_empty() { "no_such".to_owned() } else { format!("{key}.no_such") };
    let error = format!("{:#}", Config::from_table(with(&unknown, Value::Boolean(true))).unwrap_err());
    let (_, names) = error.split_once("unknown field `no_such`, expected ")?;
    let names = names.lines().next()?.split('`').skip(1).step_by(2);
    Some(names.map(|name| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }).collect())
}

fn read() -> BTreeSet<String> {
    let mut open = read_below("").unwrap();
    let mut settings = BTreeSet::new();
    while let Some(key) = open.pop() {
        match read_below(&key) {
            Some(below) => open.extend(below),
            None => drop(settings.insert(key)),
        }
    }
    settings
}

#[test]
fn every_setting_is_described_and_no_other() {
    let described: BTreeSet<String> = documented().into_keys().map(ToOwned::to_owned).collect();
    let read = read();
    assert!(
        read.contains("limits.body_bytes")
            && read.contains("files.s3.bucket")
            && read.contains("oidc.issuer")
    );
    assert_eq!(described, read);
}

#[test]
fn the_defaults_are_those_of_the_server() {
    let optional = |key: &str| OPTIONAL.iter().find(|table| key.starts_with(&format!("{table}.")));
    let mut plain = Table::new();
    for (key, setting) in documented() {
        match (optional(key), setting.default) {
            (None, Some(default)) => set(&mut plain, key, default),
            (None, None) => assert!(!setting.required, "{key} cannot be required"),
            (Some(_), _) => {}
        }
    }
    assert_eq!(Config::from_table(plain).unwrap(), Config::default());
    for table in OPTIONAL {
        let (mut least, mut full) = (Table::new(), Table::new());
        let of_table = || documented().into_iter().filter(|(key, _)| optional(key) == Some(&table));
        for (key, setting) in of_table() {
            if setting.required {
                set(&mut least, key, Value::String("x".into()));
            }
        }
        full.clone_from(&least);
        for (key, setting) in of_table() {
            if let Some(default) = setting.default {
                set(&mut full, key, default);
            }
        }
        assert_eq!(Config::from_table(full).unwrap(), Config::from_table(least.clone()).unwrap(), "{table}");
        for (key, _) in of_table().filter(|(_, setting)| setting.required) {
            let mut without = Table::new();
            for (other, setting) in of_table() {
                if setting.required && other != key {
                    set(&mut without, other, Value::String("x".into()));
                }
            }
            if !without.is_empty() {
                Config::from_table(without).expect_err(&format!("{key} is not required"));
            }
        }
    }
}

#[test]
fn the_variables_set_what_they_are_said_to_set() {
    for (key, setting) in documented() {
        let named = format!("OPERON_{}", key.to_ascii_uppercase().replace('.', "__"));
        let load = |value: &str| Config::load(None, None, [(named.clone(), value.to_owned())]);
        match setting.variable {
            Some(variable) => assert_eq!(variable, named),
            None => drop(load("x").expect_err(&format!("{key} can be set by a variable"))),
        }
        if let (Some(_), Some(default)) = (setting.variable, &setting.default)
            && !OPTIONAL.iter().any(|table| key.starts_with(table))
        {
            let text = default.as_str().map_or_else(|| default.to_string(), ToOwned::to_owned);
            assert_eq!(load(&text).unwrap(), Config::default(), "{key}");
        }
    }
}
