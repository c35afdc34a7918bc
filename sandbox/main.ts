import process from 'node:process';
import * as z from 'zod';
import { type Sandbox, startSandbox } from './server.ts';

const environmentSchema = z.object({
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  SANDBOX_API_KEY: z.string().default('sandbox-key'),
  SANDBOX_CALL_NUMBERS: z.enum(['distinct', 'shared']).default('distinct'),
  SANDBOX_MATCH: z.enum(['call_number', 'caller']).default('call_number'),
  SANDBOX_CALLBACKS: z.enum(['on', 'off']).default('on'),
  SANDBOX_TTL_SECONDS: z.coerce.number().int().positive().default(300),
});

// An empty variable counts as one that is not set, as in an `.env` file.
const environment = environmentSchema.safeParse(
  Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
);
if (!environment.success) {
  for (const issue of environment.error.issues) {
    console.error(`${issue.path.join('.')}: ${issue.message}`);
  }
  process.exit(1);
}

const settings = environment.data;
const { SANDBOX_HOST: host, SANDBOX_PORT: port } = settings;

async function start(): Promise<Sandbox> {
  try {
    return await startSandbox({
      host,
      port,
      apiKey: settings.SANDBOX_API_KEY,
      call_numbers: settings.SANDBOX_CALL_NUMBERS,
      match: settings.SANDBOX_MATCH,
      callbacks: settings.SANDBOX_CALLBACKS,
      ttlSeconds: settings.SANDBOX_TTL_SECONDS,
    });
  } catch (error) {
    const isPortTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    console.error(
      isPortTaken
        ? `Port ${port} on ${host} is taken: stop what runs there, or set SANDBOX_PORT.`
        : `The sandbox cannot listen on ${host}:${port}: ${error}`,
    );
    process.exit(1);
  }
}

const sandbox = await start();
console.log(`sandbox on ${sandbox.url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void sandbox.close().then(() => process.exit(0));
  });
}
