//! The write transaction that is retried: with every protection, and with one left out.

use model::transaction::Protection::{self, *};
use model::transaction::Transaction;

use super::support::{breaks, ends, holds};

const TWICE: &str = "a_notification_announced_again_is_sent_once";
const UNTRUE: &str = "a_rolled_back_transaction_publishes_nothing";

const fn without(is_named: bool, left_out: &'static [Protection]) -> Transaction {
    Transaction {
        without: left_out,
        ..Transaction::new(is_named)
    }
}

#[test]
fn a_transaction_that_is_tried_again_is_done_once() {
    for is_named in [true, false] {
        let whole = Transaction::new(is_named);
        holds(whole, if is_named { 150 } else { 15 });
        ends(&whole);
    }
}

/// The service must leave this retry to the phone.
#[test]
fn a_lost_commit_that_is_tried_again_is_done_twice() {
    breaks(without(false, &[LeavesALostCommit]), TWICE);
    // With a key the retry is safe.
    holds(without(true, &[LeavesALostCommit]), 100);
}

#[test]
fn without_a_key_a_repeated_request_is_done_twice() {
    breaks(without(true, &[HasAKey]), TWICE);
}

#[test]
fn a_key_that_is_not_unique_loses_the_race() {
    breaks(without(true, &[KeyIsUnique]), TWICE);
}

#[test]
fn events_published_before_the_commit_may_be_untrue() {
    breaks(without(false, &[PublishesAfterTheCommit]), UNTRUE);
}

#[test]
fn events_of_an_earlier_try_are_published_twice() {
    breaks(without(false, &[StartsWithoutEvents]), UNTRUE);
}
