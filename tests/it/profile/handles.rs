//! One handle, one man.

use api::db::{Done, transact};
use api::error::Fault;
use api::profile::service::{NewMember, create};
use api::profile::{Country, Handle, Language};
use serde_json::json;
use support::{TestApp, both};

use super::{own, problem, problems, update};

both!(
    a_handle_that_looks_like_anothers_is_taken,
    a_man_may_write_his_own_handle_otherwise,
    of_two_who_take_look_alikes_at_once_one_has_it,
    of_two_who_sign_up_under_look_alikes_at_once_one_does
);

async fn a_handle_that_looks_like_anothers_is_taken(app: TestApp) {
    let (_, paul) = (app.member("mike").await, app.member("paul").await);
    let before = own(&app, paul).await;
    for look_alike in ["mike", "MIKE", "m.i.k.e", "rnike", "support"] {
        let refused = update(
            &app,
            paul,
            json!({"handle": look_alike, "bio": "Not kept."}),
        )
        .await;
        assert_eq!(
            problems(&refused),
            problem("TAKEN", "input.handle"),
            "{look_alike}"
        );
    }
    assert_eq!(own(&app, paul).await, before);
}

async fn a_man_may_write_his_own_handle_otherwise(app: TestApp) {
    let mike = app.member("mike").await;
    let updated = update(&app, mike, json!({"handle": "M.I.K.E"})).await;
    assert_eq!(updated["errors"], json!([]));
    assert_eq!(updated["member"]["handle"], json!("M.I.K.E"));
}

async fn of_two_who_take_look_alikes_at_once_one_has_it(app: TestApp) {
    let (a, b) = (app.member("alan").await, app.member("brian").await);
    for (one, other) in [
        ("Martin", "rnartin"),
        ("paul1", "Paul_l"),
        ("jim.b", "JIM-B"),
        ("oscar0", "oscarO"),
    ] {
        let before = [own(&app, a).await, own(&app, b).await];
        let (first, second) = tokio::join!(
            update(&app, a, json!({ "handle": one })),
            update(&app, b, json!({ "handle": other })),
        );
        let refused = [problems(&first), problems(&second)];
        let loser = refused
            .iter()
            .position(|problems| !problems.is_empty())
            .unwrap();
        assert_eq!(refused[loser], problem("TAKEN", "input.handle"));
        assert!(
            refused[1 - loser].is_empty(),
            "{one} and {other}: {refused:?}"
        );
        assert_eq!(own(&app, [a, b][loser]).await, before[loser]);
        // The one who has it lets go of it, so that the next round is open.
        let rest = format!(
            "{}{}",
            ["alan", "brian"][1 - loser],
            before[1 - loser]["version"]
        );
        let winner = [a, b][1 - loser];
        assert_eq!(
            update(&app, winner, json!({ "handle": rest })).await["errors"],
            json!([])
        );
    }
}

async fn of_two_who_sign_up_under_look_alikes_at_once_one_does(app: TestApp) {
    let app = &app.app;
    let sign_up = async |handle: &str| -> Result<bool, Fault> {
        let new = NewMember {
            id: app.ids.next(),
            handle: Handle::parse("handle", handle).unwrap(),
            time_zone: chrono_tz::Europe::London,
            country: Country::parse("country", "GB").unwrap(),
            locale: Language::parse("locale", "en").unwrap(),
        };
        transact!(app, |tx| { Ok(Done::Keep(create(app, tx, &new).await?)) })
    };
    for (one, other) in [
        ("Martin", "rnartin"),
        ("jim.b", "JIM-B"),
        ("oscar", "Oscar"),
    ] {
        let (first, second) = tokio::join!(sign_up(one), sign_up(other));
        assert_ne!(first.unwrap(), second.unwrap(), "{one} and {other}");
    }
}
