/** Random sequences of operations on a few Leases, which two servers must answer alike. */
import fc from 'fast-check';
import { Api, asStrategicPatch, leases, lease, type ContractCase, type Lease } from './api.ts';
import type { RawAnswer } from './client.ts';

const names = ['a', 'b'] as const;
type Name = (typeof names)[number];

/** Which of the versions seen of an object an operation goes by; `back` counts from the latest. */
type Base = { readonly back: 0 | 1 | 2 } | 'none';

type Operation =
  | { readonly id: 'get' | 'list'; readonly name: Name }
  | { readonly id: 'post'; readonly name: Name; readonly spec: object; readonly metadata: object }
  | {
      readonly id: 'put';
      readonly name: Name;
      readonly base: Base;
      readonly hasUid: boolean;
      readonly spec: object;
      readonly metadata: object;
    }
  | {
      readonly id: 'patch';
      readonly name: Name;
      readonly base: Base;
      readonly spec: object;
      readonly metadata: object;
    }
  | { readonly id: 'strategic'; readonly name: Name; readonly spec: object }
  | {
      readonly id: 'delete';
      readonly name: Name;
      readonly base: Base;
      readonly by: 'uid' | 'both';
    };

const name = fc.constantFrom(...names);
const base: fc.Arbitrary<Base> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ back: 0 as const }) },
  { weight: 2, arbitrary: fc.constantFrom<Base>({ back: 1 }, { back: 2 }, 'none') },
);

/** Mostly what a candidate writes, sometimes nonsense. */
function mostly(good: readonly unknown[], bad: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

const goodSpec = {
  holderIdentity: mostly(['a', 'b', '', null], ['c']),
  leaseDurationSeconds: mostly([15, 1, null], [0, -1]),
  leaseTransitions: mostly([0, 1, 2, null], [-1]),
};
const time = mostly(
  [
    '2026-01-02T03:04:05.123456Z',
    '2026-01-02T03:04:06.000000Z',
    '2026-01-02T05:04:05.123456+02:00',
  ],
  ['2026-01-02T03:04:05Z', '2026-02-30T03:04:05.123456Z', 'x', 5, null],
);
const spec = fc.record(
  {
    ...goodSpec,
    holderIdentity: mostly(['a', 'b', '', null], [5, ['x']]),
    leaseDurationSeconds: mostly([15, 1, null], [0, -1, 1.5, '15', 2 ** 31]),
    acquireTime: time,
    renewTime: time,
    unknown: fc.constantFrom(1, {}),
  },
  { requiredKeys: [] },
);
const metadata = fc.record(
  {
    labels: mostly([{ team: 'x' }, { team: 'y' }, {}, null], [{ team: 'é' }, { team: 5 }, 'x']),
    annotations: mostly([{ 'leader-run/term': 'a@1' }, {}, null], [{ 'a b': '' }]),
    resourceVersion: fc.constantFrom('0', '1', '99999999', 'abc', ''),
    uid: fc.constantFrom('other', ''),
  },
  { requiredKeys: [] },
);
/** resourceVersion and uid are named rarely: what they are is mostly the base's affair. */
const ownMetadata = fc.oneof(
  {
    weight: 5,
    arbitrary: metadata.map(({ labels, annotations }) => defined({ labels, annotations })),
  },
  { weight: 1, arbitrary: metadata },
);

function defined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      id: fc.constant('put' as const),
      name,
      base,
      hasUid: fc.boolean(),
      spec,
      metadata: ownMetadata,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      id: fc.constant('patch' as const),
      name,
      base,
      spec,
      metadata: ownMetadata,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ id: fc.constant('post' as const), name, spec, metadata: ownMetadata }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      id: fc.constant('delete' as const),
      name,
      base,
      by: fc.constantFrom('uid' as const, 'both' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      id: fc.constant('strategic' as const),
      name,
      spec: fc.record(goodSpec, { requiredKeys: [] }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ id: fc.constantFrom('get' as const, 'list' as const), name }),
  },
);

export const sequences: fc.Arbitrary<readonly Operation[]> = fc.array(operation, {
  minLength: 4,
  maxLength: 16,
  size: 'max',
});

/** The sequence as a case: at its end, all of its events are asked for. */
export function caseOf(operations: readonly Operation[]): ContractCase {
  return {
    name: 'a random sequence',
    play: async (api) => {
      const seen = new Map<Name, Lease[]>(names.map((each) => [each, []]));
      const first = await api.given('first');
      for (const each of names) seen.get(each)?.push(await api.given(each));
      for (const each of operations) {
        const versions = seen.get(each.name) ?? [];
        const { status, body } = await perform(api, each, versions);
        const isLease = (body as { kind?: unknown } | null)?.kind === 'Lease';
        if (status < 300 && isLease) versions.push(body as Lease);
      }
      await api.given('last');
      const watch = await api.watch(`&resourceVersion=${first.metadata.resourceVersion}`);
      await api.eventsUntil(watch, 'last');
    },
  };
}

function pick(base: Base, versions: readonly Lease[]): Lease | undefined {
  return base === 'none' ? undefined : versions.at(-1 - base.back);
}

function perform(api: Api, operation: Operation, versions: readonly Lease[]): Promise<RawAnswer> {
  const { name: target } = operation;
  switch (operation.id) {
    case 'get':
      return api.get(target);
    case 'list':
      return api.call({ method: 'GET', path: `${leases}?fieldSelector=metadata.name%3D${target}` });
    case 'post':
      return api.post(lease(target, operation.spec, operation.metadata));
    case 'put': {
      const { metadata: known } = pick(operation.base, versions) ?? {};
      const { uid, resourceVersion } = known ?? {};
      const identity = { resourceVersion, ...(operation.hasUid ? { uid } : {}) };
      return api.put(target, lease(target, operation.spec, { ...identity, ...operation.metadata }));
    }
    case 'patch': {
      const { resourceVersion } = pick(operation.base, versions)?.metadata ?? {};
      const metadata = { resourceVersion, ...operation.metadata };
      return api.patch(target, { metadata, spec: operation.spec });
    }
    case 'strategic':
      return api.patch(target, { spec: operation.spec }, asStrategicPatch);
    case 'delete': {
      const { uid, resourceVersion } = pick(operation.base, versions)?.metadata ?? {};
      const preconditions = operation.by === 'uid' ? { uid } : { uid, resourceVersion };
      return api.delete(target, uid === undefined ? undefined : { preconditions });
    }
  }
}
