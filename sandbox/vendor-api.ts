import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import * as z from 'zod';
import { answerWithFault } from './fault-answers.ts';
import type { FaultQueue } from './faults.ts';
import { describeIssues, readJson } from './json-input.ts';
import { e164Schema, formatPhoneNumber } from './phone-number.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import type { SandboxState } from './state.ts';

const createSchema = z.object({
  phone_number: e164Schema,
  callback_url: z.url({ protocol: /^https?$/ }),
});
const phoneNumberOnlySchema = createSchema.pick({ phone_number: true });

interface VendorApiDependencies {
  apiKey: string;
  state: SandboxState;
  faults: FaultQueue;
  requestLog: RequestLog;
}

interface VendorEnv {
  Bindings: HttpBindings;
  Variables: { request: LoggedRequest };
}

/** The part of the vendor's API that is known: create a session, check a session. */
export function createVendorApi(deps: VendorApiDependencies): Hono<VendorEnv> {
  const { apiKey, state, faults, requestLog } = deps;
  const app = new Hono<VendorEnv>();

  const verifiedAs = (c: Context<VendorEnv>, phoneNumber: string) => {
    const format = state.switches.verified_phone_number_format;
    return c.json({ status: 'verified', phone_number: formatPhoneNumber(phoneNumber, format) });
  };

  /** Answers a request, with the fault that hits it if there is one. */
  async function answer(
    c: Context<VendorEnv>,
    kind: 'create' | 'check',
    answerAuthorized: () => Response,
  ): Promise<Response> {
    const { request } = c.var;
    const answerWithoutFault = () =>
      request.authorized ? answerAuthorized() : c.json({ error: 'unauthorized' }, 401);
    const fault = faults.take(kind, request.phoneNumber);
    if (fault === null) {
      return answerWithoutFault();
    }
    return await answerWithFault(fault, {
      answer: answerWithoutFault,
      verifiedAs: (phoneNumber) => verifiedAs(c, phoneNumber),
      hangUp: () => c.env.outgoing.destroy(),
    });
  }

  app.use(async (c, next) => {
    const authorized = isAuthorized(c.req.header('authorization'), apiKey);
    const request = requestLog.open({ method: c.req.method, path: c.req.path, authorized });
    c.set('request', request);
    await next();
    request.status = c.env.outgoing.destroyed ? null : c.res.status;
  });
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) =>
        c.json({ error: 'method not allowed' }, 405, { Allow: allowed.join(', ') }),
    }),
  );

  app.post('/v1/auth/sessions', async (c) => {
    const { request } = c.var;
    const body = await readJson(c.req);
    request.kind = 'create';
    request.body = body ?? null;
    request.phoneNumber = phoneNumberOnlySchema.safeParse(body).data?.phone_number ?? null;

    return await answer(c, 'create', () => {
      const input = createSchema.safeParse(body);
      if (!input.success) {
        return c.json({ error: describeIssues(body, input.error) }, 422);
      }
      const session = state.createSession(input.data.phone_number, input.data.callback_url);
      if (session === null) {
        return c.json({ error: 'no call number is free' }, 503);
      }
      request.sessionId = session.id;
      return c.json({ id: session.id, call_number: session.callNumber }, 201);
    });
  });

  app.get('/v1/auth/sessions/:id', async (c) => {
    const { request } = c.var;
    const id = c.req.param('id');
    const session = state.findSession(id);
    request.kind = 'check';
    request.sessionId = id;
    request.phoneNumber = session?.phoneNumber ?? null;

    return await answer(c, 'check', () => {
      if (session === null) {
        return c.json({ error: 'no such session' }, 404);
      }
      const status = state.statusOf(session);
      return status === 'verified' ? verifiedAs(c, session.phoneNumber) : c.json({ status });
    });
  });

  app.all('*', (c) => c.json({ error: 'not found' }, 404));

  return app;
}

/** Compares in constant time: both sides are hashed to the same length first. */
function isAuthorized(header: string | undefined, apiKey: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${apiKey}`));
}
