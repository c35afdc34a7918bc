import 'server-only';
import { randomUUID } from 'node:crypto';
import type { RequestCookies } from '../cookies/cookies.ts';
import type { LoginDependencies } from '../login/dependencies.ts';
import type { Log } from '../observe/log.ts';
import type { PasskeyDependencies } from '../passkeys/dependencies.ts';
import type { Services } from '../services.ts';
import type { SessionDependencies } from '../sessions/open.ts';
import type { Language } from '../shared/language.ts';
import { Client } from './client.ts';
import { languageOf } from './language.ts';
import type { HeaderReader } from './route-request.ts';

/** One request, as handlers and pages see it. */
export interface RequestContext {
  services: Services;
  /** Random, chosen by us: in each log line of the request and in its answer. */
  id: string;
  /** Logs with the request's id; so do `login` and `sessions`. */
  log: Log;
  language: Language;
  cookies: RequestCookies;
  client: Client;
  login: LoginDependencies;
  sessions: SessionDependencies;
  /** Null where passkeys are switched off. */
  passkeys: PasskeyDependencies | null;
}

/** Short enough to be read out on the phone, random enough never to repeat. */
export function createRequestId(): string {
  // Node pre-generates UUIDs; the second half has 62 random bits.
  return randomUUID().slice('xxxxxxxx-xxxx-4xxx-'.length).replace('-', '');
}

/** Set by the Node host on each request that it hands to Next, whatever the client sent. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** Set by `proxy.ts` on the request of each page, whatever the client sent: its path and query. */
export const PAGE_PATH_HEADER = 'x-page-path';

/** The id of a request that Next handles: the Node host's, or a new one where Next is the host. */
export function requestIdOf({ isNodeHost }: Services, headers: HeaderReader): string {
  return (isNodeHost ? headers.get(REQUEST_ID_HEADER) : null) ?? createRequestId();
}

/** The context of a request that Next handles, whose connection Next does not expose. */
export function createNextContext(
  services: Services,
  headers: HeaderReader,
  id = requestIdOf(services, headers),
): RequestContext {
  return createRequestContext(services, headers, { id, peerAddress: null });
}

/**
 * The context of one request.
 *
 * @param host.peerAddress the other end of the connection; null where the host does not know it.
 */
export function createRequestContext(
  services: Services,
  headers: HeaderReader,
  { id, peerAddress }: { id: string; peerAddress: string | null },
): RequestContext {
  const log = services.log.child({ request: id });
  return {
    services,
    id,
    log,
    language: languageOf(headers),
    cookies: services.openCookies(headers.get('cookie') ?? '', (cookie) => {
      services.throttledLog(log, 'warn', {
        kind: `unreadable ${cookie}`,
        entry: { event: 'cookie_unreadable', cookie },
        message: 'a cookie could not be unsealed',
      });
    }),
    client: new Client(headers, services.config.app.trustedProxy, peerAddress),
    login: { ...services.login, log },
    sessions: { ...services.sessions, log },
    passkeys: services.passkeys && { ...services.passkeys, log },
  };
}
