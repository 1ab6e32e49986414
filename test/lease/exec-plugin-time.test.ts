import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { status } from '../fixtures/api/scripted-server.ts';
import { later, longMs, ok, printExpired, printToken, setUp } from './exec-plugin-rig.ts';

describe('an exec plugin that takes its time', () => {
  const hang = 'setInterval(() => {}, 1000);';
  const refusedOnce = [ok, status(401, 'Unauthorized'), ok] as never;

  test.for([
    ['does not end', hang],
    [
      'leaves a child behind that holds its output',
      `const { spawn } = await import('node:child_process');
spawn('sleep', ['5'], { stdio: 'inherit', detached: true }).unref(); ${hang}`,
    ],
  ])('and %s is killed at its deadline', async ([, script]) => {
    const { get } = await setUp(later(script ?? ''), {
      execDeadlineMs: 1_000,
      respond: refusedOnce,
    });
    expect(await get()).toMatchObject({ id: 'lease' });
    expect(await get()).toMatchObject({
      failure: {
        reason: 'credentials',
        message: expect.stringMatching(
          /^exec plugin ".*plugin.mjs" did not end within 1s$/,
        ) as string,
      },
    });
  });

  test('has all the time there is for its first run: a person may be about to log in', async () => {
    const { get } = await setUp(`setTimeout(() => {${printToken}}, 600);`, { execDeadlineMs: 100 });
    expect(await get()).toMatchObject({ id: 'lease' });
  });

  test('does not hold up requests while a token is at hand that the server still takes', async () => {
    const { get, server, plugin } = await setUp(
      `if (run === 1) { ${printExpired} } else { ${hang} }`,
    );
    for (let i = 0; i < 3; i += 1) expect(await get()).toMatchObject({ id: 'lease' });
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill('Bearer token-1'),
    );
    expect(plugin.runs().length).toBe(2);
  });

  test('is run ahead of time, while the token still lasts, once', async () => {
    const lifeMs = 3_600_000;
    const expires = `, expirationTimestamp: new Date(${Date.now() + lifeMs}).toISOString()}}`;
    const { get, plugin } = await setUp(printToken.replace('}}', expires));
    await get();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + lifeMs - 30_000 });
    onTestFinished(() => void vi.useRealTimers());
    await get();
    await vi.waitFor(() => expect(plugin.runs().length).toBe(2), { timeout: longMs });
    await get();
    await get();
    expect(plugin.runs().length).toBe(2);
  });

  test('and fails while a token is at hand is told once', async () => {
    const { get, notices } = await setUp(
      `if (run === 1) { ${printExpired} } else { console.error('no network'); process.exit(1); }`,
    );
    for (let i = 0; i < 3; i += 1) expect(await get()).toMatchObject({ id: 'lease' });
    const told = notices.filter(({ event }) => event === 'credentials-not-renewed');
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^Cannot renew the credentials: exec plugin ".*" exited with 1: no network. Using the old ones$/,
      ),
    ]);
  });
});
