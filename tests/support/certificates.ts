import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority and a server's certificate of it, in PEM. */
export interface Certificates {
  ca: string;
  certificate: string;
  key: string;
}

/** Creates certificates with the system's openssl. @param host the name that the server's is for. */
export function createCertificates(host: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-certificates-'));
  const create = (name: string, ...others: string[]) => {
    const to = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...to, ...others];
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  try {
    create('ca', '-subj', '/CN=call-login test CA');
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
    const extensions = [`subjectAltName=DNS:${host}`, 'basicConstraints=critical,CA:FALSE'];
    create(
      'server',
      '-subj',
      `/CN=${host}`,
      ...by,
      ...extensions.flatMap((each) => ['-addext', each]),
    );
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { ca: read('ca.pem'), certificate: read('server.pem'), key: read('server.key') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
