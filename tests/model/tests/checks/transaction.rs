//! The write transaction that is retried: with every protection, and with one left out.

use model::transaction::Protection::{self, *};
use model::transaction::Transaction;

use super::support::{breaks, ends, holds};

const TWICE: &str = "what_is_told_again_is_told_once";
const UNTRUE: &str = "what_is_rolled_back_tells_nothing";

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
fn without_a_key_a_phone_that_asks_again_does_it_twice() {
    breaks(without(true, &[HasAKey]), TWICE);
}

#[test]
fn a_key_that_is_looked_up_and_not_unique_loses_the_race() {
    breaks(without(true, &[KeyIsUnique]), TWICE);
}

#[test]
fn what_is_told_before_the_commit_may_not_be_so() {
    breaks(without(false, &[TellsAfterTheCommit]), UNTRUE);
}

#[test]
fn what_an_earlier_try_gathered_is_told_twice() {
    breaks(without(false, &[GathersAnew]), UNTRUE);
}
