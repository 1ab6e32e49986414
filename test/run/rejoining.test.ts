/** What counts no more when its turn comes, and what a term leaves to the next one in the same process (`--on-lost rejoin`). */
import { describe, expect, it } from 'vitest';
import type { CommandEvent } from '../../src/election/event.ts';
import type { WatchEvent } from '../../src/election/lease.ts';
import type { Outcome } from '../../src/election/report.ts';
import { Rig, settled } from './rig.ts';

/** A term that was over before its gate was ready: its release is under way. */
async function releasing(): Promise<Rig> {
  const rig = new Rig({ rejoins: true });
  rig.pass(0);
  await rig.answer();
  await rig.answer();
  rig.stall(12_000);
  rig.report({ id: 'ready' });
  return rig;
}

/** A standby again. */
async function rejoined(saidDuringRelease?: CommandEvent): Promise<Rig> {
  const rig = await releasing();
  if (saidDuringRelease !== undefined) rig.report(saidDuringRelease);
  await rig.answer();
  expect(rig.reports.map(({ id }) => id)).toContain('rejoining');
  return rig;
}

describe('a rejoin', () => {
  it('after a term that never began starts what was ready for it', async () => {
    const rig = await rejoined();
    rig.pass(0);
    await rig.answer();
    await rig.answer();
    expect(rig.asked).toEqual(['prepare', 'start']);
  });

  it('after a term that never began ends if its warm command has ended meanwhile', async () => {
    const rig = await rejoined({ id: 'ended', ending: { id: 'exited', code: 3 } });
    expect(rig.asked).toEqual(['prepare', 'cancel']);
    rig.report({ id: 'gone' });
    await expect(rig.ended).resolves.toMatchObject({ id: 'command', ending: { code: 3 } });
  });

  it('lets the guard of the term go before the next is prepared', async () => {
    const rig = new Rig({ rejoins: true });
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(13_830);
    rig.report({ id: 'ended', ending: { id: 'signalled', signal: 'SIGKILL' } });
    rig.report({ id: 'gone' });
    await rig.answer();
    expect(rig.reports.at(-1)).toEqual({ id: 'rejoining', staysOutMs: 0 });
    rig.asked.length = 0;
    rig.pass(0);
    expect(rig.asked).toEqual(['cancel', 'prepare']);
  });

  it('is not stopped by the label of the term before', async () => {
    const rig = new Rig({ rejoins: true, hasPodLabel: true });
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(13_830);
    rig.report({ id: 'ended', ending: { id: 'signalled', signal: 'SIGKILL' } });
    rig.report({ id: 'gone' });
    await rig.answer();
    await rig.lead();
    rig.report({ id: 'started', pid: 8 });
    rig.asked.length = 0;
    rig.signal('SIGTERM');
    const [former, present] = rig.withdrawals;
    former?.();
    await settled();
    expect(rig.asked).toEqual([]);
    present?.();
    await settled();
    expect(rig.asked).toEqual(['signal SIGQUIT']);
  });

  it.each<[CommandEvent, Partial<Outcome>]>([
    [{ id: 'ended', ending: { id: 'exited', code: 3 } }, { id: 'command' }],
    [{ id: 'unguarded', message: 'no guard' }, { id: 'failed' }],
  ])('at a jump of the clock hears what comes with it: $id', async (event, outcome) => {
    const rig = await releasing();
    // Past the release, so that this turn begins with the next candidacy.
    rig.stall(6_000);
    rig.report(event);
    expect(rig.reports.map(({ id }) => id)).toContain('rejoining');
    rig.report({ id: 'gone' });
    await expect(rig.ended).resolves.toMatchObject(outcome);
    expect(rig.asked).toEqual(['prepare', 'cancel']);
  });

  it('hears nothing more of what the term started', async () => {
    const rig = new Rig({ rejoins: true });
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(13_830);
    rig.report({ id: 'ended', ending: { id: 'signalled', signal: 'SIGKILL' } });
    rig.report({ id: 'gone' });
    rig.stall(6_000);
    rig.report({ id: 'lingering', pids: [8] });
    expect(rig.reports.at(-1)).toEqual({ id: 'rejoining', staysOutMs: 0 });
    rig.pass(0);
    expect(rig.asked.slice(-2)).toEqual(['cancel', 'prepare']);
  });
});

describe('a watch that is given up for another', () => {
  /** It is silent for so long that it counts as dead, in the very turn in which it says this. */
  async function tellTooLate(event: WatchEvent) {
    const statesOfWatch: string[] = [];
    const rig = new Rig({}, ({ watch }) => statesOfWatch.push(watch.id));
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.lastWatch.tell({ id: 'open' });
    const [former] = rig.watches;
    for (let renewals = 0; renewals < 3; renewals += 1) {
      rig.pass(2_000);
      await rig.answer();
    }
    rig.stall(2_600);
    former?.tell(event);
    expect(rig.watches).toHaveLength(2);
    return { watch: statesOfWatch.at(-1), said: rig.reports.at(-1)?.id };
  }

  it('says nothing of how that one fares', async () => {
    expect(await tellTooLate({ id: 'open' })).toMatchObject({ watch: 'down' });
  });

  it('is heard of the Lease all the same: that another leads now', async () => {
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 15, leaseTransitions: 1 };
    const lease = { metadata: { resourceVersion: '99' }, spec };
    expect(await tellTooLate({ id: 'changed', lease })).toMatchObject({ said: 'stopping-command' });
  });
});
