//! How an executable runs, and what it may reach (contract: execution 2).

use super::io::LinkValue;
use super::shape::{ByEntryPoint, Keyed, MAX_ENTRIES, specs};
use crate::level::Level;
use crate::metadata::List;
use crate::number::Whole;
use crate::text::{Code, InstanceType, SpecLine, SpecWord};
use crate::word::words;

/// The longest time that an entry point may run, in minutes: 30 days.
pub const MAX_TIMEOUT_MINUTES: i64 = 30 * 24 * 60;
/// The most restarts that a policy may ask for.
pub const MAX_RESTARTS: i64 = 9;

words! {
    /// What runs the program. `python2.7` is taken from those who still have it.
    Interpreter { Bash => "bash", Python3 => "python3", Python2 => "python2.7" }
    /// What the workers run on.
    Distribution { Ubuntu => "Ubuntu" }
    /// Its release. Those before 20.04 are taken from those who still name them.
    Release { R1204 => "12.04", R1404 => "14.04", R1604 => "16.04", R2004 => "20.04", R2404 => "24.04" }
    /// The version of the environment within a release.
    EnvironmentVersion { V0 => "0", V1 => "1" }
    /// What installs a package.
    PackageManager {
        Apt => "apt", Pip => "pip", Pip3 => "pip3", Gem => "gem", Cpan => "cpan", Cran => "cran", Git => "git"
    }
    /// Which kind of cluster is set up.
    ClusterType { Dxspark => "dxspark", Apachespark => "apachespark", Spark => "spark", Generic => "generic" }
    /// After which failures an execution may be started again; `*` stands for those that are not named.
    RestartReason {
        Any => "*",
        AppInternalError => "AppInternalError",
        AppInsufficientResourceError => "AppInsufficientResourceError",
        ExecutionError => "ExecutionError",
        UnresponsiveWorker => "UnresponsiveWorker",
        SpotInstanceInterruption => "SpotInstanceInterruption",
        JMInternalError => "JMInternalError",
        JobTimeoutExceeded => "JobTimeoutExceeded",
    }
    /// What starts again when a job fails.
    RestartableEntryPoints { Master => "master", All => "all" }
}

specs! {
    /// How the program of an executable runs. Keys that are not listed are not kept.
    #[serde(rename_all = "camelCase")]
    RunSpec = "RunSpec" {
        needs {
            /// What runs the program.
            interpreter: Interpreter,
            /// The program.
            code: Code,
            /// What the workers run on.
            distribution: Distribution,
            /// Its release.
            release: Release,
        }
        may {
            /// The version of the environment within the release.
            version: EnvironmentVersion,
            /// Packages that are installed before the program starts.
            exec_depends: List<Dependency, MAX_ENTRIES>,
            /// Objects that belong to the executable; archives among them are unpacked before the program starts.
            bundled_depends: List<BundledDependency, MAX_ENTRIES>,
            /// Packages and objects in one list.
            dependencies: List<Dependency, MAX_ENTRIES>,
            /// What each entry point runs on.
            system_requirements: ByEntryPoint<SystemRequirement>,
            /// When to start again after a failure.
            execution_policy: ExecutionPolicy,
            /// What starts again.
            restartable_entry_points: RestartableEntryPoints,
            /// How long each entry point may run.
            timeout_policy: ByEntryPoint<Timeout>,
            /// Whether the first job asks for a worker that is not taken away.
            head_job_on_demand: bool,
            /// Whether the restart policy of what started it holds for it too.
            inherit_parent_restart_on_policy: bool,
        }
    }

    /// A package to install, or an object to fetch.
    Dependency = "Dependency" {
        needs {
            /// The package.
            name: SpecWord,
        }
        may {
            /// The object, in a list that holds both.
            id: LinkValue,
            /// What installs it; `apt` when absent.
            package_manager: PackageManager,
            /// Its version.
            version: SpecWord,
            /// The entry points that need it; all when absent.
            stages: List<SpecWord, MAX_ENTRIES>,
            /// For `git`: where from.
            url: SpecLine,
            /// For `git`: which branch, tag or commit.
            tag: SpecWord,
            /// For `git`: where to.
            destdir: SpecLine,
            /// For `git`: what to call there.
            build_commands: SpecLine,
        }
    }

    /// An object that belongs to an executable.
    BundledDependency = "BundledDependency" {
        needs {
            /// What it is called.
            name: SpecLine,
            /// The object.
            id: LinkValue,
        }
        may {
            /// The entry points that need it; all when absent.
            stages: List<SpecWord, MAX_ENTRIES>,
        }
    }

    /// What an entry point runs on.
    #[serde(rename_all = "camelCase")]
    SystemRequirement = "SystemRequirement" {
        may {
            /// The kind of worker.
            instance_type: InstanceType,
            /// Kinds of workers to choose from.
            instance_type_selector: InstanceTypeSelector,
            /// The cluster.
            cluster_spec: ClusterSpec,
            /// The driver of its graphics cards.
            nvidia_driver: SpecWord,
            /// The driver of its programmable chips.
            fpga_driver: SpecWord,
        }
    }

    /// Kinds of workers to choose from.
    #[serde(rename_all = "camelCase")]
    InstanceTypeSelector = "InstanceTypeSelector" {
        needs {
            /// The kinds.
            allowed_instance_types: List<InstanceType, MAX_ENTRIES>,
        }
    }

    /// A cluster.
    #[serde(rename_all = "camelCase")]
    ClusterSpec = "ClusterSpec" {
        needs {
            /// Its kind.
            r#type: ClusterType,
        }
        may {
            /// The version of its software.
            version: SpecWord,
            /// How many workers it begins with.
            initial_instance_count: Whole<1>,
            /// Ports that are open between its workers.
            ports: SpecLine,
            /// A program that runs on each worker first.
            bootstrap_script: Code,
        }
    }

    /// When to start again after a failure.
    #[serde(rename_all = "camelCase")]
    ExecutionPolicy = "ExecutionPolicy" {
        may {
            /// How often after which failure.
            restart_on: Keyed<RestartReason, Whole<0>>,
            /// How often in all, 0 to 9.
            max_restarts: Whole<0>,
        }
    }

    /// How long something may run: the sum.
    Timeout = "Timeout" {
        may {
            /// Days.
            days: Whole<0>,
            /// Hours.
            hours: Whole<0>,
            /// Minutes.
            minutes: Whole<0>,
        }
    }

    /// What the jobs of an executable may reach.
    #[serde(rename_all = "camelCase")]
    AccessSpec = "AccessSpec" {
        may {
            /// Hosts, as patterns; `*` for all.
            network: List<SpecWord, MAX_ENTRIES>,
            /// The level in the project that the job runs in.
            project: Level,
            /// The level in the other projects of whoever starts it.
            all_projects: Level,
            /// Whether to act as a developer of apps.
            developer: bool,
            /// Whether to make projects.
            project_creation: bool,
        }
    }

    /// The web pages of a job.
    HttpsApp = "HttpsApp" {
        may {
            /// The ports that are served.
            ports: List<Whole<1>, MAX_ENTRIES>,
            /// The level that whoever opens them needs.
            shared_access: Level,
            /// Under which name.
            dns: HttpsAppName,
        }
    }

    /// The name of the web pages of a job.
    HttpsAppName = "HttpsAppName" {
        may {
            /// The first part of their host name.
            hostname: SpecWord,
        }
    }
}

impl Timeout {
    /// The sum, in minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        let part = |part: Option<Whole<0>>, minutes: i64| {
            part.map_or(0, |number| number.get().saturating_mul(minutes))
        };
        part(self.days, 24 * 60).saturating_add(part(self.hours, 60)).saturating_add(part(self.minutes, 1))
    }
}
