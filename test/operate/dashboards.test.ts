/** Alert rules and dashboard of the examples: they ask for metrics that there are, with labels that these have. */
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { Measurements } from '../../src/operate/measurements.ts';
import { metricsText } from '../../src/operate/metrics.ts';
import { readText } from '../docs/files.ts';
import { Rig } from '../run/rig.ts';
import { parseMetrics } from './metrics-text.ts';

/** Names of samples, of a candidate that leads and has had a renewal. */
async function names(): Promise<Set<string>> {
  const measured = new Measurements();
  const driver = new Rig({}, (state, at) => measured.onState(state, at));
  await driver.lead();
  const context = { lock: 'space/lock', version: '1', bootMs: () => driver.bootMs };
  const families = parseMetrics((await metricsText(measured, context)).text);
  return new Set(
    [...families].flatMap(([name, { type }]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

function metricsIn(expressions: readonly string[]): string[] {
  return expressions.flatMap((text) =>
    [...text.matchAll(/\b(?:leader_(?:run|election)|process)_\w+/g)].map(([name]) => name),
  );
}

test('the alerts', async () => {
  const { groups } = load(readText('examples/alerts.yml')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.map(({ alert }) => alert)).toEqual([
    'LeaderRunNoLeader',
    'LeaderRunRenewalsFail',
    'LeaderRunChangesHands',
  ]);
  const known = await names();
  expect(metricsIn(rules.map(({ expr }) => expr)).filter((name) => !known.has(name))).toEqual([]);
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly { readonly expr: string; readonly refId: string }[];
}

test('the dashboard', async () => {
  const dashboard = JSON.parse(readText('examples/dashboard.json')) as {
    title: string;
    schemaVersion: number;
    panels: Panel[];
    templating: { list: { name: string; query: string }[] };
  };
  const { panels, templating } = dashboard;
  expect(panels.length).toBeGreaterThan(5);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, type, gridPos, targets } of panels) {
    expect([title, type]).not.toContain('');
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const asked = metricsIn([...expressions, ...templating.list.map(({ query }) => query)]);
  const known = await names();
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  const variables = new Set(templating.list.map(({ name }) => name));
  const used = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  expect(used.filter((name) => !variables.has(name))).toEqual([]);
});
