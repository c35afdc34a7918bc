import 'server-only';
import { isIP } from 'node:net';
import * as z from 'zod';
import { platformHeaders, type TrustedProxy } from '../limits/client-address.ts';
import type { Limit } from '../limits/start-limits.ts';
import { numberTypes } from '../phone/number-types.ts';
import { isCountryCode } from '../phone/phone-number.ts';
import { fail, type Result } from '../shared/result.ts';
import { readCertificates } from '../store/certificates.ts';
import { type DatabaseAddress, readDatabaseAddress } from '../store/database-address.ts';

/** A kind of value that a variable can have. */
interface Field<Value> {
  schema: z.ZodType<Value, string>;
  /** What the schema accepts, in Markdown; reads on after "must be". */
  allowed: string;
}

/** What is known of a variable besides its schema and its description. */
interface Declaration {
  name: string;
  /** See `Field`. */
  allowed: string;
  isRequired?: true;
  /** The value that is read where none is set. */
  defaultValue?: string;
  /** A value to start from, for an optional variable without a default. */
  example?: string;
}

/** By schema. Zod hands the entry of a schema on to the copy that `describe` makes of it. */
const declarations = z.registry<Declaration>();

/** A variable that boot does not start without. */
function required<Value>(name: string, { schema, allowed }: Field<Value>) {
  return z
    .string(`is required: ${withoutMarks(allowed)}`)
    .pipe(schema)
    .register(declarations, { name, allowed, isRequired: true });
}

/** A variable that is read as `defaultValue` where it is not set. */
function withDefault<Value>(name: string, defaultValue: string, { schema, allowed }: Field<Value>) {
  return schema.prefault(defaultValue).register(declarations, { name, allowed, defaultValue });
}

/** A variable that is null where it is not set. */
function optional<Value>(name: string, example: string, { schema, allowed }: Field<Value>) {
  return schema.nullable().default(null).register(declarations, { name, allowed, example });
}

/** @param schemaWith makes the schema from the message for a value that is not allowed. */
function field<Value>(
  allowed: string,
  schemaWith: (message: string) => z.ZodType<Value, string>,
): Field<Value> {
  return { schema: schemaWith(`must be ${withoutMarks(allowed)}`), allowed };
}

/** Removes the code marks of Markdown. */
const withoutMarks = (markdown: string) => markdown.replaceAll('`', '');

const listOf = (values: Iterable<string>) => [...values].map((value) => `\`${value}\``).join(', ');

const text = z.string();
const commaSeparated = text.transform((list) => list.split(',').map((each) => each.trim()));

const isInteger = (value: string, min: number, max: number) =>
  /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;

/** @param unit in the plural, such as seconds */
const integer = (unit: string, min: number, max: number) =>
  field(`a whole number of ${unit}, ${min} to ${max}`, (message) =>
    text.refine((value) => isInteger(value, min, max), message).transform(Number),
  );

const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  field(`one of: ${listOf(values)}`, (message) => z.enum(values, message));

/** What an Authorization header can carry. */
const apiKey = field('the key of your pAuth account, printable ASCII without spaces', (message) =>
  text.regex(/^[\x21-\x7e]+$/, message),
);

const url = field('a complete address such as `https://example.com`', (message) =>
  text
    .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), message)
    .transform((value) => new URL(value)),
);

const origin = field('an origin alone, such as `https://login.example.com`', (message) =>
  url.schema.refine((address) => address.href === `${address.origin}/`, message),
);

/** What `read` makes of a value; what it says of a wrong one reads on after the variable's name. */
const readBy =
  <Value>(read: (value: string) => Result<Value, string>) =>
  (value: string, context: z.RefinementCtx): Value => {
    const result = read(value);
    if (result.ok) {
      return result.value;
    }
    context.addIssue(result.error);
    return z.NEVER;
  };

/** SQLite or PostgreSQL. */
const databaseUrl = field<DatabaseAddress>(
  '`file:<path>` or `postgres://<user>:<password>@<host>:<port>/<database>`, special characters as `%xx`',
  (message) => text.transform(readBy((value) => readDatabaseAddress(value) ?? fail(message))),
);

const certificates = field<string>(
  'the path of a file in PEM, or its text, in which `\\n` may stand for a line break',
  () => text.transform(readBy(readCertificates)),
);

/** `rediss` is Redis over TLS. May contain a password. */
const redisUrl = field(
  '`redis://<host>:<port>` or `rediss://…`, special characters as `%xx`',
  (message) => text.refine((value) => /^rediss?:\/\//.test(value) && URL.canParse(value), message),
);

/** Where a server can listen. */
export const isListenAddress = (value: string) => value === 'localhost' || isIP(value) !== 0;

const listenAddress = field(
  'an IP address of this machine, `localhost`, or `0.0.0.0` or `::` for all of them',
  (message) => text.refine(isListenAddress, message),
);

const SECRET_MIN_LENGTH = 32;
const SECRET_MIN_VARIETY = 12;
const GUESSABLE = ['password', 'secret', 'changeme', 'example', '12345678'];
const MAKE_A_SECRET = 'openssl rand -base64 32';

const isGuessable = (secret: string) =>
  new Set(secret).size < SECRET_MIN_VARIETY ||
  GUESSABLE.some((word) => secret.toLowerCase().includes(word));

const secret = text
  .min(SECRET_MIN_LENGTH, `must be at least ${SECRET_MIN_LENGTH} characters long: ${MAKE_A_SECRET}`)
  .refine((value) => !isGuessable(value), `is too easy to guess: ${MAKE_A_SECRET}`);

const bypassSecret = field('printable ASCII without spaces', (message) =>
  text.regex(/^[\x21-\x7e]+$/, message),
);

/** What an Authorization header can carry, as long as Vercel advises. */
const cronSecret = field(
  `at least 16 printable ASCII characters without spaces; \`${MAKE_A_SECRET}\` makes one`,
  (message) => text.regex(/^[\x21-\x7e]{16,}$/, message),
);

const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;
const WEBHOOK_KEY_BYTES = { min: 24, max: 64 };

const webhookKey = (value: string) => Buffer.from(value.slice('whsec_'.length), 'base64');

const isWebhookSecret = (value: string) => {
  const { length } = webhookKey(value);
  return (
    WEBHOOK_SECRET.test(value) && length >= WEBHOOK_KEY_BYTES.min && length <= WEBHOOK_KEY_BYTES.max
  );
};

/** Keys in the notation of https://www.standardwebhooks.com, newest first. */
const webhookKeys = field(
  `one secret or several, newest first, separated by commas: \`whsec_\` and the base64 of ${WEBHOOK_KEY_BYTES.min} to ${WEBHOOK_KEY_BYTES.max} random bytes; \`echo whsec_$(openssl rand -base64 32)\` makes one`,
  (message) =>
    commaSeparated
      .refine((list) => list.every(isWebhookSecret), message)
      .transform((list) => list.map(webhookKey)),
);

/** One secret or several, newest first. */
const secrets = field(
  `one secret or several, newest first, separated by commas; \`${MAKE_A_SECRET}\` makes one. Each is at least ${SECRET_MIN_LENGTH} characters long, ${SECRET_MIN_VARIETY} of them different, and contains none of ${listOf(GUESSABLE)}`,
  () => commaSeparated.pipe(z.tuple([secret], secret)),
);

const LIMIT = /^[1-9]\d{0,8}\/[1-9]\d{0,8}$/;

function readLimit(value: string): Limit {
  const [count = 1, seconds = 1] = value.split('/').map(Number);
  return { count, seconds };
}

/** `5/10` is five in ten seconds. */
const limit = field('`<count>/<seconds>`, such as `5/10`, each 1 to 999999999', (message) =>
  text.regex(LIMIT, message).transform(readLimit),
);

/** Limits that all apply. */
const limits = field(
  '`<count>/<seconds>`, such as `5/3600`, each 1 to 999999999; several with a space between',
  (message) =>
    text
      .refine((list) => list.split(' ').every((value) => LIMIT.test(value)), message)
      .transform((list) => [...new Set(list.split(' '))].map(readLimit)),
);

const MAX_PROXIES = 9;

const trustedProxy = field(
  `${listOf(platformHeaders.keys())}, or the number of proxies in front, 0 to ${MAX_PROXIES}`,
  (message) =>
    text
      .refine((value) => platformHeaders.has(value) || isInteger(value, 0, MAX_PROXIES), message)
      .transform((value): TrustedProxy => {
        const header = platformHeaders.get(value);
        return header === undefined ? { hops: Number(value) } : { header };
      }),
);

const numberTypeSet = field(
  `one or more of: ${listOf(numberTypes)}, separated by commas`,
  (message) =>
    commaSeparated.pipe(z.array(z.enum(numberTypes, message))).transform((names) => new Set(names)),
);

const country = field('a two-letter country code such as `JP`', (message) =>
  text.refine(isCountryCode, message),
);

const share = field('a number from 0 to 1, such as `0.1`', (message) =>
  text.regex(/^(1|0(\.\d{1,6})?)$/, message).transform(Number),
);

const siteName = field('1 to 60 characters long', (message) =>
  text.trim().min(1, message).max(60, message),
);

const sessionSeconds = integer('seconds', 300, 2_592_000);

/**
 * The variables by their names in the code, in the order of the documents. A description is one or two
 * sentences of Markdown, whose links start from `docs/`.
 */
export const settings = z.object({
  pauth: z.object({
    apiKey: required('PAUTH_API_KEY', apiKey).describe('Authorizes the requests to the vendor.'),
    baseUrl: withDefault('PAUTH_BASE_URL', 'https://api.pauth.me', url).describe(
      "The base address of the vendor's API. It must use https, unless it is a sandbox on your own machine.",
    ),
    timeoutMs: withDefault(
      'PAUTH_TIMEOUT_MS',
      '3000',
      integer('milliseconds', 500, 10_000),
    ).describe('The time limit for one question to the vendor, including its retry.'),
    maxInFlight: withDefault('PAUTH_MAX_IN_FLIGHT', '50', integer('requests', 1, 10_000)).describe(
      'The most requests to the vendor, and the most login starts, that one process handles at a time.',
    ),
    breaker: withDefault('PAUTH_BREAKER', '5/10', limit).describe(
      'The circuit breaker: after this many failures within this many seconds, [nothing is sent](decisions/0012-few-requests-to-a-failing-vendor.md) to the vendor for 15 seconds, or longer if its `Retry-After` says so.',
    ),
  }),
  app: z.object({
    origin: required('APP_ORIGIN', origin).describe(
      'The address at which people reach the site. It must use https, except on your own machine. Not set, it is [what Vercel tells](deploy-vercel.md#i-want-my-own-domain), on Vercel.',
    ),
    sessionSecrets: required('SESSION_SECRET', secrets).describe(
      'Seals the cookies. The first secret seals and all of them open, so that a secret [can be changed](#changing-session_secret) without logging anyone out.',
    ),
    siteName: withDefault('SITE_NAME', 'call-login', siteName).describe(
      'The name of the site on its pages.',
    ),
    callCost: withDefault('CALL_COST', 'unknown', choice(['free', 'paid', 'unknown'])).describe(
      'What the page says about the price of the call.',
    ),
    helpUrl: optional('HELP_URL', 'https://www.example.com/help', url).describe(
      'Where people who cannot call find another way to reach you; the login page links to it.',
    ),
    signup: withDefault('SIGNUP', 'open', choice(['open', 'closed'])).describe(
      'Whether a call from a number without a user creates one (`open`) or is refused (`closed`).',
    ),
    passkeys: withDefault('PASSKEYS', 'offer', choice(['offer', 'off'])).describe(
      '`offer` lets people add a [passkey](decisions/0021-passkeys.md) after a call and log in with it; `off` does neither, keeps the passkeys there are, and limits no session because of them.',
    ),
    defaultCountry: withDefault('DEFAULT_COUNTRY', 'JP', country).describe(
      'The country (ISO 3166) whose numbers may be typed without a country code.',
    ),
    numberTypes: withDefault('NUMBER_TYPES', numberTypes.join(','), numberTypeSet).describe(
      'The kinds of phone number that may log in; `ip` is a VoIP number, which begins with 050 in Japan.',
    ),
    dormantDays: withDefault('DORMANT_DAYS', '365', integer('days', 0, 3_650)).describe(
      'A number unused for this long [may belong to somebody else](decisions/0006-recycled-numbers.md), so a call from it no longer opens the old account; `0` is never.',
    ),
    trustedProxy: withDefault('TRUSTED_PROXY', '0', trustedProxy).describe(
      "What is trusted to report the browser's address: a platform, or the proxies in front of the server that append to `X-Forwarded-For`. Not set, it is `vercel` on Vercel, `fly` on Fly.io and `1` on Cloud Run.",
    ),
    previewBypass: optional('VERCEL_AUTOMATION_BYPASS_SECRET', '…', bypassSecret).describe(
      'Set by Vercel, not by you. On a preview it goes into the address of the callbacks, so that they [get through its protection](deploy-vercel.md#i-want-calls-to-be-noticed-at-once).',
    ),
  }),
  startLimits: z.object({
    perNumber: withDefault('START_LIMIT_PER_NUMBER', '3/60 5/3600', limits).describe(
      'Attempts that may be started for one phone number from one network (an IPv4 address or an IPv6 /64).',
    ),
    perNetwork: withDefault('START_LIMIT_PER_NETWORK', '40/600 120/3600', limits).describe(
      'Attempts that may be started from one network (an IPv4 address or an IPv6 /56), for any number; an IPv6 /48 may start twice as many. The default lets in thirty people behind one address of a carrier within ten minutes, a third of whom start twice, and leaves one address an eighth of the default total.',
    ),
    total: withDefault('START_LIMIT_TOTAL', '1000/3600', limits).describe(
      'Attempts that may be started on the whole site. This bounds what an attack can cost.',
    ),
  }),
  attempt: z.object({
    ttlSeconds: withDefault('ATTEMPT_TTL_SECONDS', '300', integer('seconds', 60, 600)).describe(
      'How long a person has to call.',
    ),
    pollLimit: withDefault('POLL_LIMIT', '30', integer('polls', 1, 1_000)).describe(
      'How many pending replies a page receives before it stops polling until the person presses a button.',
    ),
    statusWaitSeconds: withDefault('STATUS_WAIT_SECONDS', '25', integer('seconds', 0, 55)).describe(
      'How long the server holds a poll while nothing changes; `0` answers at once. It must be less than a proxy in front allows for a request.',
    ),
  }),
  session: z.object({
    idleSeconds: withDefault('SESSION_IDLE_SECONDS', '86400', sessionSeconds).describe(
      'How long a session lasts without being used.',
    ),
    ttlSeconds: withDefault('SESSION_TTL_SECONDS', '604800', sessionSeconds).describe(
      'How long a session lasts at most after its login.',
    ),
  }),
  store: z.object({
    url: withDefault('DATABASE_URL', 'file:.data/call-login.db', databaseUrl).describe(
      'Where users, attempts, sessions and events are stored: an SQLite file, created if missing, or a PostgreSQL server.',
    ),
    poolSize: withDefault('DATABASE_POOL_SIZE', '10', integer('connections', 1, 1_000)).describe(
      'The most connections to PostgreSQL that one process opens. Not set, it is `5` on Vercel.',
    ),
    ca: optional('DATABASE_CA', '/etc/ssl/database-ca.pem', certificates).describe(
      'The certificate authority of the PostgreSQL server where it is none of the public ones, as at Supabase and AWS. The connection then uses TLS.',
    ),
    connectSeconds: withDefault(
      'DATABASE_CONNECT_SECONDS',
      '3',
      integer('seconds', 1, 60),
    ).describe(
      'How long a new connection to PostgreSQL may take. More where the database sleeps while nobody uses it and wakes slowly; boot waits ten seconds at least.',
    ),
    redisUrl: optional('REDIS_URL', 'redis://localhost:6379', redisUrl).describe(
      'Lets several processes notify each other at once. Without it they do so through the database, within a quarter of a second.',
    ),
    migrations: withDefault('MIGRATIONS', 'apply', choice(['apply', 'off'])).describe(
      'Whether a server that starts, and `npm run migrate`, bring the tables up to date. `off` leaves them alone, and a server that lacks a migration does not start. Not set, it is `off` on [previews](deploy-vercel.md#i-want-previews) of Vercel.',
    ),
  }),
  retention: z.object({
    attemptDays: withDefault('ATTEMPT_RETENTION_DAYS', '7', integer('days', 1, 3_650)).describe(
      'How long an attempt is kept, with the phone number in it.',
    ),
    eventDays: withDefault('EVENT_RETENTION_DAYS', '365', integer('days', 0, 3_650)).describe(
      'How long an event is kept; `0` keeps it for ever.',
    ),
    cronSecret: optional('CRON_SECRET', '…', cronSecret).describe(
      'Lets a scheduler delete what is past its retention and send what waits for the webhook: `GET /api/cron/sweep` with `Authorization: Bearer <secret>`, for hosts that suspend a process between requests. Without it that path is not there.',
    ),
  }),
  server: z.object({
    port: withDefault('PORT', '3000', integer('ports', 0, 65_535)).describe(
      'The port that `npm start` listens on, unless it is given `-- --port <number>`; `0` is a free one.',
    ),
    listenAddress: withDefault('LISTEN_ADDRESS', '0.0.0.0', listenAddress).describe(
      'The address that `npm start` listens on, unless it is given `-- --hostname <address>`.',
    ),
    keepAliveSeconds: withDefault(
      'KEEP_ALIVE_SECONDS',
      '75',
      integer('seconds', 1, 3_600),
    ).describe(
      'How long `npm start` keeps an idle connection. It must be longer than a proxy or load balancer in front keeps it, or some requests end in a 502: nginx and AWS keep it for 60 seconds, Google Cloud for 600.',
    ),
  }),
  webhook: z.object({
    url: optional('WEBHOOK_URL', 'https://example.com/call-login-events', url).describe(
      'Where [each event](observe.md#i-want-events-in-another-system) is sent, signed. It must use https, except on your own machine, and needs `WEBHOOK_SECRET`.',
    ),
    keys: optional('WEBHOOK_SECRET', 'whsec_…', webhookKeys).describe(
      'Signs what is sent to `WEBHOOK_URL`. Several secrets all sign, so that one can be changed.',
    ),
  }),
  telemetry: z.object({
    metricsPort: optional('METRICS_PORT', '9464', integer('ports', 1, 65_535)).describe(
      'Serves [metrics](metrics.md#i-want-metrics) as Prometheus text at `/metrics` on a port of its own, which must not be reachable from outside. Each process on a machine needs another one.',
    ),
    metricsHost: withDefault('METRICS_HOST', '127.0.0.1', listenAddress).describe(
      'The address that `METRICS_PORT` listens on: `0.0.0.0` in a container, whose network then has to keep the port to itself.',
    ),
    otlpEndpoint: optional('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://localhost:4318', url).describe(
      "Sends metrics and traces to an OpenTelemetry collector, over OTLP with HTTP. OpenTelemetry's other variables for the exporter and the resource, such as `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_SERVICE_NAME`, are read as well.",
    ),
    otlpProtocol: withDefault(
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'http/protobuf',
      choice(['http/protobuf']),
    ).describe('The protocol of the collector; no other one is built in.'),
    metricsExporter: withDefault(
      'OTEL_METRICS_EXPORTER',
      'otlp',
      choice(['otlp', 'none']),
    ).describe('`none` sends no metrics to the collector.'),
    tracesExporter: withDefault('OTEL_TRACES_EXPORTER', 'otlp', choice(['otlp', 'none'])).describe(
      '`none` sends no traces to the collector.',
    ),
    traceShare: withDefault('OTEL_TRACES_SAMPLER_ARG', '1', share).describe(
      'The share of traces that is sent to the collector, by chance: every waiting page makes two or more every 25 seconds.',
    ),
    metricExportIntervalMs: withDefault(
      'OTEL_METRIC_EXPORT_INTERVAL',
      '60000',
      integer('milliseconds', 100, 3_600_000),
    ).describe('How often metrics are sent to the collector.'),
  }),
});

/** Every variable this project reads. */
export const variables = Object.entries(settings.shape).flatMap(([group, { shape }]) =>
  Object.entries<z.ZodType>(shape).map(([key, schema]) => {
    const declaration = declarations.get(schema);
    const { description } = schema;
    if (declaration === undefined || description === undefined) {
      throw new Error(`${group}.${key} is not declared and described as a variable`);
    }
    return { group, key, description, ...declaration };
  }),
);
