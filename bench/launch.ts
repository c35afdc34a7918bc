import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A running process whose output goes to a file. */
export interface Launched {
  pid: number;
  /** Everything it has printed. */
  output(): string;
  /** Ends it and waits until it has exited. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const RETRY_INTERVAL_MS = 5;

/**
 * Spawns a command and returns without waiting for it to be ready. Its output goes to a file, because
 * reading a pipe would take CPU from what is measured.
 */
export async function launch(options: {
  /** Default: `node`. */
  command?: string;
  args: readonly string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  logPath: string;
}): Promise<Launched> {
  const log = openSync(options.logPath, 'a');
  const child = spawn(options.command ?? process.execPath, [...options.args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await once(child, 'spawn');
  const end = () => void child.kill();
  process.once('exit', end);
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    output: () => readFileSync(options.logPath, 'utf8'),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill();
        await exited;
      }
      process.off('exit', end);
    },
  };
}

/** Waits for output that matches. @returns the match. @throws after a minute. */
export async function waitForOutput(launched: Launched, pattern: RegExp): Promise<string> {
  return await waitFor(launched, async () => pattern.exec(launched.output())?.[0] ?? null);
}

/** Waits until an address answers 200. @throws after a minute. */
export async function waitForAnswer(launched: Launched, url: string): Promise<void> {
  await waitFor(launched, async () => {
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      return response.status === 200 ? true : null;
    } catch {
      return null;
    }
  });
}

async function waitFor<T>(launched: Launched, attempt: () => Promise<T | null>): Promise<T> {
  const endAt = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endAt) {
    const result = await attempt();
    if (result !== null) {
      return result;
    }
    await delay(RETRY_INTERVAL_MS);
  }
  await launched.stop();
  throw new Error(`a process did not start:\n${launched.output()}`);
}
