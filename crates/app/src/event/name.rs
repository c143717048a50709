//! The names of all audit events, on one screen.

macro_rules! names {
    ($($name:ident $text:literal $says:literal)+) => {
        /// What an audit event is called: `<noun>.<verb>`, the verb in the past tense.
        ///
        /// Names are forever: the log of a server may hold any that was ever in this list. `docs/audit-events.md` is
        /// printed from it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventName { $(#[doc = $says] $name,)+ }

        impl EventName {
            /// Every name, by noun.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name as the log holds it, such as `member.invited`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What happened, in a sentence.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)+ }
            }
        }
    };
}

names! {
    AccessRefused "access.refused" "The access decision said no. `rule` says which rule decided, `after` what was asked."

    DataArchived "data.archived" "Copies of files were marked for the archive."
    DataArchivalSettled "data.archivalSettled" "The archival state of a copy followed from the marks of its fellows or from its bytes having moved."
    DataCloned "data.cloned" "Copies were made from this project's objects; the event of the project that they left."
    DataMoved "data.moved" "Copies or folders went to another folder of their project."
    DataReceived "data.received" "Copies of another project's objects came; the event of the project that got them."
    DataRemoved "data.removed" "Copies were removed, by hand or because nothing visible linked to them any more."
    DataUnarchived "data.unarchived" "Archived or marked copies were asked back."

    EventsCounted "event.counted" "What came too often to be written each time was counted: `after` says how many events of which `kind` there were, and from when to when."

    FileDamaged "file.damaged" "Stored bytes were found damaged or gone. The files that use them are named."
    FilePartAnnounced "file.partAnnounced" "The address for a part of a file was given out."
    FilePartStored "file.partStored" "The bytes of a part arrived, were verified and are durable."
    FileRead "file.read" "Bytes of a file were about to leave. Further ranges of the same reading fold into the event until `coversUntil`."
    FileSealed "file.sealed" "A file of several parts was read once, and has its size and digests."

    FixtureLoaded "fixture.loaded" "A declarative file filled an empty data directory."

    FolderMade "folder.made" "A folder was made."
    FolderRemoved "folder.removed" "A folder was removed."
    FolderRenamed "folder.renamed" "A folder got another name."

    IdentityLinked "identity.linked" "An account was tied to an identity of a sign-in provider."
    IdentityUnlinked "identity.unlinked" "An account was freed from an identity of a sign-in provider."

    MemberDecreased "member.decreased" "A member's access to a project was lowered or taken away."
    MemberInvited "member.invited" "Somebody got access to a project, or more of it."
    MemberLeft "member.left" "A member gave up access to a project."
    MemberRemoved "member.removed" "Somebody's access to a project ended with their account, their membership, or their organisation."
    MemberSelfInvited "member.selfInvited" "An administrator of the platform or of the paying organisation added themselves to a project."

    ObjectClosed "object.closed" "An object is closed for good: nothing held it back any more."
    ObjectCodeRead "object.codeRead" "Somebody read the program of an applet."
    ObjectDetailsRead "object.detailsRead" "Somebody got the details of objects. Further readings of the same with the same token and from the same address fold into the event until `coversUntil`."
    ObjectDetailsSet "object.detailsSet" "An object's details were replaced; the event holds digests of them."
    ObjectFrozen "object.frozen" "Somebody closed an object: its content changes no more, and it will be closed."
    ObjectMade "object.made" "A data object was made."
    ObjectPropertiesSet "object.propertiesSet" "Properties of a copy changed."
    ObjectRenamed "object.renamed" "A copy got another name."
    ObjectTagsSet "object.tagsSet" "Tags of a copy changed."
    ObjectTypesSet "object.typesSet" "An object's types changed."
    ObjectVisibilitySet "object.visibilitySet" "An object was hidden or shown."

    OrgDestroyed "org.destroyed" "An organisation was destroyed."
    OrgLicensed "org.licensed" "The platform changed what an organisation is licensed for, or its billing."
    OrgMade "org.made" "An organisation was made."
    OrgMemberChanged "org.memberChanged" "A member's standing in an organisation changed."
    OrgMemberInvited "org.memberInvited" "Somebody became a member of an organisation."
    OrgMemberRemoved "org.memberRemoved" "Somebody ceased to be a member of an organisation."
    OrgUpdated "org.updated" "An organisation's name or policies changed."

    ProjectDestroyed "project.destroyed" "A project was destroyed; what lay in it is collected in the background."
    ProjectMade "project.made" "A project was made."
    ProjectNoticeAccepted "project.noticeAccepted" "Somebody accepted a project's data protection notice."
    ProjectPropertiesSet "project.propertiesSet" "Properties of a project changed."
    ProjectTagsSet "project.tagsSet" "Tags of a project changed."
    ProjectUpdated "project.updated" "A project's settings changed."

    SecondFactorBackupUsed "secondFactor.backupUsed" "A backup code took the place of the second factor."
    SecondFactorBegun "secondFactor.begun" "Somebody began to set up a second factor."
    SecondFactorDisabled "secondFactor.disabled" "Somebody switched their second factor off."
    SecondFactorEnabled "secondFactor.enabled" "Somebody proved their new second factor; from now on it is asked for."
    SecondFactorReset "secondFactor.reset" "An administrator took somebody's second factor away."

    ServerBackedUp "server.backedUp" "Somebody who holds the data directory began to copy everything into a backup."
    ServerRestored "server.restored" "The server was filled from a backup. What happened after that backup is not in the log."

    SessionAllEnded "session.allEnded" "Somebody ended all their sessions in browsers."
    SessionBegun "session.begun" "Somebody signed in with a browser."
    SessionEnded "session.ended" "Somebody signed out."

    SignInLinkMade "signIn.linkMade" "The operator made a link with which somebody signs in once."
    SignInLinkUsed "signIn.linkUsed" "Somebody signed in with a link of the operator."
    SignInPasswordRefused "signIn.passwordRefused" "A sign-in failed: no such account, a wrong password, or an account that is not active."
    SignInProviderRefused "signIn.providerRefused" "A sign-in through a provider failed: the identity opens no account."
    SignInSecondFactorRefused "signIn.secondFactorRefused" "A sign-in failed on its second factor."

    TokenEnded "token.ended" "A token was ended."
    TokenMade "token.made" "A token was made."

    UserActivated "user.activated" "An account was activated."
    UserActivationSent "user.activationSent" "The letter that activates an account was sent again."
    UserDisabled "user.disabled" "An account was disabled."
    UserEmailAsked "user.emailAsked" "Somebody asked for another e-mail address; it waits for its proof."
    UserEmailChanged "user.emailChanged" "An e-mail address was proved and is in use."
    UserEnabled "user.enabled" "A disabled account was enabled again."
    UserExpired "user.expired" "An account that somebody asked for and did not activate in time was removed; its name is free again."
    UserKindSet "user.kindSet" "An account's kind changed: standard, read-only or administrator."
    UserMade "user.made" "An account was made."
    UserPasswordChanged "user.passwordChanged" "Somebody changed their password, knowing the old one."
    UserPasswordReset "user.passwordReset" "Somebody set another password through a letter."
    UserPasswordResetAsked "user.passwordResetAsked" "Somebody, perhaps a stranger, asked for a letter to set another password."
    UserRemoved "user.removed" "An account was closed for good."
    UserUnlocked "user.unlocked" "An administrator lifted the wait after failed sign-ins."
    UserUpdated "user.updated" "A profile changed."
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit-events.md");

    #[test]
    fn names_are_a_noun_and_a_verb_in_order_and_no_two_are_equal() {
        let names: Vec<&str> = EventName::ALL.iter().map(|name| name.as_str()).collect();
        for name in &names {
            let (noun, verb) = name.split_once('.').expect(name);
            for word in [noun, verb] {
                assert!(word.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
                assert!(word.chars().all(|c| c.is_ascii_alphabetic()), "{name}");
            }
        }
        let nouns: Vec<_> = names.iter().filter_map(|name| name.split('.').next()).collect();
        assert!(nouns.is_sorted(), "{nouns:?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    /// After a wanted change: `UPDATE_AUDIT_EVENTS=1 cargo nextest run -p app the_document_lists_every_event`.
    #[test]
    fn the_document_lists_every_event() {
        let kept = std::fs::read_to_string(DOCUMENT).unwrap();
        let (head, _) = kept.split_once("| event |").expect("the document has a table");
        let mut now = format!("{head}| event | what happened |\n| --- | --- |\n");
        for name in EventName::ALL {
            writeln!(now, "| `{}` | {} |", name.as_str(), name.says()).unwrap();
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a switch for whoever runs the test, not configuration"
        )]
        let update = std::env::var_os("UPDATE_AUDIT_EVENTS").is_some();
        if update {
            std::fs::write(DOCUMENT, &now).unwrap();
        }
        assert!(
            update || kept == now,
            "docs/audit-events.md is not what the list says; see the head of this test"
        );
    }

    #[test]
    fn every_event_is_written_somewhere() {
        let mut sources = String::new();
        read_all(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut sources);
        for name in EventName::ALL {
            assert!(sources.contains(&format!("EventName::{name:?}")), "nothing writes {}", name.as_str());
        }
    }

    fn read_all(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read_all(&path, into);
            } else {
                into.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
