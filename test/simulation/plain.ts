/** Scenarios made by hand: nothing is drawn, and all is as it usually is but for what is said. */
import type { CandidatePlan } from './candidate.ts';
import type { ReplicaPlan, Timing } from './scenario.ts';

export const usualTiming: Timing = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

export const plainSettings: CandidatePlan['settings'] = {
  ...{ ...usualTiming, lossGraceMs: 500, gracePeriodMs: 2_000, waitMs: Infinity },
  ...{ leaseName: 'lease', leaseNamespace: 'default', stopSignal: 'SIGTERM' },
  signals: { hasTerminal: false, receivesHangUpAlone: false, ignoredSignals: [] },
};

export function plainReplica(timing: Timing): Extract<ReplicaPlan, { kind: 'leader-run' }> {
  return {
    kind: 'leader-run',
    machine: { rate: 1, wallAheadMs: 0 },
    startsAtMs: 0,
    plan: {
      settings: { ...plainSettings, ...timing },
      ...{ identity: null, longestRestartMs: 300, mayWatch: true, everEnds: true },
    },
  };
}
