// Apollo Client, put together as a mobile or web app does it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test, { after, before, beforeEach } from 'node:test';

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';
import { filter, firstValueFrom, from, mergeMap } from 'rxjs';
import { WebSocket } from 'ws';

import possible, {
  CheckInDocument,
  CheckInRecordedDocument,
  HomeDocument,
  MeetingsDocument,
  SubjectDocument,
} from '../generated/operations.ts';
import { Belay, type Phone, must, newId, soon } from '../harness.ts';

// Apollo's link asks for the browser's, which Node.js has from version 22 on.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

let belay: Belay;
let phone: Phone;
/** The method and operation of every request that left, oldest first. */
let sent: string[];

before(async () => {
  belay = await Belay.start();
  phone = await belay.facilitator('mike');
});
beforeEach(() => (sent = []));
after(() => belay?.stop());

/** Sends, and takes note of it. */
const noting: typeof fetch = (input, init) => {
  const body = typeof init?.body === 'string' ? JSON.parse(init.body) : {};
  const name = body.operationName ?? new URL(String(input)).searchParams.get('operationName');
  sent.push(`${init?.method} ${name}${body.query ? ' with its text' : ''}`);
  return fetch(input, init);
};

const cache = () =>
  new InMemoryCache({
    // Without these what a fragment on `UserError` or `Node` asks for is dropped without a word.
    possibleTypes: possible.possibleTypes,
    typePolicies: {
      // There is one of each, and none has an id: what a mutation answers finds its place all the same.
      Me: { keyFields: [], fields: { notifications: relayStylePagination() } },
      Account: { keyFields: [] },
      CheckInReminder: { keyFields: [] },
      Progress: { keyFields: [] },
      // Vocabularies.
      LifeContext: { keyFields: ['slug'] },
      Topic: { keyFields: ['slug'] },
      Query: { fields: { upcomingMeetings: relayStylePagination() } },
    },
  });

/** After UNAUTHENTICATED: new tokens once, and the same again. */
const refreshing = new ErrorLink(({ error, operation, forward }) => {
  const ended =
    CombinedGraphQLErrors.is(error) &&
    error.errors.some((each) => each.extensions?.['code'] === 'UNAUTHENTICATED');
  if (!ended || operation.getContext()['refreshed']) {
    return;
  }
  operation.setContext({ refreshed: true });
  return from(phone.refresh()).pipe(mergeMap(() => forward(operation)));
});

const signed = new SetContextLink(({ headers }) => ({
  headers: { ...headers, authorization: phone.authorization },
}));

const persisted = new PersistedQueryLink({
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  useGETForHashedQueries: true,
});

const app = (...links: ApolloLink[]) =>
  new ApolloClient({
    cache: cache(),
    link: ApolloLink.from([...links, new HttpLink({ uri: belay.url, fetch: noting })]),
  });

test('a query is sent by its hash, and by GET once the server knows it', async () => {
  const query = { query: HomeDocument, fetchPolicy: 'network-only' } as const;
  const first = await app(signed, persisted).query(query);
  assert.equal(first.data?.me?.profile?.handle, 'mike');
  assert.deepEqual(sent, ['GET Home', 'POST Home with its text']);

  sent = [];
  const later = await app(signed, persisted).query(query);
  assert.deepEqual(later.data?.me, first.data?.me);
  assert.deepEqual(sent, ['GET Home']);
});

test('a mutation is never sent by GET', async () => {
  const input = { id: newId(), mood: 9 };
  await app(signed, persisted).mutate({ mutation: CheckInDocument, variables: { input } });
  assert.deepEqual(sent, ['POST CheckIn', 'POST CheckIn with its text']);
});

test('when the access token has ended, one refresh serves all that wait', async () => {
  const client = app(refreshing, signed);
  await belay.advance({ minutes: 11 });
  const [old, before] = [phone.authorization, phone.refreshes];
  const [home, meetings] = await Promise.all([
    client.query({ query: HomeDocument }),
    client.query({ query: MeetingsDocument, variables: {} }),
  ]);
  assert.equal(home.data?.me?.profile?.handle, 'mike');
  assert.deepEqual(meetings.data?.upcomingMeetings?.edges, []);
  assert.notEqual(phone.authorization, old);
  assert.equal(phone.refreshes, before + 1);
  assert.equal(sent.length, 4, sent.join());
});

test('what a mutation answers reaches the screens', async () => {
  const client = app(signed);
  const shown = async () => {
    const { data } = await client.query({ query: HomeDocument });
    return data?.me?.progress?.daysShownUp;
  };
  assert.equal(await shown(), 0);
  const input = { id: newId(), mood: 4 };
  const { data } = await client.mutate({ mutation: CheckInDocument, variables: { input } });
  const { checkIn } = must(data?.checkIn);
  sent = [];
  assert.equal(await shown(), 1, 'without asking again');
  assert.deepEqual(sent, []);

  // And any of it can be asked for by its id.
  const id = checkIn?.id ?? '';
  const subject = await client.query({ query: SubjectDocument, variables: { id } });
  assert.deepEqual(subject.data?.node, checkIn);
});

test('a refusal is in the payload, with a code and the field', async () => {
  const input = { id: newId(), mood: 9 };
  const { data, error } = await app(signed).mutate({ mutation: CheckInDocument, variables: { input } });
  assert.equal(error, undefined);
  const [refusal] = data?.checkIn?.errors ?? [];
  assert.equal(refusal?.code, 'OUT_OF_RANGE');
  assert.deepEqual(refusal?.path, ['input', 'mood']);
});

test('pages join to one list', async () => {
  for (const [at, title] of ['One', 'Two', 'Three', 'Four', 'Five'].entries()) {
    await phone.schedules(title, at + 1);
  }
  const client = app(signed);
  const first = { query: MeetingsDocument, variables: { first: 2 } };
  const meetings = client.watchQuery(first);
  let page = (await firstValueFrom(meetings.pipe(filter(({ loading }) => !loading)))).data;
  while (page?.upcomingMeetings?.pageInfo?.hasNextPage) {
    const after = page.upcomingMeetings.pageInfo.endCursor ?? null;
    page = (await meetings.fetchMore({ variables: { after } })).data;
  }
  const titles = client
    .readQuery(first)
    ?.upcomingMeetings?.edges.map(({ node }) => node.meeting.title);
  assert.deepEqual(titles, ['One', 'Two', 'Three', 'Four', 'Five']);
  assert.equal(sent.length, 3);
});

test('events come over a socket', async () => {
  const tom = await belay.joins('tom');
  const socket = createClient({
    url: belay.socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: () => ({ authorization: tom.authorization }),
  });
  const client = new ApolloClient({ cache: cache(), link: new GraphQLWsLink(socket) });
  const heard: unknown[] = [];
  const subscription = client.subscribe({ query: CheckInRecordedDocument }).subscribe({
    next: ({ data }) => heard.push(data?.checkInRecorded.refetch === true ? 'refetch' : data?.checkInRecorded.checkInId),
  });
  // The first event says to read anew: from then on nothing passes by.
  await soon('a subscription', async () => heard[0]);
  const input = { id: newId(), mood: 2 };
  const { checkIn } = must((await tom.ask(CheckInDocument, { input })).checkIn);
  await soon('an event', async () => heard[1]);
  assert.deepEqual(heard, ['refetch', checkIn?.id]);
  subscription.unsubscribe();
  await socket.dispose();
});
