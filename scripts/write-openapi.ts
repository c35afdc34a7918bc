/**
 * `npm run docs:api`: writes public/openapi.json, the OpenAPI document of every route, from the
 * declarations that the server runs by.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import { routes } from '#app/api/routes.ts';
import { type CookieName, nameOfCookie } from '#lib/cookies/cookies.ts';
import { httpStatusOf, isTemporary } from '#lib/http/problems.ts';
import type { Route } from '#lib/http/route.ts';
import * as contract from '#lib/shared/contract.ts';
import type { ErrorCode } from '#lib/shared/error-codes.ts';
import { en } from '#lib/shared/messages/en.ts';
import { E164_PATTERN } from '#lib/shared/phone-number.ts';

export const COMMAND = 'npm run docs:api';

export const DOCUMENT = 'public/openapi.json';

const INTRODUCTION = `
An answer that refuses a request is an \`ErrorReply\`. Its \`code\` is stable, and each code has one status; \`error\` is
a sentence for the visitor, in their language. A method that a path does not have is refused as \`WrongMethod\`, any
other path below \`/api/\` as \`NotFound\`.

Answers may get more fields in later versions. Requests with unknown fields are refused.

Over plain http, which is for development, the names of the cookies begin without \`__Host-\`.`;

const SAME_ORIGIN =
  'Browsers prove that with `Sec-Fetch-Site: same-origin`; those without it with `Origin` or, for a read, with `X-Requested-With: fetch`.';

const accessTexts: Readonly<Record<Route['access'], string>> = {
  public: 'For anybody.',
  vendor: 'For the vendor, which is told this unguessable address with each attempt.',
  cron: 'For a scheduler, which sends `Authorization: Bearer` and `CRON_SECRET`. Without that setting there is no such path.',
  'same-origin': `For pages of this site. ${SAME_ORIGIN}`,
  session: `With a session; all but reads for pages of this site. ${SAME_ORIGIN}`,
};

const securitySchemes: Readonly<Record<CookieName | 'cron', object>> = {
  cron: { type: 'http', scheme: 'bearer', description: '`CRON_SECRET`.' },
  session: cookie('session', 'The session. Set by the answer that logs in.'),
  attempt: cookie('attempt', 'The attempt of this browser. Set by the answer that starts it.'),
  number: cookie('number', 'The phone number that this browser remembers, if its owner wants it.'),
  form: cookie('form', 'What was typed into a form sent without scripts, for the next page.'),
  challenge: cookie('challenge', 'What a passkey is to sign. Set by the answer that asks for one.'),
};

function cookie(name: CookieName, description: string) {
  return { type: 'apiKey', in: 'cookie', name: nameOfCookie(name, true), description };
}

/** Response headers. */
const headers = {
  'X-Request-Id': header('The id of the request in the log of the server.', '^[0-9a-f]{16}$'),
  'Cache-Control': header('No cache may keep the answer.', '^no-store'),
  'Retry-After': header('In how many seconds to try again.', '^[0-9]+$'),
  Location: header('The page to load next.', '^/'),
  Allow: header('The methods that the path has.', '^[A-Z, ]+$'),
  'Set-Cookie': { description: 'Each cookie that is set or cleared.', schema: { type: 'string' } },
};

type HeaderName = keyof typeof headers;

function header(description: string, pattern: string) {
  return { description, required: true, schema: { type: 'string', pattern } };
}

/** What the document names and refers to, filled while its paths are written. */
interface Components {
  schemas: Record<string, unknown>;
  responses: Record<string, unknown>;
}

const manifestSchema = z.object({ version: z.string(), description: z.string() });

/** The text of the document as it should be; to be called in the root of the repository. */
export function renderOpenapi(): string {
  const { version, description } = manifestSchema.parse(
    JSON.parse(readFileSync('package.json', 'utf8')),
  );
  nameContract();
  const components: Components = {
    schemas: {},
    responses: {
      NotFound: describeRefusal(['request_not_found']),
      WrongMethod: describeRefusal(['request_wrong_method'], ['Allow']),
    },
  };
  toJsonSchema(contract.errorReplySchema, components);
  const paths = Object.fromEntries(
    routes.map((route) => [
      route.path.replaceAll('[', '{').replaceAll(']', '}'),
      Object.fromEntries(
        route.methods.map((method) => [
          method.toLowerCase(),
          describeOperation(route, method, components),
        ]),
      ),
    ]),
  );
  const document = {
    openapi: '3.1.1',
    info: { title: 'call-login', version, description: `${description}\n${INTRODUCTION}` },
    servers: [{ url: '/' }],
    paths,
    components: { ...components, headers, securitySchemes },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Gives the schemas of the contract their names in the document. */
function nameContract(): void {
  for (const [name, schema] of Object.entries(contract)) {
    const id = name.replace(/Schema$/, '').replace(/^./, (first) => first.toUpperCase());
    z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });
  }
}

/** A schema as JSON Schema, which refers to those that have names. */
function toJsonSchema(schema: z.core.$ZodType, components: Components): object {
  const { $schema, $defs, ...written } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable({ zodSchema, message }) {
      if (zodSchema !== contract.phoneNumberSchema) {
        throw new Error(message);
      }
      return { type: 'string', description: 'E.164', pattern: E164_PATTERN.source };
    },
  });
  Object.assign(components.schemas, inDocument($defs));
  return inDocument(written);
}

function inDocument(schema: object | undefined): object {
  return JSON.parse(JSON.stringify(schema ?? {}).replaceAll('#/$defs/', '#/components/schemas/'));
}

function describeOperation(route: Route, method: string, components: Components) {
  const { path, access, summary, body, replies, refuses } = route;
  const statuses = new Set([...Object.keys(replies).map(Number), ...refuses.map(httpStatusOf)]);
  return {
    operationId: [method.toLowerCase(), ...(path.match(/\w+/g) ?? [])].join('_'),
    summary,
    description: accessTexts[access],
    security: securityOf(route),
    parameters: [
      ...[...path.matchAll(/\[(\w+)\]/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(route.headers ?? {}).map(([name, description]) => ({
        name,
        in: 'header',
        description,
        schema: { type: 'string' },
      })),
    ],
    ...(body.mediaType !== null && {
      requestBody: {
        required: true,
        content: { [body.mediaType]: { schema: toJsonSchema(body.schema, components) } },
      },
    }),
    responses: Object.fromEntries(
      [...statuses]
        .toSorted()
        .map((status) => [status, describeStatus(route, method, status, components)]),
    ),
  };
}

/** A session or the scheduler's secret is required, any other cookie may be missing. */
function securityOf({ access, cookies = [] }: Route) {
  return access === 'session' || access === 'cron'
    ? [{ [access]: [] }]
    : [...cookies.map((name) => ({ [name]: [] })), {}];
}

/** What a status means: an answer of the route, a refusal, or either. */
function describeStatus(
  { replies, refuses }: Route,
  method: string,
  status: number,
  components: Components,
) {
  const codes = refuses.filter((code) => httpStatusOf(code) === status);
  const refusal = describeRefusal(codes);
  const reply = replies[status];
  if (reply === undefined) {
    if (method === 'HEAD') {
      const { content, ...withoutBody } = refusal;
      return withoutBody;
    }
    const name = codes.join('.');
    components.responses[name] = refusal;
    return { $ref: `#/components/responses/${name}` };
  }
  const shapes = [
    ...(reply === null ? [] : [toJsonSchema(reply, components)]),
    ...(codes.length === 0 ? [] : [refusalSchema(codes)]),
  ];
  const [first, second] = shapes;
  return {
    description: [STATUS_CODES[status], refusal.description].join('\n\n').trim(),
    headers: sentHeaders(status === 303 ? ['Location'] : []),
    ...(first !== undefined &&
      method !== 'HEAD' &&
      jsonContent(second === undefined ? first : { anyOf: [first, second] })),
  };
}

function describeRefusal(codes: readonly ErrorCode[], headers: HeaderName[] = []) {
  return {
    description: codes.map((code) => `\`${code}\`: ${en.errors[code]}`).join('\n\n'),
    headers: sentHeaders(codes.every(isTemporary) ? [...headers, 'Retry-After'] : headers),
    ...jsonContent(refusalSchema(codes)),
  };
}

function refusalSchema(codes: readonly ErrorCode[]) {
  return {
    allOf: [{ $ref: '#/components/schemas/ErrorReply' }, { properties: { code: { enum: codes } } }],
  };
}

function jsonContent(schema: object) {
  return { content: { 'application/json': { schema } } };
}

function sentHeaders(names: readonly HeaderName[]) {
  return Object.fromEntries(
    (['X-Request-Id', 'Cache-Control', 'Set-Cookie', ...names] as const).map((name) => [
      name,
      { $ref: `#/components/headers/${name}` },
    ]),
  );
}

if (import.meta.main) {
  writeFileSync(DOCUMENT, renderOpenapi());
}
