/** Who descends from whom, by /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The process and all that descends from it. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const each of allPids()) {
    const parent = Number(
      read(each, 'stat')
        .replace(/^.*\) \S /s, '')
        .split(' ')[0],
    );
    children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const tree = [pid];
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  return tree;
}

/** The guard of a leader-run, or null. */
export function guardOf(leaderRun: number): number | null {
  return treeOf(leaderRun).find((pid) => read(pid, 'cmdline').includes('eval "$script"')) ?? null;
}

/** Those that have this in their command line. */
export function withWord(word: string): number[] {
  return allPids().filter((pid) => pid !== process.pid && read(pid, 'cmdline').includes(word));
}

/** False: there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function allPids(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
