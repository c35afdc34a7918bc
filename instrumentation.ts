/** Called by Next once per server process, before its first request. */
export async function register(): Promise<void> {
  // Next replaces this with a constant and drops the branch where it does not apply.
  // biome-ignore lint/style/noProcessEnv: the bundler's own constant, not configuration.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { boot } = await import('./lib/boot.ts');
    await boot();
  }
}
