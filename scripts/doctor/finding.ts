/** What a finding is about, in the order of the report. */
export type Check =
  | 'node'
  | 'configuration'
  | 'secrets'
  | 'store'
  | 'migrations'
  | 'time limits'
  | 'disk'
  | 'redis'
  | 'webhook'
  | 'telemetry'
  | 'vendor'
  | 'clock'
  | 'certificate'
  | 'origin'
  | 'callback'
  | 'proxy';

/**
 * One line of the report: what was seen and, unless it is as it should be, what to do. A `warning` is a risk
 * with which people can log in; a `fail` keeps them out or the process from starting. Holds no secret.
 */
export type Finding =
  | { check: Check; level: 'ok'; message: string }
  | { check: Check; level: 'warning' | 'fail'; message: string; fix: string };

export const ok = (check: Check, message: string): Finding => ({ check, level: 'ok', message });

export const warn = (check: Check, message: string, fix: string): Finding => ({
  check,
  level: 'warning',
  message,
  fix,
});

export const refuse = (check: Check, message: string, fix: string): Finding => ({
  check,
  level: 'fail',
  message,
  fix,
});

/** The finding in one line of the terminal, the fix in a second one. */
export function formatFinding(finding: Finding): string {
  const { level, check, message } = finding;
  const line = `${level.padEnd(7)}  ${check.padEnd(13)}  ${message}`;
  return level === 'ok' ? line : `${line}\n${' '.repeat(24)}→ ${finding.fix}`;
}

/** The worst level among the findings. */
export function worstOf(findings: readonly Finding[]): Finding['level'] {
  const levels = findings.map(({ level }) => level);
  return (['fail', 'warning'] as const).find((level) => levels.includes(level)) ?? 'ok';
}

/** What an exception says, with the reason that `fetch` and the store keep in its cause. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(reason instanceof Error)) {
    return String(reason);
  }
  // Where several addresses were tried, Node leaves the message empty.
  return reason.message || ('code' in reason ? String(reason.code) : reason.name);
}
