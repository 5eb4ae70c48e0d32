//! A row that is claimed under a lease: a `job` or a `push_delivery`.

/// Half of a lease, the unit of time. Instants count from the true present, so that they fall when time passes.
pub type Halves = i8;

/// A lease lasts so long.
pub const LEASE: Halves = 2;

/// The furthest a clock is ahead or behind. What is longer past than this is due by every clock.
pub const SKEW: Halves = 2;

/// The columns that claiming is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// `run_at` or `due_at`.
    pub due: Halves,
    /// Rises at each claim.
    pub attempts: u8,
    /// `lease_holder` and `lease_until`.
    pub lease: Option<Lease>,
}

/// Who holds a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The name that a worker takes when it starts.
    pub holder: u8,
    /// By the holder's clock.
    pub until: Halves,
}

/// What a worker remembers of its claim. Recording is guarded by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Which row.
    pub row: usize,
    /// Its own name.
    pub holder: u8,
    /// The attempts as they were after the claim.
    pub attempts: u8,
}

impl Row {
    /// A row that nobody has claimed yet.
    pub const fn due_at(due: Halves) -> Self {
        Self {
            due,
            attempts: 0,
            lease: None,
        }
    }

    /// Whether `claim` takes it: its time has come, and no lease lasts.
    pub fn is_free(&self, now: Halves) -> bool {
        self.due <= now && self.lease.is_none_or(|lease| lease.until <= now)
    }

    /// Puts it under a lease.
    pub fn claim(&mut self, row: usize, holder: u8, now: Halves) -> Claim {
        self.attempts += 1;
        self.lease = Some(Lease {
            holder,
            until: now + LEASE,
        });
        Claim {
            row,
            holder,
            attempts: self.attempts,
        }
    }

    /// Whether a claim still is the last one: `still_ours`, and the filter of `record`.
    pub fn is_held_by(&self, claim: Claim) -> bool {
        self.lease.is_some_and(|lease| lease.holder == claim.holder)
            && self.attempts == claim.attempts
    }

    /// Puts it back, to be claimed from `due` on.
    pub const fn put_back(&mut self, due: Halves) {
        self.due = due;
        self.lease = None;
    }

    /// Half a lease passes.
    pub fn tick(&mut self) {
        self.due = past(self.due);
        if let Some(lease) = &mut self.lease {
            lease.until = past(lease.until);
        }
    }
}

/// An instant, half a lease later.
pub fn past(at: Halves) -> Halves {
    (at - 1).max(-SKEW)
}
