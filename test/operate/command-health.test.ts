import { expect, onTestFinished, test } from 'vitest';
import type { State } from '../../src/election/state.ts';
import { CommandHealth } from '../../src/operate/command-health.ts';
import { hangUp, stall, startServer, text, type Respond } from '../fixtures/api/scripted-server.ts';

/** All of a state that is looked at. */
function stateOf(id: State['id'], command: 'starting' | 'running', token = '1'): State {
  return { id, command: { id: command }, tenure: { term: { fencingToken: token } } } as State;
}

async function health(script: [Respond, ...Respond[]], startTimeoutMs = Infinity) {
  const server = await startServer(script);
  let nowMs = 0;
  let succeed: () => void = () => undefined;
  const succeeded = new Promise<void>((resolve) => (succeed = resolve));
  const made = new CommandHealth(
    { url: new URL(`${server.url}/healthz`), startTimeoutMs, bootMs: () => nowMs },
    () => succeed(),
  );
  onTestFinished(() => made.close());
  const at = (ms: number) => (nowMs = ms);
  const runs = (token = '1') =>
    made.onState(stateOf('leading', 'running', token), { bootMs: nowMs });
  return { made, server, succeeded, at, runs };
}

test('nothing is asked on a standby, nor before the command runs, nor once it is being stopped', async () => {
  const { made, server } = await health([text(500, '')]);
  for (const state of [
    stateOf('standby', 'starting'),
    stateOf('leading', 'starting'),
    stateOf('stepping-down', 'running'),
  ]) {
    made.onState(state, { bootMs: 0 });
    expect(await made.problem()).toBeNull();
  }
  expect(server.received).toHaveLength(0);
});

test('until its first success a command is starting, and asked again and again', async () => {
  const { made, server, succeeded, runs } = await health([hangUp, text(503, ''), text(302, '')]);
  runs();
  expect(await made.problem()).toBeNull();
  await succeeded;
  expect(server.received).toHaveLength(3);
});

test('after it each probe asks, and says what is wrong', async () => {
  const { made, succeeded, runs } = await health([text(200, ''), text(200, ''), text(503, '')]);
  runs();
  await succeeded;
  expect(await made.problem()).toBeNull();
  expect(await made.problem()).toBe('answered 503 Service Unavailable');
});

test('a command that does not answer within a second is not well; probes at once share the request', async () => {
  const { made, server, succeeded, runs } = await health([text(200, ''), stall]);
  runs();
  await succeeded;
  const both = await Promise.all([made.problem(), made.problem()]);
  expect(both).toEqual(['no answer within 1s', 'no answer within 1s']);
  expect(server.received).toHaveLength(2);
});

test('a command that is never well is a problem after the start timeout', async () => {
  const { made, at, runs } = await health([text(500, '')], 30_000);
  runs();
  at(29_999);
  expect(await made.problem()).toBeNull();
  at(30_000);
  expect(await made.problem()).toBe('no success within 30s of its start');
});

test('the next term begins again', async () => {
  const { made, at, succeeded, runs } = await health([text(200, ''), text(500, '')], 30_000);
  runs();
  await succeeded;
  at(1_000);
  runs('2');
  expect(await made.problem()).toBeNull();
  at(31_000);
  expect(await made.problem()).toBe('no success within 30s of its start');
});
