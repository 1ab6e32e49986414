/** What did not come of the command is alive after leader-run has ended, whatever it has in common with what did. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { dump, load } from 'js-yaml';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { startTlsFront } from '../fixtures/api/tls-front.ts';
import { standIns } from '../fixtures/daemons/stand-ins.ts';
import { type Tag, createTag } from '../fixtures/daemons/tag.ts';
import { inRounds, longestStartMs, roundsOf, untilRun } from '../fixtures/daemons/ways.ts';
import { leaderRun, sandbox, start, startBy } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const rounds = roundsOf(5);
/** The lease is so long that a machine which stands still does not lose it. */
const flags = ['--lock-name', 'x', '-q', '--grace-period', '1s', '--lease-duration', '120s'];
const daemons = standIns();

/** A command with something for leader-run to end, and a non-member of its own beside it. */
interface Round {
  readonly tag: Tag;
  readonly nonMember: Tag;
}

function createRound(): Round {
  return { tag: createTag(), nonMember: createTag() };
}

/** Ignores TERM, in a session that it leaves behind: leader-run has to find it, and to kill it. */
const leftBehind = `trap '' TERM; setsid sh -c 'sleep 1000 & wait' & exec tail -f /dev/null`;
const inTree = { sleep: 1, tail: 1 };

/** leader-run gets a stop signal and ends; its own are gone, and the non-members are not. */
async function expectUntouched(
  { tag, nonMember }: Round,
  leader: ReturnType<typeof start>,
  nonMembers: Readonly<Record<string, number>>,
): Promise<void> {
  await untilRun({ leader, tag }, inTree);
  await untilRun({ leader, tag: nonMember }, nonMembers);
  leader.kill('SIGTERM');
  await leader;
  const names = nonMember.living().map(({ name }) => name);
  const missing = Object.entries(nonMembers).filter(
    ([name, count]) => names.filter((each) => each === name).length < count,
  );
  expect([tag.living(), missing]).toEqual([[], []]);
}

const options = { timeout: longestStartMs + rounds * 10_000 };

test.each(daemons)(
  `$name that somebody else has started, ${rounds} of ${rounds}`,
  options,
  async ({ words, processes }) => {
    await inRounds(rounds, async () => {
      const { kubeconfigPath } = await sandbox();
      const round = createRound();
      const [file = '', ...args] = round.nonMember.wrap(await words());
      spawn(file, args, { stdio: 'ignore' });
      const leader = start(kubeconfigPath, [
        ...flags,
        '--',
        ...round.tag.wrap(['sh', '-c', leftBehind]),
      ]);
      await expectUntouched(round, leader, processes);
    });
  },
);

/** Runs what its clients give it, in their own environment, as a batch system does. */
const jobServer = `
  echo ready
  while read -r pid; do
    tr '\\0' '\\n' <"/proc/$pid/environ" >"$0"
    set -- "$@"
    env $(grep -v ' ' "$0" | grep '^[A-Za-z_]*=') "$@" &
    (env $(grep LEADER_RUN_TREE "$0") setsid "$@" &)
    echo started
  done`;

test(
  `jobs of a server that have the command's own environment, ${rounds} of ${rounds}`,
  options,
  async () => {
    await inRounds(rounds, async () => {
      const { kubeconfigPath } = await sandbox();
      const round = createRound();
      const file = join(temporaryFolder(), 'environment');
      const [shell = '', ...args] = round.nonMember.wrap([
        'sh',
        '-c',
        jobServer,
        file,
        'sleep',
        '1000',
      ]);
      const server = spawn(shell, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
      const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
      await lines.next();
      const leader = start(kubeconfigPath, [
        ...flags,
        '--',
        ...round.tag.wrap(['sh', '-c', leftBehind]),
      ]);
      await untilRun({ leader, tag: round.tag }, inTree);
      const client = round.tag.living().find(({ name }) => name === 'tail');
      server.stdin.write(`${client?.pid}\n`);
      await lines.next();
      await expectUntouched(round, leader, { sleep: 2 });
    });
  },
);

test.each([
  ['that stays', 'sleep 1000', { sleep: 1 }],
  [
    'that starts others all the time',
    'while :; do sleep 0.1; done & exec tail -f /dev/null',
    { sh: 1, tail: 1 },
  ],
  ['that has left others behind', '(sleep 1000 &) ; (setsid sleep 1000 &)', { sleep: 2 }],
  [
    'that leaves others behind later',
    'sleep 0.5; (sleep 1000 &) ; exec tail -f /dev/null',
    { sleep: 1, tail: 1 },
  ],
] as const)(
  `a job from before "exec leader-run" %s, ${rounds} of ${rounds}`,
  options,
  async (_, job, nonMembers) => {
    await inRounds(rounds, async () => {
      const { kubeconfigPath } = await sandbox();
      const round = createRound();
      const words = round.nonMember.wrap(['sh', '-c', job]);
      const file = join(temporaryFolder(), 'job');
      writeFileSync(
        file,
        `#!/bin/sh\n${words.map(quoted).join(' ')} >/dev/null 2>&1 &\nexec "$@"\n`,
        {
          mode: 0o755,
        },
      );
      const leader = startBy([file, leaderRun], kubeconfigPath, [
        ...[...flags, '--'],
        ...round.tag.wrap(['sh', '-c', leftBehind]),
      ]);
      await expectUntouched(round, leader, nonMembers);
    });
  },
);

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

test.each(daemons)(
  `$name that a credential plugin leaves behind, ${rounds} of ${rounds}`,
  options,
  async ({ words, processes }) => {
    await inRounds(rounds, async () => {
      const api = await sandbox();
      const round = createRound();
      const [file = '', ...args] = round.nonMember.wrap(await words());
      const script = `
        const { spawnSync } = await import('node:child_process');
        if (run === 1) spawnSync(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: 'ignore' });
        process.stdout.write(${JSON.stringify(execCredential({ token: api.token }))});`;
      const { exec } = fakePlugin(temporaryFolder(), script);
      const kubeconfig = load(readFileSync(api.kubeconfigPath, 'utf8')) as {
        clusters: object[];
        users: object[];
      };
      const cluster = await startTlsFront(Number(new URL(api.url).port));
      for (const each of kubeconfig.clusters) Object.assign(each, { cluster });
      for (const user of kubeconfig.users)
        Object.assign(user, { user: { exec: { ...exec, interactiveMode: 'Never' } } });
      const path = join(temporaryFolder(), 'config');
      writeFileSync(path, dump(kubeconfig));
      const leader = start(path, [...flags, '--', ...round.tag.wrap(['sh', '-c', leftBehind])]);
      await expectUntouched(round, leader, processes);
    });
  },
);

const mayEnter =
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'nsenter', '--version']).status === 0;

test.runIf(mayEnter)(
  `what enters the pid namespace from outside, as docker exec does, ${rounds} of ${rounds}`,
  options,
  async () => {
    await inRounds(rounds, async () => {
      const { kubeconfigPath } = await sandbox();
      const round = createRound();
      const args = [...flags, '--', ...round.tag.wrap(['sh', '-c', leftBehind])];
      const script = '"$@"; echo ended; exec sleep 1000';
      const container = spawn(
        'unshare',
        [
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
          'sh',
          '-c',
          script,
          'sh',
          leaderRun,
          ...args,
        ],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
          env: { ...process.env, KUBECONFIG: kubeconfigPath },
        },
      );
      onTestFinished(() => void container.kill('SIGKILL'));
      await untilRun({ tag: round.tag }, inTree);
      const target = round.tag.living().find(({ name }) => name === 'tail');
      const words = round.nonMember.wrap([
        'sh',
        '-c',
        '(setsid sleep 1000 &); exec tail -f /dev/null',
      ]);
      const enter = ['--target', String(target?.pid), '--pid', '--mount', '--wd=/', ...words];
      const entered = spawn('nsenter', enter, { stdio: 'ignore' });
      onTestFinished(() => void entered.kill('SIGKILL'));
      await untilRun({ tag: round.nonMember }, { sleep: 1, tail: 1 });
      const ended = once(container.stdout, 'data');
      process.kill(target?.parent ?? 0, 'SIGTERM');
      await ended;
      const names = round.nonMember.living().map(({ name }) => name);
      expect([round.tag.living(), names.sort()]).toEqual([[], ['sleep', 'tail']]);
    });
  },
);
