/** The guard where something has run out: pids, the stack of its shell, programs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createPidsGroup } from './fixtures/pids-group.ts';
import { childrenOf, isAlive, lastSeenAlive, processesWith, until } from './fixtures/processes.ts';
import { type Host, type Rig, createRig } from './fixtures/rig.ts';
import { shells } from './fixtures/shells.ts';
import { bigTree, grown } from './fixtures/tree.ts';

const rounds = 2;
const pidsLimit = 60;
const pidsGroup = createPidsGroup(pidsLimit);

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  pidsGroup?.remove();
});

/** What leader-run suffers, and how far the deadline is away when the command starts. */
const strikes = [
  ['SIGKILL', 60_000],
  ['SIGSTOP', 2_000],
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

describe.each(shells)('guard run by %s', (shell) => {
  describe.skipIf(pidsGroup === null)('at the limit of pids', () => {
    test.each(strikes)('%s: a member that forks whenever it can', async (signal, killAfterMs) => {
      for (let round = 0; round < rounds; round += 1) {
        const mark = rig.createMark();
        const through = pidsGroup?.enter ?? [];
        const host = rig.start(['perl', '-e', runaway, mark], { shell, through });
        await host.go({ killAfterMs });
        await until('no pid is left', () => pidsGroup?.isFull());
        host.signal(signal);
        await until('nobody lives', () => processesWith(mark).length === 0);
        await host.end();
        await until('all is gone', () => pidsGroup?.isEmpty());
      }
    });
  });
});
