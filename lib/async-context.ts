// async-context.ts: keeps the AsyncLocalStorage of one request out of all others.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/**
 * Calls `step` with each number below `count`, until one returns false, so that a store which a step enters is seen by
 * what that step starts and by nothing else. Each step begins in the context in which this function was made. Steps must
 * not throw.
 */
export type EachApart = (count: number, step: Step) => void;

type Step = (index: number) => boolean;

/**
 * The name under which async hooks see the context of a request. Where somebody listens, they hear of its end when it is
 * collected; where nobody does, that costs nothing.
 */
const TYPE = 'MILLRACE_REQUEST';

/**
 * A resource for each step costs a quarter of all that JavaScript does for a small request, and most apps never write to
 * one: so steps share a resource until the first of them does. From then on each gets its own.
 *
 * Where a context is an immutable frame (Node.js 24 and later), a resource takes each step that it runs back to the frame of
 * the start, and is written to only by apps that keep a context of their own in it (`executionAsyncResource()`). Where the
 * context is a property of the resource, that is what `enterWith` and `run` write to; or to an object that hangs on it,
 * which nobody can notice. Which of the three it is, is tried rather than read off a version: flags can switch it.
 */
export function makeEachApart(): EachApart {
  const contexts = tryContexts();
  if (contexts === 'out of sight') {
    return (count, step) => {
      eachInItsOwn(makeResource, 0, count, step);
    };
  }
  const shared = new SharedResource();
  if (contexts === 'in frames') {
    // Its own resource has the frame of the start, too.
    const makeAtStart = AsyncResource.bind<() => AsyncResource, undefined>(makeResource);
    return (count, step) => {
      let index = 0;
      while (index < count && !shared.isUsed) {
        if (!shared.run(step, index++)) return;
      }
      eachInItsOwn(makeAtStart, index, count, step);
    };
  }
  const untilUsed = (count: number, step: Step): number => {
    let index = 0;
    while (index < count && !shared.isUsed) {
      if (!step(index++)) return count;
    }
    return index;
  };
  return (count, step) => {
    const done = shared.isUsed ? 0 : shared.run(untilUsed, count, step);
    eachInItsOwn(makeResource, done, count, step);
  };
}

function makeResource(): AsyncResource {
  return new AsyncResource(TYPE);
}

function eachInItsOwn(make: () => AsyncResource, from: number, count: number, step: Step): void {
  for (let index = from; index < count; index++) {
    if (!make().runInAsyncScope(step, undefined, index)) return;
  }
}

/** Found here and not through a resource, where the way to it leads through a proxy. */
const runIn = Object.getOwnPropertyDescriptor(AsyncResource.prototype, 'runInAsyncScope')!.value as (
  this: AsyncResource,
  fn: (...args: unknown[]) => unknown,
  thisArg: undefined,
  ...args: unknown[]
) => unknown;

/** A resource that notices when somebody who runs in it writes to it. */
class SharedResource {
  isUsed = false;
  readonly #resource: AsyncResource;

  constructor() {
    // Reads find what the resource was made with. Writes go past it to the object in front, and are noticed on the way: a
    // property that an object does not have itself is set by asking its prototypes.
    const made = makeResource();
    const noticing = new Proxy(made, {
      set: (target, key, value, receiver) => {
        this.isUsed = true;
        return Reflect.set(target, key, value, receiver);
      },
    });
    this.#resource = Object.create(noticing) as AsyncResource;
    // What Node.js reads each time is spared the way through the proxy.
    const asked = new Set<string | symbol>();
    const recording = new Proxy(made, {
      get: (target, key) => {
        asked.add(key);
        return Reflect.get(target, key) as unknown;
      },
    });
    runIn.call(recording, () => undefined, undefined);
    for (const key of asked) {
      Object.defineProperty(this.#resource, key, { value: Reflect.get(made, key) as unknown });
    }
  }

  run<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Result {
    return runIn.call(this.#resource, fn as (...args: unknown[]) => unknown, undefined, ...args) as Result;
  }
}

function tryContexts(): 'in frames' | 'in resources' | 'out of sight' {
  const probe = new AsyncLocalStorage<number>();
  const shared = new SharedResource();
  const seen: (number | undefined)[] = [];
  const step = (index: number): void => {
    seen.push(probe.getStore());
    probe.enterWith(index);
  };
  shared.run(step, 1);
  shared.run(step, 2);
  const isClean = seen[1] === undefined && probe.getStore() === undefined;
  probe.disable();
  if (isClean) return 'in frames';
  return shared.isUsed ? 'in resources' : 'out of sight';
}
