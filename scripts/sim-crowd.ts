/**
 * What a hand-over takes and costs in a crowd, in virtual time: `npm run test:sim:crowd`, or `-- --candidates 1000 --hand-overs 20`.
 */
import { parseArgs } from 'node:util';
import { type HandOver, simulateCrowd } from '../test/simulation/crowd.ts';

const { values } = parseArgs({
  options: {
    candidates: { type: 'string', default: '2,60,1000' },
    'hand-overs': { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

console.log(
  'candidates  successor  hand-over p50/p99 ms  first ms  writes mean/max  events  renewals in conflict',
);
for (const candidates of values.candidates.split(',').map(Number)) {
  for (const nominates of [false, true]) {
    const handOvers = Number(values['hand-overs']);
    const crowd = { seed: values.seed, candidates, handOvers, nominates };
    console.log(lineOf(candidates, nominates, await simulateCrowd(crowd)));
  }
}

function lineOf(candidates: number, nominates: boolean, handOvers: readonly HandOver[]): string {
  const tookMs = handOvers.map((each) => each.tookMs).sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.ceil(share * tookMs.length) - 1]?.toFixed(1) ?? '-';
  const writes = handOvers.map((each) => each.writes);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const mean = (numbers: readonly number[]) => (sum(numbers) / numbers.length).toFixed(1);
  return [
    String(candidates).padEnd(12),
    (nominates ? 'yes' : 'no').padEnd(11),
    `${at(0.5)} / ${at(0.99)}`.padEnd(22),
    (handOvers[0]?.tookMs.toFixed(1) ?? '-').padEnd(10),
    `${mean(writes)} / ${Math.max(...writes)}`.padEnd(17),
    mean(handOvers.map(({ events }) => events)).padEnd(8),
    `${sum(handOvers.map(({ renewalConflicts }) => renewalConflicts))} in ${handOvers.length} terms`,
  ].join('');
}
