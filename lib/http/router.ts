import 'server-only';
import type { Route } from './route.ts';

/** A route that was found for a path, with the values of the `[names]` in its pattern. */
export interface RouteMatch {
  route: Route;
  params: Readonly<Record<string, string>>;
}

/**
 * Finds routes by path.
 *
 * @returns a function that looks up a pathname as it was sent, without decoding it; one slash at its end is
 * ignored, since the vendor may add one to a callback's address.
 */
export function createRouter(routes: readonly Route[]): (pathname: string) => RouteMatch | null {
  const isPattern = ({ path }: Route) => path.includes('[');
  const fixed = new Map<string, RouteMatch>(
    routes.filter((route) => !isPattern(route)).map((route) => [route.path, { route, params: {} }]),
  );
  const patterns = routes.filter(isPattern).map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace(/\[(\w+)\]/g, '(?<$1>[^/]+)')}$`),
  }));
  return (sent) => {
    const pathname = sent.length > 1 && sent.endsWith('/') ? sent.slice(0, -1) : sent;
    const match = fixed.get(pathname);
    if (match !== undefined) {
      return match;
    }
    for (const { route: candidate, pattern } of patterns) {
      const found = pattern.exec(pathname);
      if (found !== null) {
        return { route: candidate, params: { ...found.groups } };
      }
    }
    return null;
  };
}
