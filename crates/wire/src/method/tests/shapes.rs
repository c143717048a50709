//! The schemas of the inputs against the code that reads them: both must take the same bodies (F551).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::{Keyword, ValidationError, Validator};
use proptest::prelude::*;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::maker::{Maker, places_in};
use crate::json::kind_of;
use crate::query::Regexp;
use crate::{ApiError, METHODS, Method, MethodName};

/// Parts of the sentences by which a reader refuses what no schema can: counts over several levels of a value.
const BEYOND_SCHEMAS: &[&str] = &[
    "a filter has at most",
    "may be nested",
    "levels; at most",
    "a folder name has",
    "a folder cannot be called",
];

/// Every input. To compile the schemas takes seconds.
static INPUTS: LazyLock<Inputs> = LazyLock::new(Inputs::new);

/// Every input.
struct Inputs {
    definitions: Map<String, Value>,
    all: Vec<Input>,
}

struct Input {
    method: &'static Method,
    schema: Value,
    validator: Validator,
}

impl Inputs {
    fn new() -> Self {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let schemas: Vec<Value> =
            METHODS.iter().map(|method| (method.input)(&mut generator).to_value()).collect();
        let definitions = generator.take_definitions(true);
        let all = METHODS.iter().zip(schemas).map(|(method, schema)| {
            let mut whole = schema.clone();
            whole["$defs"] = definitions.clone().into();
            Input { method, schema, validator: validator(&whole) }
        });
        Self { all: all.collect(), definitions }
    }

    /// The keys of all schemas.
    fn keys(&self) -> Vec<String> {
        let whole = Value::from(self.definitions.clone());
        let keys = places_in(&whole).into_iter().filter_map(|path| {
            let (parent, key) = path.rsplit_once('/')?;
            parent.ends_with("/properties").then(|| key.to_owned())
        });
        keys.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Every length that a schema sets as a limit, but those of lists that are too long to try often.
    fn lengths(&self) -> Vec<usize> {
        let whole = Value::from(self.definitions.clone());
        let places = places_in(&whole);
        let limits = places.iter().filter(|path| path.ends_with("/maxLength") || path.ends_with("/maxItems"));
        let lengths = limits.filter_map(|path| usize::try_from(whole.pointer(path)?.as_u64()?).ok());
        lengths.filter(|length| *length <= 5000).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Input {
    /// Reads a body as the handler of the method does.
    fn read(&self, body: &Value) -> Result<(), ApiError> {
        if !body.is_object() && self.method.name != MethodName::ObjectSetDetails {
            return Err(ApiError::invalid_input(kind_of(body)));
        }
        (self.method.read)(body.clone())
    }

    fn name(&self) -> &'static str {
        self.method.name.as_str()
    }

    fn why(&self, body: &Value) -> String {
        self.validator
            .iter_errors(body)
            .map(|error| format!("{}: {error}; ", error.instance_path()))
            .collect()
    }

    /// The schema and the reader must agree.
    fn compare(&self, body: &Value) {
        let shown = || body.to_string().chars().take(2000).collect::<String>();
        match self.read(body) {
            Ok(()) => assert!(
                self.validator.is_valid(body),
                "{} takes what its schema refuses: {}\n{}",
                self.name(),
                shown(),
                self.why(body)
            ),
            Err(error) if BEYOND_SCHEMAS.iter().any(|words| error.message.contains(words)) => {}
            Err(error) => assert!(
                !self.validator.is_valid(body),
                "{} refuses what its schema takes: {}\n{}",
                self.name(),
                shown(),
                error.message
            ),
        }
    }
}

impl Input {
    /// Puts these keys where the body has none of their names, and compares.
    fn compare_with_keys(&self, body: &Value, path: &str, keys: &[String], value: &Value) {
        let mut more = body.clone();
        let Some(Value::Object(hash)) = more.pointer_mut(path) else { return };
        for key in keys {
            hash.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if keys.len() > 1 && self.read(&more).is_err() && self.validator.is_valid(&more) {
            // Say which.
            keys.iter().for_each(|key| self.compare_with_keys(body, path, std::slice::from_ref(key), value));
        }
        self.compare(&more);
    }
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        // Which patterns the engine takes is not ours to describe.
        .with_format("regex", |pattern: &str| Regexp::new(pattern, "").is_ok())
        .with_keyword("x-max-bytes", |_, limit, _| Ok(Box::new(MaxBytes(limit.as_u64().unwrap()))))
        .build(schema)
        .unwrap()
}

struct MaxBytes(u64);

impl<'i> Keyword<'i> for MaxBytes {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom("too many bytes")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(|text| text.len() as u64 <= self.0)
    }
}

/// Every word of this crate's source, as it is and in the spelling of keys: what a reader looks for must be among them.
fn words() -> Vec<String> {
    fn add(folder: &Path, words: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, words);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
            for word in text.split(|c| !is_part(c)).filter(|word| !word.is_empty()) {
                words.extend([word.to_owned(), camel_case(word)]);
            }
        }
    }
    let mut words = BTreeSet::new();
    add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut words);
    words.into_iter().collect()
}

fn camel_case(word: &str) -> String {
    let mut parts = word.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        name.extend(part.chars().next().map(|c| c.to_ascii_uppercase()));
        name.push_str(part.get(1..).unwrap_or_default());
    }
    name
}

/// A reader that looks for a key which its schema does not know would refuse one of these values under it at least.
#[test]
fn every_key_that_is_read_is_described() {
    let inputs = &*INPUTS;
    let known = inputs.keys();
    let unknown: Vec<String> = words().into_iter().filter(|word| !known.contains(word)).collect();
    assert!(known.contains(&"defaultFields".to_owned()) && unknown.len() > 1000);
    for input in &inputs.all {
        let body = body(inputs, input, 1);
        for path in places_in(&body) {
            for value in [json!(0.5), json!({ "a": 1 })] {
                // Words that stand in no schema: all at once, and one by one to tell which it was.
                input.compare_with_keys(&body, &path, &unknown, &value);
                for key in &known {
                    input.compare_with_keys(&body, &path, std::slice::from_ref(key), &value);
                }
            }
        }
    }
}

/// A body of the schema; the reader must take it.
fn body(inputs: &Inputs, input: &Input, seed: u64) -> Value {
    let mut maker = Maker::new(&inputs.definitions, seed);
    for _ in 0..1000 {
        let body = maker.value(&input.schema);
        if input.validator.is_valid(&body) {
            return body;
        }
    }
    panic!("no body for {} was made in 1000 trials", input.name());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What the schema describes is taken, and what is bent is taken or refused by both.
    #[test]
    fn schema_and_reader_agree(seed: u64) {
        let inputs = &*INPUTS;
        let (keys, lengths) = (inputs.keys(), inputs.lengths());
        for input in &inputs.all {
            let body = body(inputs, input, seed);
            input.compare(&body);
            let mut maker = Maker::new(&inputs.definitions, seed);
            for _ in 0..40 {
                let bent = maker.bent(&body, &keys, &lengths);
                input.compare(&bent);
            }
        }
    }
}

/// Names in the description are for people: no number at their end tells two types of one name apart.
#[test]
fn every_type_has_a_name_of_its_own() {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    for method in METHODS {
        let _ = (method.input)(&mut generator);
    }
    let mut names: Vec<String> = generator.take_definitions(false).keys().cloned().collect();
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    for method in METHODS {
        let _ = (method.output)(&mut generator);
    }
    names.extend(generator.take_definitions(false).keys().cloned());
    let numbered: Vec<&String> =
        names.iter().filter(|name| name.ends_with(|c: char| c.is_ascii_digit())).collect();
    assert!(numbered.is_empty(), "give these types a #[schemars(rename = …)]: {numbered:?}");
}
