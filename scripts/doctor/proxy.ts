import { platformHeaders, platformProxies, type TrustedProxy } from '#lib/limits/client-address.ts';
import { type Finding, ok, refuse, warn } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A sign of a proxy in front of the server, and the TRUSTED_PROXY that it speaks for. */
interface Sign {
  name: string;
  trusts: string;
  /** False where the proxy may not be one that passes addresses on. */
  isCertain: boolean;
}

/** Headers that platforms add to answers, by the name under which each can be trusted. */
const answerHeaders = { cloudflare: 'cf-ray', fly: 'fly-request-id', vercel: 'x-vercel-id' };

/** Variables of platforms that put one proxy in front, and are not trusted by default. */
const otherVariables = ['DYNO', 'RENDER', 'RAILWAY_ENVIRONMENT_NAME', 'WEBSITE_SITE_NAME'];

const MEANING =
  'With a wrong one all people share the limits of one network, or anybody can choose theirs.';

/**
 * Compares TRUSTED_PROXY with what seems to be in front of the server.
 *
 * @param headers of an answer that came from outside; null without one.
 */
export function checkProxy(
  trusted: TrustedProxy,
  environment: Environment,
  headers: Pick<Headers, 'get'> | null,
): Finding {
  const value =
    'hops' in trusted
      ? String(trusted.hops)
      : [...platformHeaders].find(([, header]) => header === trusted.header)?.[0];
  const setting = `TRUSTED_PROXY is ${value}`;
  const [sign] = findSigns(environment, headers);
  if (sign !== undefined && value === '0') {
    const message = `${setting}, but ${sign.name} says that a proxy is in front: all people share the limits of one network.`;
    return sign.isCertain
      ? refuse('proxy', message, `Set TRUSTED_PROXY=${sign.trusts}.`)
      : warn(
          'proxy',
          message,
          `Set TRUSTED_PROXY to the number of proxies that append to X-Forwarded-For, usually ${sign.trusts}.`,
        );
  }
  if (sign?.isCertain && sign.trusts !== value) {
    return warn(
      'proxy',
      `${setting}, but ${sign.name} speaks for ${sign.trusts}.`,
      `Set TRUSTED_PROXY=${sign.trusts}, unless another proxy stands between. ${MEANING}`,
    );
  }
  if ('header' in trusted && headers !== null && !sign?.isCertain) {
    return warn(
      'proxy',
      `${setting}, but the answer from APP_ORIGIN did not come through ${value}.`,
      `Let the server be reached through ${value} alone, or correct TRUSTED_PROXY: whoever reaches it directly can choose their address.`,
    );
  }
  return ok(
    'proxy',
    sign === undefined ? `${setting}. ${MEANING}` : `${setting}, and ${sign.name} agrees.`,
  );
}

/** The signs of proxies, those that are certain first. */
function findSigns(environment: Environment, headers: Pick<Headers, 'get'> | null): Sign[] {
  const variables = [...platformProxies].filter(([variable]) => environment[variable]);
  const added = Object.entries(answerHeaders).filter(([, header]) => headers?.get(header));
  const guesses = [
    ...otherVariables.filter((variable) => environment[variable]),
    ...['via', 'server'].filter((header) => headers?.get(header)),
  ];
  return [
    ...added.map(([trusts, name]) => ({ name, trusts, isCertain: true })),
    ...variables.map(([name, trusts]) => ({ name, trusts, isCertain: true })),
    ...guesses.map((name) => ({ name, trusts: '1', isCertain: false })),
  ];
}
