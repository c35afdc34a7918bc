import { type NextRequest, NextResponse } from 'next/server';
import { actionPages } from './app/action-pages.ts';
import { createNextContext, PAGE_PATH_HEADER } from './lib/http/request-context.ts';
import { resealOld } from './lib/http/reseal.ts';
import { isSameOrigin } from './lib/http/same-origin.ts';
import { getServices } from './lib/services.ts';

/**
 * Gives every page a Content Security Policy with a nonce of its own, which Next puts on its scripts,
 * refuses what no page takes, and does with cookies what a page cannot: clears unreadable ones, and
 * re-seals those of an older secret. Access is not decided here but where the data is read.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce);
  const refusal = refusalOf(request);
  const response = refusal === null ? passOn(request, policy) : refuse(refusal);
  response.headers.set('content-security-policy', policy);
  const context = createNextContext(getServices(), request.headers);
  await context.cookies.clearUnreadable();
  await resealOld(context);
  for (const cookie of context.cookies.toSend()) {
    response.headers.append('set-cookie', cookie);
    // The answer may be a file of `public/`, which caches may keep otherwise.
    response.headers.set('cache-control', 'private, no-store');
  }
  return response;
}

export const config = {
  // Everything but the API, the forms of the login, and the build's files: see `noPage` in next.config.mjs.
  matcher: '/((?!api/|login/(?:start|check|change|forget)$|_next/static/).*)',
};

/** Pages are only read, except those with server actions, and only our own pages may call an action. */
function refusalOf(request: NextRequest): 403 | 405 | null {
  const { method, nextUrl } = request;
  if (method === 'GET' || method === 'HEAD') {
    return null;
  }
  if (method !== 'POST' || !actionPages.has(nextUrl.pathname)) {
    return 405;
  }
  return isSameOrigin(request, getServices().config.app.origin) ? null : 403;
}

function passOn(request: NextRequest, policy: string): NextResponse {
  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  headers.set(PAGE_PATH_HEADER, `${request.nextUrl.pathname}${request.nextUrl.search}`);
  return NextResponse.next({ request: { headers } });
}

function refuse(status: 403 | 405): NextResponse {
  const headers = {
    ...(status === 405 && { allow: 'GET, HEAD' }),
    'cache-control': 'no-store',
  };
  return new NextResponse(null, { status, headers });
}

function contentSecurityPolicy(nonce: string): string {
  // biome-ignore lint/style/noProcessEnv: the bundler's own constant; React's development build evaluates text.
  const evaluation = process.env.NODE_ENV === 'development' ? " 'unsafe-eval'" : '';
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${evaluation}`,
    `style-src 'self'${evaluation === '' ? '' : " 'unsafe-inline'"}`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
