/**
 * Loaded into a server with `node --import`: sets its clock to `CLOCK_STARTS_AT`, from where it runs on, so
 * that the dates on the pages are the same in every run.
 */
import { CLOCK_STARTS_AT } from './clock-start.ts';

const RealDate = Date;
const aheadMs = CLOCK_STARTS_AT - RealDate.now();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parameters, self) =>
    Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, self),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

function now(): number {
  return RealDate.now() + aheadMs;
}
