//! Reading settings: each source is laid over those before it, and it is kept in mind where every setting came from, so that an
//! error says where to look.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::{Config, DATA_DIR_FILE};

/// What the names of our variables begin with.
const PREFIX: &str = "OPERON_";

impl Config {
    /// Reads the settings of the data directory and the file, if one is named, lays the variables over them, and checks what
    /// comes out. `data_dir` is the data directory, if the command line names one.
    ///
    /// `OPERON_LIMITS__BODY_BYTES=65536` sets `limits.body_bytes`: two underscores go one table down.
    ///
    /// # Errors
    /// When a file cannot be read, or something in it or in a variable is unknown, of the wrong type, or makes no server. The
    /// sentence names the setting, and the file and line or the variable that set it.
    pub fn load(
        data_dir: Option<&Path>,
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut over = Layers::default();
        if let Some(path) = file {
            over.lay_file(path)?;
        }
        for (name, value) in variables {
            over.lay_variable(&name, &value)?;
        }
        let data_dir = match (data_dir, over.settings.get("data_dir").and_then(Value::as_str)) {
            (Some(data_dir), _) => data_dir.to_owned(),
            (None, Some(set)) => PathBuf::from(set),
            (None, None) => Self::default().data_dir,
        };
        let own = data_dir.join(DATA_DIR_FILE);
        let mut layers = Layers::default();
        if own.exists() {
            layers.lay_file(&own)?;
        }
        if layers.settings.contains_key("data_dir") {
            return Err(layers.fault("data_dir", "the file lies in that directory and cannot name it"));
        }
        layers.lay(over);
        let config = Self { data_dir, ..layers.read()? };
        config.check().map_err(|fault| layers.fault(&fault.key, &fault.why))?;
        Ok(config)
    }
}

/// The variables of this process that are texts.
///
/// # Errors
/// When one of ours is not.
pub fn variables() -> anyhow::Result<Vec<(String, String)>> {
    let text = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        match value.into_string() {
            Ok(value) => Some(Ok((name, value))),
            Err(_) if name.starts_with(PREFIX) => {
                Some(Err(anyhow!("the variable {name} holds no UTF-8 text")))
            }
            Err(_) => None,
        }
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Where a setting was set.
#[derive(Debug, Clone)]
enum Source {
    Line(PathBuf, usize),
    Variable(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line) => write!(f, "{}, line {line}", file.display()),
            Self::Variable(name) => write!(f, "the variable {name}"),
        }
    }
}

/// Settings that were laid over one another.
#[derive(Default)]
struct Layers {
    settings: Table,
    /// Where each came from, by its name, as `limits.body_bytes` or `oidc[0].name`; tables and lists, too.
    sources: BTreeMap<String, Source>,
    /// Settings from variables that were taken for texts so far.
    texts: BTreeMap<String, String>,
}

impl Layers {
    fn lay_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
        let no_toml = |error: toml::de::Error| {
            let line = error.span().map_or(1, |span| line_of(&text, span.start));
            anyhow!("{}, line {line}: this is not TOML: {}", path.display(), error.message())
        };
        let settings: Table = text.parse().map_err(no_toml)?;
        let mut sources = BTreeMap::new();
        let mut note = |key: String, at| {
            sources.insert(key, Source::Line(path.to_owned(), line_of(&text, at)));
        };
        visit("", DeTable::parse(&text).map_err(no_toml)?.get_ref(), &mut note);
        self.lay(Self { settings, sources, texts: BTreeMap::new() });
        Ok(())
    }

    /// Passes over variables that are not ours, that set up tests, or that name the configuration file.
    fn lay_variable(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let Some(key) = name.strip_prefix(PREFIX) else { return Ok(()) };
        if ["CONFIG", "LOG", "TOKEN"].contains(&key) || key.starts_with("TEST_") {
            return Ok(());
        }
        let key = key.to_ascii_lowercase().replace("__", ".");
        if !set(&mut self.settings, &key, Value::String(value.to_owned())) {
            bail!(
                "the variable {name} cannot be used: {key}, or what it lies in, is set as a value and as a table"
            );
        }
        self.texts.insert(key.clone(), value.to_owned());
        for (at, _) in key.match_indices('.') {
            self.sources.entry(key[..at].to_owned()).or_insert_with(|| Source::Variable(name.to_owned()));
        }
        self.sources.insert(key, Source::Variable(name.to_owned()));
        Ok(())
    }

    /// Settings of `over` win; tables are merged setting by setting.
    fn lay(&mut self, over: Self) {
        merge(&mut self.settings, over.settings);
        self.sources.extend(over.sources);
        self.texts.extend(over.texts);
    }

    /// What all of them say. Variables are texts; one that cannot be used as such is taken for what it reads as.
    fn read(&mut self) -> anyhow::Result<Config> {
        loop {
            let settings = Value::Table(self.settings.clone());
            let error = match serde_path_to_error::deserialize::<_, Config>(settings) {
                Ok(config) => return Ok(config),
                Err(error) => error,
            };
            let key = error.path().to_string();
            let other = self.texts.remove(&key).and_then(|text| typed(&text));
            if !other.is_some_and(|value| set(&mut self.settings, &key, value)) {
                return Err(self.fault(&key, error.inner().message()));
            }
        }
    }

    /// Says what is wrong with a setting, and where it was set: itself, else the table that it is missing in.
    fn fault(&self, key: &str, why: &str) -> anyhow::Error {
        let mut at = key;
        loop {
            if let Some(source) = self.sources.get(at) {
                return anyhow!("the setting {key} ({source}) cannot be used: {why}");
            }
            match at.rfind(['.', '[']) {
                Some(end) => at = &at[..end],
                None => return anyhow!("the setting {key} cannot be used: {why}"),
            }
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Calls `note` with the name of everything in a table, and the place where it begins.
fn visit(prefix: &str, table: &DeTable<'_>, note: &mut impl FnMut(String, usize)) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) => visit(&key, inner, note),
            DeValue::Array(list) => {
                for (place, item) in list.iter().enumerate() {
                    let key = format!("{key}[{place}]");
                    if let DeValue::Table(inner) = item.get_ref() {
                        visit(&key, inner, note);
                    }
                    note(key, item.span().start);
                }
            }
            _ => {}
        }
        note(key, name.span().start);
    }
}

fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Sets `a.b`; answers false where `a` is there and no table, or `a.b` is one.
fn set(table: &mut Table, key: &str, value: Value) -> bool {
    match key.split_once('.') {
        None if table.get(key).is_some_and(Value::is_table) => false,
        None => {
            table.insert(key.to_owned(), value);
            true
        }
        Some((head, rest)) => {
            let inner = table.entry(head.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            inner.as_table_mut().is_some_and(|inner| set(inner, rest, value))
        }
    }
}

/// The number or truth value that a text reads as.
fn typed(text: &str) -> Option<Value> {
    let number = || text.parse().map(Value::Integer);
    let truth = || text.parse().map(Value::Boolean);
    number().ok().or_else(|| text.parse().map(Value::Float).ok()).or_else(|| truth().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, None, variables)
    }

    fn why(loaded: anyhow::Result<Config>) -> String {
        format!("{:#}", loaded.unwrap_err())
    }

    #[test]
    fn variables_reach_into_tables() {
        let config = load(&[
            ("OPERON_LISTEN", "127.0.0.1:9"),
            ("OPERON_LIMITS__BODY_BYTES", "77777"),
            ("OPERON_TRUST_FORWARDED_FOR", "true"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.limits.body_bytes, 77777);
        assert!(config.trust_forwarded_for);
    }

    /// A password of digits is a text, whatever it reads as.
    #[test]
    fn a_variable_is_of_the_type_of_its_setting() {
        let config = load(&[
            ("OPERON_METRICS__TOKEN", "123456"),
            ("OPERON_MAIL__FROM_NAME", "true"),
            ("OPERON_STORAGE_PRICE", "2"),
        ])
        .unwrap();
        assert_eq!(config.metrics.token.unwrap().expose(), "123456");
        assert_eq!((config.mail.from_name.as_str(), config.storage_price), ("true", 2.0));
    }

    #[test]
    fn a_named_file_wins_over_the_data_directory_and_a_variable_over_both() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("named.toml");
        std::fs::write(
            folder.path().join(DATA_DIR_FILE),
            "regions = ['a']\nself_sign_up = true\nlisten = '127.0.0.1:1'",
        )
        .unwrap();
        std::fs::write(&named, "regions = ['b', 'c']\nlisten = '127.0.0.1:2'").unwrap();
        let variables = [("OPERON_LISTEN".to_owned(), "127.0.0.1:3".to_owned())];
        let config = Config::load(Some(folder.path()), Some(&named), variables).unwrap();
        assert_eq!(config.data_dir, folder.path());
        assert_eq!(config.regions, ["b", "c"]);
        assert_eq!(config.listen.port(), 3);
        assert!(config.self_sign_up);
    }

    #[test]
    fn an_error_names_the_variable() {
        let error = why(load(&[("OPERON_LISTTEN", "127.0.0.1:9")]));
        assert!(
            error.starts_with("the setting listten (the variable OPERON_LISTTEN) cannot be used: "),
            "{error}"
        );
        let error = why(load(&[("OPERON_LIMITS__HEADERS", "many")]));
        assert!(
            error.starts_with("the setting limits.headers (the variable OPERON_LIMITS__HEADERS) "),
            "{error}"
        );
        let error = why(load(&[("OPERON_TLS__KEY", "key.pem")]));
        assert!(
            error.contains("tls (the variable OPERON_TLS__KEY)") && error.contains("certificate"),
            "{error}"
        );
        let (value, table) = (("OPERON_LISTEN", "127.0.0.1:9"), ("OPERON_LISTEN__PORT", "1"));
        for variables in [[table, value], [value, table]] {
            let error = why(load(&variables));
            assert!(error.starts_with(&format!("the variable {} cannot be used", variables[1].0)), "{error}");
        }
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let (own, named) = (folder.path().join(DATA_DIR_FILE), folder.path().join("named.toml"));
        let said = |here: &str, there: &str| {
            std::fs::write(&own, here).unwrap();
            std::fs::write(&named, there).unwrap();
            why(Config::load(Some(folder.path()), Some(&named), []))
        };
        let at = |file: &Path, line: usize| format!("({}, line {line}) cannot be used: ", file.display());
        for (here, there, key, place) in [
            ("\n\nlistten = 'x'", "", "listten", at(&own, 3)),
            (
                "[limits]\nheaders = 100\n\nbody_bytes = 'x'",
                "[limits]\nheaders = 50",
                "limits.body_bytes",
                at(&own, 4),
            ),
            (
                "[limits]\nbody_bytes = 100000",
                "# mine\n[limits]\nbody_bytes = 'x'",
                "limits.body_bytes",
                at(&named, 3),
            ),
            ("", "\n[tls]\nkey = 'k'", "tls", at(&named, 2)),
            (
                "",
                "[[oidc]]\nname = 'a'\nissuer = 'i'\nclient_id = 'c'\nscope = 1",
                "oidc[0].scope",
                at(&named, 5),
            ),
            ("data_dir = '/x'", "", "data_dir", at(&own, 1)),
            ("[metrics]\ntoken = 1234", "", "metrics.token", at(&own, 2)),
            ("", "a = 1\nstorage_price = -1", "storage_price", at(&named, 2)),
        ] {
            let there = there.replace("a = 1\n", "self_sign_up = true\n");
            let said = said(here, &there);
            assert!(said.starts_with(&format!("the setting {key} {place}")), "{said}");
            assert!(!said.contains("1234"), "a secret is in {said}");
        }
        let broken = said("", "self_sign_up = true\nregions = [");
        assert!(broken.starts_with(&format!("{}, line ", named.display())), "{broken}");
        assert!(broken.contains("is not TOML"), "{broken}");
    }
}
