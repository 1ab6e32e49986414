/** One seed again, with all that happens said; shrunk first unless it is told what to keep. */
import { formatReduction, parseReduction, reduce } from './reduction.ts';
import { drawScenario } from './scenario.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

export interface Replay {
  /** What to show; ends with the command that shows it again. */
  readonly text: string;
  readonly hasFailed: boolean;
}

export async function replay(seed: string, only: string | null, lines: number): Promise<Replay> {
  const whole = drawScenario(seed);
  const asked = only === null ? whole : reduce(whole, parseReduction(only));
  const first = await simulate(asked, true);
  if (first.violation === null) {
    const minutes = (first.simulatedMs / 60_000).toFixed(1);
    return { text: `Seed ${seed}: all invariants held for ${minutes} minutes`, hasFailed: false };
  }
  const kept = only ?? formatReduction(await shrink(whole, first.violation.invariant));
  const smallest = reduce(whole, parseReduction(kept));
  const { violation, trace } = await simulate(smallest, true);
  if (violation === null) throw new Error(`Cannot fail again: seed ${seed} with ${kept}`);
  const { replicas, ambience, faults } = smallest;
  const rates =
    kept
      .split('/')[2]
      ?.split(',')
      .filter((key) => key !== '') ?? [];
  const text = [
    `Seed ${seed} breaks "${violation.invariant}" after ${(violation.atMs / 1000).toFixed(3)} s: ${violation.text}`,
    'The last events:',
    ...trace.slice(-lines),
    'Replicas:',
    ...replicas.map((replica) => `  ${JSON.stringify(replica)}`),
    'Faults:',
    ...faults.map((fault) => `  ${JSON.stringify(fault)}`),
    `Rates: ${rates.map((key) => `${key} ${String(ambience[key as keyof typeof ambience])}`).join(', ')}`,
    `Replay: npm run test:sim -- --seed ${seed} --only ${kept}`,
  ].join('\n');
  return { text, hasFailed: true };
}
