// async-context.ts: keeps the AsyncLocalStorage of one request out of all others.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/**
 * Calls `step` with each number below `count`, until one returns false, so that a store which a step enters is seen by what that step starts and
 * by nothing else. Each step begins in the context in which this function was made. Steps must not throw.
 */
export type EachApart = (count: number, step: Step) => void;

type Step = (index: number) => boolean;

/**
 * The name under which async hooks see the context of a request. Where somebody listens, they hear of its end when it is
 * collected; where nobody does, that costs nothing.
 */
const TYPE = 'MILLRACE_REQUEST';

/**
 * Where a context is an immutable frame (Node.js 24 and later), going back to the frame of the start is all.
 * Where it is a property of a resource, `snapshot()` shares one resource between all calls, and they would see each
 * other's `enterWith`. Which of the two it is, is tried rather than read off a version: both can be switched by flags.
 */
export function makeEachApart(): EachApart {
  const snapshot = AsyncLocalStorage.snapshot() as (step: Step, index: number) => boolean;
  if (!keepsCallsApart(snapshot)) return inResources();
  return (count, step) => {
    for (let index = 0; index < count && snapshot(step, index); index++);
  };
}

/**
 * What `enterWith` and `run` change is the async resource that is executing. A resource for each step costs a quarter of
 * all that JavaScript does for a small request, and most apps never change one: so steps share a resource until the
 * first of them writes to it. From then on each gets its own.
 */
function inResources(): EachApart {
  let isUsed = false;
  // Reads find what the resource was made with. Writes go past it to the object in front, and are noticed on the way:
  // a property that an object does not have itself is set by asking its prototypes.
  const made = new AsyncResource(TYPE);
  const noticing = new Proxy(made, {
    set: (target, key, value, receiver) => {
      isUsed = true;
      return Reflect.set(target, key, value, receiver);
    },
  });
  const shared = Object.create(noticing) as AsyncResource;

  const untilUsed = (count: number, step: Step): number => {
    let index = 0;
    while (index < count && !isUsed) {
      if (!step(index++)) return count;
    }
    return index;
  };
  return (count, step) => {
    let index = isUsed ? 0 : runIn.call(shared, untilUsed, undefined, count, step);
    for (; index < count; index++) {
      if (!new AsyncResource(TYPE).runInAsyncScope(step, undefined, index)) return;
    }
  };
}

/** Found here and not through a resource, where the way to it leads through a proxy. */
const runIn = Object.getOwnPropertyDescriptor(AsyncResource.prototype, 'runInAsyncScope')!.value as (
  this: AsyncResource,
  fn: (count: number, step: Step) => number,
  thisArg: undefined,
  count: number,
  step: Step,
) => number;

function keepsCallsApart(call: (step: Step, index: number) => boolean): boolean {
  const probe = new AsyncLocalStorage<number>();
  const seen: (number | undefined)[] = [];
  const step: Step = (index) => {
    seen.push(probe.getStore());
    probe.enterWith(index);
    return true;
  };
  call(step, 1);
  call(step, 2);
  const clean = seen[1] === undefined && probe.getStore() === undefined;
  probe.disable();
  return clean;
}
