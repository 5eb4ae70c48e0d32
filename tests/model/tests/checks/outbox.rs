//! The outbox with every protection: all faults, in every order of events.

use model::outbox::Outbox;

use super::support::{ends, holds};

/// Both workers in one process, like two jobs of a lane: they share one name, and die together.
const ONE_PROCESS: [usize; 2] = [0, 0];

#[test]
fn nothing_goes_wrong_when_nothing_fails() {
    holds(Outbox::new(0), 1_000);
}

#[test]
fn the_properties_hold_for_one_fault_and_a_withdrawal() {
    holds(Outbox::new(1), 100_000);
    holds(
        Outbox {
            process_of: ONE_PROCESS,
            ..Outbox::new(1)
        },
        50_000,
    );
}

#[test]
fn the_properties_hold_for_two_faults() {
    holds(steady(2), 300_000);
}

#[test]
fn the_properties_hold_for_two_faults_in_one_process() {
    holds(
        Outbox {
            process_of: ONE_PROCESS,
            ..steady(2)
        },
        100_000,
    );
}

#[test]
fn the_properties_hold_for_a_job_that_kills_its_process() {
    let deadly = Outbox {
        kills_its_process: true,
        ..steady(1)
    };
    holds(deadly, 1_000);
    ends(&deadly);
}

/// The properties check what is owed at rest. They would miss a run that never comes to rest.
#[test]
fn every_run_comes_to_rest() {
    ends(&Outbox::new(1));
}

#[test]
#[ignore = "takes a minute: run it with --release after a change of the model"]
fn the_properties_hold_for_two_faults_and_a_withdrawal() {
    holds(Outbox::new(2), 4_000_000);
    ends(&steady(2));
}

#[test]
#[ignore = "takes a minute: run it with --release after a change of the model"]
fn the_properties_hold_for_three_faults() {
    holds(steady(3), 6_000_000);
}

/// The outbox of a member who withdraws nothing.
fn steady(faults: u8) -> Outbox {
    Outbox {
        is_withdrawn: false,
        ..Outbox::new(faults)
    }
}
