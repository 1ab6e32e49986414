/** How the command ended is told as it was, and `gone` only when nothing is left of it. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processesWith, until } from './fixtures/processes.ts';
import { supervise } from './fixtures/supervise.ts';
import { createMark } from './fixtures/tree.ts';

describe('exit status', () => {
  test('G5: every signal that ends the command is told by name', async () => {
    const { signals } = constants;
    const stopping = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
    const harmless = ['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'];
    const otherNames = ['SIGIOT', 'SIGPOLL', 'SIGUNUSED'];
    for (const signal of Object.keys(signals) as NodeJS.Signals[]) {
      if ([...stopping, ...harmless, ...otherNames].includes(signal)) continue;
      // No core files.
      const command = ['sh', '-c', `ulimit -c 0; kill -${signals[signal]} $$`];
      expect(await endingOf(command)).toEqual({ id: 'signalled', signal });
    }
  });

  test('G5: 127 for a command that does not exist, 126 for one that may not be executed', async () => {
    expect(await endingOf(['/no/such/command'])).toEqual({ id: 'exited', code: 127 });
    expect(await endingOf(['no-such-command'])).toEqual({ id: 'exited', code: 127 });
    expect(await endingOf([import.meta.filename])).toEqual({ id: 'exited', code: 126 });
    expect(await endingOf(['/tmp'])).toEqual({ id: 'exited', code: 126 });
  });

  test('events come in the order in which things happen', async () => {
    const { events, gone } = supervise(['true']);
    await gone;
    expect(events.map(({ id }) => id)).toEqual(['ready', 'started', 'ended', 'gone']);
  });
});

describe('what the command leaves behind', () => {
  test('is not gone before it has ended too', async () => {
    const mark = createMark();
    const { supervisor, events, heard, gone } = supervise(['sh', '-c', `sleep ${mark} & exit 7`]);
    expect(await heard('ended')).toEqual({ id: 'ended', ending: { id: 'exited', code: 7 } });
    // In the middle of an exec it shows no arguments.
    await until('it is seen', () => processesWith(mark).length === 1);
    expect(events.at(-1)?.id).toBe('left-behind');
    supervisor.signalTree('SIGTERM');
    await gone;
    expect(processesWith(mark)).toEqual([]);
  });

  test('is found in a session of its own', async () => {
    const mark = createMark();
    const { supervisor, heard, gone } = supervise([
      'sh',
      '-c',
      `(setsid sh -c 'trap "" TERM; sleep ${mark} & wait' &) ; sleep 0.1`,
    ]);
    await heard('ended');
    await until('both are seen', () => processesWith(mark).length === 2);
    supervisor.kill();
    await gone;
    expect(processesWith(mark)).toEqual([]);
  });

  test('is found by its parent, without marker and in a session of its own', async () => {
    const mark = createMark();
    const { supervisor, gone } = supervise(['sh', '-c', `env -i setsid sleep ${mark} & wait`]);
    await until('both run', () => processesWith(mark).length === 2);
    supervisor.kill();
    await gone;
    expect(processesWith(mark)).toEqual([]);
  });

  test('is found by its session, though the daemon that began it has nothing in its environment', async () => {
    const mark = createMark();
    const daemon = `env "$0" sleep ${mark} & wait; exec sleep ${mark}`;
    const marker = '$(env | grep "^LEADER_RUN_TREE_")';
    const { supervisor, heard, gone } = supervise([
      'sh',
      '-c',
      `(env -i setsid sh -c '${daemon}' "${marker}" &) ; sleep 0.2`,
    ]);
    await heard('ended');
    await until('both run', () => processesWith(mark).length === 2);
    supervisor.kill();
    await gone;
    expect(processesWith(mark)).toEqual([]);
  });

  test('is killed though it forks as fast as it can', async () => {
    const mark = createMark();
    // Not without end: on a busy machine thousands would be there before the kill.
    const forking = `for each in $(seq 300); do (setsid sleep ${mark} &) ; done`;
    const { supervisor, gone } = supervise(['sh', '-c', `${forking} & ${forking}; wait`]);
    await until('it has forked', () => processesWith(mark).length > 30);
    supervisor.kill();
    await gone;
    expect(processesWith(mark)).toEqual([]);
  });

  test.each(['kill', 'wait for'] as const)(
    'is seen though each process forks and ends at once: %s it',
    async (what) => {
      const folder = mkdtempSync(join(tmpdir(), 'chain-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const chain = join(folder, 'chain');
      const beats = join(folder, 'beats');
      // One process at a time, for about a millisecond; a few seconds in all.
      writeFileSync(
        chain,
        `[ "$1" -eq 0 ] || { echo "$1" >>${beats}; sh ${chain} $(($1 - 1)) & }\n`,
      );
      const { supervisor, heard, gone } = supervise(['sh', '-c', `setsid sh ${chain} 2000 & :`]);
      await heard('ended');
      await until('it beats', () => existsSync(beats));
      if (what === 'kill') supervisor.kill();
      await gone;
      const last = readFileSync(beats, 'utf8');
      if (what === 'wait for') expect(last).toMatch(/\n1\n$/);
      await delay(50);
      expect(readFileSync(beats, 'utf8')).toBe(last);
    },
  );

  test('a non-member with the same program and the same parent is not touched', async () => {
    const mark = createMark();
    const nonMember = supervise(['sleep', mark]);
    await nonMember.heard('started');
    const { supervisor, heard, gone } = supervise(['sleep', mark]);
    await heard('started');
    supervisor.kill();
    await gone;
    expect(processesWith(mark)).toHaveLength(1);
    nonMember.supervisor.kill();
    await nonMember.gone;
  });
});

async function endingOf(command: readonly string[]) {
  const { heard, gone } = supervise(command);
  await gone;
  return (await heard('ended')).ending;
}
