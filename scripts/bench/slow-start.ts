/** Hand-over of a command that needs seconds to start, with and without `--warm`. */
import { setTimeout as pause } from 'node:timers/promises';
import { Lane } from './lane.ts';
import type { Program } from './programs.ts';
import type { Stage } from './stage.ts';

/** From SIGTERM of the leader to the first instruction of its successor that it may only do while leading, ms. */
export interface SlowStarts {
  readonly cold: readonly number[];
  readonly warm: readonly number[];
}

const startSeconds = 3;
/** Until a standby's command is up, if it has one. */
const upMs = startSeconds * 1_000 + 1_000;

export async function measureSlowStarts(stage: Stage): Promise<SlowStarts> {
  stage.say(`hand-over of a command that needs ${startSeconds} s to start`);
  const load = `sleep ${startSeconds}`;
  const [cold, warm] = await Promise.all([
    measure(stage, [], load),
    measure(stage, ['--warm'], `${load}; read -r line <&"$LEADER_RUN_FD"`),
  ]);
  return { cold, warm };
}

async function measure(stage: Stage, flags: readonly string[], before: string): Promise<number[]> {
  const program: Program = {
    ...stage.programs['leader-run'],
    start: (start) => stage.programs['leader-run'].start({ ...start, flags, before }),
  };
  const lane = new Lane(stage, program);
  const took: number[] = [];
  for (let round = 0; round < stage.plan.slowStarts; round += 1) {
    await lane.prepare();
    await pause(upMs);
    const { signalledAtMs, startedAtMs } = await lane.handOver();
    took.push(startedAtMs - signalledAtMs);
  }
  await lane.end();
  return took;
}
