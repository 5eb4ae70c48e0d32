// What a phone keeps without a connection, and how it hears that there is something new.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import {
  CheckInDocument,
  CheckInRecordedDocument,
  type CheckInRecordedSubscription,
  SyncDocument,
} from '../generated/operations.ts';
import { Belay, type Phone, must, newId } from '../harness.ts';

let belay: Belay;
let phone: Phone;

before(async () => {
  belay = await Belay.start();
  phone = await belay.joins('mike');
});
after(() => belay.stop());

/** What a device keeps, by id, and how far it has come. */
class Kept {
  readonly nodes = new Map<string, unknown>();
  private cursor: string | undefined;

  /** Brings it up to date; how many changes there were. */
  async sync(first: number): Promise<number> {
    for (let seen = 0; ; ) {
      const { changes: page } = await phone.ask(SyncDocument, { after: this.cursor ?? null, first });
      assert.ok(page);
      if (page.resetRequired) {
        this.nodes.clear();
      }
      for (const { id, deleted, node } of page.edges) {
        deleted ? this.nodes.delete(id) : this.nodes.set(id, node);
      }
      this.cursor = page.endCursor;
      seen += page.edges.length;
      if (!page.hasMore) {
        return seen;
      }
    }
  }
}

test('a tablet keeps up with a phone', async () => {
  const tablet = new Kept();
  assert.equal(await tablet.sync(1), 1, 'himself');
  const socket = createClient({
    url: belay.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: phone.authorization }),
  });
  const events = socket.iterate<CheckInRecordedSubscription>({ query: print(CheckInRecordedDocument) });

  // The first thing it hears is to read anew: from then on nothing passes by.
  const first = await events.next();
  assert.equal(first.value?.data?.checkInRecorded.refetch, true);
  assert.equal(await tablet.sync(10), 0);

  const id = newId();
  let checkInId: string | undefined;
  for (const mood of [3, 4]) {
    const { checkIn } = must((await phone.ask(CheckInDocument, { input: { id, mood } })).checkIn);
    checkInId = checkIn?.id;
    const { value } = await events.next();
    assert.equal(value?.data?.checkInRecorded.checkInId, checkInId);
  }

  assert.equal(await tablet.sync(10), 1, 'however often it changed');
  const kept = tablet.nodes.get(checkInId ?? '') as { id: string } | undefined;
  assert.equal(kept?.id, checkInId);
  assert.equal(await tablet.sync(10), 0);
  await events.return?.();
  await socket.dispose();
});
