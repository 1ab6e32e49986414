/**
 * How often each property is tried: as often as a quick test run allows, or as `FUZZ_RUNS=100000 npx vitest run test/fuzz`
 * says, which then tells how many there were.
 */
import fc from 'fast-check';
import { afterAll } from 'vitest';

const asked = process.env['FUZZ_RUNS'];
const numRuns = Number(asked ?? 300);
let properties = 0;
let runs = 0;

if (asked !== undefined)
  afterAll(() => console.log(`${properties} properties held in ${runs} runs`));

/** Fails with what was found, made small, where the property does not hold. */
export function holds<T>(property: fc.IRawProperty<T, false>): void {
  const details = fc.check(property, { numRuns });
  if (details.failed) throw new Error(fc.defaultReportMessage(details));
  properties += 1;
  runs += details.numRuns;
}

/** JSON that has, by chance, some of the keys and values that a Lease has, of any type. */
export function anyJson(): fc.Arbitrary<never> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(null, true, 0, -1, 1e300, 2 ** 31, '', 'a', 'b', '7'),
      fc.double(),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'leader-run/term'), tie('value'), { maxKeys: 4 }),
    ),
  }));
  // As it would come from the wire.
  return value.map((json) => JSON.parse(JSON.stringify(json)) as never);
}

/** A Lease of which any part may be missing or of another type; its version grows where it is one. */
export function anyLease(): fc.Arbitrary<Record<string, never>> {
  const part = (usual: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 3, arbitrary: usual }, anyJson());
  const time = fc.constantFrom(
    '2026-01-01T12:00:00.000000Z',
    '2026-01-01T12:00:07.000000Z',
    'soon',
  );
  const spec = fc.record(
    {
      holderIdentity: part(fc.constantFrom('', 'me', 'other', 'third')),
      leaseDurationSeconds: part(fc.constantFrom(1, 3, 15, 60)),
      acquireTime: part(time),
      renewTime: part(time),
      leaseTransitions: part(fc.nat(9)),
      strategy: anyJson(),
    },
    { requiredKeys: [] },
  );
  const term = part(fc.constantFrom('me@2026-01-01T12:00:00.000000Z', 'other@x'));
  const metadata = fc.record(
    {
      uid: part(fc.constantFrom('u1', 'u2')),
      resourceVersion: part(fc.nat(40).map(String)),
      annotations: part(
        fc.record({ 'leader-run/term': term, other: anyJson() }, { requiredKeys: [] }),
      ),
    },
    { requiredKeys: [] },
  );
  return fc.record(
    { metadata: part(metadata), spec: part(spec), extra: anyJson() },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, never>>;
}
