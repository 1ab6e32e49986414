/** What /proc shows of a simulated machine, as `src/process/process-table.ts` reads it: one process after the other, while others go on. */
import type { KnownProcesses, ProcessRow } from '../../src/process/process-table.ts';
import { type Kernel, type Task, isGone } from './kernel.ts';

const nothing = (): void => undefined;

/** As `readDescendants` does: what happens between one scan and the next, `betweenScans` may make happen. */
export function readDescendants(
  kernel: Kernel,
  self: Task,
  known: KnownProcesses,
  betweenScans = nothing,
): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  const walked = new Set<number>();
  const walk = () => {
    for (const { pid } of rows.values()) {
      if (walked.has(pid)) continue;
      walked.add(pid);
      betweenScans();
      const task = kernel.find(pid);
      if (task === undefined || task.isHidden || isGone(task)) continue;
      for (const child of task.children)
        if (!rows.has(child.pid) && !child.isHidden)
          rows.set(child.pid, { ...kernel.rowOf(child), parent: pid });
    }
  };
  const list = [...self.children];
  betweenScans();
  for (const task of list)
    // Whether a hidden one lives, wait(2) tells alone.
    if (!task.isHidden || kernel.reap(task) === 'alive')
      rows.set(task.pid, task.isHidden ? hiddenRow(task, self) : kernel.rowOf(task));
  walk();
  for (const [pid, { startTicks }] of known) {
    const task = rows.has(pid) ? undefined : kernel.find(pid);
    if (task === undefined || task.isHidden || isGone(task)) continue;
    if (task.startTicks === startTicks) rows.set(pid, kernel.rowOf(task));
  }
  walk();
  return rows;
}

/** As `readAllProcesses` does. */
export function readAll(kernel: Kernel, betweenScans = nothing): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  for (const pid of [...kernel.tasks].map(({ pid }) => pid).sort((a, b) => a - b)) {
    const task = kernel.find(pid);
    if (task !== undefined && !task.isHidden) rows.set(pid, kernel.rowOf(task));
    betweenScans();
  }
  return rows;
}

function hiddenRow({ pid }: Task, self: Task): ProcessRow {
  const unknown = { group: 0, session: 0, startTicks: 0, name: '', threads: 1 };
  return { ...unknown, pid, parent: self.pid, state: '?' };
}

/** The subreaper that a leader-run is, as `src/command/tree/subreaper.ts` gives it. */
export function subreaperOf(
  kernel: Kernel,
  self: Task,
  {
    started,
    read,
  }: { started: Set<Task>; read: (known: KnownProcesses) => ReadonlyMap<number, ProcessRow> },
) {
  return {
    pid: self.pid,
    read,
    children: () => [...self.children].map(({ pid }) => pid),
    started: (): ReadonlySet<number> => new Set([...started].map(({ pid }) => pid)),
    environmentOf: (pid: number): string | null => kernel.find(pid)?.environment ?? null,
    reap: (pid: number): 'reaped' | 'alive' | 'not ours' => {
      const task = kernel.find(pid);
      return task?.parent === self ? kernel.reap(task) : 'not ours';
    },
  };
}
