//! An older and a newer program on one database: which of them start, and what they say.

use entity::schema_step;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::EntityTrait as _;
use support::{Ended, Program, TestDatabase, TestServer, both};

const COMPATIBLE: &str = "m20990101_000001_rehearse_compatible";

/// A program that knows more steps.
fn newer(command: &str, steps: &str, database: &TestDatabase) -> Program {
    older(command, database).env("UNDER_TEST_STEPS", steps)
}

fn older(command: &str, database: &TestDatabase) -> Program {
    Program::new(command).database(database)
}

async fn succeeds(program: Program) -> Ended {
    let ended = program.run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended
}

/// Asserts that no command of the older program runs, and that each names the steps it does not know.
async fn cannot_run(database: &TestDatabase, steps: &[&str]) {
    for command in ["serve", "worker", "migrate", "circle unled", "doctor"] {
        let ended = older(command, database).run().await;
        assert_eq!(ended.code, Some(1), "{command}: {}", ended.said);
        assert!(
            ended.said.contains("ahead of this program"),
            "{command}: {}",
            ended.said
        );
        for step in steps.iter().filter(|_| command != "doctor") {
            assert!(ended.said.contains(step), "{command}: {}", ended.said);
        }
    }
}

#[both]
async fn an_older_program_runs_on_a_compatible_schema(database: TestDatabase) {
    let migrated = succeeds(newer("migrate", "compatible", &database)).await;
    assert!(migrated.said.contains(COMPATIBLE), "{}", migrated.said);

    let migrated = succeeds(older("migrate", &database)).await;
    for part in ["no steps to take", "newer belay", COMPATIBLE] {
        assert!(migrated.said.contains(part), "{}", migrated.said);
    }
    let looked = succeeds(older("doctor", &database)).await;
    for part in ["note  schema: ", "newer belay", COMPATIBLE] {
        assert!(looked.said.contains(part), "{}", looked.said);
    }
    let mut server = TestServer::start(&database, "").await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    assert!(
        server.written().contains(COMPATIBLE),
        "{}",
        server.written()
    );
    server.kill().await;
    drop(TestServer::worker(&database, "").await);
    // The newer program runs after it too.
    succeeds(newer("doctor", "compatible", &database)).await;
    let mut server = TestServer::run(newer("serve", "compatible", &database)).await;
    server.kill().await;
}

#[both]
async fn an_older_program_does_not_start_on_an_incompatible_schema(database: TestDatabase) {
    let steps = "compatible incompatible";
    succeeds(newer("migrate", steps, &database)).await;
    let unknown = [COMPATIBLE, "m20990101_000002_rehearse_incompatible"];
    cannot_run(&database, &unknown).await;
}

#[both]
async fn a_step_can_require_programs_that_know_an_earlier_step(database: TestDatabase) {
    let steps = "compatible demanding";
    succeeds(newer("migrate", steps, &database)).await;
    let demanding = "m20990101_000003_rehearse_demanding";
    cannot_run(&database, &[COMPATIBLE, demanding]).await;
    let migrated = succeeds(newer("migrate", "compatible", &database)).await;
    assert!(migrated.said.contains(demanding), "{}", migrated.said);
    assert!(!migrated.said.contains(COMPATIBLE), "{}", migrated.said);
}

#[both]
async fn a_failed_step_keeps_no_program_from_starting(database: TestDatabase) {
    let failed = newer("migrate", "compatible failing", &database)
        .run()
        .await;
    assert_eq!(failed.code, Some(1), "{}", failed.said);
    assert!(
        failed.said.contains("the rehearsed step stops"),
        "{}",
        failed.said
    );
    let migrated = succeeds(older("migrate", &database)).await;
    assert!(migrated.said.contains(COMPATIBLE), "{}", migrated.said);
    let db = database.connect().await;
    let declared = schema_step::Entity::find().all(&db).await.unwrap();
    assert!(
        !declared.iter().any(|row| row.step.contains("failing")),
        "{declared:?}"
    );
}

/// Its steps were not written for this schema.
#[both]
async fn a_program_of_another_branch_takes_no_steps(database: TestDatabase) {
    succeeds(newer("migrate", "compatible", &database)).await;
    let ended = newer("migrate", "incompatible", &database).run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains(COMPATIBLE), "{}", ended.said);
    assert!(!ended.said.contains("took"), "{}", ended.said);
}

#[both]
async fn every_declaration_names_an_earlier_step(database: TestDatabase) {
    let steps = Migrator::migrations();
    let place = |name: &str| steps.iter().position(|step| step.name() == name);
    let db = database.connect().await;
    let declared = schema_step::Entity::find().all(&db).await.unwrap();
    assert!(!declared.is_empty());
    for row in declared {
        let (step, since) = (place(&row.step), place(&row.runs_since));
        assert!(since.is_some() && since < step, "{row:?}");
    }
    // Programs compare steps by their names.
    assert!(steps.is_sorted_by(|one, next| one.name() < next.name()));
}
