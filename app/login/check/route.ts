import { formRoute, formSchema } from '#lib/http/form.ts';
import { pollForRequest } from '#lib/http/poll-for-request.ts';

/** A person who waits for the answer to a press sees nothing of it until then. */
const LONGEST_WAIT_MS = 5_000;

/**
 * "I have called", sent without scripts: logs in if the call was seen. A form of ours has to ask for
 * it, since a mere link to an address that logs in could be put into any page.
 */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = formRoute(
  formSchema,
  async (_form, request, { app }) => {
    const { statusWaitSeconds } = app.config.attempt;
    const outcome = await pollForRequest(app, request, {
      holdMs: Math.min(LONGEST_WAIT_MS, statusWaitSeconds * 1_000),
      isPrompted: true,
    });
    switch (outcome.status) {
      case 'logged_in':
        return { to: 'next' };
      case 'pending':
      case 'trouble':
        return { to: 'login', with: { called: '1' } };
      default:
        return { to: 'login' };
    }
  },
);
