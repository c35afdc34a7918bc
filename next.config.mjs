/** For every answer. The policy for scripts is made per request, in proxy.ts. */
const headers = [
  // Browsers take this over https alone. Subdomains are the deployer's to decide about.
  { key: 'strict-transport-security', value: 'max-age=31536000' },
  { key: 'x-content-type-options', value: 'nosniff' },
  { key: 'x-frame-options', value: 'DENY' },
  { key: 'referrer-policy', value: 'same-origin' },
  { key: 'cross-origin-opener-policy', value: 'same-origin' },
  { key: 'cross-origin-resource-policy', value: 'same-origin' },
  {
    key: 'permissions-policy',
    value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()',
  },
];

/** For answers that are never shown as a page. */
const noPage = [
  {
    key: 'content-security-policy',
    value: "default-src 'none'; frame-ancestors 'none'; sandbox",
  },
];

/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
  // Every page has its title from the first byte on: a screen reader says it before all else.
  htmlLimitedBots: /.*/,
  // No page has an image to optimise, and the optimiser has been a way in before.
  images: { unoptimized: true },
  // TypeScript 7 is a command, not a library: let the build call it.
  // The proxy would keep up to 10 MB of a body for pages that take none.
  experimental: { useTypeScriptCli: true, proxyClientMaxBodySize: 4096 },
  // Next's page for its own failures is for nobody to ask for: a cache would keep it for a year.
  rewrites: async () => ({
    beforeFiles: [{ source: '/_global-error:rest(.*)', destination: '/_not-found' }],
    afterFiles: [],
    fallback: [],
  }),
  headers: async () => [
    { source: '/:path*', headers },
    { source: '/api/:path*', headers: noPage },
    { source: '/login/:form(start|check|change|forget)', headers: noPage },
  ],
};
