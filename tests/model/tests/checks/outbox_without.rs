//! The outbox with a protection left out. The checker must find the error: a model that cannot fail proves
//! nothing.

use model::outbox::Outbox;
use model::outbox::Protection::{self, *};

use super::support::{breaks, holds};

const LOST: &str = "nothing_acknowledged_and_nothing_owed_is_lost_to_a_kill";
const TOO_OFTEN: &str = "a_push_reaches_every_device_once";

const fn without(left_out: &'static [Protection]) -> Outbox {
    Outbox {
        without: left_out,
        ..Outbox::new(1)
    }
}

#[test]
fn announcing_before_the_commit_sends_what_never_happened() {
    let early = without(&[AnnouncesNotBeforeTheCommit]);
    breaks(early, "an_uncommitted_notification_is_not_sent");
}

#[test]
fn announcing_after_the_commit_loses_notifications() {
    breaks(without(&[AnnouncesNotAfterTheCommit]), LOST);
}

#[test]
fn merging_into_a_running_job_loses_notifications() {
    let merged = without(&[MergesOnlyIntoUnstartedJobs]);
    let on_again = "a_withdrawn_notification_that_is_announced_again_is_sent";
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
fn removing_a_job_before_it_is_done_loses_notifications() {
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
fn planning_twice_sends_twice() {
    breaks(
        without(&[PlansOnlyWhatIsPending, QueuesOncePerDevice]),
        TOO_OFTEN,
    );
    holds(without(&[PlansOnlyWhatIsPending]), 100_000);
    holds(without(&[QueuesOncePerDevice]), 100_000);
}

#[test]
fn claiming_under_the_lease_of_another_sends_twice() {
    let greedy = without(&[WaitsForTheLease]);
    breaks(greedy, "a_delivery_is_made_once_by_many_workers");
}

#[test]
fn without_the_last_check_a_withdrawn_notification_is_sent() {
    let unasked = without(&[AsksOnceMore]);
    breaks(unasked, "a_push_that_is_no_longer_wanted_is_not_sent");
}

#[test]
fn sending_at_the_end_of_a_lease_sends_once_too_often() {
    breaks(without(&[SendsInHalfTheLease]), TOO_OFTEN);
}

/// Recording first means at most once instead of at least once.
#[test]
fn recording_before_sending_loses_notifications() {
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
fn the_name_of_the_holder_alone_does_not_distinguish_claims() {
    let by_name = without(&[ComparesAttempts]);
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
