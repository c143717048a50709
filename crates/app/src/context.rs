//! What every use case is given: the shared parts of the server, and who asks.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use audit::SigningKey;
use secrets::ServerKeys;
use store::access::Caller;
use store::db::Db;
use wire::{Class, Id, MethodName};

use crate::memory::{AnswerRoom, Memory};
use crate::options::Options;
use crate::repeatable::Repeatable;

/// The time, as the server sees it.
pub trait Clock: Send + Sync {
    /// Milliseconds since the epoch, UTC.
    fn now(&self) -> i64;
}

/// Where unpredictable bytes come from.
pub trait Random: Send + Sync {
    /// Fills the buffer from a source fit for secrets.
    fn fill(&self, buffer: &mut [u8]);
}

/// The shared parts of a server. One per process.
pub struct App {
    /// All metadata.
    pub db: Db,
    /// The bytes of files.
    pub blobs: blobs::BlobStore,
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// Randomness.
    pub random: Box<dyn Random>,
    /// The way that letters take.
    pub mailer: Box<dyn mail::Mailer>,
    /// The keys that seal secrets and sign links; they lie outside the database.
    pub keys: ServerKeys,
    /// What the audit log is called and who signs it.
    pub audit: LogSigner,
    /// What the operator decided.
    pub options: Options,
    /// What it keeps in memory between requests.
    pub memory: Memory,
}

/// What the audit log is called and who signs it.
#[derive(Debug)]
pub struct LogSigner {
    /// The name of the log, first line of every checkpoint.
    pub origin: String,
    /// The key that signs checkpoints.
    pub key: SigningKey,
}

impl App {
    /// A fresh id of a class.
    #[must_use]
    pub fn mint(&self, class: Class) -> Id {
        Id::mint(class, self.random_bytes())
    }

    /// Unpredictable bytes.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

/// One request as the use cases see it.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// The id in the answer's `x-request-id`.
    pub id: Arc<str>,
    /// The address it came from; none for work of the server's own.
    pub origin: Option<IpAddr>,
    /// When it came, in ms since the epoch: the time of everything it does.
    pub now: i64,
    /// Its headers, only for the method that answers them.
    pub headers: Option<Arc<BTreeMap<String, String>>>,
}

/// What was called: a method of the list, or something beside it, such as a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A method of the list.
    Method(MethodName),
    /// Anything else, by the name that the audit log knows it by, such as `PageSignIn`.
    Other(&'static str),
}

impl Door {
    /// The name as text, for the audit log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method(name) => name.as_str(),
            Self::Other(name) => name,
        }
    }
}

impl From<MethodName> for Door {
    fn from(name: MethodName) -> Self {
        Self::Method(name)
    }
}

/// Who asks for what, and everything needed to answer. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    /// The shared parts of the server.
    pub app: Arc<App>,
    /// Who asks; none without a token.
    pub caller: Option<Arc<Caller>>,
    /// The request.
    pub request: RequestInfo,
    /// What was called.
    pub method: Door,
    /// What makes a repetition of this call the same call; only for calls that make something and carry a nonce.
    pub repeatable: Option<Arc<Repeatable>>,
    /// The room that the answer takes.
    pub answer: Arc<AnswerRoom>,
}

impl Ctx {
    /// The context of one request.
    #[must_use]
    pub fn new(app: Arc<App>, caller: Option<Caller>, request: RequestInfo, method: impl Into<Door>) -> Self {
        let answer = Arc::new(app.memory.answer_room(caller.as_ref().map(|caller| caller.account)));
        Self { app, caller: caller.map(Arc::new), request, method: method.into(), repeatable: None, answer }
    }

    /// Says what makes a repetition of this call the same call.
    #[must_use]
    pub fn repeatable(self, repeatable: Option<Repeatable>) -> Self {
        Self { repeatable: repeatable.map(Arc::new), ..self }
    }

    /// The context of work that the server does of its own accord, under the name that the audit log knows it by.
    #[must_use]
    pub fn own(app: &Arc<App>, name: &'static str) -> Self {
        let request = RequestInfo { id: "".into(), origin: None, now: app.clock.now(), headers: None };
        Self::new(Arc::clone(app), None, request, Door::Other(name))
    }

    /// When the request came, in ms since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.request.now
    }
}
