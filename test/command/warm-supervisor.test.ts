/** `--warm` around a supervisor that notes what is asked of it. */
import { expect, it, vi, onTestFinished } from 'vitest';
import type { CommandEvent } from '../../src/election/event.ts';
import { realClock } from '../../src/process/clock.ts';
import { WarmSupervisor } from '../../src/command/warm-supervisor.ts';

const term = {
  environment: {
    LEADER_RUN_FENCING_TOKEN: '4711',
    LEADER_RUN_LEASE_TRANSITIONS: '3',
    LEADER_RUN_ACQUIRE_TIME: '2026-01-01T12:00:00.000000Z',
    LEADER_RUN_IDENTITY: 'me',
  },
  notAfterMs: 10_000,
  killAtMs: 13_850,
};
const line =
  'LEADER_RUN_FENCING_TOKEN=4711 LEADER_RUN_LEASE_TRANSITIONS=3 LEADER_RUN_ACQUIRE_TIME=2026-01-01T12:00:00.000000Z';

function rig(ms = 0) {
  const now = { ms };
  const asked: string[] = [];
  const told: string[] = [];
  let say!: (event: CommandEvent) => void;
  const supervisor = new WarmSupervisor({
    create: (onEvent) => {
      say = onEvent;
      return {
        prepare: () => asked.push('prepare'),
        start: ({ environment, notAfterMs, killAtMs }) =>
          asked.push(`start ${Object.keys(environment).join(' ')} ${notAfterMs} ${killAtMs}`),
        extend: (killAtMs) => asked.push(`extend to ${killAtMs}`),
        promote: (text, signal) => asked.push(`promote ${text} ${signal ?? ''}`.trim()),
        signal: (signal) => asked.push(`signal ${signal}`),
        signalTree: (signal) => asked.push(`signal tree ${signal}`),
        kill: () => asked.push('kill'),
        cancel: () => asked.push('cancel'),
      };
    },
    onEvent: (event) => told.push(event.id),
    environment: { LEADER_RUN_FD: '4' },
    promoteSignal: null,
    stopSignal: 'SIGQUIT',
    gracePeriodMs: 5_000,
    renewDeadlineMs: 10_000,
    clock: { ...realClock, bootMs: () => now.ms },
  });
  return { now, asked, told, supervisor, say: (event: CommandEvent) => say(event) };
}

function warm(nowMs?: number) {
  const made = rig(nowMs);
  made.supervisor.prepare();
  made.say({ id: 'ready' });
  made.say({ id: 'started', pid: 7 });
  return made;
}

it('starts the command as soon as guard and gate are ready, and is ready when it runs', () => {
  const { asked, told } = warm();
  expect(asked).toEqual(['prepare', 'start LEADER_RUN_FD Infinity Infinity']);
  expect(told).toEqual(['ready']);
});

it('tells the guard of the deadline before it tells the command that it leads', () => {
  const { asked, told, supervisor } = warm();
  supervisor.start(term);
  expect(asked.slice(2)).toEqual(['extend to 13850', `promote ${line}`]);
  expect(told).toEqual(['ready', 'started']);
});

it('promotes nobody at t+R/2 or later: another renewal comes first', () => {
  const { now, asked, supervisor } = warm(5_000);
  supervisor.start(term);
  expect(asked.slice(2)).toEqual(['extend to 13850']);
  now.ms = 10_999;
  supervisor.extend(19_850);
  expect(asked.slice(3)).toEqual(['extend to 19850', `promote ${line}`]);
  supervisor.extend(21_850);
  expect(asked.slice(5)).toEqual(['extend to 21850']);
});

it('nor after its stop has begun, though renewals go on', () => {
  const { asked, supervisor } = warm(5_000);
  supervisor.start(term);
  supervisor.extend(19_850, false);
  supervisor.extend(21_850, true);
  expect(asked.slice(2)).toEqual(['extend to 13850', 'extend to 19850', 'extend to 21850']);
});

it('a signal that is only passed on does not prevent the promotion', () => {
  const { asked, supervisor } = warm(5_000);
  supervisor.start(term);
  supervisor.signal('SIGCONT');
  supervisor.extend(19_850);
  expect(asked.slice(3)).toEqual(['signal SIGCONT', 'extend to 19850', `promote ${line}`]);
});

it('stops a command that was being started when the candidacy ended', () => {
  const { asked, told, supervisor, say } = rig();
  supervisor.prepare();
  say({ id: 'ready' });
  supervisor.cancel();
  expect(asked.slice(2)).toEqual([]);
  say({ id: 'started', pid: 7 });
  expect(asked.slice(2)).toEqual(['signal SIGQUIT']);
  say({ id: 'ended', ending: { id: 'exited', code: 0 } });
  say({ id: 'gone' });
  expect(told).toEqual(['gone']);
});

it('kills after the grace what never comes to run', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { asked, supervisor, say } = rig();
  supervisor.prepare();
  say({ id: 'ready' });
  supervisor.cancel();
  // A millisecond more: what is due waits for what has arrived.
  vi.advanceTimersByTime(5_001);
  expect(asked.slice(2)).toEqual(['kill']);
});

it.each([true, false])(
  'lets go of a command that cannot be started (said before: %s)',
  (isFirst) => {
    const { asked, told, supervisor, say } = rig();
    supervisor.prepare();
    say({ id: 'ready' });
    if (!isFirst) supervisor.cancel();
    say({ id: 'failed', message: 'no' });
    if (isFirst) supervisor.cancel();
    expect(asked.slice(2)).toEqual(['cancel']);
    say({ id: 'gone' });
    expect(told).toEqual(isFirst ? ['failed', 'gone'] : ['gone']);
  },
);

it('passes everything on once the command is promoted', () => {
  const { told, supervisor, say } = warm();
  supervisor.start(term);
  say({ id: 'lingering', pids: [7] });
  say({ id: 'ended', ending: { id: 'exited', code: 0 } });
  say({ id: 'gone' });
  expect(told).toEqual(['ready', 'started', 'lingering', 'ended', 'gone']);
});

it('stops a command that is not promoted with its grace, and says when it is gone', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { asked, told, supervisor, say } = warm();
  supervisor.cancel();
  expect(asked.slice(2)).toEqual(['signal SIGQUIT']);
  // A millisecond more: what is due waits for what has arrived.
  vi.advanceTimersByTime(5_001);
  expect(asked.at(-1)).toBe('kill');
  say({ id: 'ended', ending: { id: 'signalled', signal: 'SIGKILL' } });
  expect(asked.at(-1)).toBe('signal tree SIGTERM');
  say({ id: 'gone' });
  expect(told).toEqual(['ready', 'gone']);
});

it('tells of the end of a command that did not wait, and stops what it left behind', async () => {
  const { asked, told, supervisor, say } = warm();
  say({ id: 'ended', ending: { id: 'exited', code: 3 } });
  say({ id: 'left-behind', processes: [], ranForMs: 1 });
  expect(told).toEqual(['ready', 'ended']);
  supervisor.cancel();
  expect(asked.at(-1)).toBe('signal tree SIGTERM');
  say({ id: 'gone' });
  expect(told.at(-1)).toBe('gone');
  const another = warm();
  another.say({ id: 'ended', ending: { id: 'exited', code: 3 } });
  another.say({ id: 'gone' });
  another.supervisor.cancel();
  await vi.waitUntil(() => another.told.at(-1) === 'gone', { timeout: 30_000 });
  expect(another.told).toEqual(['ready', 'ended', 'gone']);
});

it('whose term has told that all is gone only ends its guard, and leaves no timer', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { asked, told, supervisor, say } = warm();
  supervisor.start(term);
  say({ id: 'ended', ending: { id: 'exited', code: 0 } });
  say({ id: 'gone' });
  supervisor.cancel();
  expect(asked.at(-1)).toBe('cancel');
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toEqual(['ready', 'started', 'ended', 'gone']);
});
