import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerOf } from '../../src/lease/answer.ts';
import { readWatchEvent } from '../../src/lease/watch-frame.ts';
import { load, writeFile } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

/** JSON that has, by chance, some of the keys that are looked for. */
function jsonWith(...keys: readonly string[]): fc.Arbitrary<unknown> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(...keys, null, '', 0, -1, true),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 6 }),
    ),
  }));
  return value;
}

test('any kubeconfig either loads or is refused in one line, and never throws', () => {
  const folder = temporaryFolder();
  const section = jsonWith(
    'name',
    'cluster',
    'user',
    'context',
    'a',
    'server',
    'https://a',
    'exec',
  );
  const config = fc.record(
    {
      'current-context': section,
      clusters: fc.oneof(section, fc.array(section)),
      users: fc.oneof(section, fc.array(section)),
      contexts: fc.oneof(
        section,
        fc.constant([{ name: 'a', context: { cluster: 'a', user: 'a' } }]),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(config, (content) => {
      const result = load(writeFile(folder, 'config', JSON.stringify(content)));
      if (result.id === 'failed') expect(result.message).toMatch(/^Cannot [^\n]+$/);
      else expect(result.cluster.server.href).toMatch(/^https?:\/\//);
    }),
    { numRuns: 500 },
  );
});

test('any text as kubeconfig either loads or is refused in one line, and never throws', () => {
  const folder = temporaryFolder();
  const yaml = fc.string({
    unit: fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '{',
      '}',
      '[',
      ']',
      '"',
      '&',
      '*',
      '|',
      '\t',
      '!',
    ),
  });
  fc.assert(
    fc.property(yaml, (content) => {
      const result = load(writeFile(folder, 'config', content));
      expect(result).toMatchObject({ message: expect.stringMatching(/^Cannot [^\n]+$/) as string });
    }),
    { numRuns: 1_000 },
  );
});

test('any watch event is read, and what is told as a Lease is one', () => {
  const object = jsonWith('kind', 'Lease', 'metadata', 'name', 'lock', 'resourceVersion', 'code');
  const type = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', 'X', null);
  const line = fc.oneof(
    fc.string(),
    fc.record({ type, object }).map((event) => JSON.stringify(event)),
    object.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(line, (text) => {
      const event = readWatchEvent(text, 'lock');
      if (event.id !== 'changed' && event.id !== 'deleted') return;
      expect(event.lease).toMatchObject({ kind: 'Lease', metadata: { name: 'lock' } });
    }),
    { numRuns: 1_000 },
  );
});

test('any reply is an answer, and what is told as a Lease is one', () => {
  const object = jsonWith('kind', 'Lease', 'Status', 'message', 'metadata', 'resourceVersion');
  const reply = fc.record({
    id: fc.constant('reply' as const),
    status: fc.oneof(fc.constantFrom(200, 201, 401, 403, 404, 409, 429, 500), fc.nat(999)),
    statusMessage: fc.string(),
    headers: fc.record({ date: fc.string(), 'retry-after': fc.string() }, { requiredKeys: [] }),
    body: fc.oneof(
      fc.string(),
      object.map((value) => JSON.stringify(value)),
    ),
  });
  fc.assert(
    fc.property(fc.constantFrom('get', 'create', 'update'), reply, (request, received) => {
      const answer = answerOf(request, received);
      if (answer.id === 'lease') expect(answer.lease).toMatchObject({ kind: 'Lease' });
      if (answer.id !== 'failed' || !('message' in answer.failure)) return;
      expect(answer.failure.message).not.toMatch(/[\n\u001b]/);
    }),
    { numRuns: 1_000 },
  );
});
