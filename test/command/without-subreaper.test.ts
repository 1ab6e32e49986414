/** Where leader-run cannot be a subreaper, what keeps at least one mark of the command is found, and the log says what is not. */
import { expect, test } from 'vitest';
import { processesWith, until } from './fixtures/processes.ts';
import { supervise } from './fixtures/supervise.ts';
import { createMark } from './fixtures/tree.ts';

const refused = { becomeSubreaper: () => Promise.resolve(null) };

test('one warning says what is lost', async () => {
  const { warnings, events, gone } = supervise(['true'], refused);
  await gone;
  expect(warnings).toEqual([
    'Cannot keep orphans together on this machine: a daemon that leaves its group, session and parent and clears its environment is not found, and may run on after the release',
  ]);
  expect(events.map(({ id }) => id)).toEqual(['ready', 'started', 'ended', 'gone']);
});

test.each([
  ['group', (mark: string) => `(env -i sleep ${mark} &) ; env -i sleep ${mark} &`],
  ['descent', (mark: string) => `env -i setsid sh -c 'sleep ${mark}; :' & sleep ${mark}`],
  ['environment', (mark: string) => `(setsid sleep ${mark} &) ; (setsid sleep ${mark} &)`],
])('members are found by %s, and killed', async (_by, script) => {
  const mark = createMark();
  const { supervisor, gone } = supervise(['sh', '-c', script(mark)], refused);
  await until('they run', () => processesWith(mark).length >= 1);
  supervisor.kill();
  await gone;
  expect(processesWith(mark)).toEqual([]);
});
