import { formRoute, formSchema } from '#lib/http/form.ts';

/** Stops remembering the number in this browser. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = formRoute(
  formSchema,
  async (_form, _request, { app }) => {
    app.cookies.number.clear();
    return { to: 'login' };
  },
);
