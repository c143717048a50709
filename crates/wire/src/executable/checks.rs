//! What must hold between the keys of a specification (contract: execution 1 to 3).

use std::collections::HashSet;

use serde_json::Value;

use super::io::{IoClass, IoField, linked};
use super::run::{
    ExecutionPolicy, MAX_RESTARTS, MAX_TIMEOUT_MINUTES, PackageManager, RunSpec, SystemRequirement, Timeout,
};
use crate::ApiError;
use crate::json::invalid_value;
use crate::link::Link;

/// Most links in the defaults and choices of one executable, each of which is looked up; the limit is ours.
pub const MAX_VALUE_LINKS: usize = 200;

/// What a specification links to, each link with the path of its key.
#[derive(Debug, Clone, Default)]
pub struct SpecLinks {
    /// What belongs to the executable and lies in its project.
    pub bundled: Vec<(String, Link)>,
    /// Defaults and choices, which may lie anywhere.
    pub values: Vec<(String, Link)>,
}

/// Checks a specification, and finds what it links to.
///
/// # Errors
/// `InvalidInput`, which names the key: two fields of one name, a default or choice that is not of the field's class, a
/// default that is no choice, a requirement that says two things at once, a time or number of restarts out of bounds.
pub fn check(
    run: &RunSpec,
    inputs: Option<&[IoField]>,
    outputs: Option<&[IoField]>,
) -> Result<SpecLinks, ApiError> {
    let mut links = SpecLinks::default();
    for (key, fields) in [("inputSpec", inputs), ("outputSpec", outputs)] {
        check_fields(key, fields.unwrap_or_default(), &mut links)?;
    }
    check_run(run, &mut links)?;
    if links.values.len() > MAX_VALUE_LINKS {
        return Err(ApiError::invalid_input(format!(
            "The defaults and choices of the fields hold {} links; at most {MAX_VALUE_LINKS} are allowed.",
            links.values.len()
        )));
    }
    Ok(links)
}

fn check_fields(key: &str, fields: &[IoField], links: &mut SpecLinks) -> Result<(), ApiError> {
    let mut names = HashSet::new();
    for (at, field) in fields.iter().enumerate() {
        let path = format!("{key}[{at}]");
        if !names.insert(field.name.as_str()) {
            let why = format!("another field before it is called \"{}\" too", field.name);
            return Err(invalid_value(&format!("{path}.name"), &why));
        }
        let item = field.class.item().unwrap_or(field.class);
        let mut allowed = Vec::new();
        for (at, choice) in field.choices.iter().flat_map(|choices| choices.iter()).enumerate() {
            let path = format!("{path}.choices[{at}]");
            let choice = choice_of(item, choice);
            if !item.takes(choice) {
                return Err(not_of(&path, item));
            }
            links.add_value(&path, choice);
            allowed.push(choice);
        }
        let Some(default) = &field.default else { continue };
        let path = format!("{path}.default");
        if !field.class.takes(default) {
            return Err(not_of(&path, field.class));
        }
        let values = if field.class.item().is_some() { default.as_array() } else { None };
        let values = values.map_or(std::slice::from_ref(default), Vec::as_slice);
        for value in values {
            if !allowed.is_empty() && !allowed.iter().any(|choice| same(choice, value)) {
                return Err(invalid_value(&path, "it is none of the field's choices"));
            }
            links.add_value(&path, value);
        }
    }
    Ok(())
}

/// The value of a choice: objects may have a name beside it.
fn choice_of(class: IoClass, choice: &Value) -> &Value {
    match choice.get("value") {
        Some(value) if class.object().is_some() => value,
        _ => choice,
    }
}

fn same(one: &Value, other: &Value) -> bool {
    match (linked(one), linked(other)) {
        (Some(one), Some(other)) => one.target == other.target,
        _ => one == other,
    }
}

fn not_of(path: &str, class: IoClass) -> ApiError {
    invalid_value(path, &format!("it is not of the class {class}"))
}

impl SpecLinks {
    fn add_value(&mut self, path: &str, value: &Value) {
        self.values.extend(linked(value).map(|link| (path.to_owned(), link)));
    }
}

fn check_run(run: &RunSpec, links: &mut SpecLinks) -> Result<(), ApiError> {
    for (key, packages, may_link) in
        [("execDepends", &run.exec_depends, false), ("dependencies", &run.dependencies, true)]
    {
        for (at, package) in packages.iter().flat_map(|packages| packages.iter()).enumerate() {
            let path = format!("runSpec.{key}[{at}]");
            if package.package_manager == Some(PackageManager::Git) && package.url.is_none() {
                return Err(invalid_value(&path, "with git it needs a \"url\""));
            }
            match &package.id {
                Some(id) if may_link => links.bundled.push((format!("{path}.id"), id.link.clone())),
                Some(_) => {
                    let why = "packages have no id; objects belong into \"bundledDepends\"";
                    return Err(invalid_value(&format!("{path}.id"), why));
                }
                None => {}
            }
        }
    }
    for (at, object) in run.bundled_depends.iter().flat_map(|objects| objects.iter()).enumerate() {
        links.bundled.push((format!("runSpec.bundledDepends[{at}].id"), object.id.link.clone()));
    }
    for (entry_point, requirement) in run.system_requirements.iter().flat_map(|all| all.iter()) {
        check_requirement(&format!("runSpec.systemRequirements.{entry_point}"), requirement)?;
    }
    for (entry_point, timeout) in run.timeout_policy.iter().flat_map(|all| all.iter()) {
        check_timeout(&format!("runSpec.timeoutPolicy.{entry_point}"), timeout)?;
    }
    run.execution_policy.as_ref().map_or(Ok(()), check_policy)
}

fn check_requirement(path: &str, requirement: &SystemRequirement) -> Result<(), ApiError> {
    if requirement.instance_type_selector.is_none() {
        return Ok(());
    }
    for (key, given) in [
        ("instanceType", requirement.instance_type.is_some()),
        ("clusterSpec", requirement.cluster_spec.is_some()),
    ] {
        if given {
            let why = format!("\"instanceTypeSelector\" and \"{key}\" exclude each other");
            return Err(invalid_value(path, &why));
        }
    }
    Ok(())
}

fn check_timeout(path: &str, timeout: &Timeout) -> Result<(), ApiError> {
    match timeout.minutes() {
        1..=MAX_TIMEOUT_MINUTES => Ok(()),
        _ => Err(invalid_value(path, "the sum of days, hours and minutes is from one minute to 30 days")),
    }
}

fn check_policy(policy: &ExecutionPolicy) -> Result<(), ApiError> {
    if policy.max_restarts.is_some_and(|restarts| restarts.get() > MAX_RESTARTS) {
        let why = format!("expected a whole number from 0 to {MAX_RESTARTS}");
        return Err(invalid_value("runSpec.executionPolicy.maxRestarts", &why));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
