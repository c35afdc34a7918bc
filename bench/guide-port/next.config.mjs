/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  // TypeScript 7 is a command, not a library: let the build call it.
  experimental: { useTypeScriptCli: true },
};
