// Subscriptions over a WebSocket, by the protocol graphql-transport-ws.
//
// The fields asked here (`ticks` and the like) are there for tests alone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test, { after, before } from 'node:test';

import { type ClientOptions, CloseCode, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import { Belay, type Phone } from '../harness.ts';

let belay: Belay;
let phone: Phone;

before(async () => {
  belay = await Belay.start();
  phone = await belay.joins('mike');
});
after(() => belay?.stop());

// The client that apps use.

const client = (options: Partial<ClientOptions> = {}) =>
  createClient({
    url: belay.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: phone.authorization }),
    retryAttempts: 0,
    ...options,
  });

/** Everything an operation answers, up to its end. */
async function all(from: ReturnType<typeof client>, query: string): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of from.iterate({ query })) {
    // Beside it stands what it cost.
    const { extensions: _, ...told } = result;
    results.push(told);
  }
  return results;
}

test('a subscription brings its events and ends', async () => {
  const socket = client();
  const results = await all(socket, 'subscription { ticks(every: 10, count: 3) }');
  await socket.dispose();
  assert.equal(results.length, 3);
});

test('queries are answered beside it, for who is signed in', async () => {
  const socket = client();
  const [ticks, echo, me] = await Promise.all([
    all(socket, 'subscription { ticks(every: 50, count: 2) }'),
    all(socket, '{ echo(text: "hello") }'),
    all(socket, '{ me { profile { handle } } }'),
  ]);
  await socket.dispose();
  assert.equal(ticks.length, 2);
  assert.deepEqual(echo, [{ data: { echo: 'hello' } }]);
  assert.deepEqual(me, [{ data: { me: { profile: { handle: 'mike' } } } }]);
});

test('what is wrong with an operation comes as its error, and the socket lives on', async () => {
  const socket = client();
  const wrong = { '{': 'GRAPHQL_PARSE_FAILED', '{ nothing }': 'GRAPHQL_VALIDATION_FAILED' };
  for (const [query, code] of Object.entries(wrong)) {
    await assert.rejects(all(socket, query), (errors: { extensions: { code: string } }[]) => {
      assert.deepEqual(errors.map((error) => error.extensions.code), [code]);
      return true;
    });
  }
  assert.deepEqual(await all(socket, '{ echo(text: "still") }'), [{ data: { echo: 'still' } }]);
  await socket.dispose();
});

test('a field that fails is null beside an error, as over HTTP', async () => {
  const socket = client();
  const [result] = await all(socket, '{ fails echo(text: "the rest") }');
  await socket.dispose();
  const { data, errors } = result as { data: unknown; errors: { path: unknown; extensions: { code: string } }[] };
  assert.deepEqual(data, { fails: null, echo: 'the rest' });
  assert.deepEqual(errors.map(({ path, extensions }) => [path, extensions.code]), [
    [['fails'], 'INTERNAL_SERVER_ERROR'],
  ]);
});

test('a subscription that fails tells the error and ends', async () => {
  const socket = client();
  const results = await all(socket, 'subscription { failsAfter(count: 2) }');
  await socket.dispose();
  assert.equal(results.length, 3);
  const { errors } = results[2] as { errors: { extensions: { code: string } }[] };
  assert.deepEqual(errors.map((error) => error.extensions.code), ['INTERNAL_SERVER_ERROR']);
});

test('a connection that breaks is made again, and the app fetches what it missed', async () => {
  let fetched = 0;
  const socket = client({
    retryAttempts: 3,
    retryWait: async () => {},
    on: {
      connected: (_socket, _payload, again) => {
        if (again) {
          fetched += 1;
        }
      },
    },
  });
  const ticks = socket.iterate({ query: 'subscription { ticks(every: 10) }' });
  await ticks.next();
  socket.terminate();
  while (fetched === 0) {
    await ticks.next();
  }
  const { value } = await ticks.next();
  await ticks.return?.();
  await socket.dispose();
  assert.ok(value?.data);
  assert.equal(fetched, 1);
});

test('with a token that has ended it is closed with 4403, and comes back with a new one', async () => {
  const closed: number[] = [];
  const socket = client({
    retryAttempts: 1,
    retryWait: () => phone.refresh(),
    // The client gives up on no close code but those that no retry can mend; 4403 is not one of them.
    shouldRetry: (event) => (event as CloseEvent).code === CloseCode.Forbidden,
    on: { closed: (event) => closed.push((event as CloseEvent).code) },
  });
  await belay.advance({ minutes: 11 });
  const me = await all(socket, '{ me { profile { handle } } }');
  assert.deepEqual(me, [{ data: { me: { profile: { handle: 'mike' } } } }]);
  assert.deepEqual(closed, [4403]);
  await socket.dispose();
});

// What no client should do.

/** A socket spoken to by hand. */
async function open(protocols: string[] = ['graphql-transport-ws']): Promise<Raw> {
  const socket = new WebSocket(belay.socketUrl, protocols);
  await once(socket, 'open');
  return new Raw(socket);
}

type Message = { type: string; id?: string; payload?: unknown };

class Raw {
  private readonly messages: Message[] = [];
  private readonly waiting: ((message: Message) => void)[] = [];
  /** The code it is closed with. */
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    this.closed = once(socket, 'close').then(([code]) => code as number);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Message;
      const waiter = this.waiting.shift();
      waiter ? waiter(message) : this.messages.push(message);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  async next(): Promise<Message> {
    return this.messages.shift() ?? new Promise((found) => this.waiting.push(found));
  }

  /** The next message of a type; those before it are passed over. */
  async until(type: string): Promise<Message> {
    for (;;) {
      const message = await this.next();
      if (message.type === type) {
        return message;
      }
    }
  }

  async initialise(payload?: unknown): Promise<this> {
    this.send({ type: 'connection_init', payload });
    assert.equal((await this.next()).type, 'connection_ack');
    return this;
  }
}

const subscribe = (id: string, query: string) => ({ type: 'subscribe', id, payload: { query } });
const FOREVER = 'subscription { ticks(every: 10) }';

for (const [what, message] of [
  ['what is no JSON', 'hello'],
  ['what is no object', '[]'],
  ['a message without a type', '{}'],
  ['a type nobody knows', { type: 'start', id: '1', payload: { query: FOREVER } }],
  ['a subscription without an id', { type: 'subscribe', payload: { query: FOREVER } }],
  ['an operation to complete without an id', { type: 'complete' }],
  ['an operation with nothing to run', { type: 'subscribe', id: '1', payload: {} }],
  ['bytes', Buffer.from([0, 159, 146, 150])],
] as const) {
  test(`${what} closes with 4400`, async () => {
    const socket = await (await open()).initialise();
    socket.send(message);
    assert.equal(await socket.closed, 4400);
  });
}

test('a subscription before the acknowledgement closes with 4401', async () => {
  const socket = await open();
  socket.send(subscribe('1', FOREVER));
  assert.equal(await socket.closed, 4401);
});

test('a token that was never good closes with 4403', async () => {
  const socket = await open();
  socket.send({ type: 'connection_init', payload: { authorization: 'Bearer nonsense' } });
  assert.equal(await socket.closed, 4403);
});

test('silence closes with 4408', { timeout: 30_000 }, async () => {
  const socket = await open();
  assert.equal(await socket.closed, 4408);
});

test('an id that is in use closes with 4409', async () => {
  const socket = await (await open()).initialise();
  socket.send(subscribe('1', FOREVER));
  socket.send(subscribe('1', FOREVER));
  assert.equal(await socket.closed, 4409);
});

test('a second initialisation closes with 4429', async () => {
  const socket = await (await open()).initialise();
  socket.send({ type: 'connection_init' });
  assert.equal(await socket.closed, 4429);
});

test('a ping is answered with its payload, and a pong asks for nothing', async () => {
  const socket = await (await open()).initialise();
  socket.send({ type: 'pong' });
  socket.send({ type: 'ping', payload: { at: 1 } });
  assert.deepEqual(await socket.next(), { type: 'pong', payload: { at: 1 } });
  socket.socket.close();
  await socket.closed;
});

test('what was completed brings nothing more, and its id is free again', async () => {
  const socket = await (await open()).initialise();
  socket.send(subscribe('1', FOREVER));
  await socket.until('next');
  socket.send({ type: 'complete', id: '1' });
  socket.send({ type: 'ping' });
  await socket.until('pong');
  socket.send(subscribe('1', '{ echo(text: "free") }'));
  const { payload, ...answer } = await socket.next();
  assert.deepEqual(answer, { type: 'next', id: '1' });
  assert.deepEqual((payload as { data: unknown }).data, { echo: 'free' });
  assert.deepEqual(await socket.next(), { type: 'complete', id: '1' });
  socket.socket.close();
  await socket.closed;
});

test('the older protocol of the same path is not spoken', async () => {
  const socket = new WebSocket(belay.socketUrl, ['graphql-ws']);
  const end = await new Promise((found) => {
    socket.once('error', () => found('refused'));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      found('refused');
    });
    socket.once('close', (code) => found(code));
    socket.once('message', () => found('spoken'));
  });
  socket.terminate();
  assert.ok(end === 'refused' || end === 4406, String(end));
});
