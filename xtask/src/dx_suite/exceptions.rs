//! Why tests of the public client do not pass yet: the reasons that are known.

/// Areas that are about what this server does not have yet.
const AREAS: &[(&str, &str)] = &[
    ("apps", "makes apps"),
    ("executions", "looks at jobs"),
    ("global-workflows", "makes global workflows"),
    ("run", "runs applets"),
    ("run-batch", "runs applets"),
    ("run-workflows", "runs workflows"),
    ("ssh", "connects to jobs"),
    ("watch-logs", "watches jobs"),
    ("workflows", "makes workflows"),
];

/// Tests of other areas that need such things too.
const TESTS: &[(&str, &str)] = &[
    ("test_describe_analysis_verbose", "runs a workflow"),
    ("test_describe_job_verbose", "runs an applet"),
    ("test_dx_find_data_by_class", "makes a workflow"),
    ("test_dx_resolve", "runs an applet"),
    ("test_idempotent_applet_and_app_creation", "makes an app"),
    ("test_workflow_completion", "makes workflows"),
];

/// Why tests of an area do not pass.
pub(super) fn of_area(area: &str) -> Option<&'static str> {
    of(AREAS, area)
}

/// Why a test does not pass.
pub(super) fn of_test(name: &str) -> Option<&'static str> {
    of(TESTS, name)
}

fn of(list: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    list.iter().find(|(listed, _)| *listed == name).map(|(_, reason)| *reason)
}
