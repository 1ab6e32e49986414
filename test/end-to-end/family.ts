/**
 * Everything that came of one leader-run: itself, its launcher, gate and guard, and the whole tree of its command. It is
 * found by a mark in PATH, which all of them hand on, and not by what the product reads.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { until } from '../command/fixtures/processes.ts';

export interface Family {
  /** To be added to the environment of leader-run. */
  readonly env: { readonly PATH: string };
  /** Those that live. */
  members(): number[];
  /** Resolves when nothing lives any more; fails after ten seconds. */
  extinct(): Promise<void>;
}

/** A family for one test; whoever of it lives at the end of the test is killed. */
export function createFamily(): Family {
  const mark = `/family-${randomUUID()}`;
  const members = () => pids().filter((pid) => hasInEnvironment(pid, mark));
  onTestFinished(() => {
    for (const pid of members()) process.kill(pid, 'SIGKILL');
  });
  return {
    env: { PATH: `${process.env['PATH'] ?? ''}:${mark}` },
    members,
    // Two scans in a row: between two programs a process has no environment for a moment.
    async extinct() {
      await until('nothing lives', () => members().length === 0 && members().length === 0);
    },
  };
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** A dead process has none. */
function hasInEnvironment(pid: number, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
  } catch {
    return false;
  }
}
