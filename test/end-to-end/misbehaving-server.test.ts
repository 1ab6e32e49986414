/**
 * The shipped program against a server that does not keep to what an API server promises: an admission webhook that puts
 * writes back, a restore from a backup, answers that call for one write after the other. The one question is always
 * whether two commands run at once; what they wrote down themselves answers it.
 */
import type { ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { overlaps, parseWorkerLine, type Term, termsOf } from '../fixtures/judge.ts';
import { scriptedServer, start, type Started, waitFor } from './rig.ts';
import { type Lease, LeaseServer, refuse } from '../fixtures/api/lease-server.ts';

const worker = resolve(import.meta.dirname, '../fixtures/worker.mjs');
const short = ['--lease-duration', '6s', '--renew-deadline', '3s', '--retry-period', '1s'];
const lost = 75;

interface Stage {
  readonly store: LeaseServer;
  /** Starts leader-run around a worker. */
  readonly run: (...flags: string[]) => Started;
}

async function stage(): Promise<Stage> {
  const store = new LeaseServer();
  const { kubeconfig } = await scriptedServer((request, response) =>
    store.serve(request, response),
  );
  const command = [process.execPath, worker, '--ignore-signals'];
  return {
    store,
    run: (...flags) =>
      start(kubeconfig, ['--lock-name', 'x', ...short, ...flags, '--', ...command]),
  };
}

/** Resolves when the run's worker works. */
async function works(run: Started): Promise<void> {
  await waitFor(run.stdout, '"event":"start"');
}

/** When the workers of these runs worked, by their own word; the runs are ended for that. */
async function termsUntilNow(...runs: Started[]): Promise<Term[]> {
  for (const run of runs) run.kill('SIGKILL');
  const outputs = await Promise.all(runs);
  return termsOf(
    outputs.flatMap(({ stdout }) =>
      stdout.split('\n').flatMap((line) => parseWorkerLine(line) ?? []),
    ),
  );
}

/** The first word that a run says of this, and all before it. */
function says(run: Started, text: string): Promise<string> {
  return waitFor(run.stderr, text);
}

describe('an admission webhook that puts every write back', () => {
  it('G1: a leader is not renewed by it and stops; nothing wins beside it', async () => {
    const { store, run } = await stage();
    const leader = run('--id', 'first');
    await works(leader);
    const standby = run('--id', 'second');
    await says(standby, 'Waiting');
    store.admit = () => null;
    // The standby waits L and tries; no answer to that shows its write.
    const complaint = await says(standby, 'Cannot use lease');
    expect(complaint).toMatch(/stored nothing .* look for an admission webhook/);
    const { exitCode, stderr } = await leader;
    expect(exitCode).toBe(lost);
    expect(stderr).toMatch(/Cannot renew lease .* stored nothing .* admission webhook/);
    const taken = works(standby);
    store.admit = (lease) => lease;
    await taken;
    const terms = await termsUntilNow(leader, standby);
    expect([terms.length, overlaps(terms)]).toEqual([2, []]);
  });

  it('G3: a release that it undoes is said not to have happened', async () => {
    const { store, run } = await stage();
    const leader = run('--grace-period', '0s');
    await says(leader, 'Leading');
    store.admit = (lease) => (lease.spec['holderIdentity'] === '' ? null : lease);
    leader.kill('SIGTERM');
    const { stderr } = await leader;
    expect(stderr).toMatch(/Cannot release lease .* stored nothing .* leaving it to expire/);
    expect(stderr).not.toContain('Released');
    expect(store.lease?.spec['holderIdentity']).not.toBe('');
  });
});

describe('an admission webhook that cuts times and adds fields', () => {
  it('does not keep anybody from leading and handing over', async () => {
    const { store, run } = await stage();
    const cut = (time: unknown) => String(time).replace(/\.\d+Z$/, '.000000Z');
    store.admit = ({ metadata, spec }) => ({
      metadata: { ...metadata, labels: { seen: 'yes' } },
      spec: {
        ...spec,
        acquireTime: cut(spec['acquireTime']),
        renewTime: cut(spec['renewTime']),
        strategy: 'added',
      },
    });
    const leader = run('--id', 'first', '--grace-period', '0s');
    await works(leader);
    const standby = run('--id', 'second');
    await says(standby, 'Waiting');
    const taken = works(standby);
    leader.kill('SIGTERM');
    expect((await leader).stderr).toContain('Released');
    await taken;
    const terms = await termsUntilNow(leader, standby);
    expect([terms.length, overlaps(terms)]).toEqual([2, []]);
  });
});

describe('a server that is restored from a backup in which the lease was free', () => {
  it('G1: a standby that saw the holder waits for its lease, and the leader stops as soon as it reads', async () => {
    const { store, run } = await stage();
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 };
    const backup = store.put({ metadata: { name: 'x', namespace: 'default' }, spec });
    const leader = run('--id', 'first');
    await works(leader);
    const standby = run('--id', 'second');
    await says(standby, 'Waiting');
    const taken = works(standby);
    store.restore(backup);
    const { exitCode, stderr } = await leader;
    expect(exitCode).toBe(lost);
    expect(stderr).toMatch(/shows an older state of lease .*: was it restored from a backup/);
    expect(stderr).not.toContain('Released');
    await taken;
    const terms = await termsUntilNow(leader, standby);
    expect([terms.length, overlaps(terms)]).toEqual([2, []]);
  });
});

describe('403 for another cause than rights, to the write that takes the lease', () => {
  it.each([
    'unable to create new content in namespace default because it is being terminated',
    'exceeded quota: q, requested: count/leases.coordination.k8s.io=1, used: 1, limited: 1',
  ])('is told in the words of the server and tried again, until it leads: %s', async (cause) => {
    const { store, run } = await stage();
    store.intercept = (method, response) => {
      if (method === 'GET' || store.writes > 1) return false;
      refuse(response, 403, `leases.coordination.k8s.io "x" is forbidden: ${cause}`);
      return true;
    };
    const leader = run();
    await works(leader);
    leader.kill('SIGKILL');
    const [complaint = '', ...more] = (await leader).stderr.split('\n');
    expect(complaint).toMatch(/^leader-run: Cannot use lease .*; retrying$/);
    expect(complaint).toContain(`is forbidden: ${cause}`);
    expect(complaint).not.toMatch(/grant/i);
    expect(more).toEqual([
      'leader-run: The API server answers again',
      expect.stringContaining('Leading lease'),
    ]);
  });
});

describe('answers that each call for another write at once', () => {
  /** The second write comes at once, the third after 50 ms or more, and so on: more than this many take too long. */
  const mostWrites = 12;

  const cases: [
    string,
    (store: LeaseServer, method: string, response: ServerResponse) => boolean,
  ][] = [
    [
      'PUT 404, then GET 200',
      (_, method, response) => {
        if (method === 'GET') return false;
        refuse(response, 404);
        return true;
      },
    ],
    [
      'PUT 409, then GET unchanged with a rising version',
      (store, method, response) => {
        if (method === 'GET') return false;
        if (store.lease !== null) store.put(store.lease);
        refuse(response, 409);
        return true;
      },
    ],
    [
      'PUT 404, POST 409, GET 404',
      (_, method, response) => {
        refuse(response, method === 'POST' ? 409 : 404);
        return true;
      },
    ],
  ];

  it.each(cases)('%s: a leader keeps its pauses until it is lost', async (_, answer) => {
    const { store, run } = await stage();
    const leader = run();
    await says(leader, 'Leading');
    const before = store.writes;
    store.intercept = (method, response) => answer(store, method, response);
    const { exitCode } = await leader;
    expect(exitCode).toBe(lost);
    // The release has rounds of its own.
    expect(store.writes - before).toBeLessThan(3 * mostWrites);
  });

  it('PUT 409, then GET emptied: a leader keeps its pauses', async () => {
    const { store, run } = await stage();
    const leader = run();
    await says(leader, 'Leading');
    const before = store.writes;
    store.intercept = (method, response) => {
      if (method === 'GET' || store.lease === null) return false;
      store.put({ ...store.lease, spec: { ...store.lease.spec, holderIdentity: '' } });
      refuse(response, 409);
      return true;
    };
    expect((await leader).exitCode).toBe(lost);
    expect(store.writes - before).toBeLessThan(3 * mostWrites);
  });

  it.each(cases)('%s: a standby keeps its pauses without end', async (_, answer) => {
    const { store, run } = await stage();
    store.put({ metadata: { name: 'x' }, spec: { holderIdentity: '', leaseDurationSeconds: 1 } });
    store.intercept = (method, response) => store.writes > 0 && answer(store, method, response);
    const standby = run();
    const atLeast = 8;
    const startMs = performance.now();
    await store.written(atLeast);
    // Pauses of 50, 100, 200, 400, 500 ms and more have passed before the eighth write.
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
    standby.kill('SIGTERM');
    expect((await standby).exitCode).toBe(143);
  });
});

describe('a server and a leader-run that stall together', () => {
  it('the renewal that has landed unanswered is found to be ours, and is released', async () => {
    const { store, run } = await stage();
    const leader = run();
    await says(leader, 'Leading');
    // The first renewal lands, and nothing is answered until the loss.
    let hasLanded = false;
    let isLost = false;
    store.intercept = (method, _, body) => {
      if (isLost) return false;
      if (method === 'PUT' && !hasLanded) store.put(JSON.parse(body) as Lease);
      hasLanded ||= method === 'PUT';
      return true;
    };
    store.isSilent = true;
    await says(leader, 'Stopping command');
    isLost = true;
    const { exitCode, stderr } = await leader;
    expect(exitCode).toBe(lost);
    expect(stderr).toContain('Released');
    expect(stderr).not.toContain('no longer ours');
    expect(store.lease?.spec['holderIdentity']).toBe('');
  });
});
