import { randomUUID } from 'node:crypto';
import type { Config } from '#lib/config/config.ts';
import { createPauthClient } from '#lib/pauth/client.ts';
import type { PauthError } from '#lib/pauth/errors.ts';
import { type Finding, ok, refuse, warn } from './finding.ts';

/** More than the resolution of a `Date` header, a slow answer and an ordinary drift together. */
const CLOCK_TOLERANCE_MS = 5_000;

const CALL = 'npm run doctor -- --call makes one real call and shows it.';

/**
 * Asks the vendor for a session that does not exist: the one request of its guide that creates nothing
 * (docs/vendor.md). Assumes that the vendor looks at the key before it looks for the session, so that any
 * answer but 401 and 403 means that it accepts the key.
 */
export async function checkVendor({ pauth, app }: Config): Promise<Finding> {
  const client = createPauthClient({ ...pauth, country: app.defaultCountry });
  const reply = await client.checkSession(randomUUID());
  const { host } = pauth.baseUrl;
  return reply.ok
    ? ok('vendor', `${host} accepts the key: it answered.`)
    : judgeRefusal(host, reply.error);
}

/** What a request that failed says about the vendor, and what to do. */
export function judgeRefusal(host: string, error: PauthError): Finding {
  switch (error.kind) {
    case 'refused':
      return judgeStatus(host, error.status);
    case 'timed_out':
      return refuse(
        'vendor',
        `${host} did not answer within ${error.timeoutMs} ms.`,
        'Ask the vendor whether it is up. If it is only slow, raise PAUTH_TIMEOUT_MS.',
      );
    case 'unreachable':
      return refuse(
        'vendor',
        `${host} cannot be reached: ${error.detail}.`,
        'Check PAUTH_BASE_URL, the name server, the firewall for outgoing requests and HTTPS_PROXY.',
      );
    case 'unexpected':
      return refuse(
        'vendor',
        `${host} answers, but not as the vendor's guide says: ${error.detail}.`,
        'Check that PAUTH_BASE_URL is the vendor: by default it is https://api.pauth.me.',
      );
    case 'not_sent':
      return refuse('vendor', `nothing was sent to ${host}.`, 'Run the doctor again.');
  }
}

function judgeStatus(host: string, status: number): Finding {
  if (status === 401 || status === 403) {
    return refuse(
      'vendor',
      `${host} refuses PAUTH_API_KEY with ${status}: nobody can log in.`,
      'Copy the key from your pAuth account again, and ask the vendor whether key and account are valid.',
    );
  }
  if (status === 404) {
    return ok(
      'vendor',
      `${host} accepts the key, if it looks at keys first: it answered 404 about a session that does not exist.`,
    );
  }
  return status >= 500
    ? refuse('vendor', `${host} answers ${status}.`, 'Ask the vendor whether it is up.')
    : warn(
        'vendor',
        `${host} does not refuse the key, but answers ${status} about a session that does not exist, where 404 is expected.`,
        `The vendor's guide does not say what that means. ${CALL}`,
      );
}

/** Compares the clock with the vendor's, by the `Date` of an answer that needs no key; null without one. */
export async function checkClock({ pauth }: Config): Promise<Finding | null> {
  const sentAt = Date.now();
  const date = await fetch(pauth.baseUrl, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.timeout(pauth.timeoutMs),
  }).then(
    ({ headers }) => Date.parse(headers.get('date') ?? ''),
    () => Number.NaN,
  );
  if (Number.isNaN(date)) {
    return null;
  }
  const offsetMs = Math.round((sentAt + Date.now()) / 2 - date);
  const seconds = Math.round(Math.abs(offsetMs) / 1_000);
  return Math.abs(offsetMs) > CLOCK_TOLERANCE_MS
    ? warn(
        'clock',
        `The clock is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the vendor's.`,
        'Let NTP set the clock of this machine: attempts and sessions end by it.',
      )
    : ok('clock', "The clock agrees with the vendor's.");
}
