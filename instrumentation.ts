import type { Instrumentation } from 'next';

/** Called by Next once per server process, before its first request. The Node host has booted before. */
export async function register(): Promise<void> {
  // Next replaces this with a constant and drops the branch where it does not apply.
  // biome-ignore lint/style/noProcessEnv: the bundler's own constant, not configuration.
  if (process.env.NEXT_RUNTIME === 'nodejs' && globalThis.callLoginServices === undefined) {
    const { bootInNext } = await import('./app/next-boot.ts');
    await bootInNext();
  }
}

/** Called by Next with whatever a page threw. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  // biome-ignore lint/style/noProcessEnv: the bundler's own constant, not configuration.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { reportPageError } = await import('./app/next-boot.ts');
    reportPageError(error, request, context.routePath);
  }
};
