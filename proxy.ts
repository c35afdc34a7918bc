import { type NextRequest, NextResponse } from 'next/server';

/**
 * Gives every page a Content Security Policy with a nonce of its own, which Next puts on its
 * scripts. It decides nothing else: who may see what is decided where the data is read.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

export const config = {
  // Everything but the API and files, which hold no scripts to run.
  matcher: '/((?!api/|_next/static|.*\\.svg$).*)',
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
