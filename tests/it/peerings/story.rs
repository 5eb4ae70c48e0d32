//! The life of a peering, from its proposal to its end.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::PeeringId;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{answer, in_a_circle, leave, partners, peerings, proposal_to, propose, proposed};
use crate::profile::{hide, problem, problems, seen, set_topic};

const NOBODY: [Value; 0] = [];

#[both]
async fn two_members_become_partners_and_one_ends_it(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let sam = app.member("sam").await;
    in_a_circle(&app, &[mike, paul, sam]).await;
    let input = proposal_to(&app, paul);
    let made = propose(&app, mike, &input).await;
    let id = made["peering"]["id"].clone();
    let waits = json!({
        "id": id, "state": "PROPOSED", "proposedByYou": true, "partner": { "handle": "paul" }, "since": null,
        "proposedAt": "2026-03-10T12:00:00.000Z", "expiresAt": "2026-03-17T12:00:00.000Z",
    });
    assert_eq!(made, json!({ "peering": waits, "errors": [] }));
    assert_eq!(propose(&app, mike, &input).await, made);
    // Another device proposes it with another id.
    assert_eq!(proposed(&app, mike, paul).await, waits);
    let mut pauls = waits.clone();
    pauls["proposedByYou"] = json!(false);
    pauls["partner"]["handle"] = json!("mike");
    assert_eq!(peerings(&app, paul).await, [pauls]);
    assert_eq!(peerings(&app, sam).await, NOBODY);

    app.advance(TimeDelta::days(1));
    let accepted = answer(&app, paul, &id, true).await;
    assert_eq!(accepted["errors"], json!([]));
    assert_eq!(accepted["peering"]["state"], "ACTIVE");
    assert_eq!(accepted["peering"]["since"], "2026-03-11T12:00:00.000Z");
    assert_eq!(accepted["peering"]["expiresAt"], json!(null));
    app.advance(TimeDelta::days(40));
    assert_eq!(answer(&app, paul, &id, true).await, accepted);
    assert_eq!(peerings(&app, mike).await[0]["state"], "ACTIVE");
    // Proposing to a partner changes nothing.
    assert_eq!(proposed(&app, mike, paul).await["id"], id);
    let refused = answer(&app, paul, &id, false).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.peeringId"));

    let over = json!({ "peeringId": id, "errors": [] });
    assert_eq!(leave(&app, mike, "endPeering", &id).await, over);
    assert_eq!(leave(&app, mike, "endPeering", &id).await, over);
    assert_eq!(leave(&app, paul, "endPeering", &id).await, over);
    for who in [mike, paul] {
        assert_eq!(peerings(&app, who).await, NOBODY);
    }
    // Long after the first proposal he can propose again.
    assert_eq!(proposed(&app, mike, paul).await["state"], "PROPOSED");
}

#[both]
async fn a_decline_looks_like_no_answer_to_the_proposer(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let (tom, sam) = (app.member("tom").await, app.member("sam").await);
    in_a_circle(&app, &[mike, paul, tom, sam]).await;
    let declined = proposed(&app, mike, paul).await["id"].clone();
    let waiting = proposed(&app, mike, tom).await["id"].clone();
    let said_no = answer(&app, paul, &declined, false).await;
    assert_eq!(said_no, json!({ "peering": null, "errors": [] }));
    assert_eq!(answer(&app, paul, &declined, false).await, said_no);
    assert_eq!(peerings(&app, paul).await, NOBODY);
    // The proposal is gone for Paul, and he can no longer accept it.
    let late = answer(&app, paul, &declined, true).await;
    assert_eq!(problems(&late), problem("NOT_FOUND", "input.peeringId"));

    let alike = async |app: &TestApp| {
        let both = peerings(app, mike).await;
        let [one, other] = &both[..] else {
            panic!("{both:?}")
        };
        for field in ["state", "proposedByYou", "proposedAt", "expiresAt", "since"] {
            assert_eq!(one[field], other[field], "{field}");
        }
    };
    alike(&app).await;
    // The proposer can neither answer nor end either of them.
    for id in [&declined, &waiting] {
        let own = answer(&app, mike, id, true).await;
        assert_eq!(problems(&own), problem("NOT_ALLOWED", "input.peeringId"));
        let early = leave(&app, mike, "endPeering", id).await;
        assert_eq!(problems(&early), problem("NOT_ALLOWED", "input.peeringId"));
    }
    assert_eq!(proposed(&app, mike, paul).await["id"], declined);
    app.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    alike(&app).await;
    app.advance(TimeDelta::seconds(1));
    assert_eq!(peerings(&app, mike).await, NOBODY);
    assert_eq!(peerings(&app, tom).await, NOBODY);
    for other in [paul, tom] {
        let refused = propose(&app, mike, &proposal_to(&app, other)).await;
        assert_eq!(problems(&refused), problem("TOO_SOON", "input.memberId"));
    }
    // After it has expired, only its proposer must wait before the next proposal.
    assert_eq!(proposed(&app, tom, mike).await["state"], "PROPOSED");
    app.advance(TimeDelta::days(23));
    assert_eq!(proposed(&app, mike, paul).await["state"], "PROPOSED");
}

#[both]
async fn a_proposal_can_be_withdrawn(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let tom = app.member("tom").await;
    in_a_circle(&app, &[mike, paul, tom]).await;
    for (other, said_no) in [(paul, false), (tom, true)] {
        let id = proposed(&app, mike, other).await["id"].clone();
        if said_no {
            answer(&app, other, &id, false).await;
        } else {
            let refused = leave(&app, other, "withdrawPeering", &id).await;
            assert_eq!(
                problems(&refused),
                problem("NOT_ALLOWED", "input.peeringId")
            );
        }
        let back = json!({ "peeringId": id, "errors": [] });
        for _ in 0..2 {
            assert_eq!(leave(&app, mike, "withdrawPeering", &id).await, back);
        }
        for who in [mike, other] {
            assert_eq!(peerings(&app, who).await, NOBODY);
        }
        let late = answer(&app, other, &id, true).await;
        assert_eq!(problems(&late), problem("NOT_FOUND", "input.peeringId"));
        let again = propose(&app, mike, &proposal_to(&app, other)).await;
        assert_eq!(problems(&again), problem("TOO_SOON", "input.memberId"));
    }
    let active = partners(&app, paul, tom).await;
    let refused = leave(&app, paul, "withdrawPeering", &active).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.peeringId"));
}

#[both]
async fn proposing_back_accepts_the_proposal(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let tom = app.member("tom").await;
    in_a_circle(&app, &[mike, paul, tom]).await;
    let first = proposed(&app, mike, paul).await["id"].clone();
    let input = proposal_to(&app, mike);
    let said_yes = propose(&app, paul, &input).await;
    assert_eq!(said_yes["peering"]["state"], "ACTIVE");
    assert_eq!(said_yes["peering"]["id"], first);
    assert_eq!(propose(&app, paul, &input).await, said_yes);
    // This also works after a decline, because the proposal still waits for its proposer.
    let second = proposed(&app, tom, mike).await["id"].clone();
    answer(&app, mike, &second, false).await;
    let changed_his_mind = proposed(&app, mike, tom).await;
    assert_eq!(changed_his_mind["state"], "ACTIVE");
    assert_eq!(changed_his_mind["id"], second);
    assert_eq!(peerings(&app, mike).await.len(), 2);
}

#[both]
async fn only_members_of_a_shared_circle_can_be_proposed_to(app: TestApp) {
    let (mike, outsider) = (app.member("mike").await, app.member("outsider").await);
    let hidden = app.member("hidden").await;
    in_a_circle(&app, &[mike, hidden]).await;
    hide(&app, hidden, true).await;
    let nobody = SignedIn {
        member: app.app.ids.next(),
        ..mike
    };
    for other in [outsider, hidden, mike, nobody] {
        let refused = propose(&app, mike, &proposal_to(&app, other)).await;
        assert_eq!(problems(&refused), problem("NOT_FOUND", "input.memberId"));
        assert_eq!(refused["peering"], json!(null));
    }
}

#[both]
async fn only_its_two_members_see_or_change_a_peering(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let sam = app.member("sam").await;
    in_a_circle(&app, &[mike, paul, sam]).await;
    let id = proposed(&app, mike, paul).await["id"].clone();
    let node = "query($id: ID!) { node(id: $id) { __typename } }";
    let missing = problem("NOT_FOUND", "input.peeringId");
    let unknown = json!(*app.app.ids.next::<PeeringId>().global());
    for active in [false, true] {
        for id in [&id, &unknown, &json!("nonsense")] {
            assert_eq!(problems(&answer(&app, sam, id, true).await), missing);
            assert_eq!(problems(&answer(&app, sam, id, false).await), missing);
            for how in ["withdrawPeering", "endPeering"] {
                assert_eq!(problems(&leave(&app, sam, how, id).await), missing);
            }
            let found = app.as_member(sam, node, json!({ "id": id })).await;
            assert_eq!(found.at("/node"), json!(null));
        }
        let his = app.as_member(paul, node, json!({ "id": id })).await;
        assert_eq!(his.at("/node/__typename"), "Peering");
        if !active {
            answer(&app, paul, &id, true).await;
        }
    }
}

#[both]
async fn every_invalid_field_of_a_proposal_is_named(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let tom = app.member("tom").await;
    in_a_circle(&app, &[mike, paul, tom]).await;
    let version_four = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    let input = json!({ "id": version_four, "memberId": "nonsense" });
    let refused = propose(&app, mike, &input).await;
    let expected = [("INVALID", "input.id"), ("NOT_FOUND", "input.memberId")];
    let expected = expected.map(|(code, path)| (code.to_owned(), path.to_owned()));
    assert_eq!(problems(&refused), expected);

    let mut input = proposal_to(&app, paul);
    propose(&app, mike, &input).await;
    let others = propose(&app, tom, &input).await;
    assert_eq!(problems(&others), problem("CONFLICT", "input.id"));
    input["memberId"] = json!(*tom.member.global());
    let other_content = propose(&app, mike, &input).await;
    assert_eq!(problems(&other_content), problem("CONFLICT", "input.id"));
    assert_eq!(peerings(&app, tom).await, NOBODY);
}

#[both]
async fn partners_see_what_is_visible_to_partners(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let input = json!({ "topic": "grief", "stance": "LIVING_WITH", "visibility": "PARTNERS" });
    set_topic(&app, mike, input).await;
    in_a_circle(&app, &[mike, paul]).await;
    let sees = async || {
        let mike = seen(&app, paul, mike).await;
        let topics = mike["topics"].as_array().unwrap().len();
        (topics == 1, mike["timeZone"] == "Europe/London")
    };
    let id = proposed(&app, mike, paul).await["id"].clone();
    assert_eq!(sees().await, (false, false));
    answer(&app, paul, &id, true).await;
    assert_eq!(sees().await, (true, true));
    // Even when they share no circle any more.
    leave_all_circles(&app, paul).await;
    assert_eq!(sees().await, (true, true));
    leave(&app, paul, "endPeering", &id).await;
    assert_eq!(seen(&app, paul, mike).await, json!(null));
}

async fn leave_all_circles(app: &TestApp, who: SignedIn) {
    let circles = "{ me { circles { nodes { id } } } }";
    let circles = app.as_member(who, circles, json!({})).await;
    for circle in circles.at("/me/circles/nodes").as_array().unwrap() {
        let leave =
            "mutation($id: ID!) { leaveCircle(input: { circleId: $id }) { errors { code } } }";
        let variables = json!({ "id": circle["id"] });
        let left = app.as_member(who, leave, variables).await;
        assert_eq!(left.at("/leaveCircle/errors"), json!([]));
    }
}

#[both]
async fn the_peerings_of_a_hidden_member_are_absent(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let id = partners(&app, mike, paul).await;
    let before = peerings(&app, mike).await;
    hide(&app, paul, true).await;
    assert_eq!(peerings(&app, mike).await, NOBODY);
    let refused = leave(&app, mike, "endPeering", &id).await;
    assert_eq!(problems(&refused), problem("NOT_FOUND", "input.peeringId"));
    // A hidden member sees no partners either.
    assert_eq!(peerings(&app, paul).await, NOBODY);
    hide(&app, paul, false).await;
    assert_eq!(peerings(&app, mike).await, before);
}

#[both]
async fn a_page_of_peerings_costs_two_statements(app: TestApp) {
    let mike = app.member("mike").await;
    let mut others = Vec::new();
    for n in 0..5 {
        others.push(app.member(&format!("man{n}")).await);
    }
    in_a_circle(&app, &[&[mike], &others[..]].concat()).await;
    for other in &others {
        proposed(&app, *other, mike).await;
        app.advance(TimeDelta::seconds(1));
    }
    let page = async |args: &str| {
        let query = format!(
            "{{ me {{ peerings{args} {{ nodes {{ partner {{ handle }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
        );
        let answer = app.as_member(mike, &query, json!({})).await;
        assert_eq!(answer.statements, 2);
        answer.at("/me/peerings")
    };
    page("").await;
    for (size, more, cursor, place) in [
        ("first", "hasNextPage", "endCursor", "after"),
        ("last", "hasPreviousPage", "startCursor", "before"),
    ] {
        let mut found: Vec<String> = Vec::new();
        let mut args = format!("({size}: 2)");
        loop {
            let page = page(&args).await;
            let nodes = page["nodes"].as_array().unwrap().iter();
            let handles = nodes.map(|node| node["partner"]["handle"].as_str().unwrap().to_owned());
            let at = if size == "first" { found.len() } else { 0 };
            found.splice(at..at, handles);
            if page["pageInfo"][more] == false {
                break;
            }
            args = format!("({size}: 2, {place}: {})", page["pageInfo"][cursor]);
        }
        assert_eq!(found, ["man4", "man3", "man2", "man1", "man0"], "{size}");
    }
    let query = "{ me { peerings(first: 0) { totalCount } } }";
    let count = app.as_member(mike, query, json!({})).await;
    assert_eq!(count.at("/me/peerings/totalCount"), 5);
}
