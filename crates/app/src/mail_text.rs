//! What the letters of this server say.
//!
//! A [`Letter`] holds ids only; names are looked up when it is sent, and what is not to leave the platform stays out.
//! Names that people chose are cut to one short line, so that nobody can write letters in our name.

use serde::{Deserialize, Serialize};
use wire::Level;
use wire::id::{ContainerId, OrgId, UserId};

/// Most characters of a chosen name in a letter.
const MAX_NAME_CHARS: usize = 80;

/// A letter as it waits in the outbox (contract: identity-and-sharing 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Letter {
    /// To a new user: set a password (F017).
    Activation {
        /// Who made the account; none when its owner did.
        by: Option<UserId>,
    },
    /// To the holder of an address that somebody wanted to use for another account.
    AddressTaken,
    /// To a user who forgot the password.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
    /// To another address that a user gave.
    ConfirmAddress {
        /// That address.
        to: String,
    },
    /// To the earlier address.
    AddressChanged {
        /// That address.
        to: String,
    },
    /// The second factor was switched on or off.
    SecondFactor {
        /// Whether it is on now.
        on: bool,
        /// Who did it, when that was somebody else.
        by: Option<UserId>,
    },
    /// A person at a sign-in provider can sign in to the account from now on, or no longer.
    Identity {
        /// The provider's issuer address.
        issuer: String,
        /// Whether the two are linked now.
        linked: bool,
    },
    /// A project was shared, or the level raised.
    ProjectInvited {
        /// The project.
        project: ContainerId,
        /// The level now.
        level: Level,
        /// Who did it.
        by: UserId,
    },
    /// A membership of an organisation began.
    OrgInvited {
        /// The organisation.
        org: OrgId,
        /// Who did it.
        by: UserId,
    },
    /// To the administrators of a project: somebody gave themselves access by standing.
    SelfInvited {
        /// The project.
        project: ContainerId,
        /// Who did it.
        by: UserId,
    },
}

/// What a letter is filled with when it is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The handle of the reader.
    pub(crate) handle: String,
    /// The address of this server.
    pub(crate) server: String,
    /// The link with a one-time code, where the letter has one.
    pub(crate) link: String,
    /// What the project is called, or its id where its name must not leave the platform.
    pub(crate) project: String,
    /// What the organisation is called.
    pub(crate) org: String,
    /// How long the link works, in hours.
    pub(crate) hours: i64,
}

/// Subject and text of a letter.
pub(crate) fn write(letter: &Letter, facts: &Facts) -> (String, String) {
    let Facts { link, hours, .. } = facts;
    let (project, org) = (one_line(&facts.project), one_line(&facts.org));
    let server = host(&facts.server);
    let (subject, body) = match letter {
        Letter::Activation { by } => (
            format!("Your account on {server}"),
            format!(
                "{} an account for you, \"{}\". Choose a password to begin using it:\n\n{link}\n\nThe link works for {} and only once. If you did not expect this, ignore the message.",
                by.as_ref().map_or_else(|| "You asked for".to_owned(), |by| format!("{by} made")),
                facts.handle,
                life(*hours),
            ),
        ),
        Letter::AddressTaken => (
            format!("You have an account on {server}"),
            format!(
                "Somebody, perhaps you, wanted to use this address for another account. You have one already, \"{}\", and nothing was changed. If you forgot the password, ask for another one at {}.",
                facts.handle, facts.server
            ),
        ),
        Letter::PasswordReset => (
            format!("Another password for {server}"),
            format!(
                "Somebody, perhaps you, asked for another password for the account \"{}\". Choose it here:\n\n{link}\n\nThe link works for {} and only once. If you did not ask, ignore the message: your password stays as it is.",
                facts.handle,
                life(*hours),
            ),
        ),
        Letter::PasswordChanged => (
            format!("Your password on {server} was changed"),
            format!(
                "The password of the account \"{}\" was changed, and every other session and token of it has ended. If that was not you, tell your administrator at once.",
                facts.handle
            ),
        ),
        Letter::ConfirmAddress { .. } => (
            format!("Confirm your address for {server}"),
            format!(
                "The account \"{}\" is to use this address. Confirm it here:\n\n{link}\n\nThe link works for {} and only once. If you did not ask for this, ignore the message.",
                facts.handle,
                life(*hours),
            ),
        ),
        Letter::AddressChanged { .. } => (
            format!("Your address on {server} was changed"),
            format!(
                "The account \"{}\" uses another e-mail address from now on. If that was not you, tell your administrator at once.",
                facts.handle
            ),
        ),
        Letter::SecondFactor { on, by } => (
            format!("Signing in to {server}: the second factor is {}", if *on { "on" } else { "off" }),
            format!(
                "{} the second factor of the account \"{}\" {}. If you did not want that, tell your administrator at once.",
                by.as_ref().map_or_else(|| "You switched".to_owned(), |by| format!("{by} switched")),
                facts.handle,
                if *on { "on" } else { "off" },
            ),
        ),
        Letter::Identity { issuer, linked } => (
            format!("Signing in to {server} with a provider"),
            format!(
                "The account \"{}\" {} with {}. If you did not want that, tell your administrator at once.",
                facts.handle,
                if *linked { "can be signed in to from now on" } else { "can no longer be signed in to" },
                one_line(issuer),
            ),
        ),
        Letter::ProjectInvited { project: id, level, by } => (
            format!("The project {project} is shared with you"),
            format!(
                "{by} gave you {level} in the project {project} ({id}) on {server}. The dx client opens it by:\n\ndx select {id}"
            ),
        ),
        Letter::OrgInvited { by, .. } => (
            format!("You are a member of {org}"),
            format!("{by} made you a member of the organisation {org} on {server}."),
        ),
        Letter::SelfInvited { project: id, by } => (
            format!("{by} joined the project {project}"),
            format!(
                "{by} gave themselves access to the project {project}, as an administrator of the organisation that pays for it or of this server may. You are told because you administer the project, which is {id} on {server}."
            ),
        ),
    };
    let text = format!("Hello {},\n\n{body}\n\n-- \nOperon at {}\n", facts.handle, facts.server);
    (subject.chars().take(mail::MAX_SUBJECT_CHARS).collect(), text)
}

/// The server's address without its scheme, for subjects.
fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

fn life(hours: i64) -> String {
    match hours {
        1 => "an hour".to_owned(),
        0..48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

fn one_line(name: &str) -> String {
    let mut line: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    if name.chars().count() > MAX_NAME_CHARS {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            handle: "ada".into(),
            server: "https://operon.example.org".into(),
            link: "https://operon.example.org/activate?code=k".into(),
            project: "Trial".into(),
            org: "Pirates".into(),
            hours: 168,
        }
    }

    #[test]
    fn a_chosen_name_stays_one_short_line() {
        let project = ContainerId::parse("project-012301230123012301230123").unwrap();
        let letter =
            Letter::ProjectInvited { project, level: Level::View, by: UserId::parse("user-eve").unwrap() };
        let name = format!("Trial\u{85}\u{7f}{}", "x".repeat(300));
        let (subject, text) = write(&letter, &Facts { project: name, ..facts() });
        assert!(!subject.chars().any(char::is_control), "{subject:?}");
        assert!(subject.chars().count() <= mail::MAX_SUBJECT_CHARS);
        assert!(text.contains("user-eve gave you VIEW") && !text.contains(&"x".repeat(100)));
    }

    #[test]
    fn letters_survive_the_outbox() {
        let letter = Letter::Activation { by: UserId::parse("user-bob") };
        let stored = serde_json::to_value(&letter).unwrap();
        assert_eq!(stored, serde_json::json!({ "letter": "activation", "by": "user-bob" }));
        assert_eq!(serde_json::from_value::<Letter>(stored).unwrap(), letter);
        assert!(write(&letter, &facts()).1.contains("works for 7 days"));
    }
}
