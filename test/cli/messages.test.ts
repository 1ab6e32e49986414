import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/election/lease.ts';
import type { Loss, Report } from '../../src/election/report.ts';
import { createMessages, type MessageContext } from '../../src/cli/messages.ts';

const context: MessageContext = {
  namespace: 'prod',
  lockName: 'worker',
  server: 'https://10.0.0.1',
  context: 'staging',
  identity: 'laptop_1f',
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
  waitMs: 2_000,
};

const unavailable: Failure = { reason: 'status', status: 503, message: '', retryAfterMs: null };
const expired: Loss = {
  id: 'expired',
  sinceRenewalMs: 10_204,
  lastFailure: unavailable,
  jump: null,
};
const lost = (loss: Loss) => ({ id: 'lost', loss }) as const;
const onTerm = { id: 'signal', signal: 'SIGTERM' } as const;

/** What is said of a report after the introduction. */
function say(report: Report): string {
  return createMessages(context).ofReport(report).text;
}

describe('the first line says where the lease is and who we are, later ones do not', () => {
  const introduction = 'lease "prod/worker" at https://10.0.0.1 (context "staging") as "laptop_1f"';

  it('when waiting comes first', () => {
    const messages = createMessages(context);
    const lines: Report[] = [
      { id: 'waiting', holder: 'web-7d' },
      { id: 'waiting', holder: 'web-8e' },
      { id: 'acquired', token: '812', transitions: 3 },
    ];
    expect(lines.map((report) => messages.ofReport(report).text)).toEqual([
      `Waiting for ${introduction}: held by "web-7d"`,
      'Waiting for lease "prod/worker": held by "web-8e"',
      'Leading lease "prod/worker": fencing token 812, transitions 3',
    ]);
  });

  it('when the lease is free', () => {
    expect(say({ id: 'acquired', token: '812', transitions: 0 })).toBe(
      `Leading ${introduction}: fencing token 812, transitions 0`,
    );
  });

  it('when the holder has our identity', () => {
    expect(say({ id: 'waiting', holder: 'laptop_1f' })).toBe(
      `Waiting for ${introduction}: held by another process with the same identity "laptop_1f": give each its own --id`,
    );
  });

  it('without a context in a cluster', () => {
    const line = createMessages({ ...context, context: null }).ofReport({
      id: 'waiting',
      holder: 'a',
    });
    expect(line.text).toBe(
      'Waiting for lease "prod/worker" at https://10.0.0.1 as "laptop_1f": held by "a"',
    );
  });
});

describe('which run makes ours needless', () => {
  const run = { key: 'v1', by: 'a', start: '2026-01-01T03:00:00.000000Z', token: '7' };
  const key = { id: 'key', key: 'v1' } as const;
  const period = { id: 'period', periodMs: 1_000 } as const;
  const begun = 'begun at 2026-01-01T03:00:00.000000Z';

  // Where a start counts, and where nobody knows how it ended, it may have failed.
  it.each([
    [{ ...key, counts: 'success' }, run, `"v1" was done by "a", ${begun}`],
    [{ ...key, counts: 'start' }, run, `"v1" was started by "a" at ${run.start}`],
    [
      { ...key, counts: 'success' },
      { ...run, token: null },
      `"v1" was started by "a" at ${run.start}`,
    ],
    [
      { ...period, counts: 'success' },
      run,
      `"a" ran "v1" at ${run.start}, and --once-per is not over`,
    ],
    [
      { ...period, counts: 'start' },
      { ...run, key: '' },
      `"a" started it at ${run.start}, and --once-per is not over`,
    ],
  ] as const)('%j', (once, by, text) => {
    const messages = createMessages({ ...context, once });
    expect(messages.ofReport({ id: 'done', run: by }).text).toBe(
      `Not running the command: ${text}`,
    );
  });
});

describe('each report is one sentence', () => {
  const cases: readonly (readonly [Report, string])[] = [
    [
      { id: 'holder-changed', from: 'a', to: 'b' },
      'Lease "prod/worker" is now held by "b", no longer by "a"',
    ],
    [{ id: 'holder-changed', from: 'a', to: null }, 'Lease "prod/worker" is no longer held by "a"'],
    [{ id: 'command-started', pid: 4711 }, 'Started command 4711'],
    [
      { id: 'api-failed', failure: unavailable },
      'Cannot use lease "prod/worker" at https://10.0.0.1 (context "staging"): the server answered 503 Service Unavailable; retrying',
    ],
    [{ id: 'api-recovered' }, 'The API server answers again'],
    [
      {
        id: 'renewal-failed',
        failure: { reason: 'timeout', afterMs: 2_667 },
        sinceRenewalMs: 4_120,
        stopsInMs: 5_880,
      },
      'Cannot renew lease "prod/worker": no answer came within 2.7s; last renewed 4.1s ago, stopping the command in 5.9s unless a renewal succeeds',
    ],
    [
      { id: 'renewed', sinceRenewalMs: 2_003 },
      'Renewed lease "prod/worker" after 2s without a renewal',
    ],
    [
      { id: 'restoring', what: 'cleared' },
      'Restoring lease "prod/worker": its record was cleared by someone else',
    ],
    [
      { id: 'doubted', holder: 'web-7', waitsMs: 12_340 },
      'Lease "prod/worker" is free, but "web-7" has not released it and may still lead: waiting 12.3s for that one',
    ],
    [
      { id: 'wait-bounded', askedMs: 99_999_999_000, waitsMs: 3_600_000 },
      'Lease "prod/worker" was cleared and asks others to wait 27777h47m: waiting 1h at most',
    ],
    [
      { id: 'stopping-command', reason: onTerm, pid: 4711, killsInMs: 25_000 },
      'Stopping command 4711 on SIGTERM; SIGKILL follows in 25s',
    ],
    [
      { id: 'stopping-command', reason: onTerm, pid: 4711, killsInMs: Infinity },
      'Stopping command 4711 on SIGTERM; no SIGKILL follows',
    ],
    [
      { id: 'stopping-command', reason: lost(expired), pid: 4711, killsInMs: 3_830 },
      'Stopping command 4711: lease "prod/worker" was not renewed within 10s: last renewed 10.2s ago, last attempt: 503 Service Unavailable; SIGKILL follows in 3.8s',
    ],
    [
      {
        id: 'stopping-command',
        reason: lost({ id: 'deposed', holder: 'web-9' }),
        pid: 4711,
        killsInMs: 1_000,
      },
      'Stopping command 4711: lease "prod/worker" is held by "web-9" now; SIGKILL follows in 1s',
    ],
    [
      {
        id: 'killing-tree',
        reason: lost({ ...expired, jump: { cause: 'suspended', ms: 11_534_000 } }),
        pid: 4711,
        afterMs: 0,
      },
      'Killing command 4711: this machine was suspended for 3h12m, past its lease "prod/worker"',
    ],
    [
      {
        id: 'killing-tree',
        reason: lost({ ...expired, jump: { cause: 'stalled', ms: 16_000 } }),
        pid: 4711,
        afterMs: 0,
      },
      'Killing command 4711: leader-run did not run for 16s, past its lease "prod/worker"',
    ],
    [
      { id: 'killing-tree', reason: lost(expired), pid: 4711, afterMs: 3_830 },
      'Killing command 4711: still running 3.8s after the loss of lease "prod/worker"',
    ],
    [
      { id: 'killing-tree', reason: onTerm, pid: 4711, afterMs: 25_000 },
      'Killing command 4711: still running 25s after SIGTERM',
    ],
    [
      { id: 'killing-tree', reason: { id: 'remaining' }, pid: 4711, afterMs: 25_000 },
      'Killing the remaining processes of command 4711: still running after 25s',
    ],
    [
      { id: 'command-ended', pid: 4711, ending: { id: 'exited', code: 3 } },
      'Command 4711 exited with 3',
    ],
    [
      { id: 'command-ended', pid: 4711, ending: { id: 'signalled', signal: 'SIGSEGV' } },
      'Command 4711 was killed by SIGSEGV',
    ],
    [
      { id: 'tree-lingering', pids: [4712, 4713], keepsRenewing: true },
      'Cannot kill processes 4712, 4713 of the command: SIGKILL not permitted or without effect; lease "prod/worker" is renewed until they are gone',
    ],
    [{ id: 'released' }, 'Released lease "prod/worker"'],
    [
      { id: 'not-released', why: 'not-ours' },
      'Not releasing lease "prod/worker": it is no longer ours',
    ],
    [
      { id: 'not-released', why: unavailable },
      'Cannot release lease "prod/worker": the server answered 503 Service Unavailable; leaving it to expire',
    ],
    [
      { id: 'lost', loss: { id: 'deposed', holder: 'laptop_1f' } },
      'Not starting the command: another process writes lease "prod/worker" with the same identity "laptop_1f": give each its own --id',
    ],
    [
      { id: 'not-acquired', holder: 'web-7d', waitedMs: 2_001 },
      'Cannot acquire lease "prod/worker" within 2s: held by "web-7d"',
    ],
    [
      { id: 'not-acquired', holder: 'laptop_1f', waitedMs: 2_001 },
      'Cannot acquire lease "prod/worker" within 2s: held by another process with the same identity "laptop_1f": give each its own --id',
    ],
    [
      { id: 'not-acquired', holder: null, waitedMs: 0 },
      'Cannot acquire lease "prod/worker" within 2s: its holder is not known',
    ],
    [
      { id: 'polling', why: 'forbidden' },
      'No permission to watch lease "prod/worker"; polling every 2s to 4.4s. Grant "watch" on leases.coordination.k8s.io for immediate hand-over',
    ],
    [{ id: 'watching' }, 'Watching lease "prod/worker" again'],
    [
      {
        id: 'api-failed',
        failure: {
          reason: 'status',
          status: 403,
          message: 'leases "worker" is forbidden: User "eve" cannot get resource "leases"',
          retryAfterMs: null,
        },
      },
      'Cannot use lease "prod/worker" at https://10.0.0.1 (context "staging"): the server answered 403 Forbidden: leases "worker" is forbidden: User "eve" cannot get resource "leases"; retrying',
    ],
  ];

  it.each(cases)('%j', (report, text) => {
    expect(say(report)).toBe(text);
  });
});

describe('foreign text', () => {
  it('of a holder is quoted and bounded', () => {
    const line = say({ id: 'not-acquired', holder: `"\n${'x'.repeat(1e6)}`, waitedMs: 0 });
    expect(line).toMatch(/held by "\\"\\nx{254}…"$/);
  });

  it('of a server is bounded', () => {
    const failure: Failure = { reason: 'rejected', status: 400, message: 'y'.repeat(1e6) };
    expect(say({ id: 'api-failed', failure }).length).toBeLessThan(1_000);
  });
});

it('not to be leader in time is no warning, so that -q and --log-level warn are silent about it', () => {
  const line = createMessages(context).ofReport({ id: 'not-acquired', holder: 'a', waitedMs: 0 });
  expect(line.level).toBe('info');
});
