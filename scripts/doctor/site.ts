import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import ipaddr from 'ipaddr.js';
import type { Config } from '#lib/config/config.ts';
import { createCookies } from '#lib/cookies/cookies.ts';
import { createToken } from '#lib/crypto/token.ts';
import { type Finding, ok, reasonOf, refuse, warn } from './finding.ts';
import { checkProxy } from './proxy.ts';

const TIMEOUT_MS = 5_000;

/** Renewals that work happen a month before the end. */
const CERTIFICATE_DAYS_LEFT = 14;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Errors before TLS begins: the findings about the origin say more about them. */
const connectionErrors: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** Looks at the site from outside: its certificate, its address, its callback address, what is in front. */
export async function checkSite(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  const { origin } = config.app;
  const certificate = origin.protocol === 'https:' ? await checkCertificate(origin) : null;
  if (certificate?.level === 'fail') {
    return [certificate, checkProxy(config.app.trustedProxy, environment, null)];
  }
  const health = await ask(new URL('/api/health/live', origin), 'GET');
  return [
    ...(certificate === null ? [] : [certificate]),
    judgeOrigin(origin, health),
    ...(health instanceof Response ? [await checkCallback(config)] : []),
    checkProxy(
      config.app.trustedProxy,
      environment,
      health instanceof Response ? health.headers : null,
    ),
  ];
}

/** @returns null if no connection came about. */
async function checkCertificate(origin: URL): Promise<Finding | null> {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const peer = await new Promise<{ validTo: string } | Error>((resolve) => {
    const socket = connect(
      {
        host,
        port: Number(origin.port || 443),
        servername: isIP(host) === 0 ? host : '',
        timeout: TIMEOUT_MS,
      },
      () => {
        resolve({ validTo: socket.getPeerCertificate().valid_to });
        socket.destroy();
      },
    );
    socket.on('error', resolve);
    socket.on('timeout', () => socket.destroy(new Error('no answer within 5 s')));
  });
  if (peer instanceof Error) {
    return 'code' in peer && connectionErrors.has(peer.code)
      ? null
      : refuse(
          'certificate',
          `TLS to ${origin.host} fails: ${reasonOf(peer)}.`,
          `Install a certificate for ${host} that browsers trust, with its intermediate certificates.`,
        );
  }
  return judgeValidity(new Date(peer.validTo), new Date());
}

/** @param validTo of a certificate that is valid now */
export function judgeValidity(validTo: Date, now: Date): Finding {
  const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MS);
  const until = validTo.toISOString().slice(0, 10);
  return days < CERTIFICATE_DAYS_LEFT
    ? warn(
        'certificate',
        `The certificate is valid for ${days} more days, until ${until}.`,
        'Renew it, and find out why that did not happen by itself.',
      )
    : ok('certificate', `The certificate is trusted, and valid for ${days} days, until ${until}.`);
}

function judgeOrigin(origin: URL, answer: Response | Error): Finding {
  const name = `APP_ORIGIN (${origin.origin})`;
  if (answer instanceof Error) {
    return refuse(
      'origin',
      `${name} cannot be reached from this machine: ${reasonOf(answer)}.`,
      'Start the server, and check its name, the proxy in front and the firewall. Before the first start use --config-only.',
    );
  }
  const redirect = redirectOf(answer);
  if (redirect !== null) {
    return refuse(
      'origin',
      `${name} redirects to ${redirect}: a form that a page there sends is refused.`,
      `Set APP_ORIGIN to the address that people end up at.`,
    );
  }
  return answer.status === 200 && isOurs(answer)
    ? ok('origin', `${name} answers.`)
    : refuse(
        'origin',
        `${name} answers ${answer.status}, and not as this app: ${describeSender(answer)}.`,
        'Let the proxy pass all paths to the server, without a login or a bot check of its own, and with the header x-request-id.',
      );
}

/**
 * Sends a callback with an unknown token, which costs the server one query and nobody else anything. With it
 * goes a cookie of no session: an app that has another secret than this environment clears it.
 */
async function checkCallback({ app, pauth, attempt, session }: Config): Promise<Finding> {
  const url = new URL(`/api/auth/callback/${createToken()}`, app.origin);
  const openCookies = createCookies({
    isSecure: app.origin.protocol === 'https:',
    secrets: app.sessionSecrets,
    attemptTtlSeconds: attempt.ttlSeconds,
    sessionTtlSeconds: session.ttlSeconds,
  });
  const cookies = openCookies('', () => {});
  await cookies.session.write({ sessionToken: createToken() });
  const cookie = cookies.toSend().map((header) => header.split(';')[0]);
  const answer = await ask(url, 'POST', { cookie: cookie.join('; ') });
  const slower = 'Until then logins work, a second or two later.';
  const path = `${app.origin.origin}/api/auth/callback/…`;
  if (answer instanceof Error) {
    return warn(
      'callback',
      `A POST to ${path} gets no answer: ${reasonOf(answer)}.`,
      `Let the proxy pass POST requests to the server. ${slower}`,
    );
  }
  if (answer.status !== 204 || !isOurs(answer)) {
    const redirect = redirectOf(answer);
    return warn(
      'callback',
      `A POST to ${path} is answered with ${answer.status}${redirect === null ? '' : ` to ${redirect}`}, where 204 is expected: ${describeSender(answer)}.`,
      `Let the proxy pass this path to the server for everybody and any method, without a login or a bot check of its own. ${slower}`,
    );
  }
  if (answer.headers.getSetCookie().length > 0) {
    return refuse(
      'callback',
      `A POST to ${path} reaches an app with another SESSION_SECRET than this environment: another deployment, or one that was started before the secret changed.`,
      'Restart the server with this environment, or run the doctor in the environment that the server has.',
    );
  }
  const address = await lookup(url.hostname.replace(/^\[|\]$/g, '')).then(
    ({ address }) => address,
    () => null,
  );
  if (!pauth.isSandbox && address !== null && ipaddr.process(address).range() !== 'unicast') {
    return warn(
      'callback',
      `A POST to ${path} reaches the app from here, but ${address} is no address that the vendor can reach.`,
      `Give ${url.hostname} a public address, unless it has another name server inside your network. ${slower}`,
    );
  }
  return ok(
    'callback',
    `A POST to ${path} reaches this app from this machine. Whether the vendor does, only a call shows.`,
  );
}

async function ask(
  url: URL,
  method: 'GET' | 'POST',
  headers: Record<string, string> = {},
): Promise<Response | Error> {
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whether an answer carries the id of a request that the app gives each of its answers. */
function isOurs({ headers }: Response): boolean {
  return /^[0-9a-f]{16}$/.test(headers.get('x-request-id') ?? '');
}

function describeSender(answer: Response): string {
  const server = answer.headers.get('server');
  const from = server === null ? '' : `, from ${JSON.stringify(server.slice(0, 40))}`;
  return isOurs(answer) ? `it has x-request-id${from}` : `it has no x-request-id of ours${from}`;
}

/** Where an answer redirects to, without path and query; null if it does not. */
function redirectOf({ status, headers, url }: Response): string | null {
  const location = headers.get('location');
  return status >= 300 && status < 400 && location !== null && URL.canParse(location, url)
    ? new URL(location, url).origin
    : null;
}
