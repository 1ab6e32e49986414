/**
 * The measurements as Prometheus' text format, by prom-client. Loaded when someone asks for them first: it takes time and memory
 * that a candidate without a scraper does not have to spend.
 *
 * The metrics are made anew for each answer, so that what is not known (the deadline of a standby) is left out and not 0.
 */
import { Counter, Gauge, Registry, type MetricType } from 'prom-client';
import processMaxDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processMemory from 'prom-client/lib/metrics/osMemoryHeap.js';
import processOpenDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processStart from 'prom-client/lib/metrics/processStartTime.js';
import { believedUntilMs } from '../election/term.ts';
import type { Counts, Durations, Measurements } from './measurements.ts';
import { isTenured, transitionsOf } from './measurements.ts';
import { viewOf } from './view.ts';

export interface MetricsContext {
  /** namespace/name */
  readonly lock: string;
  readonly version: string;
  readonly bootMs: () => number;
}

const ofProcess = new Registry();
for (const collect of [processMemory, processStart, processOpenDescriptors, processMaxDescriptors])
  collect(ofProcess);

export async function metricsText(measured: Measurements, context: MetricsContext) {
  const registry = new Registry();
  addElection(registry, measured, context);
  addCommand(registry, measured);
  addRequests(registry, measured);
  addProcessorTime(registry);
  const text = `${await registry.metrics()}\n${await ofProcess.metrics()}`;
  return { type: registry.contentType, text };
}

/** Names and help of the first two are those of k8s.io/component-base metrics/prometheus/clientgo/leaderelection. */
function addElection(
  registry: Registry,
  measured: Measurements,
  { lock, version, bootMs }: MetricsContext,
): void {
  const { state } = measured;
  const nowMs = bootMs();
  const isLeading = state !== null && viewOf(state, nowMs).isLeading;
  gauge(
    registry,
    'leader_election_master_status',
    "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
    { name: lock },
    isLeading ? 1 : 0,
  );
  const slow = [[lock, measured.slowPath.counts.get('') ?? 0]] as const;
  counter(
    registry,
    'leader_election_slowpath_total',
    "Total number of slow path exercised in renewing leader leases. 'name' is the string used to identify the lease. Please make sure to group by name.",
    ['name'],
    new Map(slow),
  );
  gauge(registry, 'leader_run_info', 'The version of leader-run.', { version }, 1);
  const states = ['standby', 'leading', 'stepping-down', 'losing', 'releasing', 'ended'];
  const help = '1 for the state that the candidate is in, 0 for the others.';
  const stateGauge = new Gauge({
    name: 'leader_run_state',
    help,
    labelNames: ['state'],
    registers: [registry],
  });
  for (const name of states) stateGauge.set({ state: name }, state?.id === name ? 1 : 0);

  total(registry, 'acquisitions', 'Terms of leadership that began.', measured.acquisitions.counts);
  counter(
    registry,
    'leader_run_losses_total',
    'Terms that ended by a loss of leadership.',
    ['reason'],
    measured.losses.counts,
  );
  if (state !== null) {
    const transitions = transitionsOf(state);
    const about = 'How often the holder of the lease has changed, as the lease says.';
    known(registry, 'leader_run_lease_transitions', about, transitions);
  }
  if (state !== null && isTenured(state) && isLeading) {
    const about =
      'Seconds until the command is stopped unless a renewal succeeds. Only on a leader.';
    const untilMs = believedUntilMs(state) - nowMs;
    known(registry, 'leader_run_deadline_seconds', about, untilMs / 1000);
  }
  const since = 'Unix time at which this term began. Only on a leader.';
  knownTime(registry, 'leader_run_leader_since_timestamp_seconds', since, measured.leaderSinceMs);
  const renewed = 'Unix time at which the last confirmed renewal was sent.';
  knownTime(registry, 'leader_run_last_renewal_timestamp_seconds', renewed, measured.lastRenewalMs);
}

function addCommand(registry: Registry, measured: Measurements): void {
  const { commandStarts, commandExits, guardReplacements, handOvers } = measured;
  total(registry, 'command_starts', 'Commands that were started.', commandStarts.counts);
  counter(
    registry,
    'leader_run_command_exits_total',
    'Commands that ended, by exit status zero or nonzero, or by a signal.',
    ['kind'],
    commandExits.counts,
  );
  total(
    registry,
    'guard_replacements',
    'Guard processes that had to be replaced.',
    guardReplacements.counts,
  );
  histogram(
    registry,
    'leader_run_hand_over_seconds',
    'From seeing that the lease is free to the start of the command.',
    handOvers,
  );
}

function addRequests(registry: Registry, measured: Measurements): void {
  const { renewals, renewFailures, requests, watchRestarts } = measured;
  histogram(
    registry,
    'leader_run_renew_duration_seconds',
    'From sending a renewal to its confirmation.',
    renewals,
  );
  counter(
    registry,
    'leader_run_renew_failures_total',
    'Attempts to renew that failed.',
    ['reason'],
    renewFailures.counts,
  );
  counter(
    registry,
    'leader_run_requests_total',
    'Answers to requests about the lease; <error> where no status came.',
    ['verb', 'code'],
    requests.counts,
  );
  total(
    registry,
    'watch_restarts',
    'How often the watch worked again after a failure.',
    watchRestarts.counts,
  );
}

/** As prom-client's own, but from the start of the process: those begin when they are loaded. */
function addProcessorTime(registry: Registry): void {
  const { user, system } = process.cpuUsage();
  const times = { user: user / 1e6, system: system / 1e6 };
  for (const [kind, time] of Object.entries(times)) {
    const name = `process_cpu_${kind}_seconds_total`;
    const help = `Total ${kind} CPU time spent in seconds.`;
    new Counter({ name, help, registers: [registry] }).inc(time);
  }
  const help = 'Total user and system CPU time spent in seconds.';
  new Counter({ name: 'process_cpu_seconds_total', help, registers: [registry] }).inc(
    times.user + times.system,
  );
}

type Labels = Readonly<Record<string, string>>;

function gauge(registry: Registry, name: string, help: string, labels: Labels, value: number) {
  const labelNames = Object.keys(labels);
  new Gauge({ name, help, labelNames, registers: [registry] }).set({ ...labels }, value);
}

function known(registry: Registry, name: string, help: string, value: number | null): void {
  if (value !== null) gauge(registry, name, help, {}, value);
}

function knownTime(registry: Registry, name: string, help: string, ms: number | null): void {
  known(registry, name, help, ms === null ? null : ms / 1000);
}

/** The values of the labels are the parts of each key. */
function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  counts: Counts,
): void {
  const made = new Counter({ name, help, labelNames, registers: [registry] });
  for (const [key, count] of counts) {
    const values = key.split(' ');
    made.inc(Object.fromEntries(labelNames.map((label, at) => [label, values[at] ?? ''])), count);
  }
}

function total(registry: Registry, what: string, help: string, counts: Counts): void {
  const name = `leader_run_${what}_total`;
  new Counter({ name, help, registers: [registry] }).inc(counts.get('') ?? 0);
}

/**
 * A histogram whose buckets are counted already: prom-client's own only takes one duration after the other, which no one has
 * kept. As its base the simplest metric there is.
 */
class CountedHistogram extends Gauge {
  readonly #durations: Durations;

  constructor(registry: Registry, name: string, help: string, durations: Durations) {
    super({ name, help, registers: [registry] });
    this.#durations = durations;
  }

  override async get() {
    const metric = await super.get();
    const { boundsSeconds, counts, count, sumSeconds } = this.#durations;
    const valueOf = (suffix: string, value: number, labels: Labels = {}) => ({
      metricName: `${metric.name}_${suffix}`,
      labels,
      value,
    });
    let atMost = 0;
    const buckets = boundsSeconds.map((bound, at) => {
      atMost += counts[at] ?? 0;
      return valueOf('bucket', atMost, { le: String(bound) });
    });
    const values = [
      ...buckets,
      valueOf('bucket', count, { le: '+Inf' }),
      valueOf('sum', sumSeconds),
      valueOf('count', count),
    ];
    // The types have numbers where there are words.
    return { ...metric, type: 'histogram' as unknown as MetricType, values };
  }
}

function histogram(registry: Registry, name: string, help: string, durations: Durations): void {
  new CountedHistogram(registry, name, help, durations);
}
