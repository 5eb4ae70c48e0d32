// What is valid here is what graphql-js says is valid: the first time a document is sent, and every time after that.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Kind, buildSchema, parse, validate } from 'graphql';

import { documents } from '../documents.ts';
import { Belay } from '../harness.ts';

const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../../schema.graphql'), 'utf8'));
const INVALID = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'QUERY_TOO_COMPLEX']);

/** What graphql-js finds, and the operation to ask for. */
function reference(text: string): { faults: string[]; name: string | undefined; streams: boolean } {
  try {
    const document = parse(text);
    const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    return {
      faults: validate(schema, document).map((fault) => fault.message),
      name: operation?.name?.value,
      streams: operation?.operation === 'subscription',
    };
  } catch (fault) {
    return { faults: [String(fault)], name: undefined, streams: /^\s*subscription/.test(text) };
  }
}

interface Answer {
  errors?: { message: string; extensions: { code: string } }[];
}

/** What the server finds. */
async function found(belay: Belay, text: string, name: string | undefined, streams: boolean): Promise<string[]> {
  const response = await fetch(belay.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: streams ? 'text/event-stream' : 'application/json' },
    body: JSON.stringify({ query: text, operationName: name }),
  });
  let written = await response.text();
  if (streams) {
    written = /^data: (\{.*)$/m.exec(written)?.[1] ?? '{}';
  }
  const { errors = [] } = JSON.parse(written) as Answer;
  // That a variable was left out is no fault of the document.
  const own = errors.filter(({ message }) => !message.startsWith('The variable $'));
  return own.filter(({ extensions }) => INVALID.has(extensions.code)).map(({ message }) => message);
}

test('a document is valid when graphql-js says so, also when it was seen before', async () => {
  const belay = await Belay.start();
  try {
    const counts = { valid: 0, invalid: 0 };
    const apart: string[] = [];
    for (const [rule, texts] of Object.entries(documents)) {
      for (const text of texts) {
        const { faults, name, streams } = reference(text);
        counts[faults.length === 0 ? 'valid' : 'invalid'] += 1;
        for (const time of ['first', 'second']) {
          const own = await found(belay, text, name, streams);
          if ((own.length === 0) !== (faults.length === 0)) {
            apart.push(`${rule}, ${time} time: ${text}\n  graphql-js: ${faults.join(' ')}\n  here: ${own.join(' ')}`);
          }
        }
      }
    }
    assert.deepEqual(apart, []);
    assert.ok(counts.valid >= 70 && counts.invalid >= 100, JSON.stringify(counts));
  } finally {
    await belay.stop();
  }
});
