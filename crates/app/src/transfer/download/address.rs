//! The addresses that downloads are fetched from.
//!
//! `<public URL>/download/<file>/<name>[?project=…]` with a header, or with everything in the query when it is
//! preauthenticated. One with a header names a project only if the caller named it (contract: data 8.2); one that is
//! preauthenticated always does.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wire::id::{ContainerId, FileId};
use wire::transfer::TransferUrl;

use crate::context::App;
use crate::transfer::grant::Asked;

/// What stays as it is in the last segment of a URL.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A download address, as it was sent. Nothing in it is believed before its signature is checked.
#[derive(Debug, Clone, Default)]
pub struct Address {
    /// The file's id.
    pub file: String,
    /// The name to save it under.
    pub name: String,
    /// The project to take it from.
    pub project: Option<String>,
    /// Preauthenticated: the signature of the token that made it.
    pub by: Option<String>,
    /// Preauthenticated: the end, in ms.
    pub expires: Option<String>,
    /// Preauthenticated: the server's own signature over the others.
    pub signature: Option<String>,
    /// Else: what stands after `Bearer` in the header `Authorization`.
    pub bearer: Option<String>,
}

impl Address {
    /// What the address opens and the signature of the token behind it, if this server signed it and its time is not over.
    pub(super) fn read(&self, app: &App, now: i64) -> Option<(Asked, String)> {
        let links = &app.memory.transfers.links;
        let project = self.project.as_deref().unwrap_or("");
        let (by, preauthenticated) = match (&self.by, &self.expires, &self.signature, &self.bearer) {
            (Some(by), Some(expires), Some(signature), _) => {
                let fields = [self.file.as_str(), project, self.name.as_str(), by, expires];
                if !links.download.verify(&fields, signature) || expires.parse::<i64>().ok()? <= now {
                    return None;
                }
                (by.as_str(), true)
            }
            (None, None, None, Some(bearer)) => {
                let (by, signature) = bearer.split_once('.')?;
                links.grant.verify(&[&self.file, project, by], signature).then_some((by, false))?
            }
            _ => return None,
        };
        let project = match &self.project {
            Some(project) => Some(ContainerId::parse(project)?),
            None => None,
        };
        Some((Asked { file: FileId::parse(&self.file)?, project, preauthenticated }, by.to_owned()))
    }
}

/// Signs an address for a person's token. One that ends by itself carries all it needs; one that does not needs a header.
pub(super) fn make(app: &App, asked: &Asked, name: &str, by: &str, expires: Option<i64>) -> TransferUrl {
    let links = &app.memory.transfers.links;
    let (file, project) = (asked.file.as_str(), asked.project.as_ref().map_or("", ContainerId::as_str));
    let mut query = Vec::new();
    if !project.is_empty() {
        query.push(format!("project={project}"));
    }
    let mut headers = BTreeMap::new();
    if let Some(expires) = expires {
        let signature = links.download.sign(&[file, project, name, by, &expires.to_string()]);
        query.extend([format!("by={by}"), format!("expires={expires}"), format!("signature={signature}")]);
    } else {
        let signature = links.grant.sign(&[file, project, by]);
        headers.insert("Authorization".to_owned(), format!("Bearer {by}.{signature}"));
    }
    let mut url = format!("{}/download/{file}/{}", app.options.public_url, utf8_percent_encode(name, KEPT));
    for (place, pair) in query.iter().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(pair);
    }
    TransferUrl { url, headers, expires }
}

/// A name as the end of a URL and as a file on somebody's disk: without separators, and none that means a directory.
#[must_use]
pub fn file_name(name: &str) -> String {
    match name {
        "." | ".." => "_".repeat(name.len()),
        name => name.replace(['/', '\\'], "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        for (name, safe) in
            [("a b.txt", "a b.txt"), ("../../etc", ".._.._etc"), ("..", "__"), ("a\\b", "a_b")]
        {
            assert_eq!(file_name(name), safe);
        }
    }
}
