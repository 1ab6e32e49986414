/**
 * Prometheus' own opinion of metrics and alerts. $PROMTOOL names a promtool, or it is in PATH, as Debian's package `prometheus` puts
 * it there. Without one these tests are skipped, and say so.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { State } from '../../src/election/state.ts';
import { Measurements } from '../../src/operate/measurements.ts';
import { metricsText } from '../../src/operate/metrics.ts';
import { readText } from '../docs/files.ts';
import { Rig } from '../run/rig.ts';

const promtool = process.env['PROMTOOL'] || 'promtool';
const isThere = spawnSync(promtool, ['--version']).status === 0;
if (!isThere) process.stderr.write('promtool is not there: its tests are skipped\n');

function run(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(promtool, args, { input, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

type Step = (driver: Rig) => Promise<void> | void;

/** A candidate that leads, whose command runs and whose first renewal has been answered. */
const lead: Step = async (driver) => {
  await driver.lead();
  driver.report({ id: 'started', pid: 7 });
  driver.pass(2_000);
  await driver.answer();
};
const stop: Step = (driver) => driver.signal('SIGTERM');
const lose: Step = (driver) => driver.pass(20_000);
const end: Step = (driver) => {
  driver.report({ id: 'ended', ending: { id: 'exited', code: 1 } });
  driver.report({ id: 'gone' });
};

test.skipIf(!isThere).each<[State['id'], readonly Step[]]>([
  ['standby', []],
  ['leading', [lead]],
  ['stepping-down', [lead, stop]],
  ['losing', [lead, lose]],
  ['releasing', [lead, stop, end]],
  ['ended', [lead, stop, end, (driver) => driver.answer()]],
])('promtool check metrics: %s', async (id, steps) => {
  const measured = new Measurements();
  const driver = new Rig({}, (state, at) => measured.onState(state, at));
  for (const step of steps) await step(driver);
  expect(measured.state?.id).toBe(id);
  const context = { lock: 'space/lock', version: '1', bootMs: () => driver.bootMs };
  const { text } = await metricsText(measured, context);
  expect(run(['check', 'metrics'], text)).toEqual({ status: 0, text: '' });
});

test.skipIf(!isThere)('promtool test rules: each alert fires when it has to', () => {
  const rules = resolve(import.meta.dirname, 'promtool/alerts.yml');
  expect(run(['test', 'rules', rules])).toMatchObject({ status: 0 });
});

test.skipIf(!isThere)(
  "promtool check rules: the dashboard's queries, as if they were rules",
  () => {
    const { panels } = JSON.parse(readText('examples/dashboard.json')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const rules = expressions.map((expr, index) => ({
      record: `query:${index}`,
      expr: expr.replaceAll(/\$\w+/g, 'any'),
    }));
    const folder = mkdtempSync(join(tmpdir(), 'leader-run-promtool-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'rules.yml');
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { status, text } = run(['check', 'rules', path]);
    expect(text).toContain(`SUCCESS: ${expressions.length} rules found`);
    expect(status).toBe(0);
  },
);
