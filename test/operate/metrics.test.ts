/** What is counted of a driver whose clock the test holds, and how it reads for Prometheus. */
import { expect, test } from 'vitest';
import { countRequests } from '../../src/operate/counted-api.ts';
import { Measurements } from '../../src/operate/measurements.ts';
import { metricsText } from '../../src/operate/metrics.ts';
import { put } from '../election/lease-store.ts';
import { Rig, settled } from '../run/rig.ts';
import { parseMetrics } from './metrics-text.ts';

function rig() {
  const measured = new Measurements();
  const driver = new Rig({}, (state, at) => measured.onState(state, at));
  const context = { lock: 'space/lock', version: '1.2.3', bootMs: () => driver.bootMs };
  /** All samples but those of the process, by name and labels. */
  const samples = async () => {
    const families = parseMetrics((await metricsText(measured, context)).text);
    const own = [...families].filter(([name]) => !name.startsWith('process_'));
    return Object.fromEntries(own.flatMap(([, family]) => [...family.samples]));
  };
  return { driver, measured, samples, context };
}

async function leading() {
  const made = rig();
  await made.driver.lead();
  made.driver.pass(40);
  made.driver.report({ id: 'started', pid: 7 });
  return made;
}

test('a standby: no master, and nothing that only a leader has', async () => {
  const { driver, samples } = rig();
  driver.store = put(driver.store, {
    kind: 'Lease',
    spec: { holderIdentity: 'other', leaseDurationSeconds: 15, leaseTransitions: 4 },
  });
  driver.pass(0);
  await driver.answer();
  const seen = await samples();
  expect(seen).toMatchObject({
    'leader_election_master_status{name="space/lock"}': 0,
    'leader_election_slowpath_total{name="space/lock"}': 0,
    'leader_run_info{version="1.2.3"}': 1,
    'leader_run_state{state="standby"}': 1,
    'leader_run_state{state="leading"}': 0,
    leader_run_lease_transitions: 4,
    leader_run_acquisitions_total: 0,
  });
  expect(seen).not.toHaveProperty('leader_run_deadline_seconds');
  expect(seen).not.toHaveProperty('leader_run_leader_since_timestamp_seconds');
});

test('a leader: its deadline, its renewals, the hand-over', async () => {
  const { driver, samples } = await leading();
  driver.pass(1_960);
  driver.pass(30);
  await driver.answer();
  expect(await samples()).toMatchObject({
    'leader_election_master_status{name="space/lock"}': 1,
    leader_run_acquisitions_total: 1,
    leader_run_command_starts_total: 1,
    leader_run_deadline_seconds: expect.closeTo(9.97) as unknown,
    leader_run_leader_since_timestamp_seconds: Date.UTC(2026, 0, 1, 12) / 1000,
    leader_run_last_renewal_timestamp_seconds: Date.UTC(2026, 0, 1, 12, 0, 2) / 1000,
    leader_run_hand_over_seconds_count: 1,
    leader_run_hand_over_seconds_sum: 0.04,
    'leader_run_hand_over_seconds_bucket{le="0.025"}': 0,
    'leader_run_hand_over_seconds_bucket{le="0.05"}': 1,
    leader_run_renew_duration_seconds_count: 1,
    leader_run_renew_duration_seconds_sum: 0.03,
    'leader_run_renew_duration_seconds_bucket{le="+Inf"}': 1,
  });
});

test('failures and a loss, by their reasons', async () => {
  const { driver, samples } = await leading();
  driver.pass(1_960);
  const failure = { reason: 'status', status: 503, message: '', retryAfterMs: null } as const;
  await driver.answer({ id: 'failed', failure });
  driver.pass(8_000);
  expect(await samples()).toMatchObject({
    'leader_run_renew_failures_total{reason="status"}': 1,
    'leader_run_renew_failures_total{reason="timeout"}': 2,
    'leader_election_slowpath_total{name="space/lock"}': 3,
    'leader_run_losses_total{reason="expired"}': 1,
    'leader_run_state{state="losing"}': 1,
    'leader_election_master_status{name="space/lock"}': 0,
  });
  driver.report({ id: 'ended', ending: { id: 'signalled', signal: 'SIGKILL' } });
  expect(await samples()).toMatchObject({
    'leader_run_command_exits_total{kind="signal"}': 1,
  });
});

test('a leader that is past its deadline is no master, although no turn has said so yet', async () => {
  const { driver, samples } = await leading();
  driver.stall(10_000);
  const seen = await samples();
  expect(seen).toMatchObject({ 'leader_election_master_status{name="space/lock"}': 0 });
  expect(seen).not.toHaveProperty('leader_run_deadline_seconds');
});

test('names and help of the first two are those of the dashboards that exist', async () => {
  const { measured, context } = rig();
  const families = parseMetrics((await metricsText(measured, context)).text);
  expect(families.get('leader_election_master_status')).toMatchObject({
    type: 'gauge',
    help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
  });
  expect(families.get('leader_election_slowpath_total')).toMatchObject({
    type: 'counter',
    help: "Total number of slow path exercised in renewing leader leases. 'name' is the string used to identify the lease. Please make sure to group by name.",
  });
  expect([...families.keys()]).toEqual(
    expect.arrayContaining([
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'process_open_fds',
    ]),
  );
});

test('requests are counted by verb and status, and the restarts of the watch', async () => {
  const { measured, samples } = rig();
  const answers = ['not-found', 'conflict'] as const;
  let asked = 0;
  let tell: (event: { id: 'open' }) => void = () => undefined;
  const api = countRequests(
    {
      send: () => ({
        answer: Promise.resolve({ id: answers[asked++ % 2] ?? 'conflict' }),
        abandon: () => undefined,
      }),
      watch: (_version, _silenceMs, onEvent) => {
        tell = onEvent;
        return { close: () => undefined };
      },
      close: () => undefined,
    },
    measured,
  );
  api.send({ id: 'get' }, 1);
  api.send({ id: 'update', body: {} }, 1);
  api.watch(null, 1, () => undefined);
  tell({ id: 'open' });
  tell({ id: 'open' });
  await settled();
  expect(await samples()).toMatchObject({
    'leader_run_requests_total{verb="get",code="404"}': 1,
    'leader_run_requests_total{verb="update",code="409"}': 1,
    'leader_run_requests_total{verb="watch",code="200"}': 2,
    leader_run_watch_restarts_total: 1,
  });
});
