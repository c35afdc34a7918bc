import { sql } from 'kysely';
import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { succeed } from '#lib/shared/result.ts';

/** 200 when this process can serve logins: it runs, and its database answers. */
const check = apiRoute(async (_request, { app }) => {
  await sql`select 1`.execute(app.store);
  return succeed(answer({ status: 'ok' }));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({
  GET: check,
  HEAD: check,
});
