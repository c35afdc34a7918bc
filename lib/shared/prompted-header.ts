/**
 * Sent as `1` with a `GET /api/auth/status` that a person asks for, who has called or is back from
 * the dialler: the vendor is then asked soon, also where its callbacks would tell of the call.
 *
 * Not in `contract.ts`, of which the browser may have the types alone.
 */
export const PROMPTED_HEADER = 'x-prompted';
