//! A worker: makes random changes, and knows what it must find again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use md5::{Digest, Md5};
use serde_json::json;

use crate::WORKERS;
use crate::chance::Chance;
use crate::client::{self, Client, Silence};
use crate::model::{Holdings, Project};
use crate::observe;
use crate::step::Step;

/// Projects of one worker at a time.
const PROJECTS: usize = 4;
/// Objects of one worker at a time.
const OBJECTS: usize = 16;
/// Further tokens of one worker at a time.
const TOKENS: usize = 4;
/// Bytes that every part but the last must have.
const SMALLEST_PART: usize = 5 << 20;

/// A person with projects of their own.
pub struct Worker {
    number: u64,
    chance: Chance,
    made: u64,
    held: Holdings,
    /// The change that was not answered.
    unsure: Option<Step>,
    /// How many parts each open file is to have.
    planned: HashMap<String, u64>,
    /// Seed and size of bytes, by their MD5.
    contents: HashMap<String, (u64, usize)>,
    /// Files that were read in this life of the server. The first reading has an event of its own.
    opened: HashSet<String>,
    /// The texts of tokens, by signature.
    secrets: BTreeMap<String, String>,
    /// Requests that were answered since the last check, and what each was.
    pub requests: Vec<(String, String)>,
    /// How many changes were answered.
    pub answered: usize,
    /// How many changes were not answered and had happened.
    pub done: usize,
    /// How many changes were not answered and had not happened.
    pub undone: usize,
}

impl Worker {
    /// A worker that holds nothing yet.
    pub fn new(number: u64, seed: u64) -> Self {
        Self {
            number,
            chance: Chance::new(seed),
            made: 0,
            held: Holdings::default(),
            unsure: None,
            planned: HashMap::new(),
            contents: HashMap::new(),
            opened: HashSet::new(),
            secrets: BTreeMap::new(),
            requests: Vec::new(),
            answered: 0,
            done: 0,
            undone: 0,
        }
    }

    fn client(&self, base: &str) -> Client {
        Client::new(base, &client::token_of(&client::handle(self.number)))
    }

    fn me(&self) -> String {
        format!("user-{}", client::handle(self.number))
    }

    /// Makes changes, and reads between them, until the server is silent. Counts its tries.
    pub async fn load(mut self, base: String, calls: Arc<AtomicU64>) -> Self {
        let client = self.client(&base);
        loop {
            calls.fetch_add(1, Ordering::Relaxed);
            if self.chance.one_in(6) && self.read_one(&client).await.is_err() {
                return self;
            }
            let step = self.choose_some();
            if self.take(&client, &step).await.is_err() {
                self.unsure = Some(step);
                return self;
            }
        }
    }

    /// Makes a change, and notes it in the model once it is answered.
    async fn take(&mut self, client: &Client, step: &Step) -> Result<(), Silence> {
        let (path, input) = step.call();
        let mut answer = client.call(&path, &input).await?;
        self.requests.push((answer.request.clone(), format!("{step:?}")));
        if let Step::SendPart { md5, seed, size, .. } = step {
            self.contents.insert(md5.clone(), (*seed, *size));
            answer = client.put(&answer.body, &Chance::bytes(*seed, *size).into()).await?;
            self.requests.push((answer.request, format!("the bytes of {step:?}")));
            assert_eq!(answer.body["md5"], *md5);
        }
        let made = step.made(&answer.body);
        if let Some(secret) = answer.body["access_token"].as_str() {
            self.secrets.insert(made.clone(), secret.to_owned());
        }
        let me = self.me();
        step.apply(&mut self.held, &made, &me);
        self.answered += 1;
        Ok(())
    }

    /// Reads a closed file and compares it.
    async fn read_one(&mut self, client: &Client) -> Result<(), Silence> {
        let closed = self
            .held
            .objects
            .iter()
            .filter(|(id, object)| id.starts_with("file-") && object.state == "closed");
        let Some(file) = self.chance.pick(closed.map(|(id, _)| id.clone())) else { return Ok(()) };
        self.read(client, &file).await
    }

    /// Fetches a file and compares it.
    async fn read(&mut self, client: &Client, file: &str) -> Result<(), Silence> {
        let address = client.call(&format!("/{file}/download"), &json!({})).await?.body;
        let (bytes, request) = client.get(&address).await?;
        if self.opened.insert(file.to_owned()) {
            self.requests.push((request, format!("the reading of {file}")));
        }
        let parts = &self.held.objects[file].parts;
        let right: Vec<u8> = parts
            .values()
            .flat_map(|md5| {
                let (seed, size) = self.contents[md5];
                Chance::bytes(seed, size)
            })
            .collect();
        assert!(bytes == right, "{file}: {} bytes came, of {} that were sent", bytes.len(), right.len());
        Ok(())
    }

    /// Compares what the server shows with the model, settles what was open, and reads closed files: every one of them, or
    /// some. What is lost stays lost until the end, when every one is read.
    pub async fn check(&mut self, base: &str, every_file: bool) {
        let client = self.client(base);
        self.opened.clear();
        let before = std::mem::take(&mut self.held).at_rest();
        let mut seen = observe::holdings(&client).await;
        match self.unsure.take() {
            None => assert_eq!(seen, before, "worker {}, all of whose calls were answered", self.number),
            Some(step) => {
                let happened = self.settle(&step, &before, &seen);
                // A creation that is asked for again must not be done twice.
                if step.repeats() && self.chance.one_in(2) {
                    let (path, input) = step.call();
                    let made = step.made(&client.ok(&path, &input).await);
                    let mut after = before.clone();
                    step.apply(&mut after, &made, &self.me());
                    seen = observe::holdings(&client).await;
                    assert_eq!(
                        seen,
                        after.at_rest(),
                        "{step:?} asked for again, happened before: {happened}"
                    );
                }
            }
        }
        self.held = seen;
        let closed = self
            .held
            .objects
            .iter()
            .filter(|(id, object)| id.starts_with("file-") && object.state == "closed");
        for file in closed.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            if !every_file && !self.chance.one_in(3) {
                continue;
            }
            let read = self.read(&client, &file).await;
            read.unwrap_or_else(|Silence| panic!("the server died by itself"));
        }
        let live = self.held.tokens.clone();
        for (signature, secret) in &self.secrets {
            let status = client.with_token(secret).status("/system/whoami", &json!({})).await;
            let right = if live.contains_key(signature) { 200 } else { 401 };
            assert_eq!(status, right, "token {signature} of worker {}", self.number);
        }
        self.secrets.retain(|signature, _| live.contains_key(signature));
    }

    /// Whether a change that was not answered has happened; it has, wholly, or it has not.
    fn settle(&mut self, step: &Step, before: &Holdings, seen: &Holdings) -> bool {
        if let Step::SendPart { md5, seed, size, .. } = step {
            self.contents.insert(md5.clone(), (*seed, *size));
        }
        let known = before.ids();
        let new: Vec<&String> = seen.ids().into_iter().filter(|id| !known.contains(id)).collect();
        let after = (!step.creates() || new.len() == 1).then(|| {
            let mut after = before.clone();
            step.apply(&mut after, new.first().map_or("", |id| id), &self.me());
            after.at_rest()
        });
        let happened = after.as_ref() == Some(seen);
        assert!(
            happened || seen == before,
            "worker {} asked for {step:?} and got no answer; it is neither done nor undone.\nbefore: {before:#?}\nnow: {seen:#?}",
            self.number
        );
        *(if happened { &mut self.done } else { &mut self.undone }) += 1;
        happened
    }

    /// Ends everything, at the end.
    pub async fn destroy_everything(&mut self, base: &str) {
        let client = self.client(base);
        for project in self.held.projects.keys() {
            client.ok(&format!("/{project}/destroy"), &json!({})).await;
        }
    }

    fn choose_some(&mut self) -> Step {
        loop {
            if let Some(step) = self.choose() {
                return step;
            }
        }
    }

    /// A change that is possible now and changes something.
    fn choose(&mut self) -> Option<Step> {
        self.made += 1;
        let name = format!("{}-{}", client::handle(self.number), self.made);
        let chance = &mut self.chance;
        let held = &self.held;
        let Some(project) = chance.pick(held.projects.keys().cloned()) else {
            return Some(Step::NewProject { name });
        };
        let here: &Project = &held.projects[&project];
        let folder = chance.pick(here.folders.iter().cloned())?;
        let copy = chance.pick(here.copies.keys().cloned());
        let room = held.objects.len() < OBJECTS;
        let tag = format!("tag {}", chance.below(100));
        let open = |class: &str| {
            let open =
                held.objects.iter().filter(|(id, object)| id.starts_with(class) && object.state == "open");
            open.map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        match chance.below(40) {
            0 if held.projects.len() < PROJECTS => Some(Step::NewProject { name }),
            1 if held.projects.len() == PROJECTS => Some(Step::Destroy { project }),
            2 if !here.tags.contains(&tag) => Some(Step::TagProject { project, tag }),
            3 | 4 => {
                let other = (self.number + 1 + chance.below(WORKERS - 1)) % WORKERS;
                let who = format!("user-{}", client::handle(other));
                if here.members.contains_key(&who) {
                    return Some(Step::Revoke { project, who });
                }
                let level = chance.pick(["VIEW", "UPLOAD", "CONTRIBUTE"])?;
                Some(Step::Invite { project, who, level })
            }
            5 | 6 if here.folders.len() < 8 => {
                let above = if folder == "/" { "" } else { &folder };
                Some(Step::NewFolder { project, folder: format!("{above}/{}", self.made) })
            }
            7 if folder != "/" => Some(Step::RemoveFolder { project, folder }),
            8..=11 if room => {
                let (details, closed) = (chance.below(1000), chance.one_in(2));
                Some(Step::NewRecord { project, folder, name, details, closed })
            }
            12 | 13 => {
                let record = chance.pick(open("record-"))?;
                let details = held.objects[&record].details + 1;
                Some(Step::SetDetails { record, details })
            }
            14 => Some(Step::Close { object: chance.pick(open("record-"))? }),
            15 | 16 => {
                let object = copy.filter(|id| !here.copies[id].tags.contains(&tag))?;
                Some(Step::Tag { project, object, tag })
            }
            17 | 18 => {
                let object = copy.filter(|id| here.copies[id].folder != folder)?;
                Some(Step::Move { project, object, folder })
            }
            19..=21 => {
                let object = copy.filter(|id| held.objects[id].state == "closed")?;
                let lacking = held.projects.iter().filter(|(_, other)| !other.copies.contains_key(&object));
                let into = chance.pick(lacking.map(|(id, _)| id.clone()))?;
                Some(Step::Clone { from: project, into, object })
            }
            22 | 23 => Some(Step::Remove { project, object: copy? }),
            24..=26 if room => Some(Step::NewFile { project, folder, name }),
            27..=36 => {
                let file = chance.pick(open("file-"))?;
                Some(Self::go_on(chance, held, &mut self.planned, file))
            }
            37 if held.tokens.len() < TOKENS => Some(Step::NewToken { label: name }),
            38 => Some(Step::EndToken { token: chance.pick(held.tokens.keys().cloned())? }),
            _ => None,
        }
    }

    /// The next change of an open file: another part, a part again with other bytes, or its close.
    fn go_on(chance: &mut Chance, held: &Holdings, planned: &mut HashMap<String, u64>, file: String) -> Step {
        let parts = *planned.entry(file.clone()).or_insert_with(|| if chance.one_in(12) { 2 } else { 1 });
        let there = &held.objects[&file].parts;
        let missing = (1..=parts).filter(|part| !there.contains_key(part));
        let part = match chance.pick(missing) {
            Some(part) => part,
            None if chance.one_in(4) => 1 + chance.below(parts),
            None => return Step::Close { object: file },
        };
        let size = match part {
            last if last == parts => usize::try_from(chance.below(100_000)).unwrap(),
            _ => SMALLEST_PART,
        };
        let seed = chance.next();
        let md5 = hex::encode(Md5::digest(Chance::bytes(seed, size)));
        Step::SendPart { file, part, md5, seed, size }
    }
}
