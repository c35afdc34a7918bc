/**
 * Sent as `1` with a `GET /api/auth/status` that a person caused by pressing "I have called" or by
 * returning from the dialler: the server then checks with the vendor soon, even where callbacks
 * normally announce calls.
 *
 * Not in `contract.ts`, from which the browser may import only types.
 */
export const PROMPTED_HEADER = 'x-prompted';
