/** The name in a server's certificate, as Go looks for it. */
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** TLS options for a server of this name: it has no dot at its end, and an address is verified but not sent. */
export function namedOptions(host: string) {
  const name = host.replace(/\.+$/, '');
  return {
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_: string, certificate: PeerCertificate) =>
      checkServerIdentity(name, withoutCommonName(certificate)),
  };
}

/** The name has to be in subjectAltName; Node would be content with the subject. */
function withoutCommonName(certificate: PeerCertificate): PeerCertificate {
  return { ...certificate, subject: { ...certificate.subject, CN: '' } };
}
