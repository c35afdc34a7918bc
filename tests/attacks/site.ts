import { routes as apiRoutes } from '#app/api/routes.ts';

/** Every page; a test of the repository compares it with `app/`. */
export const pages: readonly string[] = ['/', '/login', '/account', '/call/[handoff]'];

/** Every address of the site with the methods it takes: the ground on which the attacks are run. */
export const routes: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(pages.map((page) => [page, ['GET', 'HEAD']])),
  ...Object.fromEntries(apiRoutes.map(({ path, methods }) => [path, methods])),
};

/** An address that can be asked for, where a route stands for many. */
export function addressOf(route: string): string {
  return route
    .replace('[token]', 'a'.repeat(43))
    .replace('[handoff]', 'b'.repeat(43))
    .replace('[id]', 'somebody');
}

const ownRoutes = apiRoutes.filter(
  ({ access }) => access === 'same-origin' || access === 'session',
);

/** The routes that show a person something of theirs, or change it. */
export const personalRoutes: readonly string[] = [...pages, ...ownRoutes.map(({ path }) => path)];

/** Everything that changes something for the person whose browser it is. */
export const writes: readonly { method: string; route: string }[] = ownRoutes.flatMap(
  ({ path, methods }) =>
    methods
      .filter((method) => method !== 'GET' && method !== 'HEAD')
      .map((method) => ({ method, route: path })),
);
