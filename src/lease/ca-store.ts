/**
 * The certificate authorities that are trusted where the kubeconfig names none: the system's, as for kubectl.
 *
 * Node would read its own 140 ahead of the first TLS connection, whether they are needed or not: 20 ms. Started with
 * `--use-openssl-ca`, as bin/leader-run does, it reads what the environment tells OpenSSL, once in the life of the
 * process. Without that option nothing here has an effect.
 */
import { existsSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';

/** The places where Go's crypto/x509 looks on Linux and BSD, https://go.dev/src/crypto/x509/root_linux.go. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

const nothing = '/dev/null';

/**
 * Fixes which authorities this process trusts where none are named. To be called before the first TLS connection.
 *
 * @returns what to trust instead where the system has none: those that Node brings; null: the system's are in use.
 */
export function selectCaStore(areNeeded: boolean): string[] | null {
  const { SSL_CERT_FILE: ownFile, SSL_CERT_DIR: ownDirectory } = process.env;
  if (!areNeeded) {
    loadRoots({ SSL_CERT_FILE: nothing, SSL_CERT_DIR: nothing });
    return null;
  }
  if (ownFile || ownDirectory) return null;
  const file = systemFiles.find((path) => existsSync(path));
  if (file === undefined) return [...rootCertificates];
  loadRoots({ SSL_CERT_FILE: file });
  return null;
}

/** The environment is put back: plugins are to find their own. */
function loadRoots(environment: NodeJS.ProcessEnv): void {
  const { SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
  Object.assign(process.env, environment);
  createSecureContext();
  delete process.env['SSL_CERT_FILE'];
  delete process.env['SSL_CERT_DIR'];
  if (SSL_CERT_FILE !== undefined) process.env['SSL_CERT_FILE'] = SSL_CERT_FILE;
  if (SSL_CERT_DIR !== undefined) process.env['SSL_CERT_DIR'] = SSL_CERT_DIR;
}
