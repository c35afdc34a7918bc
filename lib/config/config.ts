import 'server-only';
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { platformProxies } from '../limits/client-address.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { StorePlace } from '../store/open.ts';
import { cleanValue } from './clean.ts';
import { isListenAddress, settings, variables } from './environment.ts';

/** The variables a process was started with. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with one variable, for the person who deploys. Never contains its value. */
export interface ConfigFault {
  variable: string;
  /** Reads on after the variable's name. */
  problem: string;
}

const configSchema = settings.transform(({ pauth, store, webhook, ...others }) => ({
  ...others,
  // A vendor on this machine is a sandbox, and the pages say so.
  pauth: { ...pauth, isSandbox: isLoopback(pauth.baseUrl) },
  store: placeOf(store),
  redisUrl: store.redisUrl,
  migrations: store.migrations,
  webhook: webhookOf(webhook),
}));

/** The configuration of a process, read from the environment once, at boot. */
export type Config = z.infer<typeof configSchema>;

/** What the commands for operators read; the other variables may be missing or wrong. */
const commandConfigSchema = z
  .object({
    app: settings.shape.app.pick({ defaultCountry: true }),
    store: settings.shape.store.omit({ redisUrl: true }),
    retention: settings.shape.retention.omit({ cronSecret: true }),
    webhook: settings.shape.webhook,
  })
  .transform(({ app, store, retention, webhook }) => ({
    ...app,
    retention,
    store: placeOf(store),
    migrations: store.migrations,
    webhook: webhookOf(webhook),
  }));

export type CommandConfig = z.infer<typeof commandConfigSchema>;

function webhookOf({ url, keys }: { url: URL | null; keys: Buffer[] | null }) {
  return url === null || keys === null ? null : { url, keys };
}

function placeOf({
  url: address,
  poolSize,
  ca,
  connectSeconds,
}: Omit<z.infer<typeof settings.shape.store>, 'redisUrl' | 'migrations'>): StorePlace {
  if (address.kind === 'sqlite') {
    return address;
  }
  const { url, network, asksForTls } = address;
  const usesTls = network !== 'socket' && (asksForTls ?? (ca !== null || network === 'public'));
  return {
    kind: 'postgres',
    url,
    poolSize,
    ...(usesTls ? { tls: { ca } } : {}),
    connectMs: connectSeconds * 1_000,
  };
}

/** Reads the configuration from an environment, or lists every fault in it. */
export function readConfig(given: Environment): Result<Config, ConfigFault[]> {
  const cleaned = clean(given);
  const config = read(configSchema, cleaned);
  const faults = [...(config.ok ? [] : config.error), ...crossCheck(cleaned.environment)];
  return faults.length > 0 ? fail(faults) : config;
}

/** Reads what `npm run users`, `prune`, `migrate` and the like need, or lists the faults in it. */
export function readCommandConfig(given: Environment) {
  const cleaned = clean(given);
  const faults = crossCheck(cleaned.environment);
  const ofDatabase = faults.filter(({ variable }) => variable === 'DATABASE_URL');
  return ofDatabase.length > 0 ? fail(ofDatabase) : read(commandConfigSchema, cleaned);
}

/** Whether the environment names a proxy for requests to the vendor that Node was not told to use. */
export function ignoresProxy(environment: Environment = process.env): boolean {
  const { HTTPS_PROXY, https_proxy, NODE_USE_ENV_PROXY, NODE_OPTIONS = '' } = environment;
  const isUsed = NODE_USE_ENV_PROXY === '1' || NODE_OPTIONS.includes('--use-env-proxy');
  return (HTTPS_PROXY ?? https_proxy ?? '') !== '' && !isUsed;
}

/** The platform this process runs on, if it says how it passes on addresses and `TRUSTED_PROXY` says nothing else. */
export function findPlatformProxy(environment: Environment = process.env) {
  const found = [...platformProxies].find(([variable]) => environment[variable]);
  if (found === undefined || environment.TRUSTED_PROXY) {
    return null;
  }
  const [variable, trustedProxy] = found;
  return { variable, trustedProxy };
}

/** Reads the configuration of this process. Throws an error whose message lists every fault. */
export function loadConfig(): Config {
  const config = readConfig(process.env);
  if (!config.ok) {
    throw new Error(describeFaults(config.error));
  }
  return config.value;
}

/** A message for the terminal: a heading, then one line per fault. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  const lines = faults.map(({ variable, problem }) => `  ${variable} ${problem}`);
  return ['call-login cannot start. Correct these environment variables:', ...lines].join('\n');
}

/** An environment whose values are what was meant. */
interface Cleaned {
  environment: Environment;
  /** What is wrong with the variables that are left out of it, by name. */
  unclear: ReadonlyMap<string, string>;
}

function clean(given: Environment): Cleaned {
  const environment: Record<string, string | undefined> = { ...given };
  const unclear = new Map<string, string>();
  for (const { name } of variables) {
    const value = cleanValue(given[name] ?? '');
    // As in an `.env` file, an empty variable is not set.
    environment[name] = (value.ok && value.value) || undefined;
    if (!value.ok) {
      unclear.set(name, value.error);
    }
  }
  // Containers put their name into HOSTNAME, which is no address to listen on.
  const { HOSTNAME = '' } = given;
  environment.LISTEN_ADDRESS ??= isListenAddress(HOSTNAME) ? HOSTNAME : undefined;
  environment.TRUSTED_PROXY ??= findPlatformProxy(environment)?.trustedProxy;
  environment.APP_ORIGIN ??= originOnVercel(environment);
  // Each instance has a pool of its own, and there may be many.
  environment.DATABASE_POOL_SIZE ??= environment.VERCEL ? '5' : undefined;
  // Vercel sets it for production too, which it does not protect: there the vendor need not know it.
  if (environment.VERCEL_ENV === 'production') {
    environment.VERCEL_AUTOMATION_BYPASS_SECRET = undefined;
  }
  // A preview is built from any branch, and may have been given the database of production.
  environment.MIGRATIONS ??=
    environment.VERCEL && environment.VERCEL_ENV !== 'production' ? 'off' : undefined;
  return { environment, unclear };
}

/** The address of a deployment of Vercel, which tells hosts without a scheme; undefined anywhere else. */
function originOnVercel(environment: Environment): string | undefined {
  const { VERCEL_ENV, VERCEL_PROJECT_PRODUCTION_URL, VERCEL_BRANCH_URL, VERCEL_URL } = environment;
  const host =
    VERCEL_ENV === 'production' ? VERCEL_PROJECT_PRODUCTION_URL : VERCEL_BRANCH_URL || VERCEL_URL;
  return environment.VERCEL && host ? `https://${host}` : undefined;
}

function read<Value>(schema: z.ZodType<Value>, { environment, unclear }: Cleaned) {
  const input: Record<string, Record<string, unknown>> = {};
  for (const { group, key, name } of variables) {
    // No schema accepts `false`.
    input[group] = { ...input[group], [key]: unclear.has(name) ? false : environment[name] };
  }
  const parsed = schema.safeParse(input);
  return parsed.success
    ? succeed(parsed.data)
    : fail(parsed.error.issues.map((issue) => toFault(issue, unclear)));
}

function toFault({ path, message }: z.core.$ZodIssue, unclear: Cleaned['unclear']): ConfigFault {
  const found = variables.find(({ group, key }) => group === path[0] && key === path[1]);
  const variable = found?.name ?? path.join('.');
  return { variable, problem: unclear.get(variable) ?? message };
}

/** Hosts that keep no files between requests, by a variable that each of them sets. */
const serverlessMarkers = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE'];

/** Faults of several variables together, or of a variable on this host. */
function crossCheck(environment: Environment): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const refuse = (variable: string, problem: string) => faults.push({ variable, problem });
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    refuse('NODE_TLS_REJECT_UNAUTHORIZED', 'switches TLS verification off: remove it');
  }
  // Parsed apart from the rest, so that other faults do not hide those of several together.
  const { app, pauth, store } = settings.shape;
  const marker = serverlessMarkers.find((name) => environment[name]);
  const address = store.shape.url.safeParse(environment.DATABASE_URL).data;
  if (marker !== undefined && address?.kind === 'sqlite') {
    refuse(
      'DATABASE_URL',
      `is a file, and this host (${marker} is set) keeps no files: users and sessions would be lost`,
    );
  }
  const { WEBHOOK_URL, WEBHOOK_SECRET } = environment;
  if (WEBHOOK_URL && !WEBHOOK_SECRET) {
    refuse('WEBHOOK_SECRET', 'is required with WEBHOOK_URL: echo whsec_$(openssl rand -base64 32)');
  }
  if (WEBHOOK_SECRET && !WEBHOOK_URL) {
    refuse('WEBHOOK_URL', 'is required with WEBHOOK_SECRET, or remove that');
  }
  const webhookUrl = settings.shape.webhook.shape.url.safeParse(WEBHOOK_URL || null).data ?? null;
  if (webhookUrl !== null && !isLoopback(webhookUrl) && webhookUrl.protocol !== 'https:') {
    refuse('WEBHOOK_URL', 'must begin with https://');
  }
  if (address?.kind === 'postgres') {
    if (environment.DATABASE_CA !== undefined && address.asksForTls === false) {
      refuse('DATABASE_CA', 'is set, but DATABASE_URL switches TLS off: remove one of the two');
    }
    if (environment.PGSSLMODE && address.asksForTls === null) {
      refuse('PGSSLMODE', 'is not read: write ?sslmode=verify-full at the end of DATABASE_URL');
    }
  }
  const origin = app.shape.origin.safeParse(environment.APP_ORIGIN).data;
  const baseUrl = pauth.shape.baseUrl.safeParse(environment.PAUTH_BASE_URL).data;
  if (origin === undefined || baseUrl === undefined) {
    return faults;
  }
  if (!isLoopback(origin) && origin.protocol !== 'https:') {
    refuse('APP_ORIGIN', 'must begin with https://');
  }
  if (!isLoopback(baseUrl) && baseUrl.protocol !== 'https:') {
    refuse('PAUTH_BASE_URL', 'must begin with https://');
  }
  if (isLoopback(baseUrl) && !isLoopback(origin)) {
    refuse(
      'PAUTH_BASE_URL',
      'is this machine, but APP_ORIGIN is not: anyone who can reach a sandbox can log in as anyone',
    );
  }
  if (/[@?#]/.test(baseUrl.href)) {
    refuse('PAUTH_BASE_URL', 'must not contain a user name, password, query or fragment');
  }
  return faults;
}

/** Whether an address is this machine: `localhost`, or a loopback or unspecified IP in any spelling. */
function isLoopback(address: URL): boolean {
  const host = address.hostname.replace(/^\[|\]$|\.$/g, '');
  return (
    host === 'localhost' ||
    (ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range()))
  );
}
