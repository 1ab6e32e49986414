/** What processes cost, as the kernel counts it. Linux. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Cost {
  /** Of all processes added up, bytes of libraries counted in each. */
  readonly rssMb: number;
  /** The same, with what is shared divided among those who share it. */
  readonly pssMb: number;
  readonly cpuMs: number;
  readonly processes: number;
}

const ticksPerSecond = 100;

/** A process with all that it started, but for its command's tree. */
export function costOf(pid: number, commandPid: number | null): Cost {
  const costs = treeOf(pid, commandPid).map(costOfOne);
  const sum = (of: (cost: Omit<Cost, 'processes'>) => number) =>
    costs.reduce((total, cost) => total + of(cost), 0);
  return {
    rssMb: sum((cost) => cost.rssMb),
    pssMb: sum((cost) => cost.pssMb),
    cpuMs: sum((cost) => cost.cpuMs),
    processes: costs.length,
  };
}

/** Bytes that a process has read and written so far: of one that waits for a server, little but its connections. */
export function trafficOf(pid: number): number {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return Number(/^rchar: (\d+)/m.exec(io)?.[1]) + Number(/^wchar: (\d+)/m.exec(io)?.[1]);
}

function treeOf(root: number, except: number | null): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(name) : null;
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const tree = [root];
  for (const pid of tree)
    for (const [child, parent] of parents) if (parent === pid && child !== except) tree.push(child);
  return tree;
}

/** The fields of /proc/PID/stat behind the name: state first. */
function statOf(pid: string | number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null; // It has ended meanwhile.
  }
}

function costOfOne(pid: number): Omit<Cost, 'processes'> {
  const fields = statOf(pid);
  if (fields === null) return { rssMb: 0, pssMb: 0, cpuMs: 0 };
  // Its own in user and kernel, and that of children that it has waited for.
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1024;
  return { rssMb: mb('Rss'), pssMb: mb('Pss'), cpuMs: (ticks * 1000) / ticksPerSecond };
}
