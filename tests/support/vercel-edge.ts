import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import { extname, join } from 'node:path';
import * as z from 'zod';

/** What the output of `vercel build` says of a request: https://vercel.com/docs/build-output-api/configuration */
const routeSchema = z.object({
  handle: z.optional(z.string()),
  src: z.optional(z.string()),
  dest: z.optional(z.string()),
  status: z.optional(z.number()),
  headers: z.optional(z.record(z.string(), z.string())),
  has: z.optional(z.array(z.object({ key: z.string(), value: z.optional(z.string()) }))),
  middlewarePath: z.optional(z.string()),
});

type Route = z.infer<typeof routeSchema>;

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'application/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** What goes to a function, and what comes back. */
interface Sent {
  method: string | undefined;
  path: string;
  headers: Record<string, string | string[] | undefined>;
}

export interface EdgeOptions {
  port: number;
  /** Where `vercel build` was run. */
  folder: string;
  /** Starts or chooses an instance of a function. */
  instanceOf(name: string): Promise<{ port: number; pid: number }>;
  /** The address of the client of a request; the one that test visitors put into X-Forwarded-For by default. */
  clientOf?(request: IncomingMessage): string;
}

/**
 * What stands in front of the functions: serves files, and sends every other request through the proxy's function
 * to that of a page or route, as the output of `vercel build` says. Tells functions the address of the client
 * as Vercel does, whatever the client says of it.
 */
export async function startEdge(options: EdgeOptions): Promise<{ close(): void }> {
  const { port, folder, instanceOf } = options;
  const output = join(folder, '.vercel/output');
  const clientOf =
    options.clientOf ?? (({ headers }) => String(headers['x-forwarded-for'] ?? '127.0.0.1'));
  const config = z
    .object({ routes: z.array(routeSchema) })
    .parse(JSON.parse(await readFile(join(output, 'config.json'), 'utf8')));
  const startOf = (handle: string) => config.routes.findIndex((route) => route.handle === handle);
  const first = config.routes.slice(0, startOf('filesystem'));
  const rewrites = config.routes.slice(startOf('rewrite') + 1, startOf('hit'));

  const read = async (file: string) =>
    await readFile(join(output, 'static', file)).catch(() => null);
  const isFunction = async (name: string) =>
    await readFile(join(output, `functions/${name}.func/.vc-config.json`)).then(
      () => true,
      () => false,
    );

  /** Sends a request to a function, with its body; the client's leaving ends it. */
  async function call(
    name: string,
    sent: Sent,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) {
    const { port, pid } = await instanceOf(name);
    // An instance that is suspended goes on when a request comes.
    const resume = () => {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It has been killed.
      }
    };
    resume();
    const resuming = setInterval(resume, 20);
    const inner = send({ port, agent: false, ...sent });
    outgoing.once('close', () => outgoing.writableFinished || inner.destroy());
    incoming.pipe(inner);
    return await new Promise<IncomingMessage>((done, fail) => {
      inner.once('response', done);
      inner.once('error', fail);
    }).finally(() => clearInterval(resuming));
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://edge');
    const address = clientOf(incoming);
    const sent: Sent = {
      method: incoming.method,
      path: url.pathname + url.search,
      headers: {
        ...incoming.headers,
        'x-forwarded-for': address,
        'x-real-ip': address,
        'x-vercel-forwarded-for': address,
      },
    };
    const addHeaders = (headers: IncomingMessage) => {
      for (const [name, values = []] of Object.entries(headers.headersDistinct)) {
        if (name === 'set-cookie') {
          outgoing.appendHeader(name, values);
        } else if (!name.startsWith('x-middleware-') && !hopByHop.has(name)) {
          outgoing.setHeader(name, values);
        }
      }
    };
    const finish = (from: IncomingMessage, status = from.statusCode ?? 502) => {
      addHeaders(from);
      outgoing.writeHead(status);
      from.on('error', () => outgoing.destroy()).pipe(outgoing);
    };

    let pathname = url.pathname;
    for (const route of first) {
      const matched = match(route, pathname, incoming);
      if (matched === null) {
        continue;
      }
      if (route.middlewarePath !== undefined) {
        const decided = await call(route.middlewarePath.slice(1), sent, incoming, outgoing);
        if (decided.headers['x-middleware-next'] === undefined) {
          finish(decided);
          return;
        }
        addHeaders(decided);
        decided.resume();
        sent.headers = overridden(sent.headers, decided);
        continue;
      }
      for (const [name, value] of Object.entries(route.headers ?? {})) {
        outgoing.setHeader(name, expand(value, matched));
      }
      if (route.status === 308) {
        outgoing.writeHead(308).end();
        return;
      }
      pathname = route.dest === undefined ? pathname : expand(route.dest, matched);
    }

    const file = await read(pathname);
    if (file !== null) {
      const isRead = incoming.method === 'GET' || incoming.method === 'HEAD';
      outgoing.writeHead(isRead ? 200 : 405, {
        'content-type': mediaTypes[extname(pathname)] ?? 'application/octet-stream',
      });
      outgoing.end(isRead ? file : '');
      return;
    }
    let name = pathname.split('?')[0]?.slice(1) || 'index';
    for (const route of (await isFunction(name)) ? [] : rewrites) {
      const matched = match(route, pathname, incoming);
      const { pathname: found, searchParams } = new URL(
        matched === null ? '/' : expand(route.dest ?? '', matched),
        'http://edge',
      );
      if (matched !== null && (await isFunction(decodeURI(found).slice(1)))) {
        name = decodeURI(found).slice(1);
        for (const [key, value] of searchParams) {
          url.searchParams.set(key, value);
        }
        sent.path = url.pathname + url.search;
        break;
      }
    }
    const isFound = await isFunction(name);
    const called = isFound ? name : '_not-found';
    sent.headers['x-matched-path'] = called === 'index' ? '/' : `/${called}`;
    finish(await call(called, sent, incoming, outgoing), isFound ? undefined : 404);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { close: () => server.close().closeAllConnections() };
}

const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

function match(route: Route, pathname: string, { headers }: IncomingMessage) {
  const { src, has = [] } = route;
  const isMet = has.every(({ key, value = '.*' }) =>
    new RegExp(`^${value}$`).test(String(headers[key] ?? '')),
  );
  return src === undefined || !isMet ? null : new RegExp(`^${src}$`).exec(pathname);
}

/** Puts what was matched in the place of `$1` and `$name`. */
function expand(text: string, matched: RegExpExecArray): string {
  return text.replace(
    /\$(\w+)/g,
    (_, key: string) => matched[Number(key)] ?? matched.groups?.[key] ?? '',
  );
}

/** The headers of a request as the proxy's function has set them. */
function overridden(headers: Sent['headers'], { headers: decided }: IncomingMessage) {
  const names = String(decided['x-middleware-override-headers'] ?? '').split(',');
  return names[0] === ''
    ? headers
    : Object.fromEntries(names.map((name) => [name, decided[`x-middleware-request-${name}`]]));
}
