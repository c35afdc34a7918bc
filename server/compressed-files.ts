import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import Negotiator from 'negotiator';
import { fixedHeaders, type Target } from './web.ts';

const types = new Map([
  ['.js', 'application/javascript; charset=UTF-8'],
  ['.css', 'text/css; charset=UTF-8'],
]);

/** Sends a file, if there is one for this request. @returns whether there was. */
type SendCompressed = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: Target,
) => boolean;

/**
 * Reads the scripts and styles that the build has compressed with Brotli (`rolldown.config.ts`): a seventh smaller than as
 * Next sends them, which compresses them with gzip for each visitor anew. Their names change with their content.
 */
export function readCompressedFiles(): SendCompressed {
  const folder = fileURLToPath(new URL('static/', import.meta.url));
  const files = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.br'))
      .map((path) => [
        `/_next/static/${path.slice(0, -'.br'.length)}`,
        readFileSync(`${folder}${path}`),
      ]),
  );
  return ({ headers }, outgoing, { pathname }) => {
    const body = files.get(pathname);
    if (body === undefined || !new Negotiator({ headers }).encodings(['br']).includes('br')) {
      return false;
    }
    const sent = {
      ...fixedHeaders,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
      'content-encoding': 'br',
      'content-type': types.get(pathname.slice(pathname.lastIndexOf('.'))) ?? '',
      'content-length': body.length,
    };
    outgoing.writeHead(200, sent).end(body);
    return true;
  };
}
