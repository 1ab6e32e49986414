/** Runs rows of the table by both clients. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { askByKubectl, askByLeaderRun, findKubectl, type Outcome } from './clients.ts';
import type { Made, Row } from './row.ts';
import { createWorld, type World } from './world.ts';

const kubectl = findKubectl();

/** One test a row, each with the servers to itself. */
export function compare(tables: Readonly<Record<string, readonly Row[]>>): void {
  if (kubectl === null) process.stderr.write('There is no kubectl: nothing to compare with\n');
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  describe.skipIf(kubectl === null).each(Object.entries(tables))('%s', (_, rows) => {
    test('each have a name of their own', () => {
      expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    });

    test.for(rows.map((row) => [row.name, row] as const))('%s', async ([, row]) => {
      await compareRow(row, world);
    });
  });
}

async function compareRow({ make, difference }: Row, world: World): Promise<void> {
  const theirs = await askByKubectl(kubectl ?? '', lay(make(world)), world);
  const ours = await askByLeaderRun(lay(make(world)), world);
  const refusals = `kubectl: ${theirs.refusal ?? '-'}\nleader-run: ${ours.refusal ?? '-'}`;
  if (difference === null) expect(comparable(ours), refusals).toEqual(comparable(theirs));
  else expect(comparable(ours), `no difference: ${difference}`).not.toEqual(comparable(theirs));
  if (ours.refusal !== null) expect(ours.refusal.split('\n')).toHaveLength(1);
}

/** A folder with the files, and how a client is to be started there. */
function lay({ files, context = null, env = {} }: Made) {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-differential-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const isText = typeof content === 'string' || Buffer.isBuffer(content);
    writeFileSync(path, isText ? content : JSON.stringify(content));
    if (name === 'plugin') chmodSync(path, 0o755);
  }
  const kubeconfig = 'KUBECONFIG' in env ? null : 'config';
  return { folder, kubeconfig, context, env };
}

/** Each in its own words, so that the words are left out. */
function comparable({ seen, targets, refusal }: Outcome) {
  return { seen, targets, isRefused: refusal !== null };
}
