import { build } from 'esbuild';
import { execa } from 'execa';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;
/** Choosing the next pid is for root alone. */
const mayNumber =
  process.getuid?.() === 0 && spawnSync(namespace[0], [...namespace.slice(1), 'true']).status === 0;

describe.runIf(mayNumber)('a pid that is used again', () => {
  test('G1: a member with that of a process older than the command is found', async () => {
    const { older } = await runReuse();
    const { olderPid, root } = older;
    expect(older).toEqual({
      olderPid,
      root,
      before: [root],
      member: olderPid,
      after: [root, olderPid],
    });
  });

  test("a stranger's group with the number of the command's is none of it", async () => {
    const { group } = await runReuse();
    const { root, left } = group;
    expect(group).toEqual({
      root,
      left,
      before: [left],
      stranger: root,
      group: root,
      after: [left],
    });
  });
});

async function runReuse(): Promise<Record<'older' | 'group', Record<string, unknown>>> {
  const folder = mkdtempSync(join(tmpdir(), 'older-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'program.mjs');
  const source = join(import.meta.dirname, 'fixtures/reused-pid.ts');
  await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const [unshare, ...flags] = namespace;
  const { stdout } = await execa(unshare, [...flags, process.execPath, program]);
  return JSON.parse(stdout) as Record<'older' | 'group', Record<string, unknown>>;
}
