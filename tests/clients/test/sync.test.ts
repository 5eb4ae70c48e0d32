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
  MeetingsDocument,
  RsvpDocument,
  SyncDocument,
} from '../generated/operations.ts';
import { Belay, type Phone, must, newId, soon } from '../harness.ts';

let belay: Belay;
let phone: Phone;

before(async () => {
  belay = await Belay.start();
  phone = await belay.joins('mike');
});
after(() => belay?.stop());

/** What a device keeps, by id, and how far it has come. */
class Kept {
  readonly nodes = new Map<string, unknown>();
  /** How often it had to begin anew. */
  resets = 0;
  private cursor: string | undefined;

  constructor(public who: Phone) {}

  /** Brings it up to date; how many changes there were. */
  async sync(first: number): Promise<number> {
    for (let seen = 0; ; ) {
      const { changes: page } = await this.who.ask(SyncDocument, { after: this.cursor ?? null, first });
      assert.ok(page);
      if (page.resetRequired) {
        this.nodes.clear();
        this.resets += 1;
      }
      for (const { subjectId, deleted, node } of page.edges) {
        deleted ? this.nodes.delete(subjectId) : this.nodes.set(subjectId, node);
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
  const tablet = new Kept(phone);
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

test('a tablet that another man takes over drops what it kept, and begins anew', async () => {
  const tablet = new Kept(phone);
  await tablet.sync(10);
  const [his] = tablet.nodes.keys();
  tablet.who = await belay.joins('sam');
  await tablet.sync(10);
  assert.equal(tablet.resets, 1);
  const handles = Array.from(tablet.nodes.values(), (node) => (node as { handle?: string }).handle);
  assert.deepEqual(handles, ['sam']);
  assert.ok(!tablet.nodes.has(his ?? ''));
  assert.equal(await tablet.sync(10), 0);
  assert.equal(tablet.resets, 1);
});

test('what is kept is enough to show an evening without a connection', async () => {
  const host = await belay.facilitator('host');
  await host.schedules('Tea', 2);
  const { upcomingMeetings } = await phone.ask(MeetingsDocument, {});
  const occurrenceId = upcomingMeetings?.edges[0]?.node.id ?? '';
  must((await phone.ask(RsvpDocument, { input: { occurrenceId, answer: 'GOING' } })).rsvp);
  const tablet = new Kept(phone);
  await tablet.sync(100);
  type Occurrence = { startsAt: string; endsAt: string; timeZone: string; meeting: { id: string } };
  const occurrence = tablet.nodes.get(occurrenceId) as Occurrence;
  assert.equal(Date.parse(occurrence.endsAt) - Date.parse(occurrence.startsAt), 3_600_000);
  assert.equal(occurrence.timeZone, 'Europe/London');
  const { title, format } = tablet.nodes.get(occurrence.meeting.id) as { title: string; format: string };
  assert.deepEqual([title, format], ['Tea', 'ONLINE']);
});
