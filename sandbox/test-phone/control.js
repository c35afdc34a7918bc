/**
 * Speaks to the sandbox's control surface.
 *
 * @returns the status, and the parsed body or null.
 * @throws when the sandbox cannot be reached.
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

/** Everything the page shows, as it is now; lists newest first. */
export async function look() {
  const paths = ['sessions?latest=20', 'requests?latest=200', 'faults', 'options'];
  const [sessions, requests, faults, options] = await Promise.all(
    paths.map(async (path) => (await control('GET', path)).body),
  );
  return {
    sessions: sessions.sessions.reverse(),
    requests: requests.requests.reverse(),
    faults: faults.faults,
    options,
  };
}
