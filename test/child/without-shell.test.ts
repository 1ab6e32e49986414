/** Where there is no /bin/sh all works but the guard and the gate. */
import { expect, test } from 'vitest';
import { bootNowMs } from '../../src/child/clock.ts';
import { processesWith, until } from './fixtures/processes.ts';
import { busyFile } from './fixtures/shells.ts';
import { supervise } from './fixtures/supervise.ts';

const shell = '/no/such/sh';

test('one warning says what is lost', async () => {
  const { warnings, news, gone } = supervise(['true'], { shell });
  await gone;
  expect(warnings).toEqual(['There is no /bin/sh: if leader-run is killed, its command runs on']);
  expect(news.map(({ id }) => id)).toEqual(['ready', 'started', 'ended', 'gone']);
});

test('the status is told as it was', async () => {
  const busy = busyFile();
  for (const [command, code, said] of [
    [['sh', '-c', 'exit 42'], 42, []],
    [['/no/such'], 127, ['Cannot run "/no/such" as there is no such command: ENOENT']],
    [['/tmp'], 126, ['Cannot run "/tmp" as it is not executable: EACCES']],
    // Node throws these.
    [['/etc/passwd/x'], 127, ['Cannot run "/etc/passwd/x" as there is no such command: ENOTDIR']],
    [[busy], 126, [`Cannot run "${busy}" as it is not executable: ETXTBSY`]],
  ] as const) {
    const { heard, gone, warnings } = supervise(command, { shell });
    await gone;
    expect((await heard('ended')).ending).toEqual({ id: 'exited', code });
    expect(warnings.slice(1)).toEqual(said);
  }
});

test('the tree is killed, escaped sessions included', async () => {
  const mark = `8${String(Math.random()).slice(2, 12)}`;
  const { supervisor, gone } = supervise(
    ['sh', '-c', `(setsid sh -c 'sleep ${mark} & wait' &) ; sleep ${mark} & wait`],
    { shell },
  );
  await until('it has grown', () => processesWith(mark).length === 4);
  supervisor.kill();
  await gone;
  expect(processesWith(mark)).toEqual([]);
});

test('it is not started too late', async () => {
  const { createSupervisor } = await import('../../src/child/tree-supervisor.ts');
  const { readLauncherNotes } = await import('../../src/child/launcher-notes.ts');
  const said: string[] = [];
  await new Promise<void>((resolve) => {
    const supervisor = createSupervisor({
      command: ['false'],
      notes: readLauncherNotes(process.env),
      settingNames: [],
      hasTerminal: false,
      shell,
      onWarning: () => undefined,
      onNews: ({ id }) => {
        said.push(id);
        const notAfterMs = bootNowMs() - 1;
        if (id === 'ready') supervisor.start({ environment: {}, notAfterMs, killAtMs: Infinity });
        if (id === 'gone') resolve();
      },
    });
    supervisor.prepare();
  });
  expect(said).toEqual(['ready', 'refused', 'gone']);
});
