export * from '#app/next-host.ts';
