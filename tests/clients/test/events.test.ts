// Subscriptions as server-sent events, for networks that break sockets: graphql-sse, distinct connections.
//
// The fields asked here (`ticks` and the like) are there for tests alone.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { print } from 'graphql';
import { type ClientOptions, createClient } from 'graphql-sse';

import { CheckInRecordedDocument } from '../generated/operations.ts';
import { Belay, type Phone, soon } from '../harness.ts';

let belay: Belay;
let phone: Phone;

before(async () => {
  belay = await Belay.start();
  phone = await belay.joins('mike');
});
after(() => belay?.stop());

const client = (options: Partial<ClientOptions> = {}) =>
  createClient({
    url: belay.url,
    headers: () => ({ authorization: phone.authorization }),
    retryAttempts: 0,
    ...options,
  });

/** Everything an operation answers, up to its end. */
async function all(query: string): Promise<unknown[]> {
  const events = client();
  const results: unknown[] = [];
  for await (const result of events.iterate({ query })) {
    // Beside it stands what it cost.
    const { extensions: _, ...told } = result;
    results.push(told);
  }
  events.dispose();
  return results;
}

const codes = (result: unknown) => {
  const { errors } = result as { errors: { extensions: { code: string } }[] };
  return errors.map((error) => error.extensions.code);
};

test('a subscription brings its events and ends', async () => {
  assert.equal((await all('subscription { ticks(every: 10, count: 3) }')).length, 3);
});

test('a query is answered by one event', async () => {
  const me = { me: { profile: { handle: 'mike' } } };
  assert.deepEqual(await all('{ me { profile { handle } } }'), [{ data: me }]);
});

test('what is wrong with an operation comes as an event, which browsers can read', async () => {
  const [parse, ...none] = await all('{');
  assert.deepEqual(codes(parse), ['GRAPHQL_PARSE_FAILED']);
  assert.deepEqual(none, []);
  const [validation] = await all('{ nothing }');
  assert.deepEqual(codes(validation), ['GRAPHQL_VALIDATION_FAILED']);
});

test('a subscription that fails ends with an error', async () => {
  const results = await all('subscription { failsAfter(count: 2) }');
  assert.equal(results.length, 3);
  assert.deepEqual(codes(results[2]), ['INTERNAL_SERVER_ERROR']);
});

test('an app that goes away ends its subscription', async () => {
  const open = (count: number) =>
    soon(`${count} open at the server`, async () =>
      (await belay.metric('belay_bus_subscriptions')) === count ? true : undefined,
    );
  await open(0);
  const events = client();
  const recorded = events.iterate({ query: print(CheckInRecordedDocument) });
  // The first event says to read anew.
  assert.equal((await recorded.next()).done, false);
  const next = recorded.next();
  await open(1);
  await recorded.return?.();
  await open(0);
  assert.equal((await next).done, true);
  events.dispose();
});

test('a connection that breaks is made again, and the app fetches what it missed', async () => {
  let fetched = 0;
  let request: AbortController | undefined;
  const events = client({
    retryAttempts: 3,
    retry: async () => {},
    fetchFn: async (url: string, init: RequestInit) => {
      request = new AbortController();
      const given = init.signal as AbortSignal;
      return await fetch(url, { ...init, signal: AbortSignal.any([given, request.signal]) });
    },
    on: {
      connected: (again) => {
        if (again) {
          fetched += 1;
        }
      },
    },
  });
  const ticks = events.iterate({ query: 'subscription { ticks(every: 10) }' });
  await ticks.next();
  request?.abort(new Error('the train is in a tunnel'));
  while (fetched === 0) {
    await ticks.next();
  }
  const { value } = await ticks.next();
  assert.ok(value?.data);
  await ticks.return?.();
  events.dispose();
});

test('on the wire the events have the names of the protocol', async () => {
  const answer = await fetch(belay.url, {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'subscription { ticks(every: 10, count: 2) }' }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream\b/);
  const names = Array.from(text.matchAll(/^event: ?(.*)$/gm), (match) => match[1]);
  assert.deepEqual(names, ['next', 'next', 'complete']);
});
