//! Random values made from a JSON schema, and bent ones.

use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

/// Deepest nesting of what is made; below it only what is required is there.
const DEPTH: usize = 5;

/// Makes values; the same seed makes the same.
pub(super) struct Maker<'s> {
    definitions: &'s Map<String, Value>,
    runner: TestRunner,
}

impl<'s> Maker<'s> {
    pub(super) fn new(definitions: &'s Map<String, Value>, seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { definitions, runner: TestRunner::new_with_rng(Config::default(), rng) }
    }

    fn draw<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    fn below(&mut self, end: usize) -> usize {
        self.draw(0..end)
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// A value of a schema. Conditions across keys are left to luck: the caller looks whether it fits.
    pub(super) fn value(&mut self, schema: &Value) -> Value {
        self.at(schema, 0)
    }

    fn at(&mut self, schema: &Value, depth: usize) -> Value {
        let Value::Object(schema) = schema else { return self.anything() };
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().map(|one| one.as_str().unwrap()).collect(),
            _ => vec![],
        };
        if let Some(reference) = schema.get("$ref") {
            let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
            return self.at(&self.definitions[name], depth);
        }
        if let Some(Value::Array(all)) = schema.get("allOf") {
            let fits = |value: &Value| types.is_empty() || types.contains(&type_of(value));
            return self.until(|maker| maker.at(&all[0], depth), fits);
        }
        if let Some(words) = schema.get("enum") {
            return self.one_of(words.as_array().unwrap());
        }
        if let Some(Value::Array(all)) = schema.get("anyOf").or(schema.get("oneOf"))
            && types.is_empty()
        {
            // The first is the simplest, so that what refers to itself comes to an end.
            let chosen = if depth < DEPTH { self.below(all.len()) } else { 0 };
            return self.at(&all[chosen], depth);
        }
        if types.is_empty() {
            return self.anything();
        }
        match self.one_of(&types) {
            "null" => Value::Null,
            "boolean" => self.draw(any::<bool>()).into(),
            "integer" => self.whole(schema).into(),
            "number" if self.draw(any::<bool>()) => self.whole(schema).into(),
            "number" => (self.whole(schema).clamp(0, 1 << 50) as f64 + 0.5).into(),
            "string" => self.text(schema).into(),
            "array" => self.array(schema, depth),
            "object" => self.object(schema, depth),
            other => panic!("no JSON type: {other}"),
        }
    }

    fn until<T>(&mut self, mut make: impl FnMut(&mut Self) -> T, fits: impl Fn(&T) -> bool) -> T {
        for _ in 0..1000 {
            let made = make(self);
            if fits(&made) {
                return made;
            }
        }
        panic!("nothing that fits was made in 1000 trials");
    }

    fn whole(&mut self, schema: &Map<String, Value>) -> i64 {
        let end = |key: &str, other: i64| schema.get(key).map_or(other, |end| end.as_i64().unwrap());
        let (least, most) = (end("minimum", -1000), end("maximum", 1 << 53));
        match self.below(4) {
            0 => least,
            1 => most,
            2 => self.draw(least..=most.min(least + 1000)),
            _ => self.draw(least..=most),
        }
    }

    fn text(&mut self, schema: &Map<String, Value>) -> String {
        if schema.get("format") == Some(&json!("regex")) {
            return self.one_of(&["^x", "a.*[0-9]+$", "(a|b){2}"]).to_owned();
        }
        let least = schema.get("minLength").map_or(0, |least| least.as_u64().unwrap());
        let pattern = schema.get("pattern").map_or(r"\PC{0,8}", |pattern| pattern.as_str().unwrap());
        let strategy = string_regex(pattern.trim_start_matches('^').trim_end_matches('$')).unwrap();
        self.until(|maker| maker.draw(&strategy), |text| text.chars().count() as u64 >= least)
    }

    fn array(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let length = if depth < DEPTH { self.below(4) } else { 0 };
        let items = schema.get("items").unwrap_or(&Value::Bool(true));
        (0..length).map(|_| self.at(items, depth + 1)).collect()
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let mut made = Map::new();
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (key, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let wanted = depth < DEPTH && self.below(3) == 0;
            if (wanted || required.contains(&json!(key))) && *inner != Value::Bool(false) {
                made.insert(key.clone(), self.at(inner, depth + 1));
            }
        }
        if let Some(inner @ Value::Object(_)) = schema.get("additionalProperties")
            && depth < DEPTH
        {
            let names = schema.get("propertyNames").cloned().unwrap_or(json!({ "type": "string" }));
            for _ in 0..self.below(3) {
                let name = match self.at(&with_type(names.clone()), depth) {
                    Value::String(name) => name,
                    other => panic!("no name of a key: {other}"),
                };
                made.insert(name, self.at(inner, depth + 1));
            }
        }
        made.into()
    }

    fn anything(&mut self) -> Value {
        self.one_of(&kinds())
    }

    /// The value with one place of it changed: another kind of value there, a key left out, a key more, a text or list
    /// as long as a limit.
    pub(super) fn bent(&mut self, value: &Value, keys: &[String], lengths: &[usize]) -> Value {
        let mut bent = value.clone();
        let path = self.one_of(&places_in(value));
        let place = bent.pointer_mut(&path).unwrap();
        match (self.below(5), place) {
            (0, Value::Object(hash)) if !hash.is_empty() => {
                let keys: Vec<String> = hash.keys().cloned().collect();
                hash.shift_remove(&self.one_of(&keys));
            }
            (1 | 2, Value::Object(hash)) => {
                hash.insert(self.one_of(keys), self.anything());
            }
            (1, Value::Array(items)) => items.push(self.anything()),
            (2, Value::Array(items)) if items.iter().all(Value::is_string) && !items.is_empty() => {
                let length = self.one_of(lengths) + self.below(2);
                *items = items.iter().cycle().take(length).cloned().collect();
            }
            (1, Value::String(text)) => {
                text.push_str(self.one_of(&["\0", "\n", "/", "..", "x", "Ü", "\\"]));
            }
            (2, Value::String(text)) => {
                *text = self.one_of(&["a", "/", "ü"]).repeat(self.one_of(lengths) + self.below(2));
            }
            (_, place) => *place = self.anything(),
        }
        bent
    }
}

/// Names of keys are strings without saying so.
fn with_type(mut names: Value) -> Value {
    if let Value::Object(names) = &mut names
        && !names.contains_key("$ref")
    {
        names.insert("type".to_owned(), "string".into());
    }
    names
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Values of every kind, and some that have fooled programs.
pub(super) fn kinds() -> Vec<Value> {
    let texts = [
        "",
        "x",
        "a\0b",
        "PUBLIC",
        "VIEW",
        "any",
        "file",
        "/",
        "/a/../b",
        "/a\\",
        "a/b",
        ".",
        "project-012301230123012301230123",
        "file-012301230123012301230123",
        "user-alice",
        "org-lab",
        "user-Alice",
        "name@example.org",
        "d41d8cd98f00b204e9800998ecf8427e",
    ];
    let others = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(1001),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(1e300),
        json!([]),
        json!([null]),
        json!(["x"]),
        json!([1, 2]),
        json!([true]),
        json!({}),
        json!({ "a": 1 }),
        json!({ "VIEW": null }),
        json!({ "$ne": "x" }),
        json!({ "$and": ["x"] }),
        json!({ "$dnanexus_link": "file-012301230123012301230123" }),
        json!({ "$dnanexus_link": 1 }),
        json!({ "glob": "*" }),
        json!({ "regexp": "(" }),
        json!({ "full": true }),
    ];
    texts.into_iter().map(Value::from).chain(others).collect()
}

/// Every place in a value, as JSON pointers; the whole is the first.
pub(super) fn places_in(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(hash) => {
            hash.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => vec![],
    };
    let below = inner
        .into_iter()
        .flat_map(|(key, value)| places_in(value).into_iter().map(move |path| format!("/{key}{path}")));
    std::iter::once(String::new()).chain(below).collect()
}
