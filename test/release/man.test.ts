import { execa } from 'execa';
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { manPage } from '../../scripts/man.ts';
import { envVarOf } from '../../src/cli/flag.ts';
import { runFlags } from '../../src/cli/flags.ts';
import { subcommands } from '../../src/cli/programs.ts';

const page = manPage('1.2.3');
/** As it is read: `\-` is a dash, fonts are no text. */
const text = page.replaceAll('\\-', '-').replace(/\\f[BIR]/g, '');

it('has every flag, its variable, and every sub-command', () => {
  for (const name of Object.keys(runFlags)) expect(text).toContain(`--${name}`);
  expect(text).toContain(envVarOf('lock-name'));
  for (const { name } of Object.values(subcommands)) expect(text).toContain(`.SS ${name}`);
  expect(text).toContain('LEADER_RUN_FENCING_TOKEN');
});

it('takes nothing of its text for a macro', () => {
  const macros = page.split('\n').filter((line) => /^[.']/.test(line));
  const unknown = macros.filter((line) => !/^\.(TH|SH|SS|TP|PP|B|BR|br|EX|EE)\b/.test(line));
  expect(unknown).toEqual([]);
});

const hasMan = spawnSync('man', ['--version']).status === 0;

it.skipIf(!hasMan)('is shown by man without a warning', async () => {
  const file = 'dist/share/man/man1/leader-run.1';
  const { stdout, stderr } = await execa('man', ['--warnings', '-l', file], {
    env: { LC_ALL: 'C.UTF-8', MANWIDTH: '100', MANPAGER: 'cat' },
  });
  expect(stderr).toBe('');
  expect(stdout).toContain('Run a command only while holding a Kubernetes Lease');
});
