/** API servers and clients with certificates of authorities that are made for the test. */
import {
  createAuthority,
  createClientCertificate,
  createServerCertificate,
  type KeyPair,
} from '../fixtures/certificates.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { json, leaseObject, startServer } from '../fixtures/api/scripted-server.ts';

export const longMs = 30_000;
export const minuteMs = 60_000;
export const ok = json(200, leaseObject('1'));

export const authority = await createAuthority('test authority');
export const otherAuthority = await createAuthority('other authority');
export const localhost = await createServerCertificate(authority);
export const internal = await createServerCertificate(authority, ['api.internal']);
export const alice = await createClientCertificate(authority, { user: 'alice' });
export const bob = await createClientCertificate(authority, { user: 'bob' });

export const base64 = (text: string) => Buffer.from(text).toString('base64');

export function serve(pair: KeyPair = localhost) {
  return startServer([ok], {
    ...pair,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
  });
}

/** What a request leads to with these sections, the authority being known unless they say otherwise. */
export async function attempt(
  cluster: object,
  user: object | null = { token: 'secret' },
  pair: KeyPair = localhost,
) {
  const server = await serve(pair);
  const known = { 'certificate-authority-data': base64(authority.cert) };
  const kubeconfig = writeKubeconfig({ server: server.url, ...known, ...cluster }, user);
  const answer = await connect(kubeconfig).send({ id: 'get' }, longMs).answer;
  const outcome = answer.id === 'failed' ? answer.failure : answer.id;
  return { outcome, server };
}
