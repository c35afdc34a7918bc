import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '#sandbox/self-signed.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { scriptArguments } from '#tests/support/run-script.ts';
import { appOrigin, databasePath, sandboxUrl, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

// Each command starts a process.
vi.setConfig({ testTimeout: 90_000 });

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

/** Starts the script of `npm run doctor` on the environment of the running server. */
function startDoctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  return execFile(process.execPath, scriptArguments('doctor', ...args), {
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
  });
}

async function runDoctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  const child = startDoctor(env, ...args);
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
    expect(stdout).toMatch(/\nok: 12, warning: 0, fail: 0\n$/);
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

  it('tells the running app from one with another secret', async () => {
    const { status, stdout } = await runDoctor({ SESSION_SECRET: `${TEST_SECRET}-of-another` });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^fail {5}callback .* with another SESSION_SECRET/m);
  });

  it('exits with 0 where all that it finds is risks, and says what to do on a line of its own', async () => {
    const { status, stdout } = await runDoctor({ DYNO: 'web.1' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^warning {2}proxy .*\n {24}→ Set TRUSTED_PROXY /m);
  });

  it('reads the .env files of its folder, as the server does', () => {
    const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const lines = ['PAUTH_API_KEY="key"', 'APP_ORIGIN=http://localhost:3000', 'SITE_NAME='];
    writeFileSync(join(folder, '.env'), 'SESSION_SECRET=short');
    writeFileSync(
      join(folder, '.env.production.local'),
      [...lines, `SESSION_SECRET=${TEST_SECRET}`].join('\n'),
    );
    const [, script = '', ...args] = scriptArguments('doctor', '--config-only', '--json').slice(1);
    const { stdout } = spawnSync(
      process.execPath,
      ['--conditions=react-server', join(process.cwd(), script), ...args],
      { cwd: folder, env: { PATH: process.env.PATH, NODE_ENV: 'production' }, encoding: 'utf8' },
    );
    expect(JSON.parse(stdout)).toMatchObject({ status: 'ok' });
  });

  it('answers with its usage and exit code 2 where it is called wrongly', async () => {
    const { status, stdout, stderr } = await runDoctor({}, '--yaml');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: npm run doctor/);
  });
});

describe('npm run doctor -- --call', () => {
  it('asks for a number until it can be read, names the one to call, and reports what was seen', async () => {
    const phoneNumber = randomPhoneNumber();
    const doctor = startDoctor({}, '--call');
    let [report, told] = ['', ''];
    doctor.stdout?.on('data', (text) => {
      report += text;
    });
    doctor.stderr?.on('data', (text) => {
      told += text;
    });
    const closed = once(doctor, 'close');
    doctor.stdin?.write('my phone\n');
    await expect.poll(() => told, { timeout: 20_000 }).toContain('Please enter digits');
    doctor.stdin?.write(`${phoneNumber}\n`);
    await expect.poll(() => told, { timeout: 20_000 }).toMatch(/^Call 050-9876-\d{4} from/m);
    const [called] = await vendor.sessions(phoneNumber);
    await vendor.call(phoneNumber, called?.call_number ?? '');
    await expect.poll(() => told, { timeout: 20_000 }).toContain('Waiting for the other session');
    await vendor.advanceClock(300, phoneNumber);
    await closed;
    expect(doctor.exitCode).toBe(0);
    expect(report).toMatch(/^two sessions of one number +got different call numbers$/m);
    expect(report).toMatch(/^status of the other one +"pending" after 0 s, "expired" after \d s$/m);
    expect(report).not.toContain(phoneNumber.slice(-6));
    const [callback] = (await vendor.sessions(phoneNumber)).map((session) => session.callback);
    expect(callback).toEqual({ status: 204, error: null });
  });

  it('ends with exit code 1 where no number is typed', async () => {
    const doctor = startDoctor({}, '--call');
    doctor.stdin?.end();
    await once(doctor, 'close');
    expect(doctor.exitCode).toBe(1);
  });
});
