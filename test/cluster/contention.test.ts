import { describe, expect, inject, it, type TestContext } from 'vitest';
import { overlaps, termsOf, type Term } from '../fixtures/judge.ts';
import { createNamespace, readLease } from './api.ts';
import { clientGoTerm, startClientGo, startLeaderRun, type Candidate } from './candidates.ts';
import { createServiceAccountUser } from './users.ts';

const cluster = inject('cluster');
const lockName = 'contended';

describe.concurrent('several candidates for one Lease', () => {
  it('G1: of two leader-runs and a client-go exactly one leads, and SIGTERM moves leadership', async (context) => {
    const { namespace, leaderRun, clientGo } = await contend(context);
    const first = leaderRun();
    await first.workerSays('start');
    const second = leaderRun();
    const other = clientGo('client-go');
    await standsBy(other);

    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const next = await Promise.race([leads(second), leads(other)]);
    expect(await next.stop()).toEqual({ code: 0, signal: null });
    const last = next === second ? other : second;
    await leads(last);
    await last.stop();

    const terms = termsOfAll([first, second], [other]);
    expect(terms).toHaveLength(3);
    expect(overlaps(terms)).toEqual([]);
    const lease = await readLease(cluster, namespace, lockName);
    expect(lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  });

  it('G1: 20 hand-overs from leader-run to leader-run do not overlap, and the tokens grow', async (context) => {
    const { namespace, leaderRun } = await contend(context);
    const all = [leaderRun()];
    await all[0]?.workerSays('start');
    for (let handOver = 0; handOver < 20; handOver += 1) {
      const standby = leaderRun();
      all.push(standby);
      await standby.until('line about waiting', () => standby.output[0]);
      await all.at(-2)?.stop();
      await standby.workerSays('start');
    }
    await all.at(-1)?.stop();

    expect(overlaps(termsOfAll(all))).toEqual([]);
    const tokens = all.flatMap(({ workerLines }) =>
      workerLines.filter(({ event }) => event === 'start').map(({ token }) => Number(token)),
    );
    expect(tokens).toHaveLength(21);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    const lease = await readLease(cluster, namespace, lockName);
    expect(lease?.spec.leaseTransitions).toBe(20);
  });

  it(
    'G1: 20 hand-overs to and from client-go, which polls each 5 to 11 s, do not overlap',
    { timeout: 300_000 },
    async (context) => {
      const { leaderRun, clientGo } = await contend(context);
      const ours: Candidate[] = [];
      const theirs = [clientGo('client-go-0')];
      await leads(theirs[0] as Candidate);
      for (let round = 1; round <= 10; round += 1) {
        const standby = leaderRun();
        ours.push(standby);
        await standby.until('line about waiting', () => standby.output[0]);
        await theirs.at(-1)?.stop();
        await leads(standby);

        const successor = clientGo(`client-go-${round}`);
        theirs.push(successor);
        await standsBy(successor);
        await standby.stop();
        await leads(successor);
      }
      await theirs.at(-1)?.stop();

      const terms = termsOfAll(ours, theirs);
      expect(terms).toHaveLength(21);
      expect(overlaps(terms)).toEqual([]);
    },
  );
});

/** A Lease of its own for each test, and the candidates for it. */
async function contend({ onTestFinished: atEnd }: TestContext) {
  const namespace = await createNamespace(cluster);
  const kubeconfig = await createServiceAccountUser(cluster, { namespace, lockName });
  return {
    namespace,
    leaderRun: () => startLeaderRun({ kubeconfig, lockName, atEnd }),
    clientGo: (identity: string) =>
      startClientGo(cluster, { namespace, lockName, identity, atEnd }),
  };
}

/** Resolves with the candidate, of either make, when it leads. */
function leads(candidate: Candidate): Promise<Candidate> {
  return candidate.until('sign of leading', () =>
    candidate.workerLines.length > 0 || clientGoTerm(candidate, '') !== null ? candidate : null,
  );
}

/** Resolves when a client-go candidate has seen that another leads. */
function standsBy(candidate: Candidate): Promise<string> {
  return candidate.until('its report of the leader', () =>
    candidate.output.find((line) => line.includes('new leader elected')),
  );
}

function termsOfAll(ours: readonly Candidate[], theirs: readonly Candidate[] = []): Term[] {
  return [
    ...termsOf(ours.flatMap(({ workerLines }) => workerLines)),
    ...theirs.flatMap((candidate, index) => clientGoTerm(candidate, `client-go ${index}`) ?? []),
  ];
}
