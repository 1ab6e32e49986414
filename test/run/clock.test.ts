/** When the driver reads the clock, and what it makes of one that jumped. */
import { describe, expect, it } from 'vitest';
import { put } from '../election/lease-store.ts';
import { Rig, held } from './rig.ts';

describe('the clock', () => {
  it('is read each 200 ms while anything of the command may live', async () => {
    const rig = new Rig();
    rig.pass(0);
    expect(rig.delaysMs).toEqual([8_000 / 3]);
    await rig.lead();
    expect(rig.delaysMs).toEqual([200]);
    rig.report({ id: 'started', pid: 7 });
    rig.report({ id: 'ended', ending: { id: 'exited', code: 0 } });
    expect(rig.delaysMs).toEqual([200]);
    rig.report({ id: 'gone' });
    expect(rig.delaysMs).toEqual([8_000 / 3]);
  });

  it('is read for the next deadline where that comes first', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.pass(1_900);
    expect(rig.delaysMs).toEqual([100]);
  });

  it('is read each hour at the latest, as timers take no more', async () => {
    const rig = new Rig();
    rig.pass(0);
    rig.store = put(rig.store, held('other', 2_000_000_000));
    await rig.answer();
    rig.lastWatch.tell({ id: 'open' });
    expect(rig.delaysMs).toEqual([3_600_000]);
  });

  it('takes a deadline that has passed for one that is due now', () => {
    const rig = new Rig();
    rig.stall(3_000);
    rig.lastRequest.answer({ id: 'not-found' });
    rig.signal('SIGUSR1');
    expect(rig.delaysMs.every((ms) => ms <= 0)).toBe(true);
  });

  it.each([
    [500, null],
    [501, { cause: 'stalled', ms: 501 }],
  ])('a turn that comes %i ms late is said to be late: %o', async (lateMs, jump) => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(9_900);
    rig.lastWatch.tell({ id: 'open' });
    // Due at 10 s.
    rig.stall(100 + lateMs);
    rig.pass(0);
    const sinceRenewalMs = 10_000 + lateMs;
    expect(rig.reports.at(-1)).toMatchObject({ reason: { loss: { sinceRenewalMs, jump } } });
  });

  it('that jumped in a sleep is read first, and the sleep is reported as the reason', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.sleep(60_000);
    rig.pass(200);
    expect(rig.asked.slice(2)).toEqual(['kill']);
    expect(rig.reports.at(-1)).toMatchObject({
      id: 'killing-tree',
      reason: { loss: { jump: { cause: 'suspended', ms: 60_000 } } },
    });
  });

  it('that jumped lets the event that woke us be taken as well', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.sleep(11_000);
    rig.signal('SIGTERM');
    expect(rig.asked.slice(2)).toEqual(['signal SIGQUIT', 'signal SIGQUIT']);
    expect(rig.reports.at(-1)).toMatchObject({ id: 'stopping-command' });
  });

  it('two short naps are no sleep', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(9_400);
    rig.sleep(300);
    rig.lastWatch.tell({ id: 'open' });
    rig.pass(400);
    expect(rig.reports.at(-1)).toMatchObject({ reason: { loss: { jump: null } } });
  });

  it('a nap of half a second is no sleep', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(9_700);
    rig.sleep(500);
    rig.pass(200);
    expect(rig.reports.at(-1)).toMatchObject({ reason: { loss: { jump: null } } });
  });
});
