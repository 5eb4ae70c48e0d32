//! What every domain promises.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, giving up with a message is how a failure is told"
)]

mod account;
mod authz_coverage;
mod bus;
mod changes;
mod check_ins;
mod circles;
mod claims;
mod commitments;
mod config;
mod connections;
mod consequences;
mod crash;
mod database;
mod databases;
mod days;
mod demo;
mod devices;
mod docs;
mod doctor;
mod due_work;
mod edges;
mod event_streams;
mod fcm_client;
mod graphql_contract;
mod home;
mod hostile;
mod http;
mod installation;
mod ladder;
mod lanes;
mod layers;
mod logs;
mod mail;
mod meetings;
mod member_role;
mod migrations;
mod notifications;
mod operations;
mod pacts;
mod peerings;
mod printed;
mod profile;
mod push;
mod quiet_hours;
mod refusals;
mod reminders;
mod replicas;
mod restore;
mod rolling;
mod runs;
mod schema;
mod secrets;
mod sockets;
mod starts;
mod subscriptions;
mod time_travel;
mod traces;
mod walkthrough;
mod words;
mod zones;
