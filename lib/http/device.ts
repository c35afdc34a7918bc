import 'server-only';
import Bowser from 'bowser';
import { memoizeLatest } from './memoize.ts';

/** Longer than any browser's own; the rest is ignored. */
const USER_AGENT_MAX_LENGTH = 512;

/** Room for the longest names of browsers and systems; a made-up one is cut here. */
const NAME_MAX_LENGTH = 30;

/**
 * What a browser says it is, in words that its owner knows it by: `Safari · iOS`. Empty when it
 * says nothing usable. A hint for people, never a proof: anybody can send any User-Agent.
 */
export function describeDevice(userAgent: string | null): string {
  const text = (userAgent ?? '').slice(0, USER_AGENT_MAX_LENGTH).trim();
  return text === '' ? '' : nameDevice(text);
}

const nameDevice = memoizeLatest((text): string => {
  const parser = Bowser.getParser(text);
  return [parser.getBrowserName(), parser.getOSName()]
    .map(plainName)
    .filter((name) => name !== '')
    .join(' · ');
});

/** A name Bowser does not know is cut from the header as it came: keep letters and digits. */
function plainName(name: string | undefined): string {
  return (name ?? '')
    .replace(/[^\p{L}\p{N} .-]+/gu, ' ')
    .trim()
    .slice(0, NAME_MAX_LENGTH);
}
