/**
 * `npm run dev`: runs the sandbox and the app in development mode, without an account or a key.
 * Variables that the environment already sets take precedence over the defaults here.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { findFreePort, startProcess } from './processes.ts';

const sandboxPort = await findFreePort(Number(process.env.SANDBOX_PORT ?? 4010));
const sandbox = await startProcess({
  args: ['sandbox/main.ts'],
  env: { ...process.env, SANDBOX_PORT: String(sandboxPort) },
  ready: /http:\/\//,
});

try {
  const port = await findFreePort(Number(process.env.PORT ?? 3000));
  const origin = `http://localhost:${port}`;
  let isReady = false;
  const app = await startProcess({
    args: [
      'node_modules/next/dist/bin/next',
      'dev',
      '--hostname',
      'localhost',
      '--port',
      String(port),
    ],
    env: {
      PAUTH_BASE_URL: `http://127.0.0.1:${sandboxPort}`,
      PAUTH_API_KEY: process.env.SANDBOX_API_KEY ?? 'sandbox-key',
      APP_ORIGIN: origin,
      SESSION_SECRET: devSecret('.data/dev-session-secret'),
      ...process.env,
      NODE_ENV: 'development',
    },
    ready: /Ready in/,
    // Hides Next's start message: its addresses differ from APP_ORIGIN, the one to open.
    onOutput: (text) => isReady && process.stdout.write(text),
  });
  isReady = true;

  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isStopping = true;
      void Promise.all([app.stop(), sandbox.stop()]);
    });
  }
  void compileFirst(origin).then(
    () => isStopping || console.log(`\n  Open ${origin}\n`),
    () => {
      // Without an answer the app has exited, which is said below.
    },
  );
  const exited = await Promise.race([
    app.exited.then(() => 'The app'),
    sandbox.exited.then(() => 'The sandbox'),
  ]);
  await app.stop();
  if (!isStopping) {
    console.error(`${exited} exited unexpectedly. Output of the sandbox:\n${sandbox.output()}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await sandbox.stop();
}

/** Asks for the login page and the API once: Next compiles them when they are first asked for. */
async function compileFirst(origin: string): Promise<void> {
  console.log('\n  Compiling the login page…\n');
  for (const path of ['/login', '/api/health/live']) {
    await fetch(`${origin}${path}`);
  }
}

/** This checkout's session secret, created on the first run, so that a restart ends no session. */
function devSecret(path: string): string {
  if (!existsSync(path)) {
    mkdirSync('.data', { recursive: true });
    writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600 });
  }
  return readFileSync(path, 'utf8');
}
