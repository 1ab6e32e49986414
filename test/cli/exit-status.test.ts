import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/election/report.ts';
import { exitStatus } from '../../src/cli/exit-status.ts';

const codes = { conflictExitCode: 124, lostExitCode: 75, doneExitCode: 0 };

describe('exitStatus', () => {
  it("mirrors each of the command's own statuses", () => {
    const all = Array.from({ length: 256 }, (_, code) => code);
    const mirrored = all.map((code) =>
      exitStatus({ id: 'command', ending: { id: 'exited', code } }, codes),
    );
    expect(mirrored).toEqual(all);
  });

  it.each(Object.entries(constants.signals))('%s of the command is 128 + %i', (signal, number) => {
    const ending = { id: 'signalled', signal: signal as NodeJS.Signals } as const;
    expect(exitStatus({ id: 'command', ending }, codes)).toBe(128 + number);
  });

  const cases: readonly (readonly [Outcome, number])[] = [
    [{ id: 'lost' }, 75],
    [{ id: 'not-acquired' }, 124],
    [{ id: 'done' }, 0],
    [{ id: 'interrupted', signal: 'SIGINT' }, 130],
    [{ id: 'failed', why: { reason: 'command', message: 'no' } }, 125],
  ];

  it.each(cases)('%j is %i', (outcome, status) => {
    expect(exitStatus(outcome, codes)).toBe(status);
  });

  it('follows --conflict-exit-code, --lost-exit-code and --done-exit-code', () => {
    const own = { conflictExitCode: 0, lostExitCode: 1, doneExitCode: 9 };
    const outcomes = [{ id: 'not-acquired' }, { id: 'lost' }, { id: 'done' }] as const;
    expect(outcomes.map((outcome) => exitStatus(outcome, own))).toEqual([0, 1, 9]);
  });
});
