/**
 * One instance of a function that Vercel's builder has made: `node vercel-function-main.ts <launcher>`. With
 * `SUSPENDS=1` it stops itself (SIGSTOP) whenever it has nothing to do, as Vercel does with it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { getRequestListener } from '@hono/node-server';
import * as z from 'zod';

/** Of a page or route, and of the proxy. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
type WebHandler = (request: Request) => Promise<Response>;

const isHandler = (value: unknown): value is Handler & WebHandler => typeof value === 'function';

const launcher = z.string().parse(process.argv[2]);

/** Requests that are not answered, and what goes on after answers. */
let busy = 0;

function work<Outcome>(task: Promise<Outcome>): Promise<Outcome> {
  busy += 1;
  return task.finally(() => {
    busy -= 1;
    suspendIfIdle();
  });
}

function suspendIfIdle(): void {
  if (busy === 0 && process.env.SUSPENDS === '1') {
    process.kill(process.pid, 'SIGSTOP');
  }
}

// How Vercel's runtime is told what goes on after an answer.
Object.assign(globalThis, {
  [Symbol.for('@vercel/request-context')]: {
    get: () => ({ waitUntil: (task: Promise<unknown>) => void work(task.catch(() => {})) }),
  },
});

const handler: unknown = createRequire(launcher)(launcher);
if (!isHandler(handler)) {
  throw new Error(`${launcher} exports no function`);
}
const listener: Handler =
  process.env.USES_WEB_API === '1'
    ? getRequestListener(handler, { overrideGlobalObjects: false })
    : handler;

const server = createServer((incoming, outgoing) => {
  const closed = new Promise((resolve) => outgoing.once('close', resolve));
  void work(Promise.all([listener(incoming, outgoing), closed])).catch(() => outgoing.destroy());
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  process.stdout.write('function ready\n');
  suspendIfIdle();
});
