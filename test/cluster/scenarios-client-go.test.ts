import { describe, expect, inject, it } from 'vitest';
import { overlaps } from '../fixtures/judge.ts';
import type { Candidate } from './candidates.ts';
import { Crowd, innocent } from './crowd.ts';

const cluster = inject('cluster');
const lost = { code: 75, signal: null };
const succeeded = { code: 0, signal: null };

describe.concurrent('client-go among the candidates', () => {
  it(
    'G1: of three leader-runs and two client-gos that start at once one leads at a time, until each has led',
    { timeout: 200_000 },
    async ({ onTestFinished }) => {
      const crowd = await Crowd.form(cluster, onTestFinished, []);
      const waiting = new Set<Candidate>();
      for (let index = 0; index < 3; index += 1) waiting.add(crowd.start());
      for (const identity of ['client-go-0', 'client-go-1'])
        waiting.add(crowd.startClientGo(identity));
      while (waiting.size > 0) {
        const leader = await Promise.any(Array.from(waiting, leads));
        waiting.delete(leader);
        await crowd.standBy(...waiting);
        expect(await leader.stop()).toEqual(succeeded);
      }

      const terms = [...crowd.terms, ...crowd.clientGoTerms];
      expect(terms).toHaveLength(5);
      expect(overlaps(terms)).toEqual([]);
      expect(crowd.verdict).toEqual(innocent);
    },
  );

  it(
    "G1: one with our leader's identity deposes it, and none of us leads before it has released",
    { timeout: 200_000 },
    async ({ onTestFinished }) => {
      const crowd = await Crowd.form(cluster, onTestFinished);
      const leader = crowd.start({ identity: 'ours' });
      await leads(leader);
      const standby = crowd.start();
      await crowd.standBy(standby);

      const impostor = crowd.startClientGo('ours');
      await leads(impostor);
      expect(await leader.ended).toEqual(lost);
      expect(leader.output.join('\n')).toMatch(/same identity "ours": give each its own --id/);
      await expectLeadsAfter(crowd, standby, impostor);
    },
  );

  it(
    "G1: one with our standby's identity deposes it once that leads, and none of us leads before it has released",
    { timeout: 200_000 },
    async ({ onTestFinished }) => {
      const crowd = await Crowd.form(cluster, onTestFinished);
      const leader = crowd.start();
      await leads(leader);
      const namesake = crowd.start({ identity: 'ours' });
      const impostor = crowd.startClientGo('ours');
      await crowd.standBy(namesake, impostor);

      expect(await leader.stop()).toEqual(succeeded);
      await leads(namesake);
      const standby = crowd.start();
      await crowd.standBy(standby);
      await leads(impostor);
      expect(await namesake.ended).toEqual(lost);
      await expectLeadsAfter(crowd, standby, impostor);
    },
  );
});

/** Resolves with the candidate, of either make, when it leads. */
async function leads(candidate: Candidate): Promise<Candidate> {
  await candidate.until(
    'sign of leading',
    () =>
      candidate.workerLines[0] ?? candidate.output.find((line) => line.includes('Controller loop')),
  );
  return candidate;
}

/**
 * The standby begins to lead only after the client-go has released. That takes the 60 s of client-go's record: it keeps
 * the annotation of ours, so that its release resembles a record of our namesake cleared by someone else.
 */
async function expectLeadsAfter(
  crowd: Crowd,
  standby: Candidate,
  impostor: Candidate,
): Promise<void> {
  expect(standby.workerLines).toEqual([]);
  await impostor.stop();
  const { atMs } = await standby.workerSays('start');
  const [term] = crowd.clientGoTerms;
  expect(atMs).toBeGreaterThan(term?.endMs ?? Infinity);
  expect(await standby.stop()).toEqual(succeeded);
  expect(crowd.verdict).toEqual(innocent);
}
