//! Why tests of the public client do not pass yet: the reasons that are known.

/// Areas that are about what this server does not have yet.
const AREAS: &[(&str, &str)] = &[
    ("applets-build", "makes applets"),
    ("apps", "makes apps"),
    ("assets", "makes applets and records of assets"),
    ("executions", "looks at jobs"),
    ("global-workflows", "makes global workflows"),
    ("nextflow", "makes applets"),
    ("run", "runs applets"),
    ("run-batch", "runs applets"),
    ("run-workflows", "runs workflows"),
    ("ssh", "connects to jobs"),
    ("watch-logs", "watches jobs"),
    ("workflows", "makes workflows"),
];

/// Tests of other areas that need such things too.
const TESTS: &[(&str, &str)] = &[
    ("test_bad_current_project", "its set-up makes an applet"),
    ("test_build_worklow_malformed_dxworkflow_json", "its set-up makes an applet"),
    ("test_describe_analysis_verbose", "runs a workflow"),
    ("test_describe_job_verbose", "runs an applet"),
    ("test_dx_find_data_by_class", "makes a workflow"),
    ("test_dx_resolve", "runs an applet"),
    ("test_idempotent_applet_and_app_creation", "makes an applet and an app"),
    ("test_init_and_set_id", "its set-up makes an applet"),
    ("test_projects", "its set-up makes an applet"),
    ("test_user_describe_self_shows_bill_to", "its set-up makes an applet"),
    ("test_var_initialization", "makes an applet"),
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
