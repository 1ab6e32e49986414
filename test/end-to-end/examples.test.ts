/** The script of `examples`, run as its readers would. */
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaderRun, sandbox, start, startBy, waitFor } from './rig.ts';

const script = resolve(import.meta.dirname, '../../examples/migrate.sh');
const path = `${dirname(leaderRun)}:${process.env['PATH'] ?? ''}`;

describe('examples/migrate.sh', () => {
  it.each([
    ['true', 0, 'migrate.sh: done'],
    ['exit 3', 3, 'migrate.sh: the migration failed with 3'],
    ['exit 75', 75, 'migrate.sh: the lease was lost'],
  ])('runs the migration `%s` and exits with %i', async (command, status, said) => {
    const { kubeconfigPath } = await sandbox();
    const run = startBy([script], kubeconfigPath, ['sh', '-c', command], { PATH: path });
    const { exitCode, all } = await run;
    expect(all).toContain(said);
    expect(exitCode).toBe(status);
  });

  it('exits with 124 while someone else migrates', async () => {
    const { kubeconfigPath } = await sandbox();
    const holder = start(kubeconfigPath, [
      '--lock-name',
      'migrate',
      '--',
      'sh',
      '-c',
      'echo runs; exec sleep 1000',
    ]);
    await waitFor(holder.all, 'runs');
    const { exitCode, all } = await startBy([script], kubeconfigPath, ['true'], {
      PATH: path,
      WAIT: '0',
    });
    expect(all).toContain('migrate.sh: someone else is migrating');
    expect(exitCode).toBe(124);
  });

  it('says how it is used', async () => {
    const { exitCode, all } = await startBy([script], '', [], { PATH: path });
    expect(all).toContain('usage: migrate.sh');
    expect(exitCode).toBe(2);
  });
});
