import type { Context, Next } from 'hono';

/** Refuses a browser's request from another origin's page: the control surface has no key. */
export async function sameOriginOnly(c: Context, next: Next): Promise<Response | undefined> {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const fromAnotherSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const fromAnotherOrigin = origin !== undefined && origin !== new URL(c.req.url).origin;
  if (fromAnotherSite || fromAnotherOrigin) {
    return c.json({ error: "another origin's page may not control the sandbox" }, 403);
  }
  await next();
  return undefined;
}
