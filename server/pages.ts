import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import next from 'next';
import { actionPages } from '#app/action-pages.ts';
import { REQUEST_ID_HEADER } from '#lib/http/request-context.ts';
import { readCompressedFiles } from './compressed-files.ts';
import { guardNext } from './next-guard.ts';
import { sendStatus, type Target } from './web.ts';

interface PageRequest {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  target: Target;
  id: string;
}

/** Answers with what Next has built: pages, their scripts, and files. */
export type AnswerPage = (request: PageRequest) => Promise<void>;

/** Loads the production build. */
export async function preparePages(): Promise<AnswerPage> {
  // Next hooks its web sockets, which only development needs, to a server that never listens.
  const app = next({ dev: false, quiet: true, httpServer: createServer() });
  await app.prepare();
  const handle = app.getRequestHandler();
  const sendCompressed = readCompressedFiles();
  return async ({ incoming, outgoing, target, id }) => {
    const { method } = incoming;
    const isAction = method === 'POST' && actionPages.has(target.pathname);
    if (method !== 'GET' && method !== 'HEAD' && !isAction) {
      // Next would wait for a body that no page takes, and answers a POST to some files with 500.
      sendStatus(outgoing, 405, { allow: 'GET, HEAD' });
      return;
    }
    if (sendCompressed(incoming, outgoing, target)) {
      return;
    }
    incoming.url = target.pathname + target.search;
    guardNext(incoming.headers);
    incoming.headers[REQUEST_ID_HEADER] = id;
    await handle(incoming, outgoing);
  };
}
