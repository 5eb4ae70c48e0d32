// GraphQL over HTTP, all of it: what the specification demands, advises and allows.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { serverAudits } from 'graphql-http';

import { Belay } from '../harness.ts';

let belay: Belay;
before(async () => {
  belay = await Belay.start();
});
after(() => belay?.stop());

const audits = serverAudits({ url: () => belay.url, fetchFn: fetch });

test('there are as many audits as ever', () => {
  assert.equal(audits.length, 61);
});

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    if ('response' in result) {
      await result.response.body?.cancel();
    }
    assert.equal(result.status, 'ok', 'reason' in result ? result.reason : '');
  });
}
