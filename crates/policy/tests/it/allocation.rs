//! A decision allocates nothing, allowed or refused.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use policy::*;
use wire::Level;

use crate::worlds::*;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged; counting touches a plain thread-local cell, which
// needs no allocation and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `pointer` came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn decisions_do_not_allocate() {
    let actions = all_actions();
    for level in Level::ALL {
        let mut facts = world(level);
        facts.grants.push(Grant::level(Via::Public, Level::View));
        facts.object = Some(ObjectFacts::default());
        facts.project.flags.protected = true;
        facts.project.bill_to = BillTo::Org(BillToOrg {
            id: org(),
            member: Some(OrgMember::ADMIN),
            transfer_by_admins_only: true,
        });
        let before = ALLOCATIONS.get();
        let allowed = actions.iter().filter(|action| decide(&facts, **action).allowed()).count();
        assert_eq!(ALLOCATIONS.get(), before);
        assert!(allowed > 0 && allowed < actions.len());
        assert!(!explain(&facts, Action::SeeProject).reasons.is_empty());
        assert!(ALLOCATIONS.get() > before, "the counter counts");
    }
}
