/**
 * Sends a request to the sandbox's control surface.
 *
 * @returns the status, and the parsed body or null.
 * @throws if the sandbox cannot be reached.
 */
export async function control(method, path, body) {
  const response = await fetch(`/_sandbox/${path}`, {
    method,
    cache: 'no-store',
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

/** Reads everything the page shows. Sessions and requests are newest first. */
export async function readState() {
  const paths = ['sessions?latest=20', 'requests?latest=200', 'faults', 'options'];
  const [{ sessions }, { requests }, { faults }, options] = await Promise.all(
    paths.map(async (path) => (await control('GET', path)).body),
  );
  return { sessions: sessions.reverse(), requests: requests.reverse(), faults, options };
}
