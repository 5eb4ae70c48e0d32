//! The secret of an installation: a wrong one, a changed one and a lost one.

use std::fs;
use std::path::PathBuf;

use entity::{check_in, commitment, ladder_rung, pact_nudge};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait as _, QuerySelect as _};
use serde_json::{Value, json};
use support::{Program, TestApp, TestDatabase, TestServer, both};
use uuid::Uuid;

use crate::commitments::daily;
use crate::ladder::written;
use crate::pacts::{agreed, hello, nudge, nudge_document};
use crate::peerings::partners;

/// Returns bytes that no configured secret can decrypt.
fn spoilt() -> Expr {
    Expr::value(vec![1_u8; 60])
}

#[both]
async fn unreadable_words_null_only_their_own_field(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    let pact = agreed(&app, mike, paul, &peering).await;
    daily(&app, mike, &peering).await;
    let mut own_words = hello(&app, &pact);
    own_words["says"] = json!({ "own": "See you at the wall at six" });
    nudge(&app, paul, "sendPactNudge", &own_words).await;
    let rung =
        json!({ "localTime": "20:00", "own": { "afterDays": 2, "words": "Put the kettle on." } });
    written(&app, mike, &rung).await;
    let check_in = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let input =
        json!({ "input": { "id": app.app.ids.next::<Uuid>(), "mood": 3, "note": "a hard day" } });
    app.as_member(mike, check_in, input).await.ok();

    let db = app.app.db.pool();
    for spoil in [
        check_in::Entity::update_many()
            .col_expr(check_in::Column::Note, spoilt())
            .exec(db)
            .await,
        commitment::Entity::update_many()
            .col_expr(commitment::Column::Words, spoilt())
            .exec(db)
            .await,
        pact_nudge::Entity::update_many()
            .col_expr(pact_nudge::Column::Words, spoilt())
            .exec(db)
            .await,
        ladder_rung::Entity::update_many()
            .col_expr(ladder_rung::Column::Words, spoilt())
            .exec(db)
            .await,
    ] {
        assert_eq!(spoil.unwrap().rows_affected, 1);
    }

    let query = "{
        me {
            checkIns(first: 5) { nodes { mood note } }
            commitments { nodes { state words } }
            pacts { nodes { nudges { nodes { fromYou text } } } }
            ladder { rungs { afterDays words } }
        }
        changes(first: 100) { edges { deleted node { __typename
            ... on CheckIn { mood note } ... on Commitment { words } ... on PactNudge { text } } } }
    }";
    let answer = app.as_member(mike, query, json!({})).await;
    let me = &answer.data["me"];
    assert_eq!(
        me["checkIns"]["nodes"],
        json!([{ "mood": 3, "note": null }])
    );
    assert_eq!(
        me["commitments"]["nodes"],
        json!([{ "state": "OPEN", "words": null }])
    );
    let nudges = &me["pacts"]["nodes"][0]["nudges"]["nodes"];
    assert_eq!(*nudges, json!([{ "fromYou": false, "text": null }]));
    assert_eq!(
        me["ladder"]["rungs"],
        json!([{ "afterDays": 2, "words": null }])
    );
    let edges = answer.data["changes"]["edges"].as_array().unwrap();
    for kind in ["CheckIn", "Commitment", "PactNudge", "Member", "Pact"] {
        let there = edges
            .iter()
            .filter(|edge| edge["node"]["__typename"] == kind);
        assert!(there.count() > 0, "no {kind} in {edges:#?}");
    }
    assert!(
        edges.iter().all(|edge| edge["deleted"] == false),
        "{edges:#?}"
    );

    // Each error belongs to its own field, and reveals nothing.
    assert_eq!(answer.errors.len(), 7, "{:#?}", answer.errors);
    for error in &answer.errors {
        let field = error["path"].as_array().unwrap().last().unwrap();
        assert!(
            ["note", "words", "text"].iter().any(|own| field == own),
            "{error}"
        );
        assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
    }

    // A repeated request succeeds, although the words cannot be compared.
    let document = nudge_document("sendPactNudge").replace(" text", "");
    let answer = app
        .as_member(paul, &document, json!({ "input": own_words }))
        .await;
    assert_eq!(answer.at("/payload/errors"), json!([]));
}

#[both]
async fn an_unreadable_note_survives_an_edit_of_other_fields(app: TestApp) {
    let mike = app.member("mike").await;
    let id: Uuid = app.app.ids.next();
    let write = async |input: Value| {
        let check_in = "mutation($input: CheckInInput!) {
            checkIn(input: $input) { checkIn { mood } errors { code } } }";
        let answer = app
            .as_member(mike, check_in, json!({ "input": input }))
            .await;
        answer.at("/checkIn")
    };
    write(json!({ "id": id, "mood": 3, "note": "a hard day" })).await;
    let db = app.app.db.pool();
    let spoil = check_in::Entity::update_many().col_expr(check_in::Column::Note, spoilt());
    spoil.exec(db).await.unwrap();

    let edited = write(json!({ "id": id, "mood": 4 })).await;

    assert_eq!(edited, json!({ "checkIn": { "mood": 4 }, "errors": [] }));
    let note: Option<Vec<u8>> = check_in::Entity::find()
        .select_only()
        .column(check_in::Column::Note)
        .into_tuple()
        .one(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        note,
        Some(vec![1; 60]),
        "it may be read again with the right secret"
    );
}

const OTHER: &str = "another-one-that-tests-change-to-7Kd2Rz0WqYb5Ns8Lf3Xv";

fn with_secret(command: &str, database: &TestDatabase, secret: &str) -> Program {
    let program = Program::new(command).database(database);
    program.env("BELAY_AUTH__SECRET", secret)
}

#[both]
async fn no_program_starts_with_a_wrong_secret(database: TestDatabase) {
    let sound = Program::new("migrate").database(&database).run().await;
    assert_eq!(sound.code, Some(0), "{}", sound.said);
    let ended = Program::new("doctor").database(&database).run().await;
    assert!(ended.said.contains("ok    secrets"), "{}", ended.said);

    for command in [
        "serve",
        "worker",
        "migrate",
        "member role a@example.org member",
    ] {
        let ended = with_secret(command, &database, OTHER).run().await;
        assert_eq!(ended.code, Some(1), "{command}: {}", ended.said);
        for part in [
            "auth.secret",
            "another secret",
            "auth.former_secrets",
            "cannot be read",
        ] {
            assert!(
                ended.said.contains(part),
                "{command}: no {part:?} in {}",
                ended.said
            );
        }
    }
    let ended = with_secret("doctor", &database, OTHER).run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("mend  secrets"), "{}", ended.said);
    assert!(!ended.said.contains(OTHER), "{}", ended.said);

    // The same holds for a separate secret for words.
    let apart = Program::new("secret accept").database(&database);
    let apart = apart.env("BELAY_AT_REST__SECRET", OTHER).run().await;
    assert_eq!(apart.code, Some(0), "{}", apart.said);
    let without = Program::new("serve").database(&database).run().await;
    assert_eq!(without.code, Some(1), "{}", without.said);
    assert!(without.said.contains("at_rest.secret"), "{}", without.said);
}

#[both]
async fn changing_the_secret_keeps_everybody_signed_in(database: TestDatabase) {
    let app = TestApp::in_the_present(database).await;
    let mike = app.member("mike").await;
    let check_in = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let input = json!({ "input": { "id": app.app.ids.next::<Uuid>(), "note": "a hard day" } });
    app.as_member(mike, check_in, input).await.ok();
    let token = TestServer::token(mike);
    let database = app.database();
    let mut before = TestServer::run(first_step(database)).await;
    before.kill().await;

    let former = support::SECRET;
    let named = || with_secret("serve", database, OTHER).env("BELAY_AUTH__FORMER_SECRETS", former);
    let doctor = with_secret("doctor", database, OTHER).env("BELAY_AUTH__FORMER_SECRETS", former);
    let ended = doctor.run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        ended.said.contains("note  secrets: auth.secret"),
        "{}",
        ended.said
    );
    let mut changed = TestServer::run(named()).await;
    let query = "{ me { checkIns(first: 1) { nodes { note } } } }";
    let read = changed.graphql(Some(&token), query, json!({})).await;
    let nodes = &read["data"]["me"]["checkIns"]["nodes"];
    assert_eq!(*nodes, json!([{ "note": "a hard day" }]), "{read}");
    changed.kill().await;

    // From now on the database needs the new secret. A process in the middle of the change still has both.
    let still = Program::new("doctor").database(database);
    let ended = still.env("BELAY_AUTH__FORMER_SECRETS", OTHER).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let ended = Program::new("doctor").database(database).run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    let mut alone = TestServer::run(with_secret("serve", database, OTHER)).await;
    let read = alone.graphql(Some(&token), query, json!({})).await;
    assert_eq!(read["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    alone.kill().await;
}

/// The first step of a change: writes with the old secret, reads with both.
fn first_step(database: &TestDatabase) -> Program {
    let program = Program::new("serve").database(database);
    program.env("BELAY_AUTH__FORMER_SECRETS", OTHER)
}

/// The second step: writes with the new secret, reads with both.
fn second_step(command: &str, database: &TestDatabase) -> Program {
    with_secret(command, database, OTHER).env("BELAY_AUTH__FORMER_SECRETS", support::SECRET)
}

async fn is_refused(program: Program) {
    let ended = program.run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    for part in [
        "in one step",
        "former_secrets",
        "swap the two",
        "`belay secret accept`",
    ] {
        assert!(ended.said.contains(part), "no {part:?} in {}", ended.said);
    }
    for secret in [OTHER, support::SECRET] {
        assert!(!ended.said.contains(secret), "{}", ended.said);
    }
}

async fn starts(program: Program) {
    let mut server = TestServer::run(program).await;
    server.kill().await;
}

#[tokio::test]
async fn several_processes_change_a_secret_in_two_steps() {
    let database = TestDatabase::postgres().await;
    let old = || Program::new("serve").database(&database);
    starts(old()).await;
    for command in ["serve", "worker", "migrate", "circle unled", "doctor"] {
        is_refused(second_step(command, &database)).await;
    }
    // A command that ends does not count, because it reads nothing that others write.
    let migrate = Program::new("migrate").database(&database);
    let migrate = migrate.env("BELAY_AUTH__FORMER_SECRETS", OTHER).run().await;
    assert_eq!(migrate.code, Some(0), "{}", migrate.said);
    is_refused(second_step("serve", &database)).await;

    // A process that restarts without the first step undoes it.
    starts(first_step(&database)).await;
    starts(old()).await;
    is_refused(second_step("serve", &database)).await;
    starts(first_step(&database)).await;

    // From here on, processes of both steps restart in any order.
    starts(second_step("serve", &database)).await;
    starts(second_step("serve", &database)).await;
    starts(first_step(&database)).await;
    starts(first_step(&database)).await;
    starts(second_step("serve", &database)).await;
    let left_out = old().run().await;
    assert_eq!(left_out.code, Some(1), "{}", left_out.said);
    assert!(
        left_out.said.contains("another secret"),
        "{}",
        left_out.said
    );

    // Once a process no longer reads with the old secret, no other may write with it.
    starts(with_secret("serve", &database, OTHER)).await;
    let ended = first_step(&database).run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("in one step"), "{}", ended.said);
    starts(second_step("serve", &database)).await;
    starts(with_secret("serve", &database, OTHER)).await;
}

#[tokio::test]
async fn a_separate_secret_for_words_is_changed_in_two_steps_too() {
    let database = TestDatabase::postgres().await;
    starts(Program::new("serve").database(&database)).await;
    let apart = || {
        let program = Program::new("serve").database(&database);
        program.env("BELAY_AT_REST__SECRET", OTHER)
    };
    let ended = apart().run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(
        ended.said.contains("in one step: at_rest.secret."),
        "{}",
        ended.said
    );
    let reads = Program::new("serve").database(&database);
    starts(reads.env("BELAY_AT_REST__FORMER_SECRETS", OTHER)).await;
    starts(apart()).await;
}

#[tokio::test]
async fn a_single_process_changes_a_secret_in_one_step() {
    let database = TestDatabase::sqlite().await;
    starts(Program::new("serve").database(&database)).await;
    starts(second_step("serve", &database)).await;
    // On PostgreSQL this needs an operator who says that only one process runs.
    let database = TestDatabase::postgres().await;
    starts(Program::new("serve").database(&database)).await;
    let accepted = second_step("secret accept", &database).run().await;
    assert_eq!(accepted.code, Some(0), "{}", accepted.said);
    assert!(
        !accepted.said.contains("sign in again"),
        "{}",
        accepted.said
    );
    starts(second_step("serve", &database)).await;
    starts(with_secret("serve", &database, OTHER)).await;
}

/// While both steps are under way each process reads what the other writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_both_steps_read_the_words_of_each_other() {
    let app = TestApp::in_the_present(TestDatabase::postgres().await).await;
    let database = app.database();
    let first = TestServer::run(first_step(database)).await;
    let second = TestServer::run(second_step("serve", database)).await;
    let check_in = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let query = "{ me { checkIns(first: 1) { nodes { note } } } }";
    for (name, writer, reader) in [("mike", &first, &second), ("paul", &second, &first)] {
        let token = TestServer::token(app.member(name).await);
        let input = json!({ "input": { "id": app.app.ids.next::<Uuid>(), "note": name } });
        let written = writer.graphql(Some(&token), check_in, input).await;
        assert_eq!(written["data"]["checkIn"]["errors"], json!([]), "{written}");
        let read = reader.graphql(Some(&token), query, json!({})).await;
        let nodes = &read["data"]["me"]["checkIns"]["nodes"];
        assert_eq!(*nodes, json!([{ "note": name }]), "{read}");
    }
}

#[both]
async fn an_operator_can_give_up_a_lost_secret(database: TestDatabase) {
    let sound = Program::new("migrate").database(&database).run().await;
    assert_eq!(sound.code, Some(0), "{}", sound.said);
    let ended = with_secret("secret accept", &database, OTHER).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    for part in ["sign in again", "cannot be read"] {
        assert!(ended.said.contains(part), "{}", ended.said);
    }
    let ended = with_secret("doctor", &database, OTHER).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn a_missing_key_file_is_not_created_again_beside_its_database() {
    let database = TestDatabase::sqlite().await;
    let file = PathBuf::from(database.url().trim_start_matches("sqlite://"));
    let key = file.with_file_name("belay.key");
    let program = |command| with_secret(command, &database, "");
    let mut server = TestServer::run(program("serve")).await;
    server.kill().await;
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();

    let ended = program("serve").run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("belay.key"), "{}", ended.said);
    assert!(!key.exists());
    let ended = program("doctor").run().await;
    assert!(ended.said.contains("mend  secrets"), "{}", ended.said);

    fs::write(&key, "spoilt").unwrap();
    let ended = program("doctor").run().await;
    assert!(ended.said.contains("sign in again"), "{}", ended.said);
    assert!(
        ended.said.contains("cannot be read any more"),
        "{}",
        ended.said
    );

    fs::write(&key, kept).unwrap();
    let mut server = TestServer::run(program("serve")).await;
    server.kill().await;
}
