/** `status` shows whatever is in a Lease. */
import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import { held, run, status } from './status-rig.ts';

const annotations = {
  'leader-run/term': 'web-7d_90ab@2026-01-01T09:00:00.000000Z',
  'leader-run/lease-duration-seconds': '15',
  'leader-run/pod': '{"namespace":"prod","name":"web-7d","label":"role=leader"}',
  'leader-run/runs': JSON.stringify([run('a', '2026-01-01T09:00:00.000000Z')]),
};
const whole = {
  metadata: { name: 'x', namespace: 'prod', resourceVersion: '12', annotations },
  spec: held,
};
const fields = [
  ...[['metadata'], ['spec']],
  ...Object.keys(whole.metadata).map((name) => ['metadata', name]),
  ...Object.keys(annotations).map((name) => ['metadata', 'annotations', name]),
  ...Object.keys(held).map((name) => ['spec', name]),
];

/** The object with another value at this place; undefined: with nothing there. */
function changed(
  object: JsonObject,
  [name = '', ...rest]: string[],
  value: JsonValue | undefined,
): JsonObject {
  const { [name]: before, ...others } = object;
  const after: JsonValue | undefined =
    rest.length === 0 ? value : changed((before ?? {}) as JsonObject, rest, value);
  return after === undefined ? others : { ...others, [name]: after };
}

test.each(fields.map((path) => [path.join('.'), path] as const))(
  'a lease with anything or nothing at %s: shown in each form, as one that is led or is not',
  async (_, path) => {
    for (const value of [undefined, null, '', 'x', 0, -1, 1e300, true, [], [1], {}, { a: 1 }]) {
      const object = changed(whole, path, value);
      for (const output of ['table', 'wide', 'json'] as const) {
        const one = await status([object], { output });
        expect([0, 1]).toContain(one.code);
        expect(one.warnings).toEqual([]);
        const all = await status([{ items: [object] }], { output, lockName: null });
        expect([all.code, all.warnings]).toEqual([one.code, []]);
        if (output === 'json') expect([JSON.parse(one.text)]).toEqual(JSON.parse(all.text));
        else expect(one.text).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  },
);
