import { sql } from 'kysely';
import { getApp } from '#lib/app.ts';
import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';

/** 200 when this process can serve logins: it runs, and its database answers. */
export const GET = apiRoute(async () => {
  await sql`select 1`.execute(getApp().store);
  return answer({ status: 'ok' });
});
