/** From SIGTERM of the leader, whose command ends at once, to the first instruction of its successor's. */
import { setTimeout as pause } from 'node:timers/promises';
import { readAudit, type AuditEntry } from './audit.ts';
import { Floor } from './floor.ts';
import { type HandOver, Lane } from './lane.ts';
import type { ProgramName } from './programs.ts';
import type { Stage } from './stage.ts';
import { mapValues } from './statistics.ts';

/** Where the time of one hand-over went, ms. */
export interface Parts {
  /** SIGTERM of leader-run → its command is told. */
  readonly forwarding: number | null;
  /** → the release has reached the server: the command's exit was seen, its tree is gone. */
  readonly leaving: number | null;
  /** → the server has answered it. */
  readonly release: number;
  /** → the acquiring PUT has reached the server: the event was sent, received and judged. */
  readonly arriving: number;
  /** → the server has answered it. */
  readonly acquire: number;
  /** → the command's first instruction: the answer was received, "go", exec. */
  readonly starting: number;
}

export interface HandOvers {
  /** ms */
  readonly took: Readonly<Record<ProgramName | 'floor', readonly number[]>>;
  readonly parts: Readonly<Record<'leader-run' | 'floor', readonly Parts[]>>;
  /** How much longer the old command ran than the new one did already, ms; negative: not at all. */
  readonly overlaps: Readonly<Record<ProgramName, readonly number[]>>;
}

type Taken = Record<ProgramName | 'floor', HandOver[]>;

export async function measureHandOvers(stage: Stage): Promise<HandOvers> {
  const { plan, say, programs } = stage;
  const { handOvers, slowHandOvers } = plan;
  say(`hand-over, ${handOvers} rounds; ${slowHandOvers} for each lane of the programs that poll`);
  const taken: Taken = { 'leader-run': [], wrapper: [], example: [], etcdctl: [], floor: [] };
  const ours = new Lane(stage, programs['leader-run']);
  const etcdctl = new Lane(stage, programs.etcdctl);
  const floor = new Floor(stage);
  await floor.ready();
  // Three lanes of the wrapper, as a goal is measured by it and its times are far apart.
  const slow = Promise.all(
    (['wrapper', 'wrapper', 'wrapper', 'example'] as const).map((name) =>
      measureSlow(stage, taken, name),
    ),
  );
  for (let round = 0; round < handOvers; round += 1) {
    await Promise.all([ours.prepare(), etcdctl.prepare()]);
    // In turns, so that what the machine does besides hits all of them.
    taken.floor.push(await floor.handOver());
    taken['leader-run'].push(await ours.handOver());
    taken.etcdctl.push(await etcdctl.handOver());
  }
  await slow;
  await Promise.all([ours.end(), etcdctl.end(), floor.end()]);
  const audit = readAudit(stage.cluster.auditLog ?? '');
  return {
    took: mapValues(taken, (all) => all.map((one) => one.startedAtMs - one.signalledAtMs)),
    overlaps: mapValues(taken, (all) =>
      all.flatMap(({ toldAtMs, startedAtMs }) => (toldAtMs === null ? [] : toldAtMs - startedAtMs)),
    ),
    parts: {
      'leader-run': partsOf(taken['leader-run'], audit, ours.lock),
      floor: partsOf(taken.floor, audit, floor.lock),
    },
  };
}

/** Programs that poll: the moment at which they are asked lies anywhere in their period. */
async function measureSlow(stage: Stage, taken: Taken, name: 'wrapper' | 'example'): Promise<void> {
  const lane = new Lane(stage, stage.programs[name]);
  for (let round = 0; round < stage.plan.slowHandOvers; round += 1) {
    await lane.prepare();
    await pause(Math.random() * 2_500);
    taken[name].push(await lane.handOver());
  }
  await lane.end();
}

function partsOf(
  handOvers: readonly HandOver[],
  audit: readonly AuditEntry[],
  lock: string,
): Parts[] {
  const writes = audit.filter((entry) => entry.lock === lock && entry.verb === 'update');
  return handOvers.flatMap(({ signalledAtMs, toldAtMs, startedAtMs }) => {
    const within = writes.filter(
      ({ receivedAtMs, code }) =>
        code === 200 && receivedAtMs > signalledAtMs && receivedAtMs < startedAtMs,
    );
    const [release, acquire] = within;
    if (release === undefined || acquire === undefined || within.length !== 2) return [];
    return {
      forwarding: toldAtMs === null ? null : toldAtMs - signalledAtMs,
      leaving: toldAtMs === null ? null : release.receivedAtMs - toldAtMs,
      release: release.answeredAtMs - release.receivedAtMs,
      arriving: acquire.receivedAtMs - release.answeredAtMs,
      acquire: acquire.answeredAtMs - acquire.receivedAtMs,
      starting: startedAtMs - acquire.answeredAtMs,
    };
  });
}
