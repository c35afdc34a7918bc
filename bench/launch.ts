import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process whose output goes to a file, as a host would keep it. */
export interface Launched {
  pid: number;
  /** Everything it has printed. */
  output(): string;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const LOOK_INTERVAL_MS = 5;

/**
 * Starts a command, without waiting for it to be of use. Its output goes to a file and not through
 * a pipe: whoever reads a pipe takes CPU from what is measured.
 */
export async function launch(options: {
  command?: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  logPath: string;
}): Promise<Launched> {
  const log = openSync(options.logPath, 'a');
  const child = spawn(options.command ?? process.execPath, [...options.args], {
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

/** The first part of the output that matches. @throws when none does in time. */
export async function waitForOutput(launched: Launched, pattern: RegExp): Promise<string> {
  const found = await waitFor(launched, async () => pattern.exec(launched.output())?.[0] ?? null);
  return found;
}

/** Waits until an address answers 200. @throws when it does not in time. */
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

async function waitFor<T>(launched: Launched, look: () => Promise<T | null>): Promise<T> {
  const endAt = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endAt) {
    const found = await look();
    if (found !== null) {
      return found;
    }
    await delay(LOOK_INTERVAL_MS);
  }
  await launched.stop();
  throw new Error(`a process did not start:\n${launched.output()}`);
}
