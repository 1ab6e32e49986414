/**
 * Prometheus' own opinion of metrics and alerts. promtool takes too long to build for a suite, so it is not built here: $PROMTOOL names
 * one, or it is in PATH (`go install github.com/prometheus/prometheus/cmd/promtool@latest`).
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { Measurements } from '../../src/operate/measurements.ts';
import { metricsText } from '../../src/operate/metrics.ts';
import { Rig } from '../run/rig.ts';

const promtool = process.env['PROMTOOL'] || 'promtool';
const isThere = spawnSync(promtool, ['--version']).status === 0;
if (!isThere) process.stderr.write('promtool is not there: its tests are skipped\n');

function run(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(promtool, args, { input, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

test.skipIf(!isThere)(
  'promtool check metrics: of a standby, a leader, one that loses',
  async () => {
    const measured = new Measurements();
    const driver = new Rig({}, (state, at) => measured.onState(state, at));
    const check = async () => {
      const context = { lock: 'space/lock', version: '1', bootMs: () => driver.bootMs };
      const { text } = await metricsText(measured, context);
      return run(['check', 'metrics'], text);
    };
    expect(await check()).toEqual({ status: 0, text: '' });
    await driver.lead();
    driver.report({ id: 'started', pid: 7 });
    driver.pass(2_000);
    await driver.answer();
    expect(await check()).toEqual({ status: 0, text: '' });
    driver.pass(20_000);
    driver.report({ id: 'ended', ending: { id: 'exited', code: 1 } });
    expect(await check()).toEqual({ status: 0, text: '' });
  },
);

test.skipIf(!isThere)('promtool test rules: each alert fires when it has to', () => {
  const rules = resolve(import.meta.dirname, 'promtool/alerts.yml');
  expect(run(['test', 'rules', rules])).toMatchObject({ status: 0 });
});
