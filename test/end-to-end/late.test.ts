/** Nothing of a command takes its next step because another part of it was stopped first: that would publish what is half done. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTag } from '../fixtures/daemons/tag.ts';
import { inRounds, roundsOf, untilRun } from '../fixtures/daemons/ways.ts';
import { openTerminal } from '../fixtures/pty.ts';
import { callApi, leaderRun, sandbox, start } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const rounds = roundsOf(5);
const flags = ['--lock-name', 'x', '-q', '--grace-period', '1s'];

/** `work` takes a while and is ended; what comes after it is the next step, which publishes. */
const commands: readonly {
  readonly shape: string;
  readonly script: string;
  readonly sleeps: number;
}[] = [
  {
    shape: 'a part in the background, which is waited for',
    script: '(work; late) & wait; late',
    sleeps: 1,
  },
  {
    shape: 'a part in a session of its own, which is waited for',
    script: 'setsid sh -c "work; late" & wait; late',
    sleeps: 1,
  },
  {
    shape: 'sessions within sessions, each waiting for the next',
    script: `setsid sh -c 'setsid sh -c "(work; late) & wait; late" & wait; late' & wait; late`,
    sleeps: 1,
  },
  {
    shape: 'a session that waits for many',
    script: `setsid sh -c 'for each in 1 2 3 4 5 6; do (work; late) & done; wait; late' & wait; late`,
    sleeps: 6,
  },
  {
    shape: 'a part whose parent is in another session, and which has lost it',
    script: `(setsid sh -c '(work; late) & wait; late' &); work; late`,
    sleeps: 2,
  },
  {
    shape: 'jobs in groups of their own, where there is a terminal',
    script: 'set -m; (work; late) & (work; late) & wait; late',
    sleeps: 2,
  },
  {
    shape: 'a part that ignores TERM, and waits for one that does not',
    script: `trap 'exit 143' TERM; setsid sh -c 'trap "" TERM; work; late' & (trap "" TERM; work; late) & wait`,
    sleeps: 2,
  },
];

/** The functions of the scripts, also for the shells within. */
const functions = { work: 'exec sleep 1000', late: 'echo rest >>"$F.tmp"; mv "$F.tmp" "$F"' };

function prepare(script: string) {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(functions))
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const tag = createTag();
  const file = join(folder, 'published');
  const env = { F: file, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  return { tag, words: tag.wrap(['sh', '-c', script]), env, isPublished: () => existsSync(file) };
}

type Prepared = ReturnType<typeof prepare>;

async function stopped({ tag, words, env }: Prepared, sleeps: number): Promise<void> {
  const { kubeconfigPath } = await sandbox();
  const leader = start(kubeconfigPath, [...flags, '--', ...words], env);
  await untilRun({ leader, tag }, { sleep: sleeps });
  leader.kill('SIGTERM');
  await leader;
}

async function lost({ tag, words, env }: Prepared, sleeps: number): Promise<void> {
  const api = await sandbox();
  const leader = start(api.kubeconfigPath, [...flags, '--', ...words], env);
  await untilRun({ leader, tag }, { sleep: sleeps });
  await callApi(api, 'PATCH', '/x', { spec: { holderIdentity: 'another' } });
  await leader;
}

async function stoppedInTerminal({ tag, words, env }: Prepared, sleeps: number): Promise<void> {
  const { kubeconfigPath } = await sandbox();
  const args = [...flags, '--', ...words];
  const terminal = openTerminal(leaderRun, args, { ...env, KUBECONFIG: kubeconfigPath });
  await untilRun({ tag }, { sleep: sleeps });
  process.kill(terminal.pid, 'SIGTERM');
  await terminal.ended;
}

describe.each([
  ['TERM to leader-run', stopped],
  ['TERM to leader-run in a terminal', stoppedInTerminal],
  ['loss of the lease', lost],
])('%s', (_, end) => {
  test.each(commands)(
    `$shape: nothing is published, ${rounds} of ${rounds}`,
    { timeout: 20_000 + rounds * 10_000 },
    async ({ script, sleeps }) => {
      let published = 0;
      await inRounds(rounds, async () => {
        const prepared = prepare(script);
        await end(prepared, sleeps);
        expect(prepared.tag.living()).toEqual([]);
        if (prepared.isPublished()) published += 1;
      });
      expect(published).toBe(0);
    },
  );
});
