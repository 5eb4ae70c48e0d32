// Relay's store, by what its compiler made of the modules in relay/.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import {
  Environment,
  type FragmentType,
  Network,
  type ReaderFragment,
  RecordSource,
  type RecordSourceSelectorProxy,
  type SingularReaderSelector,
  Store,
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  getSelector,
} from 'relay-runtime';

import buttonMutation, { type CheckInButtonMutation } from '../generated/relay/CheckInButtonMutation.graphql.ts';
import buttonQuery, { type CheckInButtonQuery } from '../generated/relay/CheckInButtonQuery.graphql.ts';
import button, { type CheckInButton_progress$data } from '../generated/relay/CheckInButton_progress.graphql.ts';
import nextMen, {
  type CircleRosterPaginationQuery,
} from '../generated/relay/CircleRosterPaginationQuery.graphql.ts';
import rosterQuery, { type CircleRosterQuery } from '../generated/relay/CircleRosterQuery.graphql.ts';
import roster, { type CircleRoster_circle$data } from '../generated/relay/CircleRoster_circle.graphql.ts';
import inboxQuery, { type InboxQuery } from '../generated/relay/InboxQuery.graphql.ts';
import inbox, { type Inbox_lines$data } from '../generated/relay/Inbox_lines.graphql.ts';
import { HomeDocument } from '../generated/operations.ts';
import { Belay, type Phone, newId } from '../harness.ts';

let belay: Belay;
let sam: Phone;
before(async () => {
  belay = await Belay.start();
  sam = await belay.facilitator('sam');
});
after(() => belay?.stop());

/** An app of Sam's that has just started. */
const app = () =>
  new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(async ({ text }, variables) => {
      const answer = await fetch(belay.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: sam.authorization },
        body: JSON.stringify({ query: text, variables }),
      });
      return await answer.json();
    }),
  });

/** What a component that has a fragment shows. */
function shows<D>(environment: Environment, fragment: ReaderFragment, ref: FragmentType): D {
  const selector = getSelector(fragment, ref) as SingularReaderSelector;
  return environment.lookup(selector).data as D;
}

test('the next page of a roster is fetched by the id of its circle, and joins the list', async () => {
  const men = await Promise.all(['mike', 'tom', 'joe'].map((handle) => belay.joins(handle)));
  const members = await Promise.all(
    men.map(async (phone) => ({ phone, memberId: (await phone.ask(HomeDocument, {})).me?.memberId ?? '' })),
  );
  const id = await sam.makesCircle(members);

  const environment = app();
  const first = { id, count: 3 };
  const data = await fetchQuery<CircleRosterQuery>(environment, rosterQuery, first).toPromise();
  const circle = data?.circle;
  assert.ok(circle);
  const seen = () => shows<CircleRoster_circle$data>(environment, roster, circle);
  assert.equal(seen().memberCount, 4);
  assert.equal(seen().members?.edges.length, 3);
  assert.equal(seen().members?.pageInfo.hasNextPage, true);

  const next = { id, count: 3, cursor: seen().members?.pageInfo.endCursor ?? null };
  await fetchQuery<CircleRosterPaginationQuery>(environment, nextMen, next).toPromise();
  const handles = seen().members?.edges.map((edge) => edge.node.member.handle);
  assert.deepEqual(handles, ['sam', 'mike', 'tom', 'joe']);
  assert.equal(seen().members?.pageInfo.hasNextPage, false);
});

test('an inbox without a line is an empty list', async () => {
  const environment = app();
  const data = await fetchQuery<InboxQuery>(environment, inboxQuery, {}).toPromise();
  assert.ok(data);
  const { me } = shows<Inbox_lines$data>(environment, inbox, data);
  assert.equal(me?.unreadNotificationCount, 0);
  assert.deepEqual(me?.notifications?.edges, []);
});

test('the button turns green at once, and stays so when the answer comes', async () => {
  const environment = app();
  const query = createOperationDescriptor(getRequest(buttonQuery), {});
  const data = await fetchQuery<CheckInButtonQuery>(environment, buttonQuery, {}).toPromise();
  const progress = data?.me?.progress;
  assert.ok(progress);
  environment.retain(query);
  const checkedIn = () => {
    const now = environment.lookup(query.fragment).data as CheckInButtonQuery['response'];
    assert.ok(now.me?.progress);
    return shows<CheckInButton_progress$data>(environment, button, now.me.progress).checkedInToday;
  };
  assert.equal(checkedIn(), false);

  // `progress` has no id: the app says where it belongs.
  const updater = (store: RecordSourceSelectorProxy) => {
    const now = store.getRootField('checkIn')?.getLinkedRecord('progress');
    if (now) {
      store.getRoot().getLinkedRecord('me')?.setLinkedRecord(now, 'progress');
    }
  };
  const answered = new Promise<CheckInButtonMutation['response']>((onCompleted, onError) => {
    commitMutation<CheckInButtonMutation>(environment, {
      mutation: buttonMutation,
      variables: { input: { id: newId() } },
      optimisticResponse: {
        checkIn: { checkIn: null, progress: { daysShownUp: 1, checkedInToday: true }, errors: [] },
      },
      optimisticUpdater: updater,
      updater,
      onCompleted,
      onError,
    });
  });
  assert.equal(checkedIn(), true, 'before the answer');
  assert.deepEqual((await answered).checkIn?.errors, []);
  assert.equal(checkedIn(), true, 'after it');
});
