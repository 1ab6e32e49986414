/** Guard and gate need a shell: without one the command could outlive its lease. */
import { expect, test } from 'vitest';
import { supervise } from './fixtures/supervise.ts';

test('the command is not started where there is no shell', async () => {
  const { events, heard, supervisor, gone } = supervise(['true'], { shell: '/no/such/sh' });
  await heard('failed');
  supervisor.cancel();
  await gone;
  expect(events).toEqual([
    {
      id: 'failed',
      message: 'there is no /no/such/sh, which keeps the command from outliving its lease',
    },
    { id: 'gone' },
  ]);
});
