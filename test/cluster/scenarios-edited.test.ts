import { describe, expect, inject, it } from 'vitest';
import { overlaps, termsOf } from '../fixtures/judge.ts';
import type { Candidate } from './candidates.ts';
import { Crowd, hastyLeaseDurationMs, hastyRetryPeriodMs, innocent } from './crowd.ts';

const cluster = inject('cluster');
const lost = { code: 75, signal: null };
const succeeded = { code: 0, signal: null };
/** How long a deposed leader's command may live beside one that started at once. */
const deposedGraceMs = 1_000;
/** What the kernel may need to kill it then. */
const killMarginMs = 1_000;

describe.concurrent(
  'leadership moved by hand, 6s/3s/1s, from a command that ignores signals',
  () => {
    it('G1: to an unknown holder: another takes over once that one had its time', async ({
      onTestFinished,
    }) => {
      const crowd = await Crowd.form(cluster, onTestFinished);
      const deposed = await startLeader(crowd);
      await crowd.standBy(crowd.start());
      const editedMs = await giveTo(crowd, 'someone-else');
      await expectDeposed(deposed, editedMs);
      await crowd.standBy(crowd.start());

      const { atMs, transitions } = await (await crowd.leader()).workerSays('start');
      expect(atMs - editedMs).toBeGreaterThan(hastyLeaseDurationMs);
      expect(transitions).toBe('1');
      expect(crowd.verdict).toEqual(innocent);
    });

    it('G1: to another leader-run: it gives itself, as any other holder, its time before it leads', async ({
      onTestFinished,
    }) => {
      const crowd = await Crowd.form(cluster, onTestFinished);
      const deposed = await startLeader(crowd);
      const chosen = crowd.start({ identity: 'chosen' });
      await crowd.standBy(chosen);
      const editedMs = await giveTo(crowd, 'chosen');
      await expectDeposed(deposed, editedMs);

      const { atMs } = await chosen.workerSays('start');
      expect(atMs - editedMs).toBeGreaterThan(hastyLeaseDurationMs);
      expect(await chosen.stop()).toEqual(succeeded);
      expect(crowd.verdict).toEqual(innocent);
    });

    it('G1: to a client-go, which leads as soon as it reads: our command outlives that by less than the grace of a deposed leader', async ({
      onTestFinished,
    }) => {
      const crowd = await Crowd.form(cluster, onTestFinished);
      const deposed = await startLeader(crowd);
      const chosen = crowd.startClientGo('chosen');
      await crowd.standBy(chosen);
      const editedMs = await giveTo(crowd, 'chosen');
      await expectDeposed(deposed, editedMs);
      await chosen.until('sign of leading', () => crowd.clientGoTerms[0]);
      const successor = crowd.start();
      await crowd.standBy(successor);
      await chosen.stop();

      await successor.workerSays('start');
      const inCommon = overlaps([...crowd.terms, ...crowd.clientGoTerms]);
      expect(inCommon.filter(({ ms }) => ms >= deposedGraceMs)).toEqual([]);
      expect(crowd.verdict).toEqual(innocent);
    });
  },
);

describe.concurrent('a Lease deleted by hand, 6s/3s/1s', () => {
  it('G7: under a leader: the same command runs on, transitions begin at 0, the next token is larger', async ({
    onTestFinished,
  }) => {
    const crowd = await Crowd.form(cluster, onTestFinished);
    const first = await startLeader(crowd);
    await crowd.standBy(crowd.start());
    first.kill('SIGKILL');
    await first.ended;
    const leader = await crowd.leader();
    await crowd.standBy(crowd.start());
    expect(await crowd.lease()).toMatchObject({ leaseTransitions: 1 });

    await crowd.byHand('DELETE');
    const made = await crowd.leaseWhen((lease) => lease !== null);
    expect(made?.spec.leaseTransitions).toBe(0);
    await crowd.leaseWhen((lease) => lease?.spec.renewTime !== made?.spec.renewTime);
    const survivor = await crowd.leader();
    expect(survivor.pid, leader.output.join('\n')).toBe(leader.pid);
    expect(await leader.stop()).toEqual(succeeded);
    const { transitions } = await (await crowd.leader()).workerSays('start');
    expect(transitions).toBe('1');
    expect(crowd.terms).toHaveLength(3);
    expect(crowd.verdict).toEqual(innocent);
  });

  it('G7: after a crash: a newcomer leads at once, with transitions 0 and a larger token', async ({
    onTestFinished,
  }) => {
    const crowd = await Crowd.form(cluster, onTestFinished);
    const crashed = await startLeader(crowd);
    crashed.kill('SIGKILL');
    await crashed.ended;
    const { renewTime = '' } = (await crowd.lease()) ?? {};
    await crowd.byHand('DELETE');

    const { atMs, transitions } = await crowd.start().workerSays('start');
    expect(atMs - Date.parse(renewTime)).toBeLessThan(hastyLeaseDurationMs);
    expect(transitions).toBe('0');
    expect(crowd.verdict).toEqual(innocent);
  });
});

async function startLeader(crowd: Crowd): Promise<Candidate> {
  crowd.start({ workerFlags: ['--ignore-signals'] });
  return crowd.leader();
}

async function giveTo(crowd: Crowd, holderIdentity: string): Promise<number> {
  const editedMs = Date.now();
  await crowd.byHand('PATCH', { spec: { holderIdentity } });
  return editedMs;
}

/** Its command got its stop signal within a retry period, killed after the grace of a deposed leader, and the status says so. */
async function expectDeposed(leader: Candidate, editedMs: number): Promise<void> {
  const told = await leader.workerSays('signal');
  expect(told.atMs - editedMs).toBeLessThan(hastyRetryPeriodMs);
  expect(await leader.ended).toEqual(lost);
  const [term] = termsOf(leader.workerLines);
  expect((term?.endMs ?? Infinity) - told.atMs).toBeLessThan(deposedGraceMs + killMarginMs);
}
