import * as z from 'zod';

/** What the load driver, a process of its own, can be asked to do, and what it answers. */

/** Which of the two apps is driven, each as its own page drives it; or three empty requests. */
const siteSchema = z.object({
  kind: z.enum(['call-login', 'guide', 'floor']),
  /** Each request goes to one of them, as behind a load balancer. */
  origins: z.tuple([z.url()], z.url()),
  sandboxUrl: z.url(),
});

export type Site = z.infer<typeof siteSchema>;

const rangeSchema = z.object({ minMs: z.number(), maxMs: z.number() });

const jobSchema = z.discriminatedUnion('kind', [
  /** Whole logins, that many, so many begun per second, whoever is still waiting. */
  z.object({
    kind: z.literal('arrivals'),
    site: siteSchema,
    count: z.int().positive(),
    perSecond: z.number().positive(),
    /** From the number on the page to the call. */
    dial: rangeSchema,
  }),
  /** Whole logins, each browser beginning its next one as soon as it is in, the call placed at once. */
  z.object({
    kind: z.literal('back_to_back'),
    site: siteSchema,
    browsers: z.int().positive(),
    durationMs: z.number().positive(),
  }),
  /** Starts alone, from so many browsers at a time. */
  z.object({
    kind: z.literal('starts'),
    site: siteSchema,
    browsers: z.int().positive(),
    durationMs: z.number().positive(),
  }),
  /** Browsers that start and then wait, over the end of this job, until `leave`. */
  z.object({
    kind: z.literal('wait'),
    site: siteSchema,
    count: z.int().positive(),
    /** How many start at a time. */
    atATime: z.int().positive(),
  }),
  /** Calls for some of those that wait. */
  z.object({
    kind: z.literal('wake'),
    count: z.int().positive(),
    perSecond: z.number().positive(),
  }),
  /** Closes the browsers that wait, and says what they met. */
  z.object({ kind: z.literal('leave') }),
  /** Attempts that nobody polls. Answers the cookies that open them. */
  z.object({ kind: z.literal('open'), site: siteSchema, count: z.int().positive() }),
  /** One endpoint under as much load as so many connections can make. */
  z.object({
    kind: z.literal('plain_load'),
    url: z.url(),
    method: z.enum(['GET', 'POST']),
    body: z.string().optional(),
    /** Sent in turn, one per request; none where empty. */
    cookies: z.array(z.string()),
    headers: z.record(z.string(), z.string()),
    connections: z.int().positive(),
    seconds: z.number().positive(),
  }),
]);

export type Job = z.infer<typeof jobSchema>;

export const loginsResultSchema = z.object({
  logins: z.array(
    z.object({
      /** From the call being placed to the browser being logged in. */
      latencyMs: z.number(),
      /** From the number being sent to the browser being logged in. */
      totalMs: z.number(),
      /** Requests the browser sent to our API. */
      requests: z.int(),
      /** How many of them were put off with an error, to be sent again. */
      putOff: z.int(),
    }),
  ),
  /** In words, of each login that did not happen. */
  failures: z.array(z.string()),
  wallMs: z.number(),
});

export type LoginsResult = z.infer<typeof loginsResultSchema>;

export const startsResultSchema = z.object({
  timesMs: z.array(z.number()),
  failures: z.array(z.string()),
  wallMs: z.number(),
});

export const waitResultSchema = z.object({ waiting: z.int(), failures: z.array(z.string()) });

export const leaveResultSchema = z.object({
  /** Polls that ended while they waited. */
  polls: z.int(),
  failures: z.array(z.string()),
});

export const openResultSchema = z.object({ cookies: z.array(z.string()) });

export const plainLoadResultSchema = z.object({
  requestsPerSecond: z.number(),
  requests: z.int(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  /** Answers other than 2xx, and requests without one. */
  failures: z.int(),
});

export const requestSchema = z.object({ id: z.int(), job: jobSchema });

export const replySchema = z.object({
  id: z.int(),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('done'), result: z.unknown() }),
    z.object({ kind: z.literal('failed'), message: z.string() }),
  ]),
});
