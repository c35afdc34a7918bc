import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '#sandbox/self-signed.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { appOrigin, databasePath, sandboxUrl, vendor } from '#tests/support/servers.ts';

/** For localhost, of the year 2020. */
const expired = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVOFutKFEe1RkOMm2
d++nJ7a7icAiCUwZ0K2YkO84czWhRANCAATDjRV8wsg3q3izT4xxnFTej90V8hqW
PHiFFMeXtBYHCv1xw1GW+0qjXLZ6prp3KHmKdUN/NjPJFpcNi3dHDVH0
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBYjCCAQegAwIBAgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdleHBpcmVk
MB4XDTIwMDEwMTAwMDAwMFoXDTIwMDEwMjAwMDAwMFowEjEQMA4GA1UEAwwHZXhw
aXJlZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMONFXzCyDereLNPjHGcVN6P
3RXyGpY8eIUUx5e0FgcK/XHDUZb7SqNctnqmuncoeYp1Q382M8kWlw2Ld0cNUfSj
TjBMMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAAB
MB0GA1UdDgQWBBRiRg1EppxaaTmXjk2sUlHqlJe13zAKBggqhkjOPQQDAgNJADBG
AiEAztoAZymTMuwBhbwT/C4l8qbkPmvi8JKhnCzJXsQ0PIACIQCCYf1nF4svzY6t
p76asgtAz4O0S9tpbB5HkvbA4exd5A==
-----END CERTIFICATE-----`,
};

/** The app behind TLS. @returns its origin, and the file of its certificate. */
async function startTls(identity: { key: string; cert: string }) {
  const server = createServer(identity, (near) => {
    const far = connect(Number(new URL(appOrigin).port), 'localhost');
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  }).listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const certificate = join(dirname(databasePath), 'certificate.pem');
  writeFileSync(certificate, identity.cert);
  return {
    origin: `https://localhost:${typeof address === 'object' ? address?.port : 0}`,
    certificate,
  };
}

/** Runs the script of `npm run doctor` on the environment of the running server. */
async function runDoctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  const child = execFile(
    process.execPath,
    [
      '--conditions=react-server',
      '--disable-warning=ExperimentalWarning',
      'scripts/doctor.ts',
      ...args,
    ],
    {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        PAUTH_API_KEY: 'sandbox-key',
        PAUTH_BASE_URL: sandboxUrl,
        APP_ORIGIN: appOrigin,
        SESSION_SECRET: TEST_SECRET,
        DATABASE_URL: `file:${databasePath}`,
        ...env,
      },
      timeout: 20_000,
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  await once(child, 'close');
  return { status: child.exitCode, stdout, stderr };
}

describe('npm run doctor, while the server runs', () => {
  it('finds it fit behind TLS, and neither creates a vendor session nor changes anything', async () => {
    const { origin, certificate } = await startTls(selfSigned);
    const { status, stdout, stderr } = await runDoctor({
      APP_ORIGIN: origin,
      NODE_EXTRA_CA_CERTS: certificate,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {7}certificate {4}The certificate is trusted/m);
    expect(stdout).toMatch(/^ok {7}callback /m);
    expect(stdout).toMatch(/\n0 to correct, 0 warnings, 11 ok\.\n$/);
    expect(await vendor.sessions()).toEqual([]);
  });

  it.each([
    ['that nobody trusts', selfSigned, false, 'self-signed certificate'],
    ['that has expired', expired, true, 'certificate has expired'],
  ])('refuses a certificate %s with exit code 1', async (_, identity, isTrusted, why) => {
    const { origin, certificate } = await startTls(identity);
    const { status, stdout } = await runDoctor(
      { APP_ORIGIN: origin, ...(isTrusted ? { NODE_EXTRA_CA_CERTS: certificate } : {}) },
      '--json',
    );
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'fail',
      findings: expect.arrayContaining([
        {
          check: 'certificate',
          level: 'fail',
          message: expect.stringContaining(why),
          fix: expect.stringContaining('localhost'),
        },
      ]),
    });
  });

  it('exits with 0 where all that it finds is risks, and says what to do on a line of its own', async () => {
    const { status, stdout } = await runDoctor({ DYNO: 'web.1' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^warning {2}proxy .*\n {24}→ Set TRUSTED_PROXY /m);
  });

  it('answers with its usage and exit code 2 where it is called wrongly', async () => {
    const { status, stdout, stderr } = await runDoctor({}, '--yaml');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: npm run doctor/);
  });
});
