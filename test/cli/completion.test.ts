import { describe, expect, it } from 'vitest';
import { complete, linesOf } from '../../src/cli/completion.ts';
import { runFlags } from '../../src/cli/flags.ts';
import { subcommands } from '../../src/cli/programs.ts';

/** The words that are offered for the last one. */
function offers(...words: string[]): string[] {
  const completion = complete(words, {});
  if (completion.id !== 'offers') throw new Error(`Not offers: ${JSON.stringify(completion)}`);
  return linesOf(completion, words.at(-1) ?? '')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0] ?? '');
}

const names = (of: string, before = '', settings = {}) => ({ id: 'names', of, before, settings });

describe('a word of a run', () => {
  it('can be any flag, or at first a sub-command', () => {
    const flags = Object.keys(runFlags).map((name) => `--${name}`);
    expect(offers('')).toEqual([...Object.keys(subcommands), ...flags]);
    expect(offers('-q', '')).toEqual(flags);
    expect(offers('--lo')).toEqual(flags.filter((flag) => flag.startsWith('--lo')));
  });

  it('can be a value that the flag takes', () => {
    expect(offers('--log-format', '')).toEqual(['text', 'json']);
    expect(offers('--log-format', 'j')).toEqual(['json']);
    expect(offers('--log-format=')).toEqual(['--log-format=text', '--log-format=json']);
    expect(offers('--on-lost', '')).toEqual(['exit', 'rejoin']);
    expect(offers('--signal', 'T')).toEqual(['TERM']);
    expect(offers('--wait', '')).toEqual([]);
  });

  it('can be a name that the cluster or the kubeconfig has', () => {
    expect(complete(['--context', ''], {})).toEqual(names('contexts'));
    expect(complete(['--context=a'], {})).toEqual(names('contexts', '--context='));
    expect(complete(['-n', 'x'], {})).toEqual(names('namespaces'));
    expect(complete(['--lock-name', ''], {})).toEqual(names('leases'));
    expect(complete(['--kubeconfig', ''], {})).toEqual({ id: 'files' });
  });

  it('is looked up with the settings that the line and the environment have', () => {
    const settings = { context: 'c', kubeconfig: 'k', 'lock-namespace': 'n' };
    const words = ['--context', 'c', '-n=n', '--lock-name', ''];
    const completion = complete(words, { LEADER_RUN_KUBECONFIG: 'k', LEADER_RUN_CONTEXT: 'other' });
    expect(completion).toMatchObject(names('leases', '', settings));
  });

  it('is the command, behind "--" or the first word that is no flag', () => {
    expect(complete(['-q', '--', ''], {})).toEqual({ id: 'command', at: 2 });
    expect(complete(['--lock-name', 'x', 'ls', '--'], {})).toEqual({ id: 'command', at: 2 });
    expect(complete(['--lock-name=x', '--', '--help', '-'], {})).toEqual({ id: 'command', at: 2 });
  });
});

describe('a word of a sub-command', () => {
  it('can be one of its own flags', () => {
    expect(offers('status', '--')).toEqual(
      Object.keys(subcommands.status.flags).map((f) => `--${f}`),
    );
    expect(offers('status', '-o', '')).toEqual(['table', 'wide', 'json']);
  });

  it('can be a Lease', () => {
    expect(complete(['status', ''], {})).toEqual(names('leases'));
    expect(complete(['transfer', '--to', 'x', ''], {})).toMatchObject(names('leases'));
  });

  it('can be a shell', () => {
    expect(offers('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('can be its command', () => {
    expect(complete(['sandbox', '--', 'l'], {})).toEqual({ id: 'command', at: 2 });
  });
});
