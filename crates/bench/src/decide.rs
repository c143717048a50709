//! One access decision, in process, beside the same decision by the policy engine Cedar.

use std::hint::black_box;
use std::time::Instant;

use policy::{Action, Actor, Destination, Facts, Grant, ObjectFacts, OrgMember, ProjectFacts, Via, decide};
use wire::Level;
use wire::id::{OrgId, ProjectId, UserId};

use crate::figure::{Figure, Figures, Target};
use crate::stats::quantile;

/// Decisions that are timed together, since one alone is shorter than the clock's step.
const BATCH: usize = 2_000;
/// Batches of a round.
const BATCHES: usize = 500;
/// What half of the decisions may take, in µs.
const MOST_MICROSECONDS: f64 = 1.0;
/// The share of Cedar's time that a decision may take.
#[cfg(feature = "cedar")]
const MOST_OF_CEDAR: f64 = 0.2;

/// Times decisions about every mix of grants, flags and actions below.
///
/// # Errors
/// When Cedar decides otherwise.
pub(crate) fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let (facts, actions) = (all_facts(), actions());
    let asked: Vec<(&Facts, Action)> =
        facts.iter().flat_map(|facts| actions.iter().map(move |action| (facts, *action))).collect();
    let allowed = asked.iter().filter(|(facts, action)| decide(facts, *action).allowed()).count();
    let ours = |(facts, action): &(&Facts, Action)| {
        black_box(decide(black_box(facts), black_box(*action)));
    };
    #[cfg(not(feature = "cedar"))]
    let mut took = round(BATCHES, &asked, ours);
    #[cfg(feature = "cedar")]
    let (mut took, mut cedar) = {
        let cedar = crate::cedar::Cedar::new(&asked)?;
        let theirs = |question: &crate::cedar::Question| {
            black_box(cedar.allows(black_box(question)));
        };
        // A B B A; Cedar's batches are fewer, since each takes longer.
        let mut took = round(BATCHES, &asked, ours);
        let mut other = round(BATCHES / 20, cedar.questions(), theirs);
        other.extend(round(BATCHES / 20, cedar.questions(), theirs));
        took.extend(round(BATCHES, &asked, ours));
        (took, other)
    };
    let (half, most) = (quantile(&mut took, 0.5), quantile(&mut took, 0.99));
    figures.add(
        Figure::new("decision", "one decision, p50", half, "µs")
            .beside(format!("p99 {most:.3} µs; {} facts and actions, {allowed} allowed", asked.len()))
            .target(Target::AtMost(MOST_MICROSECONDS)),
    );
    #[cfg(feature = "cedar")]
    {
        let other = quantile(&mut cedar, 0.5);
        figures.add(
            Figure::new("decision", "one decision, ratio to Cedar", half / other, "x")
                .beside(format!(
                    "Cedar's p50 {other:.3} µs: policies, entities and request ready beforehand; the same {} answers",
                    asked.len()
                ))
                .target(Target::AtMost(MOST_OF_CEDAR)),
        );
    }
    Ok(())
}

/// The time of one decision in each of so many batches, in µs, after a tenth more that are not counted.
fn round<Q>(batches: usize, questions: &[Q], decide: impl Fn(&Q)) -> Vec<f64> {
    let mut next = questions.iter().cycle();
    let mut took = Vec::new();
    for batch in 0..batches + batches / 10 {
        let begin = Instant::now();
        next.by_ref().take(BATCH).for_each(&decide);
        let one = begin.elapsed().as_secs_f64() * 1e6 / BATCH as f64;
        if batch >= batches / 10 {
            took.push(one);
        }
    }
    took
}

fn actions() -> Vec<Action> {
    vec![
        Action::SeeProject,
        Action::ListData,
        Action::ViewObject,
        Action::Download { preauthenticated: false },
        Action::CopyOut { into: Destination { contains_phi: false } },
        Action::CreateData { bytes: true },
        Action::DeleteData,
        Action::UpdateProject,
    ]
}

#[expect(clippy::expect_used, reason = "the ids are constants")]
fn all_facts() -> Vec<Facts> {
    let user = UserId::parse("user-ada").expect("an id of a user");
    let payer = UserId::parse("user-pi").expect("an id of a user");
    let org = OrgId::parse("org-lab").expect("an id of an organisation");
    let project = ProjectId::parse("project-012301230123012301230123").expect("an id of a project");
    let mut all = Vec::new();
    for level in
        [None, Some(Level::View), Some(Level::Upload), Some(Level::Contribute), Some(Level::Administer)]
    {
        for through_org in [false, true] {
            for restricted in [false, true] {
                let mut facts =
                    Facts::new(Actor::user(user.clone()), ProjectFacts::new(project.clone(), payer.clone()));
                facts.project.flags.restricted = restricted;
                facts.project.flags.download_restricted = restricted;
                facts.project.flags.protected = !restricted;
                facts.object = Some(ObjectFacts::default());
                if let Some(level) = level {
                    let via = Via::Org { org: org.clone(), member: OrgMember::MEMBER };
                    facts.grants.push(Grant::level(if through_org { via } else { Via::Direct }, level));
                    facts.grants.push(Grant::level(Via::Public, Level::View));
                }
                all.push(facts);
            }
        }
    }
    all
}
