import { platformHeaders, type TrustedProxy } from '#lib/limits/client-address.ts';
import { type Finding, ok, refuse, warn } from './finding.ts';

/** How platforms that can be trusted by name are recognized: by a variable, and by a header of answers. */
const platforms: readonly { name: string; variable?: string; header: string }[] = [
  { name: 'vercel', variable: 'VERCEL', header: 'x-vercel-id' },
  { name: 'fly', variable: 'FLY_APP_NAME', header: 'fly-request-id' },
  { name: 'cloudflare', header: 'cf-ray' },
];

/** Platforms that put one proxy in front, which appends to X-Forwarded-For, by a variable of each. */
const otherPlatforms = [
  'DYNO',
  'RENDER',
  'RAILWAY_ENVIRONMENT_NAME',
  'K_SERVICE',
  'WEBSITE_SITE_NAME',
];

const MEANING =
  'With a wrong one all people share the limits of one network, or anybody can choose theirs.';

/**
 * Compares TRUSTED_PROXY with what seems to be in front of the server.
 *
 * @param headers of an answer that came from outside; null without one.
 */
export function checkProxy(
  trusted: TrustedProxy,
  environment: Readonly<Record<string, string | undefined>>,
  headers: Pick<Headers, 'get'> | null,
): Finding {
  const value =
    'hops' in trusted
      ? String(trusted.hops)
      : [...platformHeaders].find(([, header]) => header === trusted.header)?.[0];
  const seen = platforms.find(
    ({ variable, header }) =>
      (variable !== undefined && environment[variable]) || headers?.get(header),
  );
  const setting = `TRUSTED_PROXY is ${value}`;
  if (seen !== undefined && seen.name !== value) {
    return value === '0'
      ? refuse(
          'proxy',
          `${setting}, but ${seen.name} is in front: all people share the limits of one network.`,
          `Set TRUSTED_PROXY=${seen.name}.`,
        )
      : warn(
          'proxy',
          `${setting}, but ${seen.name} is in front.`,
          `Set TRUSTED_PROXY=${seen.name}, unless another proxy between passes its addresses on. ${MEANING}`,
        );
  }
  if ('header' in trusted && seen === undefined && headers !== null) {
    return warn(
      'proxy',
      `${setting}, but the answer from APP_ORIGIN did not come through ${value}.`,
      `Let the server be reached through ${value} alone, or correct TRUSTED_PROXY: whoever reaches it directly can choose their address.`,
    );
  }
  const other =
    otherPlatforms.find((name) => environment[name]) ??
    (['via', 'server'] as const).find((name) => headers?.get(name));
  if (value === '0' && other !== undefined) {
    return warn(
      'proxy',
      `${setting}, but ${other} says that a proxy is in front: all people would share the limits of one network.`,
      'Set TRUSTED_PROXY to the number of proxies that append to X-Forwarded-For: 1, if it is one.',
    );
  }
  return ok(
    'proxy',
    headers === null && seen === undefined
      ? `${setting}. ${MEANING}`
      : `${setting}, and nothing that was seen contradicts it.`,
  );
}
