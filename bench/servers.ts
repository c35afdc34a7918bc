import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { findFreePort } from '#scripts/processes.ts';
import { readStartArguments } from '#scripts/start-command.ts';
import { type Launched, launch, waitForAnswer, waitForOutput } from './launch.ts';
import { phoneNumberOf, USER_COUNT } from './phone-numbers.ts';

/** A server under measurement: a production build in a process of its own. */
export interface Server extends Launched {
  origin: string;
  /** Where its profiler listens, when it was started for that. */
  inspectorUrl: string | null;
}

/** Long enough to be taken; it seals the cookies of one run. */
const SECRET = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';

/** The browsers of a benchmark come from few machines: what holds attackers back is set wide. */
export const wideLimits = {
  START_LIMIT_PER_NUMBER: '99999999/60',
  START_LIMIT_PER_NETWORK: '99999999/60',
  START_LIMIT_TOTAL: '99999999/60',
};

export type AppName = 'call-login' | 'guide-port' | 'empty-app';

const folders: Readonly<Record<AppName, string>> = {
  'call-login': '.',
  'guide-port': 'bench/guide-port',
  'empty-app': 'bench/empty-app',
};

/** What answers 200 once the server is of use. */
const readyPaths: Readonly<Record<AppName, string>> = {
  'call-login': '/api/health',
  'guide-port': '/',
  'empty-app': '/api/empty',
};

/** Builds the three apps. @throws where one does not build. */
export function buildApps(): void {
  for (const folder of Object.values(folders)) {
    const built = spawnSync(
      process.execPath,
      ['node_modules/next/dist/bin/next', 'build', folder],
      {
        env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
        encoding: 'utf8',
      },
    );
    if (built.status !== 0) {
      throw new Error(`${folder} does not build:\n${built.stdout}${built.stderr}`);
    }
  }
}

/** The environment of one of the apps, as a deployment would set it. */
export function environmentOf(options: {
  port: number;
  sandboxUrl: string;
  databaseUrl: string;
  env?: Readonly<Record<string, string>>;
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
    ...wideLimits,
    // The guide's port has names of its own for the last two.
    DATABASE_PATH: options.databaseUrl.replace(/^file:/, ''),
    SESSION_PASSWORD: SECRET,
    ...options.env,
  };
}

export async function startServer(
  app: AppName,
  options: {
    folder: string;
    sandboxUrl: string;
    databaseUrl: string;
    env?: Readonly<Record<string, string>>;
    isProfiled: boolean;
  },
): Promise<Server> {
  const port = await findFreePort();
  const launched = await launch({
    args: [...(options.isProfiled ? ['--inspect=127.0.0.1:0'] : []), ...startArgsOf(app)],
    env: environmentOf({ ...options, port }),
    logPath: join(options.folder, `${app}-${port}.log`),
  });
  const origin = `http://127.0.0.1:${port}`;
  await waitForAnswer(launched, origin + readyPaths[app]);
  return {
    ...launched,
    origin,
    inspectorUrl: options.isProfiled ? await waitForOutput(launched, /ws:\/\/\S+/) : null,
  };
}

/** What `node` is given: for call-login what `npm start` gives it, for the others what Next gives. */
function startArgsOf(app: AppName): string[] {
  if (app !== 'call-login') {
    const next = 'node_modules/next/dist/bin/next';
    return [next, 'start', folders[app], '--hostname', '127.0.0.1'];
  }
  return readStartArguments();
}

export interface SandboxServer extends Launched {
  url: string;
}

/** The vendor's stand-in, with callbacks on or off. */
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

/** Makes call-login's store with so many users and events in it. */
export function fillStore(databaseUrl: string, users = USER_COUNT, events = 0): void {
  const filled = spawnSync(
    process.execPath,
    ['--conditions=react-server', 'bench/fill.ts', databaseUrl, String(users), String(events)],
    { encoding: 'utf8' },
  );
  if (filled.status !== 0) {
    throw new Error(`the store could not be filled:\n${filled.stdout}${filled.stderr}`);
  }
}

/** Makes the database of the guide's port, with the same users. */
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

/** Runs `work` with a folder of its own for databases and logs, which is removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
