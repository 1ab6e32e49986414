import { expect, test } from 'vitest';
import { createStateLog } from '../../src/cli/state-log.ts';
import { initialStandby } from '../../src/election/beginning.ts';
import { step } from '../../src/election/step.ts';
import type { ElectionEvent } from '../../src/election/event.ts';
import { candidate } from '../fixtures/candidate.ts';

test('a line comes with each change of the state, with its next action, and no line without one', () => {
  const lines: unknown[] = [];
  const onState = createStateLog((line) => lines.push(line));
  let state = initialStandby(candidate, 0);
  const take = (event: ElectionEvent, bootMs: number) => {
    const at = { bootMs, wallMs: 0, random: 0 };
    const next = step(state, event, at).state;
    state = next as typeof state;
    onState(next, at);
  };

  take({ id: 'begin' }, 0);
  take({ id: 'time', jump: null }, 1_000);
  take({ id: 'stop-requested', signal: 'SIGTERM', forwardAs: 'SIGTERM' }, 2_000);

  expect(lines).toEqual([
    {
      level: 'debug',
      event: 'state',
      text: 'State standby, next action in 2.7s',
      facts: { state: 'standby', nextActionMs: expect.closeTo(2_667, 0) as number },
    },
    {
      level: 'debug',
      event: 'state',
      text: 'State ended, no next action',
      facts: { state: 'ended', nextActionMs: Infinity },
    },
  ]);
});
