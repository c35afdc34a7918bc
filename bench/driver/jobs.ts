import * as z from 'zod';

/** The jobs of the load driver, which is a process of its own, and their results. */

/** Which app is driven, the way its own page drives it; the empty app gets three requests. */
const siteSchema = z.object({
  app: z.enum(['call-login', 'guide-port', 'empty-app']),
  /** Requests go to them in turn, as behind a load balancer. */
  origins: z.tuple([z.url()], z.url()),
  sandboxUrl: z.url(),
});

export type Site = z.infer<typeof siteSchema>;
export type AppName = Site['app'];

const rangeSchema = z.object({ minMs: z.number(), maxMs: z.number() });

const jobSchema = z.discriminatedUnion('kind', [
  /** `count` logins, `perSecond` of them begun each second. */
  z.object({
    kind: z.literal('arrivals'),
    site: siteSchema,
    count: z.int().positive(),
    perSecond: z.number().positive(),
    /** From the number on the page to the call. */
    dial: rangeSchema,
  }),
  /** Each browser begins its next login when the last is complete, and calls at once. */
  z.object({
    kind: z.literal('back_to_back'),
    site: siteSchema,
    browsers: z.int().positive(),
    durationMs: z.number().positive(),
  }),
  /** Starts only. */
  z.object({
    kind: z.literal('starts'),
    site: siteSchema,
    browsers: z.int().positive(),
    durationMs: z.number().positive(),
  }),
  /** Browsers that start and then poll, after the end of this job, until `leave`. */
  z.object({
    kind: z.literal('wait'),
    site: siteSchema,
    count: z.int().positive(),
    /** How many start at a time. */
    concurrency: z.int().positive(),
  }),
  /** Calls for some of those that wait. */
  z.object({
    kind: z.literal('wake'),
    count: z.int().positive(),
    perSecond: z.number().positive(),
  }),
  /** Closes the browsers that wait. */
  z.object({ kind: z.literal('leave') }),
  /** Starts attempts and does not poll them. */
  z.object({ kind: z.literal('open'), site: siteSchema, count: z.int().positive() }),
  /** One endpoint, as many requests as the connections can carry. */
  z.object({
    kind: z.literal('plain_load'),
    url: z.url(),
    /** Sent in turn, one per request. */
    cookies: z.array(z.string()).min(1),
    headers: z.record(z.string(), z.string()),
    connections: z.int().positive(),
    seconds: z.number().positive(),
  }),
]);

export type Job = z.infer<typeof jobSchema>;

const loginsSchema = z.object({
  logins: z.array(
    z.object({
      /** From the call to the browser being logged in. */
      latencyMs: z.number(),
      /** From the phone number being sent to the browser being logged in. */
      totalMs: z.number(),
      /** Requests of the browser to our API, the refused ones included. */
      requests: z.int(),
      /** Requests that were refused with a retry time, and sent again after it. */
      refused: z.int(),
    }),
  ),
  /** The errors of the other logins. */
  failures: z.array(z.string()),
  wallMs: z.number(),
});

export type LoginsResult = z.infer<typeof loginsSchema>;

export const resultSchemas = {
  arrivals: loginsSchema,
  back_to_back: loginsSchema,
  starts: z.object({
    timesMs: z.array(z.number()),
    failures: z.array(z.string()),
    wallMs: z.number(),
  }),
  wait: z.object({ failures: z.array(z.string()) }),
  wake: loginsSchema,
  leave: z.object({ failures: z.array(z.string()) }),
  /** The cookies of each attempt. */
  open: z.object({ cookies: z.array(z.string()) }),
  plain_load: z.object({
    requestsPerSecond: z.number(),
    requests: z.int(),
    p50Ms: z.number(),
    p99Ms: z.number(),
    /** Answers other than 2xx, and requests without one. */
    failures: z.int(),
  }),
} satisfies Record<Job['kind'], z.ZodType>;

export type ResultOf<Kind extends Job['kind']> = z.infer<(typeof resultSchemas)[Kind]>;

export const requestSchema = z.object({ id: z.int(), job: jobSchema });

export const replySchema = z.object({
  id: z.int(),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('done'), result: z.unknown() }),
    z.object({ kind: z.literal('failed'), message: z.string() }),
  ]),
});
