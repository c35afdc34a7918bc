import { type NextRequest, NextResponse } from 'next/server';

/**
 * Gives every page a Content Security Policy with a nonce of its own, which Next puts on its
 * scripts, and turns away addresses that are none. It decides nothing else: who may see what is
 * decided where the data is read.
 */
export function proxy(request: NextRequest): NextResponse {
  if (!isDecodable(request.nextUrl.pathname)) {
    return new NextResponse(null, { status: 400 });
  }
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

export const config = {
  // Everything but files and the API, which hold no scripts to run; and of the API the routes with a
  // part that Next decodes, since it answers 500 where it cannot.
  matcher: [
    '/((?!api/|_next/static|.*\\.svg$).*)',
    '/api/auth/callback/:token',
    '/api/auth/sessions/:id',
  ],
};

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

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
