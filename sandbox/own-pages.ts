import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';

/**
 * Refuses requests from pages of other origins with 403: the control surface has no key. A page whose host
 * name was made to point to this machine has the sandbox's origin, but no page of ours is opened by a name
 * other than localhost.
 */
export const ownPagesOnly: MiddlewareHandler = async (c, next) => {
  const { origin: ownOrigin, hostname } = new URL(c.req.url);
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isOtherSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const isOtherOrigin = origin !== undefined && origin !== ownOrigin;
  const isOwnName = hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (isOtherSite || isOtherOrigin) {
    return c.json({ error: "another origin's page may not control the sandbox" }, 403);
  }
  if (!isOwnName) {
    return c.json(
      { error: `open the sandbox by its IP address or as localhost, not ${hostname}` },
      403,
    );
  }
  return await next();
};
