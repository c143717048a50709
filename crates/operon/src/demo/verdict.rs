//! What came of an attempt, and whether it is what should have come of it.

use anyhow::ensure;
use serde_json::{Value, json};

use super::client::{Client, Refused};
use super::lab::{self, CALLS, ELSEWHERE_NAME, Lab, People, SOURCE_NAME};
use super::story::{Attempt, Deed};

/// What came of an attempt.
pub(super) struct Verdict {
    attempt: Attempt,
    /// What the server did, and the error type of a refusal.
    refusal: Option<String>,
    /// What `describeAccess` says: whether, and by which rule.
    explained: bool,
    rule: String,
    /// The sentence for the person: of the refusal, or of the explanation.
    sentence: String,
    /// Whether the refusal and the explanation use the same words.
    same_words: bool,
}

/// Tries it as the person, and asks an administrator's client why.
pub(super) async fn of(base: &str, people: &People, lab: &Lab, attempt: &Attempt) -> anyhow::Result<Verdict> {
    let (project, administrator) = attempt.deed.place(lab);
    let (action, object) = attempt.deed.question(lab);
    let mut asked = json!({ "user": format!("user-{}", attempt.person), "action": action });
    if let Some(object) = object {
        asked["object"] = json!(object);
    }
    let route = format!("/{project}/describeAccess");
    let answer = people.client(base, administrator)?.must(&route, asked).await?;
    let decision = &answer["decision"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let explanation = text(&decision["message"]);
    let outcome = act(&people.client(base, attempt.person)?, attempt.deed, lab).await?;
    let sentence = outcome.as_ref().err().map_or(&explanation, |refused| &refused.message);
    Ok(Verdict {
        attempt: *attempt,
        same_words: *sentence == explanation,
        sentence: with_names(sentence, lab),
        explained: decision["allowed"] == json!(true),
        rule: text(&decision["rule"]),
        refusal: outcome.err().map(|refused| refused.kind),
    })
}

/// Does it. What succeeds is looked at: a search must find the calls alone, a download must give their very bytes.
async fn act(person: &Client, deed: Deed, lab: &Lab) -> anyhow::Result<Result<(), Refused>> {
    let bytes = match deed {
        Deed::Download => Some(person.download(&lab.calls, &lab.source).await?),
        Deed::DownloadCopy => Some(person.download(&lab.calls, &lab.elsewhere).await?),
        _ => None,
    };
    if let Some(outcome) = bytes {
        if let Ok(bytes) = &outcome {
            ensure!(bytes == CALLS, "the downloaded bytes are not those that were uploaded");
        }
        return Ok(outcome.map(|_| ()));
    }
    let (route, input) = deed.call(lab);
    let outcome = person.call(&route, input).await?;
    if let (Deed::Search, Ok(found)) = (deed, &outcome) {
        let ids: Vec<_> = lab::rows(found).map(|row| &row["id"]).collect();
        ensure!(ids == [&json!(lab.calls)], "the search found {ids:?}");
    }
    Ok(outcome.map(|_| ()))
}

/// A sentence with names in place of ids, to be read by people.
fn with_names(sentence: &str, lab: &Lab) -> String {
    sentence
        .replace(&lab.source, &format!("\"{SOURCE_NAME}\""))
        .replace(&lab.elsewhere, &format!("\"{ELSEWHERE_NAME}\""))
}

impl Verdict {
    /// Who tried what.
    pub(super) fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Whether it worked.
    pub(super) fn happened(&self) -> bool {
        self.refusal.is_none()
    }

    /// The code of the rule that decided.
    pub(super) fn rule(&self) -> &str {
        &self.rule
    }

    /// The sentence for the person.
    pub(super) fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Whether it is a refusal of somebody who can see the lab's project: such a one stands in the project's audit log.
    /// To the others the project does not exist.
    pub(super) fn is_recorded_in_source(&self) -> bool {
        !self.happened() && !self.is_hidden() && self.attempt.deed != Deed::DownloadCopy
    }

    fn is_hidden(&self) -> bool {
        self.rule == "access.none"
    }

    /// What is wrong with it, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        let Attempt { person, deed, allowed, rule } = self.attempt;
        let may = |allowed| if allowed { "yes" } else { "no" };
        let what = format!("{person} {}", deed.words());
        if self.happened() != allowed {
            return Some(format!("{what}: should be {}, was {}", may(allowed), may(self.happened())));
        }
        if self.explained != allowed {
            return Some(format!(
                "{what}: was {}, but is explained as {}",
                may(allowed),
                may(self.explained)
            ));
        }
        if self.rule != rule {
            return Some(format!("{what}: {rule} should decide, but {} did", self.rule));
        }
        let kind = self.refusal.as_deref().unwrap_or_default();
        let fits = match (allowed, self.is_hidden()) {
            (true, _) => true,
            (false, true) => kind == "ResourceNotFound" || kind == "PermissionDenied",
            (false, false) => kind == "PermissionDenied" && self.same_words,
        };
        (!fits).then(|| format!("{what}: the refusal is {kind}: {}", self.sentence))
    }
}
