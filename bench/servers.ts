import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { findFreePort } from '#scripts/processes.ts';
import { readStartArguments } from '#scripts/start-command.ts';
import type { AppName } from './driver/jobs.ts';
import { type Launched, launch, waitForAnswer, waitForOutput } from './launch.ts';
import { phoneNumberOf, USER_COUNT } from './phone-numbers.ts';

/** A production build that runs in a process of its own. */
export interface Server extends Launched {
  origin: string;
  /** The address of its inspector, if it was started with one. */
  inspectorUrl: string | null;
}

/** Seals the cookies of one run. */
const SECRET = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';

/** `readyPath` answers 200 once the app serves requests. */
const apps: Readonly<Record<AppName, { folder: string; readyPath: string }>> = {
  'call-login': { folder: '.', readyPath: '/api/health' },
  'guide-port': { folder: 'bench/guide-port', readyPath: '/' },
  'empty-app': { folder: 'bench/empty-app', readyPath: '/api/empty' },
};

/** Makes the production build of a Next app. @throws with its output if it fails. */
export function buildApp(folder: string): void {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  const [command, ...args] =
    folder === '.'
      ? ['npm', 'run', 'build']
      : [process.execPath, 'node_modules/next/dist/bin/next', 'build', folder];
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`the build of ${folder} failed:\n${stdout}${stderr}`);
  }
}

/** Builds call-login and the baselines. @throws if one does not build. */
export function buildApps(): void {
  for (const { folder } of Object.values(apps)) {
    buildApp(folder);
  }
}

/** The environment of any of the apps, as in a deployment but for the limits on starts. */
export function environmentOf(options: {
  port: number;
  sandboxUrl: string;
  databaseUrl: string;
  env?: Readonly<Record<string, string>> | undefined;
}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    PORT: String(options.port),
    HOSTNAME: '127.0.0.1',
    PAUTH_API_KEY: 'sandbox-key',
    PAUTH_BASE_URL: options.sandboxUrl,
    APP_ORIGIN: `http://127.0.0.1:${options.port}`,
    SESSION_SECRET: SECRET,
    DATABASE_URL: options.databaseUrl,
    TRUSTED_PROXY: '1',
    // All browsers come from one machine.
    START_LIMIT_PER_NUMBER: '99999999/60',
    START_LIMIT_PER_NETWORK: '99999999/60',
    START_LIMIT_TOTAL: '99999999/60',
    // What the guide's port calls DATABASE_URL and SESSION_SECRET.
    DATABASE_PATH: options.databaseUrl.replace(/^file:/, ''),
    SESSION_PASSWORD: SECRET,
    ...options.env,
  };
}

/** Starts an app and waits until it serves requests. @throws after a minute. */
export async function startServer(
  app: AppName,
  options: {
    /** For its log. */
    folder: string;
    /** The checkout of call-login, if it is not this one. */
    checkout?: string | undefined;
    sandboxUrl: string;
    databaseUrl: string;
    env?: Readonly<Record<string, string>> | undefined;
    isProfiled: boolean;
  },
): Promise<Server> {
  const { checkout = '.' } = options;
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const start =
    app === 'call-login'
      ? readStartArguments(checkout)
      : ['node_modules/next/dist/bin/next', 'start', apps[app].folder, '--hostname', '127.0.0.1'];
  const launched = await launch({
    args: [...(options.isProfiled ? ['--inspect=127.0.0.1:0'] : []), ...start],
    cwd: checkout,
    env: environmentOf({ ...options, port }),
    logPath: join(options.folder, `${app}-${port}.log`),
  });
  await waitForAnswer(launched, origin + apps[app].readyPath);
  const inspectorUrl = options.isProfiled ? await waitForOutput(launched, /ws:\/\/\S+/) : null;
  return { ...launched, origin, inspectorUrl };
}

export interface SandboxServer extends Launched {
  url: string;
}

/** Starts the vendor's sandbox. */
export async function startSandboxServer(
  folder: string,
  callbacks: 'on' | 'off',
): Promise<SandboxServer> {
  const launched = await launch({
    args: ['sandbox/main.ts'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      SANDBOX_PORT: '0',
      SANDBOX_CALLBACKS: callbacks,
      SANDBOX_TTL_SECONDS: '3600',
    },
    logPath: join(folder, 'sandbox.log'),
  });
  return { ...launched, url: await waitForOutput(launched, /http:\/\/\S+/) };
}

/** Creates call-login's store with this many users and audit events. */
export function fillStore(databaseUrl: string, users = USER_COUNT, events = 0): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=react-server', 'bench/fill.ts', databaseUrl, String(users), String(events)],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    throw new Error(`the store could not be filled:\n${stdout}${stderr}`);
  }
}

/** Creates the database of the guide's port, with the same users. */
export function fillGuideDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = wal; create table users (id text primary key, phone text)');
  database.exec('create unique index users_by_phone on users (phone); begin');
  const insert = database.prepare('insert into users (id, phone) values (?, ?)');
  for (let number = 0; number < USER_COUNT; number += 1) {
    insert.run(`user-${number}`, phoneNumberOf(number));
  }
  database.exec('commit');
  database.close();
}

/** Runs `work` with a temporary folder, which is removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
