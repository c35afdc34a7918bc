import { routes as apiRoutes } from '#app/api/routes.ts';

/** Every page; `tests/repository/routes.test.ts` compares it with `app/`. */
export const pages: readonly string[] = ['/', '/login', '/account', '/passkey', '/call/[handoff]'];

/** Every route of the site with the methods it accepts. */
export const routes: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(pages.map((page) => [page, ['GET', 'HEAD']])),
  ...Object.fromEntries(apiRoutes.map(({ path, methods }) => [path, methods])),
};

/** A path that can be requested, with the parameters of the route filled in. */
export function addressOf(route: string): string {
  return route
    .replace('[token]', 'a'.repeat(43))
    .replace('[handoff]', 'b'.repeat(43))
    .replace('[id]', 'somebody');
}

const ownRoutes = apiRoutes.filter(
  ({ access }) => access === 'same-origin' || access === 'session',
);

/** The routes that show or change personal data. */
export const personalRoutes: readonly string[] = [...pages, ...ownRoutes.map(({ path }) => path)];

/** The requests that change something for the browser's user. */
export const writes: readonly { method: string; route: string }[] = ownRoutes.flatMap(
  ({ path, methods }) =>
    methods
      .filter((method) => method !== 'GET' && method !== 'HEAD')
      .map((method) => ({ method, route: path })),
);
