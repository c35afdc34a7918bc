import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** How much of a process's output is kept, in UTF-16 code units; more than any test reads. */
const OUTPUT_MAX_LENGTH = 10_000_000;

export interface RunningProcess {
  pid: number;
  /** Its standard output and error so far, in order of arrival. */
  output(): string;
  /** Sends a signal, SIGTERM by default, and waits until the process has exited. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves with its exit code once it has exited, null if a signal ended it. */
  exited: Promise<number | null>;
}

/**
 * Starts `node`, or another command, with `args` and waits until a line of its output matches
 * `ready`.
 *
 * @throws with its output, if it exits before that.
 */
export async function startProcess(options: {
  command?: string;
  args: readonly string[];
  /** Its working directory, where it is not ours. */
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  ready: RegExp;
  /** Called with each chunk of output. */
  onOutput?: (text: string) => void;
  /** Runs the process as another user; only root may. */
  user?: { uid: number; gid: number };
  /** Makes it the leader of a process group of its own, to which its children belong. */
  isGroupLeader?: boolean;
}): Promise<RunningProcess & { readyLine: string }> {
  const { command = process.execPath, user = {} } = options;
  const child = spawn(command, [...options.args], {
    ...user,
    detached: options.isGroupLeader === true,
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = once(child, 'exit').then(() => child.exitCode);

  const readyLine = await new Promise<string>((resolve, reject) => {
    let isReady = false;
    const onChunk = (chunk: Buffer) => {
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
    child.stdout.on('data', onChunk);
    child.stderr.on('data', onChunk);
    child.once('error', reject);
    child.once('close', (code) => {
      const started = [command, ...options.args].join(' ');
      const how = `exited with code ${code} before it printed ${options.ready}`;
      reject(new Error(`"${started}" ${how}:\n${output}`));
    });
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error('the started process has no process id');
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

/**
 * A free TCP port: `preferred` if nothing listens on it, otherwise one that the system picks.
 *
 * A connection that the server ended stays in TIME_WAIT on it for a minute: the system then picks the port for
 * nobody else, while a server that names it can listen on it.
 */
export async function findFreePort(preferred = 0): Promise<number> {
  const server = createServer((socket) => socket.end());
  try {
    server.listen(preferred);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : preferred;
    await once(connect(port).resume(), 'close');
    return port;
  } catch {
    return await findFreePort();
  } finally {
    server.close();
  }
}
