import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { callApi, kubeconfigFor, readLease, sandbox, scriptedServer, start } from './rig.ts';

const lock = ['--lock-name', 'x'];
const json = { 'content-type': 'application/json' };

/** Lines of stderr that speak of a failed request. */
function complaints(stderr: string): string[] {
  return stderr.split('\n').filter((line) => /Cannot (reach|use) lease/.test(line));
}

describe('a server that is not itself is waited for until --wait runs out', () => {
  const cases: [string, RequestListener][] = [
    ['answers 500', (_, response) => response.writeHead(500).end('{}')],
    ['answers 503 with HTML', (_, response) => response.writeHead(503).end('<html>sorry</html>')],
    ['answers 429', (_, response) => response.writeHead(429, { 'retry-after': '1' }).end()],
    ['answers 200 with HTML', (_, response) => response.writeHead(200).end('<html>hello</html>')],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { ...json, 'content-length': '1000' });
        response.write('{"kind":');
        setImmediate(() => response.destroy());
      },
    ],
    [
      'never ends its answer',
      (_, response) => {
        response.writeHead(200, json);
        const timer = setInterval(() => response.write(' '.repeat(65536)), 1);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ];

  it.each(cases)('%s', async (_, listener) => {
    const { kubeconfig } = await scriptedServer(listener);
    const run = await start(kubeconfig, [...lock, '--wait', '1500ms', '--', 'echo', 'started']);
    expect([run.exitCode, run.stdout]).toEqual([125, '']);
    // Said once per change, not once per attempt.
    expect(complaints(run.stderr)).toHaveLength(1);
  });

  it('never answers', async () => {
    const { kubeconfig } = await scriptedServer(() => undefined);
    const run = await start(kubeconfig, [...lock, '--wait', '1500ms', '--', 'echo', 'started']);
    expect([run.exitCode, run.stdout]).toEqual([125, '']);
    // The first attempt is still under way when the wait is over.
    expect(complaints(run.stderr)).toEqual([]);
    expect(run.stderr).toMatch(/Cannot acquire lease .*: no answer came within 1\.5s/);
  });

  it('cannot be reached', async () => {
    const { url, server } = await scriptedServer(() => undefined);
    await new Promise((closed) => server.close(closed));
    const run = await start(kubeconfigFor(url), [...lock, '--wait', '1s', '--', 'echo', 'started']);
    expect([run.exitCode, run.stdout]).toEqual([125, '']);
    expect(run.stderr).toContain('ECONNREFUSED');
  });
});

describe('a record written by somebody else', () => {
  const specs: [string, unknown][] = [
    ['with a huge duration', { holderIdentity: 'o', leaseDurationSeconds: 2 ** 53 }],
    ['with a negative duration', { holderIdentity: 'o', leaseDurationSeconds: -5 }],
    ['with a duration of the wrong type', { holderIdentity: 'o', leaseDurationSeconds: '15' }],
    ['with a holder of the wrong type', { holderIdentity: 7, leaseDurationSeconds: 15 }],
    ['with times that are none', { holderIdentity: 'o', renewTime: 'noon', acquireTime: 3 }],
    ['with transitions that are none', { holderIdentity: 'o', leaseTransitions: 'many' }],
  ];

  it.each(specs)('%s is neither taken nor a reason to crash', async (_, spec) => {
    const writes: string[] = [];
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'x', namespace: 'default', uid: 'u', resourceVersion: '5' },
      spec,
    };
    let reads = 0;
    const { kubeconfig } = await scriptedServer((request, response) => {
      if (request.method !== 'GET') writes.push(request.method ?? '');
      response.writeHead(200, json);
      // The watch has nothing to tell.
      if (request.url?.includes('watch=')) return response.flushHeaders();
      reads += 1;
      response.end(JSON.stringify(lease));
    });
    const run = start(kubeconfig, [...lock, '--', 'echo', 'started']);
    run.stderr.on('data', (text: Buffer) => {
      if (text.toString().includes('Waiting')) run.kill('SIGTERM');
    });
    const { exitCode, stdout } = await run;
    expect([exitCode, stdout, writes, reads > 0]).toEqual([143, '', [], true]);
  });
});

describe('a crashed holder', () => {
  it('is not left for ever by --try, as cron repeats it: the first that finds it dead waits and takes it', async () => {
    const api = await sandbox();
    const long = new Date(Date.now() - 3_600_000).toISOString().replace('Z', '000Z');
    await callApi(api, 'POST', '', {
      metadata: { name: 'x' },
      spec: {
        holderIdentity: 'crashed',
        leaseDurationSeconds: 3,
        acquireTime: long,
        renewTime: long,
        leaseTransitions: 1,
      },
    });
    const flags = ['--lease-duration', '6s', '--renew-deadline', '3s', '--retry-period', '1s'];
    const run = await start(api.kubeconfigPath, [
      ...lock,
      ...flags,
      '--try',
      '--',
      'echo',
      'took it',
    ]);
    expect([run.exitCode, run.stdout]).toEqual([0, 'took it']);
    expect((await readLease(api, 'x'))?.spec.leaseTransitions).toBe(2);
  });
});
