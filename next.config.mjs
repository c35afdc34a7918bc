/**
 * `everywhere`: for every answer. The policy for scripts is made per request, in proxy.ts. Browsers take
 * the first over https alone; subdomains are the deployer's to decide about.
 *
 * `noPage`: for answers that are never shown as a page.
 */
import securityHeaders from './lib/http/security-headers.json' with { type: 'json' };

/** @param {Record<string, string>} headers */
const listed = (headers) => Object.entries(headers).map(([key, value]) => ({ key, value }));

/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
  // Every page has its title from the first byte on: a screen reader says it before all else.
  htmlLimitedBots: /.*/,
  // No page has an image to optimise, and the optimiser has been a way in before.
  images: { unoptimized: true },
  // SWR brings it for React 17; the React of today has what it adds.
  turbopack: { resolveAlias: { 'use-sync-external-store/shim': 'react' } },
  experimental: {
    // TypeScript 7 is a command, not a library: let the build call it.
    useTypeScriptCli: true,
    // The proxy would keep up to 10 MB of a body for pages that take none.
    proxyClientMaxBodySize: 4096,
    // Of the passkeys' library, who logs in needs half.
    optimizePackageImports: ['@simplewebauthn/browser'],
  },
  // Next's page for its own failures is for nobody to ask for: a cache would keep it for a year.
  rewrites: async () => ({
    beforeFiles: [{ source: '/_global-error:rest(.*)', destination: '/_not-found' }],
    afterFiles: [],
    fallback: [],
  }),
  headers: async () => [
    { source: '/:path*', headers: listed(securityHeaders.everywhere) },
    { source: '/(api|_next/static)/:path*', headers: listed(securityHeaders.noPage) },
    { source: '/login/:form(start|check|change|forget)', headers: listed(securityHeaders.noPage) },
  ],
};
