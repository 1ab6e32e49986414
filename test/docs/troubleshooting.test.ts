import { expect, it } from 'vitest';
import { entriesOf, isAbout, messagesOfTheProgram, shown } from './messages.ts';

const entries = entriesOf('docs/troubleshooting.md');
const messages = messagesOfTheProgram();

it('every message of the program has an entry in troubleshooting', () => {
  expect(messages.length).toBeGreaterThan(100);
  const missing = messages.filter((message) => !entries.some((entry) => isAbout(entry, message)));
  expect(missing.map(shown)).toEqual([]);
});

it('every entry is about a message that the program has', () => {
  const ofTheShell = ['sh: …: not found'];
  const stale = entries.filter((entry) => !messages.some((message) => isAbout(entry, message)));
  expect(stale.filter((entry) => !ofTheShell.includes(entry))).toEqual([]);
});

it('no entry is about any message whatever', () => {
  const vague = entries.filter((entry) => !/[a-z]{3}/i.test(entry));
  expect(vague).toEqual([]);
});
