/** The guard where something has run out: pids, or the stack of its shell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createPidsGroup } from './pids-group.ts';
import { childrenOf, isAlive, processesWith, until } from '../command/fixtures/processes.ts';
import { type Rig, createRig } from '../command/fixtures/rig.ts';
import { shells } from '../command/fixtures/shells.ts';
import { bigTree, grown } from '../command/fixtures/tree.ts';
import { roundsOf } from '../fixtures/daemons/ways.ts';

const rounds = roundsOf(2);

const directory = mkdtempSync(join(tmpdir(), 'guard-limits-'));
let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** What leader-run suffers, and how far away the deadline is when the command starts: time enough for it to grow. */
const strikes = [
  ['SIGKILL', 60_000],
  ['SIGSTOP', 5_000],
] as const;

/** Each member leads a session of its own and forks again whenever it can. */
const runaway = `
  use POSIX;
  $0 = "runaway $ARGV[0]";
  while (1) {
    my $pid = fork;
    if (!defined $pid) { select undef, undef, undef, 0.001 }
    elsif (!$pid) { setsid }
    waitpid -1, WNOHANG;
  }`;

const pids = createPidsGroup(60);
afterAll(() => pids?.remove());

describe.skipIf(pids === null).each(shells)('guard run by %s at the limit of pids', (shell) => {
  test.each(strikes)(
    '%s: ends members that fork whenever they can',
    { timeout: 60_000 + rounds * 20_000 },
    async (signal, killAfterMs) => {
      onTestFinished(() => pids?.clear());
      for (let round = 0; round < rounds; round += 1) {
        const mark = rig.createMark();
        const host = rig.start(['perl', '-e', runaway, mark], {
          shell,
          through: pids?.enter ?? [],
        });
        await host.go({ killAfterMs });
        await until('no pid is left', () => pids?.isFull() ?? true);
        host.signal(signal);
        await until('nothing lives', () => processesWith(mark).length === 0);
        await host.end();
        await until('the guard is gone, too', () => pids?.isEmpty() ?? true);
      }
    },
  );
});

/** As many as make one exec over all of /proc fail with the stack below. */
const crowdSize = 6_000;
const crowd = `
  for (1 .. ${crowdSize}) { fork or sleep 1000 }
  $| = 1;
  print "up";
  sleep 1000 while 1`;

/** Runs the shell with a stack of 256 kB. */
function narrow(shell: string): string {
  const path = join(mkdtempSync(join(directory, 'sh-')), 'sh');
  writeFileSync(path, `#!/bin/sh\nulimit -s 256\nexec ${shell} "$@"\n`, { mode: 0o755 });
  return path;
}

describe('among thousands of processes and with a small stack', () => {
  let bystanders = 0;
  beforeAll(async () => {
    const child = spawn('perl', ['-e', crowd], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    bystanders = child.pid ?? 0;
  });
  afterAll(() => process.kill(-bystanders, 'SIGKILL'));

  describe.each(shells)('guard run by %s', (shell) => {
    test.each(strikes)(
      '%s: ends also what left the group, and nothing else',
      { timeout: 60_000 + rounds * 20_000 },
      async (signal, killAfterMs) => {
        for (let round = 0; round < rounds; round += 1) {
          const mark = rig.createMark();
          const host = rig.start(bigTree(mark, 10), { shell: narrow(shell) });
          await host.go({ killAfterMs });
          await grown(mark, 10);
          host.signal(signal);
          await until('nothing lives', () => processesWith(mark).length === 0);
          await host.end();
        }
        expect(childrenOf(bystanders).filter(isAlive)).toHaveLength(crowdSize);
      },
    );
  });
});
