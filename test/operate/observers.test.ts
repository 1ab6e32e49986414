import { expect, onTestFinished, test } from 'vitest';
import type { State } from '../../src/election/state.ts';
import { startObservers } from '../../src/operate/observers.ts';
import { Rig } from '../run/rig.ts';
import { RecordedApi } from './recorded-api.ts';

async function observers(api: RecordedApi) {
  const result = await startObservers(
    { http: { host: '127.0.0.1', port: 0 }, commandHealth: null, hasEvents: true, podLabel: null },
    api.context(),
  );
  if (result.id === 'failed') throw new Error(result.message);
  onTestFinished(() => result.observers.close());
  return result.observers;
}

test('a mistake in one observer is said once, and the others watch on', async () => {
  const api = new RecordedApi();
  const observed = await observers(api);
  const broken = {
    get id(): string {
      throw new Error('no id');
    },
  } as unknown as State;
  observed.onState(broken, { bootMs: 0, wallMs: 0, random: 0 });
  observed.onState(broken, { bootMs: 0, wallMs: 0, random: 0 });
  expect(new Set(api.warnings)).toEqual(
    new Set(['Cannot go on observing this run: no id: please report it']),
  );
  expect(api.warnings.length).toBeLessThanOrEqual(5);
});

test('the end waits for what is being sent, and no longer than 2 s', async () => {
  const api = new RecordedApi();
  const observed = await observers(api);
  const driver = new Rig({}, observed.onState);
  await driver.lead();
  api.replies.push(new Promise(() => undefined));
  driver.report({ id: 'started', pid: 7 });
  await observed.close();
  expect(api.sent).toHaveLength(1);
});
