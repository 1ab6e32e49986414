/** `--on-lost rejoin`: losses in one process. REJOIN_LOSSES=100 is a long run. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { Proxy } from '../fixtures/proxy.ts';
import { type Footprint, follow, footprintOf } from './footprint.ts';
import { kubeconfigFor, readLease, sandbox, start, waitFor } from './rig.ts';

const losses = Number(process.env['REJOIN_LOSSES'] ?? 4);
const shortLease = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];

const seconds = 30 + losses * 8;

it(
  `is led again by the same process after ${losses} losses`,
  { timeout: seconds * 1_000 },
  async () => {
    const server = await sandbox();
    const proxy = await Proxy.start(server.url);
    onTestFinished(() => proxy.close());
    // No two at once: a directory that each command makes and removes.
    const script =
      'd=$0; mkdir $d || echo two at once; trap "rmdir $d; exit 0" TERM; echo "runs $LEADER_RUN_IDENTITY $LEADER_RUN_FENCING_TOKEN"; while :; do sleep 0.02; done';
    const leader = start(kubeconfigFor(`http://127.0.0.1:${proxy.port}/${server.token}`), [
      ...['--lock-name', 'job', '--on-lost', 'rejoin', ...shortLease],
      ...['--', 'sh', '-c', script, join(temporaryFolder(), 'running')],
    ]);
    const says = follow(leader.stderr);
    const prints = follow(leader.stdout);
    const terms: string[] = [await prints('runs')];
    await says('Leading lease');
    const footprints: Footprint[] = [];
    const returnsMs: number[] = [];
    for (let loss = 0; loss < losses; loss += 1) {
      // With the odd ones the API server is away until after the release has been given up.
      const isLong = loss % 2 === 1;
      proxy.freeze();
      await says(isLong ? 'Back to waiting' : 'Stopping command');
      const returnedMs = performance.now();
      proxy.thaw();
      await says('Leading lease');
      terms.push(await prints('runs'));
      if (isLong) returnsMs.push(performance.now() - returnedMs);
      footprints.push(footprintOf(leader));
    }
    const words = terms.map((line) => line.split(' '));
    expect(new Set(words.map(([, identity]) => identity)).size).toBe(1);
    const tokens = words.map(([, , token]) => Number(token));
    expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
    // What grows until code and heap have their size is no leak: `npm run bench:growth` tells what is.
    const [first = footprintOf(leader)] = footprints.slice(Math.min(10, losses / 2));
    const last = footprintOf(leader);
    const rss = footprints.filter((_, loss) => loss % Math.ceil(losses / 10) === 0);
    console.log(
      `${losses} losses: descriptors ${first.descriptors} to ${last.descriptors}, children ${first.children} to ${last.children}, RSS, KB: ${rss.map(({ rssKb }) => rssKb).join(' ')}; API's return to start, ms: ${returnsMs.map(Math.round).join(' ')}`,
    );
    expect(last.descriptors).toBeLessThanOrEqual(first.descriptors + 4);
    expect(last.children).toBeLessThanOrEqual(first.children + 1);
    expect(last.rssKb).toBeLessThan(first.rssKb * 1.3);
    leader.kill('SIGTERM');
    const { exitCode, all } = await leader;
    expect(exitCode).toBe(0);
    expect(all).not.toContain('two at once');
    expect((await readLease(server, 'job'))?.spec.holderIdentity).toBe('');
  },
);

it('gives the lease back after --max-term, and leaves it to another', async () => {
  const { kubeconfigPath } = await sandbox();
  const flags = ['--lock-name', 'job', '--max-term', '1s', '--on-lost', 'rejoin'];
  const run = (id: string) =>
    start(kubeconfigPath, [...flags, '--id', id, '--', 'sh', '-c', 'echo runs; exec sleep 30']);
  const first = run('first');
  const said = waitFor(first.stderr, 'Back to waiting');
  await waitFor(first.stdout, 'runs');
  const second = run('second');
  await waitFor(second.stdout, 'runs');
  expect(await said).toContain('it has led for --max-term');
});
