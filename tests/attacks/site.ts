import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Every address of the site with the methods it takes: the ground on which the attacks are run. */
export const routes: Readonly<Record<string, readonly string[]>> = {
  '/': ['GET', 'HEAD'],
  '/login': ['GET', 'HEAD'],
  '/account': ['GET', 'HEAD'],
  '/call/[handoff]': ['GET', 'HEAD'],
  '/login/start': ['POST'],
  '/login/check': ['POST'],
  '/login/change': ['POST'],
  '/login/forget': ['POST'],
  '/api/auth/start': ['POST'],
  '/api/auth/number': ['POST'],
  '/api/auth/status': ['GET'],
  '/api/auth/callback/[token]': ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  '/api/auth/cancel': ['POST'],
  '/api/auth/logout': ['POST'],
  '/api/auth/session': ['GET', 'HEAD'],
  '/api/auth/sessions': ['DELETE'],
  '/api/auth/sessions/[id]': ['DELETE'],
  '/api/auth/sessions/seen': ['POST'],
  '/api/language': ['POST'],
  '/api/health': ['GET', 'HEAD'],
  '/api/health/live': ['GET', 'HEAD'],
};

/** The addresses that `app/` makes. */
export function routesOfApp(): string[] {
  return readdirSync('app', { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)(page\.tsx|route\.ts)$/.test(file))
    .map((file) => (dirname(file) === '.' ? '/' : `/${dirname(file)}`))
    .sort();
}

/** An address that can be asked for, where a route stands for many. */
export function addressOf(route: string): string {
  return route
    .replace('[token]', 'a'.repeat(43))
    .replace('[handoff]', 'b'.repeat(43))
    .replace('[id]', 'somebody');
}

/** The routes that show a person something of theirs, or change it. */
export const personalRoutes = Object.keys(routes).filter(
  (route) => !['/api/auth/callback/[token]', '/api/health', '/api/health/live'].includes(route),
);
