import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import type { AppName, Site } from './driver/jobs.ts';
import type { Bench } from './experiment.ts';
import { type LoadDriver, startLoadDriver } from './load-driver.ts';
import { cpuMsOf, rssBytesOf } from './process-usage.ts';
import { profileWhile, summarize } from './profiler.ts';
import {
  fillGuideDatabase,
  fillStore,
  type SandboxServer,
  type Server,
  startSandboxServer,
  startServer,
  withFolder,
} from './servers.ts';

/** What one measurement runs, in fresh processes. */
export interface Case {
  name: string;
  app: AppName;
  /** The checkout of call-login, if it is not this one. */
  checkout?: string;
  callbacks: 'on' | 'off';
  env?: Readonly<Record<string, string>>;
  /** Provides the store. Default: a new SQLite store with the usual users. @returns its address. */
  database?: () => Promise<string>;
  /** How many processes of the app share the load. Default 1. */
  processes?: number;
}

/** The result of some work and what it cost. */
interface Cost<T> {
  result: T;
  wallMs: number;
  /** Of the app's processes. */
  cpuMs: number;
  sandboxCpuMs: number;
  driverCpuMs: number;
}

/** The processes of a case. */
export interface Running {
  site: Site;
  driver: LoadDriver;
  sandbox: SandboxServer;
  servers: readonly [Server, ...Server[]];
  databaseUrl: string;
  /** Measures the work whose cost counts, or profiles it. */
  measure<T>(work: () => Promise<T>): Promise<Cost<T>>;
  rssBytes(): number;
}

/** How many functions of a profile are printed. */
const PROFILE_LENGTH = 25;

/** The same case with the version of `--against`, if there is one. */
export function againstCases(bench: Bench, one: Case): Case[] {
  const { against } = bench;
  return against === null
    ? []
    : [{ ...one, name: `${one.name}, ${against.name}`, checkout: against.folder }];
}

/** Starts the processes of a case, runs `work`, and stops them. */
export async function runCase<T>(
  bench: Bench,
  one: Case,
  work: (running: Running) => Promise<T>,
): Promise<T> {
  return await withFolder(async (folder) => {
    const stops: (() => Promise<void>)[] = [];
    try {
      const databaseUrl = (await one.database?.()) ?? createDatabase(one.app, folder);
      const sandbox = await startSandboxServer(folder, one.callbacks);
      stops.push(sandbox.stop);
      const start = async () => {
        const server = await startServer(one.app, {
          folder,
          checkout: one.checkout,
          sandboxUrl: sandbox.url,
          databaseUrl,
          isProfiled: bench.options.isProfile,
          env: one.env,
        });
        stops.push(server.stop);
        return server;
      };
      const servers: [Server, ...Server[]] = [await start()];
      while (servers.length < (one.processes ?? 1)) {
        servers.push(await start());
      }
      const driver = await startLoadDriver();
      stops.push(driver.stop);
      return await work(running(bench, one, { sandbox, servers, driver, databaseUrl }));
    } finally {
      for (const stop of stops.toReversed()) {
        await stop();
      }
    }
  });
}

function running(
  bench: Bench,
  one: Case,
  started: Pick<Running, 'sandbox' | 'servers' | 'driver' | 'databaseUrl'>,
): Running {
  const { sandbox, servers, driver } = started;
  const [first, ...others] = servers;
  const cpuNow = () => ({
    app: servers.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
    sandbox: cpuMsOf(sandbox.pid),
    driver: cpuMsOf(driver.pid),
  });
  return {
    ...started,
    site: {
      app: one.app,
      origins: [first.origin, ...others.map(({ origin }) => origin)],
      sandboxUrl: sandbox.url,
    },
    rssBytes: () => servers.reduce((sum, { pid }) => sum + rssBytesOf(pid), 0),
    async measure(work) {
      const before = cpuNow();
      const startedAt = performance.now();
      const result = await profiled(bench, one.name, first.inspectorUrl, work);
      const wallMs = performance.now() - startedAt;
      const after = cpuNow();
      return {
        result,
        wallMs,
        cpuMs: after.app - before.app,
        sandboxCpuMs: after.sandbox - before.sandbox,
        driverCpuMs: after.driver - before.driver,
      };
    },
  };
}

function createDatabase(app: AppName, folder: string): string {
  const path = join(folder, `${app}.db`);
  if (app === 'call-login') {
    fillStore(`file:${path}`);
  } else if (app === 'guide-port') {
    fillGuideDatabase(path);
  }
  return `file:${path}`;
}

async function profiled<T>(
  bench: Bench,
  name: string,
  inspectorUrl: string | null,
  work: () => Promise<T>,
): Promise<T> {
  if (inspectorUrl === null) {
    return await work();
  }
  const { profile, result } = await profileWhile(inspectorUrl, work);
  const lines = summarize(profile, PROFILE_LENGTH).map(
    ({ name, place, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${place}`,
  );
  bench.keepProfile(name, lines.join('\n'));
  return result;
}

const countSchema = z.object({ count: z.int() });

/** Counts the sessions in a SQLite store that was filled without any. */
export function countSessions(databaseUrl: string): number {
  const database = new DatabaseSync(databaseUrl.replace(/^file:/, ''), { readOnly: true });
  try {
    const row = database.prepare('select count(*) as count from sessions').get();
    return countSchema.parse(row).count;
  } finally {
    database.close();
  }
}
