//! The outbox with a protection left out. The checker must find the error: a model that cannot fail proves
//! nothing.

use model::outbox::Outbox;
use model::outbox::Protection::{self, *};

use super::support::{breaks, holds};

const LOST: &str = "nothing_acknowledged_and_nothing_owed_is_lost_to_a_kill";
const TOO_OFTEN: &str = "a_nudge_reaches_every_device_once";

const fn without(left_out: &'static [Protection]) -> Outbox {
    Outbox {
        without: left_out,
        ..Outbox::new(1)
    }
}

#[test]
fn announced_before_the_commit_it_is_sent_though_nothing_happened() {
    let early = without(&[AnnouncesNotBeforeTheCommit]);
    breaks(early, "what_is_not_committed_is_not_sent");
}

#[test]
fn announced_after_the_commit_it_is_lost() {
    breaks(without(&[AnnouncesNotAfterTheCommit]), LOST);
}

#[test]
fn merged_into_a_job_that_runs_it_is_lost() {
    let merged = without(&[MergesOnlyIntoUnstartedJobs]);
    let on_again = "a_withdrawn_nudge_is_on_again_however_close_the_call";
    breaks(merged, on_again);
    // It happens even without a fault.
    breaks(
        Outbox {
            faults: 0,
            ..merged
        },
        on_again,
    );
}

#[test]
fn a_job_that_is_removed_before_it_is_done_is_lost() {
    breaks(without(&[FinishesAfterPlanning]), LOST);
}

#[test]
fn a_lease_that_is_not_renewed_runs_out_over_a_long_job() {
    let unrenewed = without(&[RenewsLeases]);
    breaks(unrenewed, "a_lease_lasts_while_its_job_runs");
}

#[test]
fn a_job_that_is_never_given_up_kills_for_ever() {
    let for_ever = Outbox {
        kills_its_process: true,
        ..without(&[GivesUp])
    };
    breaks(
        for_ever,
        "a_job_that_kills_its_process_is_not_tried_for_ever",
    );
}

/// Two protections guard the same thing: planning twice needs both to be missing.
#[test]
fn planned_twice_it_is_sent_twice() {
    breaks(
        without(&[PlansOnlyWhatIsPending, QueuesOncePerDevice]),
        TOO_OFTEN,
    );
    holds(without(&[PlansOnlyWhatIsPending]), 100_000);
    holds(without(&[QueuesOncePerDevice]), 100_000);
}

#[test]
fn claimed_under_anothers_lease_it_is_sent_twice() {
    let greedy = without(&[WaitsForTheLease]);
    breaks(greedy, "a_delivery_is_made_once_by_many_workers");
}

#[test]
fn not_asked_about_again_it_is_sent_though_it_was_withdrawn() {
    let unasked = without(&[AsksOnceMore]);
    breaks(unasked, "what_is_done_meanwhile_is_not_asked_for");
}

#[test]
fn sent_at_the_end_of_a_lease_it_is_sent_once_too_often() {
    breaks(without(&[SendsInHalfTheLease]), TOO_OFTEN);
}

/// Recording first means at most once instead of at least once.
#[test]
fn recorded_before_it_is_sent_it_is_lost() {
    breaks(without(&[RecordsAfterSending]), LOST);
}

#[test]
fn a_worker_that_was_thought_dead_records_over_the_next() {
    let unguarded = without(&[RecordsOnlyItsOwnClaim]);
    breaks(unguarded, "a_worker_that_was_thought_dead_changes_nothing");
    breaks(unguarded, "a_clock_that_is_set_gives_no_row_to_two_workers");
}

/// Two workers of one process share one name.
#[test]
fn the_holders_name_alone_tells_no_two_claims_apart() {
    let by_name = without(&[TellsAttemptsApart]);
    holds(by_name, 100_000);
    let in_one_process = Outbox {
        process_of: [0, 0],
        ..by_name
    };
    breaks(
        in_one_process,
        "a_worker_that_was_thought_dead_changes_nothing",
    );
    breaks(
        in_one_process,
        "a_clock_that_is_set_gives_no_row_to_two_workers",
    );
}
