import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Of what a process prints, in characters: more than any test looks at. */
const OUTPUT_MAX_LENGTH = 10_000_000;

export interface RunningProcess {
  pid: number;
  /** What it has printed, standard output and error in the order they came. */
  output(): string;
  /** Ends it as a host would, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves with its exit code once it has ended by itself or otherwise. */
  exited: Promise<number | null>;
}

/**
 * Starts `node`, or another command, with `args` and waits until a line it prints matches `ready`.
 *
 * @throws with everything it printed, when it ends before that.
 */
export async function startProcess(options: {
  command?: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  ready: RegExp;
  /** Called with each piece of output, as it comes. */
  onOutput?: (text: string) => void;
  /** Whose process it is, where not ours; only root may say so. */
  user?: { uid: number; gid: number };
}): Promise<RunningProcess & { readyLine: string }> {
  const { command = process.execPath, user = {} } = options;
  const child = spawn(command, [...options.args], {
    ...user,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = once(child, 'exit').then(() => child.exitCode);

  const readyLine = await new Promise<string>((resolve, reject) => {
    let isReady = false;
    const take = (chunk: Buffer) => {
      output = (output + chunk).slice(-OUTPUT_MAX_LENGTH);
      options.onOutput?.(chunk.toString());
      if (!isReady) {
        const line = output.split('\n').find((text) => options.ready.test(text));
        if (line !== undefined) {
          isReady = true;
          resolve(line);
        }
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', () => reject(new Error(`${options.args.join(' ')} ended:\n${output}`)));
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error('a process that runs has no id');
  }

  return {
    pid,
    readyLine,
    exited,
    output: () => output,
    stop: async (signal = 'SIGTERM') => {
      if (isRunning(child)) {
        child.kill(signal);
        await exited;
      }
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** A port nobody listens on: `preferred` if it is free, any other if not. */
export async function findFreePort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    server.listen(preferred);
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : preferred;
  } catch {
    return await findFreePort();
  } finally {
    server.close();
  }
}
