/**
 * `npm start`: Next's own production server. Next honours PORT by itself; HOSTNAME is read here,
 * where it counts only if it was really handed down: some shells set one of their own.
 */
process.argv.push('start', '--hostname', process.env.HOSTNAME || '0.0.0.0');
await import('next/dist/bin/next');
