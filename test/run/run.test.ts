/** The driver alone, in a world of lists and a clock that the test moves. */
import { describe, expect, it } from 'vitest';
import { put } from '../election/lease-store.ts';
import { Rig, held, settled } from './rig.ts';

describe('the beginning', () => {
  it('sends the first request before guard and gate are prepared', () => {
    const rig = new Rig();
    expect(rig.requests).toHaveLength(1);
    expect(rig.asked).toEqual([]);
    rig.pass(0);
    expect(rig.asked).toEqual(['prepare']);
  });

  it('gives each request the time-out that the core asked for', () => {
    expect(new Rig().lastRequest).toMatchObject({
      request: { id: 'get' },
      timeoutMs: 8_000 / 3,
    });
  });
});

describe('leading', () => {
  it('starts the command with t+R, D and the documented variables', async () => {
    const rig = new Rig();
    await rig.lead();
    expect(rig.starts).toEqual([
      {
        environment: {
          LEADER_RUN_IDENTITY: 'me',
          LEADER_RUN_LOCK: 'space/lock',
          LEADER_RUN_RENEW_DEADLINE_SECONDS: '10',
          LEADER_RUN_FENCING_TOKEN: '1',
          LEADER_RUN_LEASE_TRANSITIONS: '0',
          LEADER_RUN_ACQUIRE_TIME: '2026-01-01T12:00:00.000000Z',
        },
        notAfterMs: 10_000,
        killAtMs: 13_850,
      },
    ]);
  });

  it('performs all effects of a turn before it takes what they caused', async () => {
    const rig = new Rig();
    rig.eventsAtStart = [{ id: 'started', pid: 7 }];
    await rig.lead();
    expect(rig.log).toEqual(['say acquired', 'watch', 'say command-started']);
  });

  it('shows each state to an observer, once its effects are performed', async () => {
    const rig = new Rig();
    await rig.lead();
    expect(rig.states.slice(-3)).toEqual(['standby at 0', 'standby at 0', 'leading at 0']);
  });

  it('watches from the version that won and closes a watch before it opens another', async () => {
    const rig = new Rig();
    await rig.lead();
    expect(rig.lastWatch).toMatchObject({ resourceVersion: '1', silenceMs: 90_000 });
    rig.lastWatch.tell({ id: 'open' });
    for (let renewals = 0; renewals < 4; renewals += 1) {
      rig.pass(2_000);
      await rig.answer();
    }
    expect(rig.watches.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(rig.lastWatch.resourceVersion).toBe('4');
  });

  it('takes what the watch tells', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.store = put(rig.store, held('other', 15));
    rig.lastWatch.tell({ id: 'changed', lease: rig.store.lease ?? {} });
    expect(rig.asked.slice(2)).toEqual(['signal SIGQUIT']);
  });

  it("moves the guard's deadline with each renewal", async () => {
    const rig = new Rig();
    await rig.lead();
    rig.pass(2_000);
    await rig.answer();
    expect(rig.asked.slice(2)).toEqual(['extend to 15850']);
  });

  it('closes the connection of a request that it gives up and does not believe its answer', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.pass(2_000);
    const slow = rig.lastRequest;
    rig.pass(3_000);
    expect(slow.isAbandoned).toBe(true);
    expect(rig.lastRequest.isAbandoned).toBe(false);
    const { lease } = rig.store;
    slow.answer({ id: 'lease', lease: lease ?? {}, serverTimeMs: null });
    await settled();
    expect(rig.asked.slice(2)).toEqual([]);
  });

  it('stops and kills the command when its lease runs out', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.pass(13_829);
    expect(rig.asked.slice(2)).toEqual(['signal SIGQUIT']);
    rig.pass(1);
    expect(rig.asked.slice(3)).toEqual(['kill']);
  });

  it('tells all that the command left behind to stop', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.report({ id: 'ended', ending: { id: 'exited', code: 0 } });
    expect(rig.asked.slice(2)).toEqual(['signal tree SIGTERM']);
  });
});

describe('signals', () => {
  it('TERM begins the stop with the stop signal of the settings, INT with itself', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.signal('SIGTERM');
    rig.signal('SIGINT');
    expect(rig.asked.slice(2)).toEqual(['signal SIGQUIT', 'signal SIGINT']);
    expect(rig.reports.at(-1)).toMatchObject({ reason: { id: 'signal', signal: 'SIGTERM' } });
  });

  it('others are passed on to the command and are no stop', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.signal('SIGUSR1');
    expect(rig.asked.slice(2)).toEqual(['signal SIGUSR1']);
    expect(rig.reports.at(-1)?.id).toBe('command-started');
  });

  it('TSTP stops a standby', () => {
    const rig = new Rig();
    rig.signal('SIGTSTP');
    expect(rig.suspends).toBe(1);
  });

  it('what a standby has no use for is ignored', () => {
    const rig = new Rig();
    rig.signal('SIGUSR2');
    expect([rig.suspends, rig.asked, rig.areSignalsClosed]).toEqual([0, [], false]);
  });

  it('count as for a command that does not run once the command has ended', async () => {
    const rig = new Rig({ signals: { hasTerminal: true } });
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.signal('SIGINT');
    expect(rig.asked.slice(2)).toEqual([]);
    rig.report({ id: 'ended', ending: { id: 'exited', code: 0 } });
    rig.signal('SIGINT');
    expect(rig.asked.slice(2)).toEqual(['signal tree SIGTERM', 'signal SIGINT']);
  });
});

describe('the end', () => {
  it('of a standby lets go of the gate and waits until it is gone', async () => {
    const rig = new Rig();
    rig.pass(0);
    let isEnded = false;
    void rig.ended.then(() => (isEnded = true));
    rig.signal('SIGTERM');
    await settled();
    expect([rig.asked, isEnded, rig.isApiClosed]).toEqual([['prepare', 'cancel'], false, true]);
    rig.report({ id: 'lingering', pids: [7] });
    await settled();
    expect(isEnded).toBe(false);
    rig.report({ id: 'gone' });
    await expect(rig.ended).resolves.toEqual({ id: 'interrupted', signal: 'SIGTERM' });
    expect([rig.areSignalsClosed, rig.delaysMs]).toEqual([true, []]);
  });

  it('before guard and gate are prepared leaves nothing to prepare', async () => {
    const rig = new Rig();
    rig.signal('SIGTERM');
    await expect(rig.ended).resolves.toEqual({ id: 'interrupted', signal: 'SIGTERM' });
    expect([rig.asked, rig.areSignalsClosed, rig.delaysMs]).toEqual([[], true, []]);
  });

  it('of a standby passes on what asks its warm command once more', async () => {
    const rig = new Rig({ isWarm: true });
    rig.pass(0);
    rig.report({ id: 'ready' });
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT'] as const) rig.signal(signal);
    expect(rig.asked).toEqual(['prepare', 'cancel', 'signal SIGQUIT', 'signal SIGINT']);
    rig.report({ id: 'gone' });
    await expect(rig.ended).resolves.toEqual({ id: 'interrupted', signal: 'SIGTERM' });
  });

  it('closes the watch', async () => {
    const rig = new Rig();
    rig.pass(0);
    rig.store = put(rig.store, held('other', 15));
    await rig.answer();
    rig.signal('SIGTERM');
    expect(rig.lastWatch.isClosed).toBe(true);
  });

  it('of a term gives what the command gave, after the release', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'started', pid: 7 });
    rig.report({ id: 'ended', ending: { id: 'exited', code: 3 } });
    rig.report({ id: 'gone' });
    await rig.answer();
    await expect(rig.ended).resolves.toEqual({
      id: 'command',
      ending: { id: 'exited', code: 3 },
    });
    expect([rig.areSignalsClosed, rig.isApiClosed, rig.delaysMs]).toEqual([true, true, []]);
    expect(rig.asked).not.toContain('cancel');
  });

  it.each([{ id: 'too-late' }, { id: 'failed', message: 'no' }] as const)(
    'leaves no timer behind where the gate says $id',
    async (event) => {
      const rig = new Rig();
      await rig.lead();
      rig.report(event);
      await rig.answer();
      await rig.ended;
      expect(rig.delaysMs).toEqual([]);
      expect(rig.asked.slice(2)).toEqual([]);
    },
  );

  it('of a command that could not be prepared waits for the last word of that', async () => {
    const rig = new Rig();
    rig.pass(0);
    rig.report({ id: 'failed', message: 'no sh' });
    expect(rig.asked).toEqual(['prepare', 'cancel']);
    rig.report({ id: 'gone' });
    await expect(rig.ended).resolves.toMatchObject({ id: 'failed', why: { message: 'no sh' } });
  });
});

describe('a bug', () => {
  it('of the core kills the command and is thrown', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.report({ id: 'gone' });
    await expect(rig.ended).rejects.toThrow('gone while leading with the command starting');
    expect(rig.asked.slice(2)).toEqual(['kill']);
    expect(rig.delaysMs).toEqual([]);
  });

  it('that would break a guarantee kills the command, sends nothing more, and is thrown', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.pass(2_000);
    // No clock goes back; if this one did, the answer would come before the renewal was sent.
    rig.stall(-1_000);
    const failed = expect(rig.ended).rejects.toThrow('G1: a write is confirmed before it was sent');
    await rig.answer();
    await failed;
    expect(rig.asked.slice(2)).toEqual(['kill']);
    expect([rig.lastWatch.isClosed, rig.isApiClosed, rig.delaysMs]).toEqual([true, true, []]);
    const sent = rig.requests.length;
    rig.report({ id: 'ended', ending: { id: 'signalled', signal: 'SIGKILL' } });
    rig.report({ id: 'gone' });
    rig.signal('SIGTERM');
    rig.pass(60_000);
    expect([rig.requests.length, rig.asked.slice(2)]).toEqual([sent, ['kill']]);
  });

  it('of the API layer kills the command and is thrown', async () => {
    const rig = new Rig();
    await rig.lead();
    rig.pass(2_000);
    rig.lastRequest.fail('out of order');
    await expect(rig.ended).rejects.toThrow('out of order');
    expect(rig.asked.slice(2)).toEqual(['kill']);
  });
});
