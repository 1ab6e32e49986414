/** The name in a server's certificate, as Go looks for it. */
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** TLS options for a server of this name: it has no dot at its end, and an address is verified but not sent. */
export function namedOptions(host: string) {
  const name = host.replace(/\.+$/, '');
  return {
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_: string, certificate: PeerCertificate) => mismatch(name, certificate),
  };
}

function mismatch(name: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(name, withoutCommonName(certificate));
  const { subjectaltname } = certificate;
  // To who looks for an address Node tells the addresses alone, and there may be none.
  if (error !== undefined && subjectaltname !== undefined)
    error.message = `it is for ${subjectaltname}, and not for ${name}`;
  return error;
}

/** The name has to be in subjectAltName; Node would be content with the subject. */
function withoutCommonName(certificate: PeerCertificate): PeerCertificate {
  return { ...certificate, subject: { ...certificate.subject, CN: '' } };
}
