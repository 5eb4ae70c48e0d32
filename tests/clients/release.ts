// What a release must tell: every change of the schema that can break an app is named in the release notes.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** The breaking changes between two schemas that the release notes do not name, one line each. */
export async function untold(released: string, current: string, notes: string): Promise<string[]> {
  const told = announced(notes);
  const changes = await diff(buildSchema(released), buildSchema(current));
  return changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking)
    .filter((change) => !told.has(change.path ?? ''))
    .map((change) => `\`${change.path}\`: ${change.message}`);
}

/** What stands between the first backquotes of each line of the list under "Breaking" in the section "Unreleased". */
function announced(notes: string): Set<string> {
  const unreleased = section(notes, '## Unreleased');
  const breaking = section(unreleased, '### Breaking');
  const items = breaking.matchAll(/^\s*[-*+] [^`\n]*`([^`\n]+)`/gm);
  return new Set(Array.from(items, (match) => match[1] ?? ''));
}

/** What follows a heading, up to the next of its rank or a higher one. */
function section(text: string, heading: string): string {
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) {
    return '';
  }
  const rank = heading.indexOf(' ');
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => new RegExp(`^#{1,${rank}} `).test(line));
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}
