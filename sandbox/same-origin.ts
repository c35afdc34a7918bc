import type { MiddlewareHandler } from 'hono';

/** Refuses requests from pages of other origins with 403: the control surface has no key. */
export const sameOriginOnly: MiddlewareHandler = async (c, next) => {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isOtherSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const isOtherOrigin = origin !== undefined && origin !== new URL(c.req.url).origin;
  if (isOtherSite || isOtherOrigin) {
    return c.json({ error: "another origin's page may not control the sandbox" }, 403);
  }
  return await next();
};
