import { build } from 'esbuild';
import { execa } from 'execa';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;
/** Choosing the next pid is for root alone. */
const mayNumber =
  process.getuid?.() === 0 && spawnSync(namespace[0], [...namespace.slice(1), 'true']).status === 0;

test.runIf(mayNumber)(
  'G1: a member with the reused pid of a process older than the command is found',
  async () => {
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

    const seen = JSON.parse(stdout) as Record<string, unknown>;
    const { olderPid, root } = seen;
    expect(seen).toEqual({
      olderPid,
      root,
      before: [root],
      member: olderPid,
      after: [root, olderPid],
    });
  },
);
