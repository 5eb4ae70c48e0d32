// Writes generated/operations.ts: the types of every operation, each as a typed document, and which types implement
// which interface, by the plugins that apps use with @graphql-codegen/cli: an app's own codegen.ts names the same.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { codegen } from '@graphql-codegen/core';
import * as fragmentMatcher from '@graphql-codegen/fragment-matcher';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';

const here = import.meta.dirname;
const read = (path: string) => parse(readFileSync(path, 'utf8'));

const folder = join(here, 'operations');
const documents = readdirSync(folder).map((name) => {
  const location = join(folder, name);
  return { location, document: read(location) };
});
const text = 'string';
const generated = await codegen({
  filename: 'operations.ts',
  schema: read(join(here, '../../schema.graphql')),
  documents,
  config: {
    enumType: 'string-literal',
    useTypeImports: true,
    scalars: { Date: text, DateTime: text, LocalTime: text, TimeZone: text, URL: text, UUID: text },
  },
  plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }, { fragmentMatcher: {} }],
  pluginMap: { typescriptOperations, typedDocumentNode, fragmentMatcher },
});

mkdirSync(join(here, 'generated'), { recursive: true });
writeFileSync(join(here, 'generated/operations.ts'), generated);
