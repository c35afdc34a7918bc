import { sql } from 'kysely';
import * as z from 'zod/mini';
import { noBody } from '#lib/http/body.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { succeed } from '#lib/shared/result.ts';

const healthReplySchema = z.object({ status: z.literal('ok') });

export const health = route({
  path: '/api/health',
  methods: ['GET', 'HEAD'],
  access: 'public',
  summary: 'Whether this process can serve logins: it runs, and its database answers.',
  replies: { 200: healthReplySchema },
  refuses: ['store_unavailable'],
  body: noBody,
  async handle({ services }) {
    await sql`select 1`.execute(services.store);
    return succeed(json({ status: 'ok' }));
  },
});

/** 200 while this process runs, whatever the state of its database: a restart would not fix that. */
export const live = route({
  path: '/api/health/live',
  methods: ['GET', 'HEAD'],
  access: 'public',
  summary: 'Whether this process runs.',
  replies: { 200: healthReplySchema },
  body: noBody,
  handle: async () => succeed(json({ status: 'ok' })),
});
