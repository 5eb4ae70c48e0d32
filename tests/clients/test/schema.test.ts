// What can be said of the schema and the operations without a server.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Kind, buildSchema, parse } from 'graphql';

import { untold } from '../release.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const current = read('../../schema.graphql');
const released = read('released/schema.graphql');

test('what can break an app is in the release notes', async () => {
  assert.deepEqual(await untold(released, current, read('../../CHANGELOG.md')), []);
});

test('a breaking change is named until the release notes name it', async () => {
  const before = 'type Query { days: Int! mood: Int }';
  const after = 'type Query { days: Int! feeling: Int }';
  const missing = ["`Query.mood`: Field 'mood' was removed from object type 'Query'"];
  const notes = (unreleased: string) =>
    `# Changes\n\n## Unreleased\n\n${unreleased}\n\n## 1.0.0\n\n### Breaking\n\n- \`Query.mood\`\n`;

  assert.deepEqual(await untold(before, after, notes('')), missing);
  assert.deepEqual(await untold(before, after, notes('### Added\n\n- `Query.mood`')), missing);
  assert.deepEqual(await untold(before, after, notes('### Breaking\n\n- `Query.moods`')), missing);
  const told = notes('### Breaking\n\n- `Query.mood` is gone: ask for `feeling`.');
  assert.deepEqual(await untold(before, after, told), []);
  assert.deepEqual(await untold(after, `${after} type Mood { level: Int }`, notes('')), []);
});

test('named is what begins a line of the list, and nothing that is said of it', async () => {
  const before = 'type Query { days: Int mood: Int feeling: Int }';
  const after = 'type Query { days: Int }';
  const breaking = (lines: string) => `## Unreleased\n\n### Breaking\n\n${lines}\n`;
  const missing = async (lines: string) => (await untold(before, after, breaking(lines))).map((line) => line.split('`')[1]);

  assert.deepEqual(await missing('- `Query.mood` is gone, as `Query.feeling` is.'), ['Query.feeling']);
  assert.deepEqual(await missing('`Query.mood` and `Query.feeling` are gone.'), ['Query.mood', 'Query.feeling']);
  assert.deepEqual(await missing('- `Query.mood`: gone,\n  `Query.feeling`, too.'), ['Query.feeling']);
  assert.deepEqual(await missing('* `Query.mood`\n- Gone is `Query.feeling`.'), []);
});

test('every field of the roots is in an operation', () => {
  const schema = buildSchema(current);
  const folder = join(import.meta.dirname, '../operations');
  const asked = new Set<string>();
  for (const name of readdirSync(folder)) {
    for (const definition of parse(readFileSync(join(folder, name), 'utf8')).definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) {
        for (const field of definition.selectionSet.selections) {
          assert.equal(field.kind, Kind.FIELD, 'roots are asked for fields');
          asked.add(`${definition.operation} ${field.kind === Kind.FIELD && field.name.value}`);
        }
      }
    }
  }
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const missing = roots.flatMap((root) =>
    Object.keys(root?.getFields() ?? {})
      .map((field) => `${root?.name.toLowerCase()} ${field}`)
      .filter((field) => !asked.has(field)),
  );
  assert.deepEqual(missing, []);
});

// Apollo iOS and Apollo Kotlin give each type of the schema a class of its name; these are taken by what the
// generated code uses itself, or by their languages.
const TAKEN = [
  ...['Any', 'Array', 'Bool', 'Class', 'Data', 'DataDict', 'Dictionary', 'DocumentType', 'Double', 'Enum'],
  ...['Error', 'Fragment', 'FragmentContainer', 'Fragments', 'Function', 'Input', 'InputObject', 'Interface'],
  ...['List', 'LocalCacheMutation', 'Map', 'Never', 'Nothing', 'Object', 'Operation', 'Optional', 'ParentType'],
  ...['Protocol', 'Result', 'Schema', 'SchemaMetadata', 'Selection', 'Selections', 'Self', 'Set', 'Type'],
  ...['Union', 'Unit', 'Variables', 'Void'],
];

test('no type has a name that generated Swift or Kotlin needs itself', () => {
  const names = Object.keys(buildSchema(current).getTypeMap());
  assert.deepEqual(names.filter((name) => TAKEN.includes(name)), []);
});

test('no two types differ in capitals alone, as files and classes on phones must not', () => {
  const names = Object.keys(buildSchema(current).getTypeMap()).map((name) => name.toLowerCase());
  assert.deepEqual(names.filter((name, at) => names.indexOf(name) !== at), []);
});
