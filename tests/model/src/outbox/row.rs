//! A row that is claimed under a lease: a `job` or a `push_delivery`.

/// Time in half leases. Instants are relative to the true present, so they decrease as time passes.
pub type Halves = i8;

/// The length of a lease.
pub const LEASE: Halves = 2;

/// The furthest a clock is ahead or behind. An instant that is past by this much is due by every clock.
pub const SKEW: Halves = 2;

/// The columns that a claim reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// `run_at` or `due_at`.
    pub due: Halves,
    /// Incremented by each claim.
    pub attempts: u8,
    /// `lease_holder` and `lease_until`.
    pub lease: Option<Lease>,
}

/// Who holds a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The name that a worker takes when it starts.
    pub holder: u8,
    /// The end of the lease, by the holder's clock.
    pub until: Halves,
}

/// What a worker remembers of its claim. It may record only while its claim is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The row's number.
    pub row: usize,
    /// The worker's own name.
    pub holder: u8,
    /// The row's attempts after the claim.
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

    /// Whether it can be claimed: it is due, and its lease has ended.
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

    /// Whether a claim is still the last one: `still_ours`, and the filter of `record`.
    pub fn is_held_by(&self, claim: Claim) -> bool {
        self.lease.is_some_and(|lease| lease.holder == claim.holder)
            && self.attempts == claim.attempts
    }

    /// Ends the lease, so that the row can be claimed from `due` on.
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

/// The instant after half a lease has passed. It stops at `-SKEW`, which keeps the number of states finite.
pub fn past(at: Halves) -> Halves {
    (at - 1).max(-SKEW)
}
