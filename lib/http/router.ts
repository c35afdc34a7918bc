import 'server-only';
import type { Route } from './route.ts';

/** A route that was found for a path, with the values of the `[names]` in its pattern. */
export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

/**
 * Finds routes by path.
 *
 * @returns a function that looks up a pathname as it was sent, without decoding it; one slash at its end is
 * ignored, since the vendor may add one to a callback's address.
 */
export function createRouter(routes: readonly Route[]): (pathname: string) => RouteMatch | null {
  const isPattern = ({ path }: Route) => path.includes('[');
  const fixed = new Map<string, Route>(
    routes.filter((route) => !isPattern(route)).map((route) => [route.path, route]),
  );
  const patterns = routes
    .filter(isPattern)
    .map((route) => ({ route, segments: route.path.split('/') }));
  return (sent) => {
    const pathname = sent.length > 1 && sent.endsWith('/') ? sent.slice(0, -1) : sent;
    const route = fixed.get(pathname);
    if (route !== undefined) {
      return { route, params: {} };
    }
    const parts = pathname.split('/');
    for (const { route: candidate, segments } of patterns) {
      const params = matchSegments(segments, parts);
      if (params !== null) {
        return { route: candidate, params };
      }
    }
    return null;
  };
}

function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
): Record<string, string> | null {
  if (segments.length !== parts.length) {
    return null;
  }
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    const [, name] = /^\[(\w+)\]$/.exec(segment) ?? [];
    if (name !== undefined && part !== '') {
      params[name] = part;
    } else if (part !== segment) {
      return null;
    }
  }
  return params;
}
