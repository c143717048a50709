//! What a list may show: the same decision, asked once for each finite class of object.

use crate::action::Action;
use crate::decide::permits;
use crate::facts::{Facts, Labels, ObjectFacts, ObjectState};

/// What somebody may see of a project's objects, as classes that a query can filter by.
///
/// A placement's [`ObjectClass`] number is stored with it, in the column `labels`. A row is visible when its class is in
/// `listed`, or when its class is in `own_open`, the actor made it and it is not closed:
///
/// ```sql
/// WHERE labels IN (…listed…) OR (labels IN (…own_open…) AND created_by = ? AND state <> 'closed')
/// ```
///
/// A row that is visible by `own_open` alone shows the fields of [`crate::ObjectFields::Maker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visibility {
    /// The classes of which every object is visible.
    pub listed: ClassMask,
    /// The classes of which the actor's own objects are visible while they are not closed; includes `listed`.
    pub own_open: ClassMask,
}

impl Visibility {
    /// Every object is visible: no filter is needed.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.listed == ClassMask::ALL
    }

    /// No object is visible: no query is needed.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.listed.is_empty() && self.own_open.is_empty()
    }

    /// Nothing but the actor's own objects is visible, while they are not closed (contract B11.26).
    #[must_use]
    pub fn is_own_open_only(self) -> bool {
        self.listed.is_empty() && !self.own_open.is_empty()
    }

    /// Whether an object of this class is visible.
    #[must_use]
    pub fn admits(self, class: ObjectClass, made_by_actor: bool, state: ObjectState) -> bool {
        self.listed.has(class) || made_by_actor && state != ObjectState::Closed && self.own_open.has(class)
    }
}

/// What the actor may see of the objects in the project, or of those that come through `facts.share`.
///
/// `facts.object` is ignored. Access by PUBLIC alone does not count in a search that does not name the project
/// (contract 6.3): leave the PUBLIC grant out of the facts then.
#[must_use]
pub fn scope(facts: &Facts) -> Visibility {
    let mut facts = facts.clone();
    let mut visibility = Visibility { listed: ClassMask::NONE, own_open: ClassMask::NONE };
    for class in ObjectClass::all() {
        facts.object = Some(class.example(false, ObjectState::Closed));
        if permits(&facts, Action::ViewObject) {
            visibility.listed = visibility.listed.with(class);
        }
        facts.object = Some(class.example(true, ObjectState::Open));
        if permits(&facts, Action::ViewObject) {
            visibility.own_open = visibility.own_open.with(class);
        }
    }
    visibility
}

/// The finite class of an object as far as its visibility goes: its labels, and whether `output.view` opens it.
/// A number below [`ObjectClass::COUNT`], stored on the placement and changed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectClass(u8);

impl ObjectClass {
    /// How many classes there are.
    pub const COUNT: u8 = 16;

    const NO_DOWNLOAD: u8 = 1;
    const NO_COPY: u8 = 2;
    const PHI: u8 = 4;
    const OUTPUT: u8 = 8;

    /// The class of an object with these labels; `output` as in [`ObjectFacts::output`].
    #[must_use]
    pub fn new(labels: Labels, output: bool) -> Self {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        Self(
            bit(labels.no_download, Self::NO_DOWNLOAD)
                | bit(labels.no_copy, Self::NO_COPY)
                | bit(labels.phi, Self::PHI)
                | bit(output, Self::OUTPUT),
        )
    }

    /// Reads a stored number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        (number < Self::COUNT).then_some(Self(number))
    }

    /// The number to store.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Every class, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// The labels of the class.
    #[must_use]
    pub fn labels(self) -> Labels {
        Labels {
            no_download: self.0 & Self::NO_DOWNLOAD != 0,
            no_copy: self.0 & Self::NO_COPY != 0,
            phi: self.0 & Self::PHI != 0,
        }
    }

    /// Whether `output.view` opens objects of the class.
    #[must_use]
    pub fn is_output(self) -> bool {
        self.0 & Self::OUTPUT != 0
    }

    fn example(self, made_by_actor: bool, state: ObjectState) -> ObjectFacts {
        ObjectFacts { labels: self.labels(), state, made_by_actor, output: self.is_output() }
    }
}

/// A set of classes; bit `n` stands for class number `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClassMask(u16);

impl ClassMask {
    /// No class.
    pub const NONE: Self = Self(0);
    /// Every class.
    pub const ALL: Self = Self(u16::MAX);

    /// Whether the class is in the set.
    #[must_use]
    pub fn has(self, class: ObjectClass) -> bool {
        self.0 & (1 << class.0) != 0
    }

    /// Whether no class is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits, for a query that tests them.
    #[must_use]
    pub fn bits(self) -> u16 {
        self.0
    }

    /// The classes in the set, by number.
    pub fn iter(self) -> impl Iterator<Item = ObjectClass> {
        ObjectClass::all().filter(move |class| self.has(*class))
    }

    fn with(self, class: ObjectClass) -> Self {
        Self(self.0 | 1 << class.0)
    }
}
