/** What a run has to have seen, or it has not tested what it says. */
import { faultIds, misbehaviourIds, tacticalIds } from './faults.ts';

export type Statistics = ReadonlyMap<string, number>;

const ambientFaults = [
  '401',
  '429',
  '5xx',
  '503 in an outage',
  '504 after the request was served',
  'cleared by client-go',
  'client-go adopted an identity',
  'guard died and could not be replaced',
  'guard died and was replaced',
  'latency spike',
  'malformed answer',
  'refused',
  'request lost',
  'request lost in a partition',
  'request timed out',
  'response lost in a partition',
  'response of a create lost',
  'response of a get lost',
  'response of a update lost',
  'stale read',
  'stalled within a turn',
  'a webhook reverts',
  'a webhook cuts times',
  'a webhook adds fields',
  'answer given twice',
  'answer of another request',
  'set back in time',
  'write answered with another record',
  'watch begun with an old state',
  'watch cannot be opened',
  'watch died silently',
  'watch expired (410)',
  'watch forbidden',
  'watch lagged',
  'watch reset',
  'write landed late',
  'write sent twice by a proxy',
];

const events = [
  'take-overs by expiry',
  'take-overs by release',
  'take-overs by hand',
  'take-overs of an own term',
  'take-overs by creation',
  'take-overs by client-go',
  'client-go releases',
  'releases',
  'runs that are done',
  'cleared records restored',
  'deleted records restored',
  'starts refused by the gate',
  'commands killed by leader-run after its grace',
  'commands killed by leader-run after the loss grace',
  'commands killed by leader-run when deposed',
  'commands killed by guard at its deadline',
  'commands killed by guard after the death of leader-run',
  'daemons',
  'scans that told the guard of members',
  'excused: a process daemonised and cleared its environment in the last 0.2 s before leader-run was killed',
  'loss: expired',
  'loss: deposed',
  'loss: went-back',
  'loss: unguarded',
  'rejoined',
  'stepped down: max-term',
  'stepped down: transfer',
  'outcome: command',
  'outcome: done',
  'outcome: failed',
  'outcome: interrupted',
  'outcome: lost',
  'outcome: not-acquired',
];

export function expectedStatistics(): string[] {
  return [
    ...events,
    ...[...faultIds(true), ...misbehaviourIds(), ...tacticalIds(), ...ambientFaults].map(
      (name) => `fault: ${name}`,
    ),
  ];
}

/** What was expected and never happened. */
export function missingIn(statistics: Statistics): string[] {
  return expectedStatistics().filter((name) => (statistics.get(name) ?? 0) === 0);
}

/** Adds up; of peaks the largest counts. */
export function addTo(total: Map<string, number>, more: Statistics): void {
  for (const [name, value] of more) {
    const before = total.get(name) ?? 0;
    total.set(name, name.startsWith('most ') ? Math.max(before, value) : before + value);
  }
}

export function formatStatistics(statistics: Statistics): string {
  return [...statistics]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${String(value).padStart(12)}  ${name}`)
    .join('\n');
}
