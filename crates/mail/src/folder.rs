//! Writing messages into a folder, for a server that has no mail server to talk to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::{Mailer, Message, SendError, Sender};

/// Writes each message as one file, `<time of writing in ms>-<id>.eml`, which every mail program opens.
///
/// A file is complete and on disk before it has its name. Only the owner may read it, since messages carry
/// sign-in links. The same message written again replaces its file.
#[derive(Debug, Clone)]
pub struct OutboxFolder {
    folder: PathBuf,
    from: Sender,
}

impl OutboxFolder {
    /// An outbox in this folder, which must exist.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, from: Sender) -> Self {
        Self { folder: folder.into(), from }
    }
}

#[async_trait]
impl Mailer for OutboxFolder {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let content = message.render(&self.from)?.formatted();
        let name = format!("{}-{}.eml", message.at(), message.id());
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &content)).await;
        let written = written.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        written.map_err(|error| {
            SendError::Temporary(format!(
                "the outbox folder {} cannot be written ({error})",
                self.folder.display()
            ))
        })
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!(".{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn message(id: &str) -> Message {
        Message::new(id, 1_700_000_000_123, "ada@example.org".parse().unwrap(), "Hello", "Text\n").unwrap()
    }

    fn outbox(folder: &Path) -> OutboxFolder {
        OutboxFolder::new(folder, Sender::new("Operon", "operon@example.org".parse().unwrap()).unwrap())
    }

    #[tokio::test]
    async fn a_message_becomes_one_private_file_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(folder.path());
        outbox.send(&message("m-1")).await.unwrap();
        outbox.send(&message("m-1")).await.unwrap();
        outbox.send(&message("m-2")).await.unwrap();
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["1700000000123-m-1.eml", "1700000000123-m-2.eml"]);
        let file = folder.path().join(&names[0]);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("To: ada@example.org\r\n") && text.ends_with("\r\n\r\nText\r\n"), "{text}");
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_a_temporary_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let error = outbox(&folder.path().join("gone")).send(&message("m")).await.unwrap_err();
        assert!(error.is_temporary() && error.to_string().contains("outbox folder"), "{error}");
    }
}
