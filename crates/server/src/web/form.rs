//! One shape for all forms that stand alone on a page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::page::Head;
use super::visitor::Visitor;

/// One field of a form.
#[derive(Clone)]
pub(super) struct Field {
    /// Its name and id.
    pub name: &'static str,
    /// What it asks for.
    pub label: &'static str,
    /// The kind of `input`: `text`, `email`, `password` or `hidden`.
    pub kind: &'static str,
    /// What password managers may fill in.
    pub autocomplete: &'static str,
    /// Help below the label.
    pub hint: String,
    /// What it holds. Passwords are never sent back.
    pub value: String,
    /// What is wrong with what was sent.
    pub error: String,
}

impl Field {
    /// A field for a line of text.
    pub(super) fn text(name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            autocomplete,
            hint: String::new(),
            value: String::new(),
            error: String::new(),
        }
    }

    /// A field for an e-mail address.
    pub(super) fn email(name: &'static str, label: &'static str) -> Self {
        Self { kind: "email", ..Self::text(name, label, "email") }
    }

    /// A field for a password that is there already.
    pub(super) fn password(name: &'static str, label: &'static str) -> Self {
        Self { kind: "password", ..Self::text(name, label, "current-password") }
    }

    /// A field for a password that is to be.
    pub(super) fn new_password(name: &'static str, label: &'static str) -> Self {
        Self { autocomplete: "new-password", ..Self::password(name, label) }
    }

    /// Help below the label.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// What it holds.
    pub(super) fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// Not shown when it holds something.
    pub(super) fn hidden_if_filled(self) -> Self {
        let kind = if self.value.is_empty() { self.kind } else { "hidden" };
        Self { kind, ..self }
    }
}

/// A button that begins a sign-in at a provider; a form of its own.
pub(super) struct ProviderButton {
    /// The provider's name in addresses.
    pub name: String,
    /// What the button says.
    pub label: String,
}

/// A form that stands alone on a page.
pub(super) struct Form {
    /// The heading.
    pub title: &'static str,
    /// What the person is told before the fields.
    pub intro: String,
    /// A quiet message about what happened before.
    pub notice: &'static str,
    /// Where it is sent to.
    pub action: &'static str,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What the button says.
    pub submit: &'static str,
    /// What went wrong, apart from the fields.
    pub problem: String,
    /// The ways to do the same with a provider, and what they are for: `sign-in` or `activate`.
    pub providers: Vec<ProviderButton>,
    /// See [`Form::providers`].
    pub aim: &'static str,
    /// The one-time code that goes to the provider's way along.
    pub code: String,
    /// Other ways to go: address and words.
    pub links: Vec<(&'static str, &'static str)>,
}

impl Form {
    /// A form without fields yet.
    pub(super) fn new(title: &'static str, action: &'static str, submit: &'static str) -> Self {
        Self {
            title,
            intro: String::new(),
            notice: "",
            action,
            fields: Vec::new(),
            submit,
            problem: String::new(),
            providers: Vec::new(),
            aim: "sign-in",
            code: String::new(),
            links: Vec::new(),
        }
    }

    /// Says what is wrong with a field.
    pub(super) fn wrong(mut self, field: &str, error: impl Into<String>) -> Self {
        let error = error.into();
        match self.fields.iter_mut().find(|own| own.name == field && own.kind != "hidden") {
            Some(own) => own.error = error,
            None => self.problem = error,
        }
        self
    }

    /// Whether anything is wrong.
    pub(super) fn is_wrong(&self) -> bool {
        !self.problem.is_empty() || self.fields.iter().any(|field| !field.error.is_empty())
    }
}

/// The page of one form.
#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    head: Head,
    form: &'a Form,
}

impl Visitor {
    /// The page of a form.
    pub(super) fn form(&self, status: StatusCode, form: &Form) -> Response {
        self.page(status, &FormPage { head: self.head(form.title), form })
    }
}
