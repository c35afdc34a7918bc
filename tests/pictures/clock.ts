/**
 * Loaded into a server by `node --import`, before anything else: its clock begins at `FIRST_NOW` and
 * runs on from there, so that what it writes down is the same in every run.
 */
import { FIRST_NOW } from './first-now.ts';

const RealDate = Date;
const aheadMs = FIRST_NOW - RealDate.now();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parameters, self) =>
    Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, self),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

function now(): number {
  return RealDate.now() + aheadMs;
}
