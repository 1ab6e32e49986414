/** Why leader-run could not do its work, and what to do: the last line of a run that failed. */
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/election/lease.ts';
import { createMessages, type MessageContext } from '../../src/cli/messages.ts';

const context: MessageContext = {
  namespace: 'prod',
  lockName: 'worker',
  server: 'https://10.0.0.1',
  context: 'staging',
  identity: 'laptop_1f',
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
  waitMs: 2_000,
};

describe('a failure of leader-run itself says what to do', () => {
  const cases: readonly (readonly [Failure, string])[] = [
    [
      {
        reason: 'forbidden',
        message:
          'leases.coordination.k8s.io "worker" is forbidden: User "system:serviceaccount:prod:app" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "prod"',
      },
      '"system:serviceaccount:prod:app" is forbidden to get it: grant get, create, update and watch on leases.coordination.k8s.io in namespace "prod"',
    ],
    [
      {
        reason: 'status',
        status: 403,
        message: 'leases "worker" is forbidden: User "eve" cannot get resource "leases"',
        retryAfterMs: null,
      },
      '"eve" is forbidden to get it: grant get, create, update and watch on leases.coordination.k8s.io in namespace "prod"',
    ],
    [
      { reason: 'status', status: 403, message: 'Forbidden by proxy.', retryAfterMs: null },
      'the server answered 403 Forbidden: Forbidden by proxy',
    ],
    [
      { reason: 'awaiting-credentials', message: 'exec plugin "x" is still running' },
      'there are no credentials yet: exec plugin "x" is still running',
    ],
    [
      { reason: 'no-namespace', message: 'namespaces "prod" not found' },
      'namespace "prod" does not exist: create it or name another by --lock-namespace',
    ],
    [
      { reason: 'unauthorized', message: 'Unauthorized' },
      'the server does not accept the credentials (401 Unauthorized): renew them',
    ],
    [
      {
        reason: 'certificate',
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        message: 'self-signed certificate',
      },
      "the server's certificate does not verify: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT), check certificate-authority in the kubeconfig",
    ],
    [
      {
        reason: 'certificate',
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        message: 'it is for DNS:b, DNS:c, and not for a',
      },
      "the server's certificate does not verify: it is for DNS:b, DNS:c, and not for a (ERR_TLS_CERT_ALTNAME_INVALID), set tls-server-name in the kubeconfig to one of its names",
    ],
    ...['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'].map((code): [Failure, string] => [
      { reason: 'certificate', code, message: 'certificate has expired' },
      `the server's certificate does not verify: certificate has expired (${code}), compare the clocks of this machine and the server, and renew its certificate`,
    ]),
    [
      { reason: 'credentials', message: 'aws-iam exited with 1' },
      'there are no usable credentials: aws-iam exited with 1',
    ],
    [
      { reason: 'rejected', status: 422, message: 'Lease "worker" is invalid' },
      'the server refused it with 422 Unprocessable Entity: Lease "worker" is invalid',
    ],
  ];

  it.each(cases)('%j', (why, clause) => {
    expect(createMessages(context).ofOutcome({ id: 'failed', why })?.text).toBe(
      `Cannot acquire lease "prod/worker" at https://10.0.0.1 (context "staging") as "laptop_1f": ${clause}`,
    );
  });

  it('and every other outcome has been reported before', () => {
    expect(createMessages(context).ofOutcome({ id: 'lost' })).toBeNull();
  });
});
