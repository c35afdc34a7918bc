import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { succeed } from '#lib/shared/result.ts';

/** 200 while this process runs, whatever the state of its database: restarting would not mend that. */
const live = apiRoute(async () => succeed(answer({ status: 'ok' })));

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({
  GET: live,
  HEAD: live,
});
