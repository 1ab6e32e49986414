/** What the command leaves behind, in words. */
import type { ProcessName } from '../election/event.ts';
import type { Report } from '../election/report.ts';
import { humanDuration } from './durations.ts';
import { oneLine } from './text.ts';

type StoppingRest = Report & { id: 'stopping-remaining' };

/** A command that succeeds this soon and leaves something running has most likely put a daemon into the background. */
const daemonsStartMs = 10_000;

export function isDaemonsStart({ ranForMs }: StoppingRest): boolean {
  return ranForMs !== null && ranForMs < daemonsStartMs;
}

export function stoppingRest(report: StoppingRest): string {
  const { processes, ranForMs } = report;
  const names = namesOf(processes);
  if (ranForMs !== null && isDaemonsStart(report))
    return `The command exited after ${humanDuration(ranForMs)} and left ${names} running; leader-run stops what is left. Run it in the foreground (nginx: "daemon off")`;
  const what = processes.length === 1 ? 'a process' : `${processes.length} processes`;
  return `Stopping ${what} that the command left behind: ${names}`;
}

const mostNames = 5;

function namesOf(processes: readonly ProcessName[]): string {
  const names = processes
    .slice(0, mostNames)
    .map(({ pid, name }) => (name === '' ? String(pid) : `${oneLine(name)} (${pid})`));
  const more = processes.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
