// subject-process.ts: the process under stress, as the run that started it sees it.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { deferred, type Deferred } from '../../helpers/promises.js';
import { descriptors, peakResidentBytes, residentBytes } from '../../lifecycle/fixtures/proc.js';
import type { Asked, Ports, Question, Questions, Told } from './questions.js';

const PROGRAM = fileURLToPath(new URL('./subject.js', import.meta.url));

/** Makes glibc give memory back at once, so that what is left is what is held. */
const QUIET_MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

/** What the process holds. */
export interface Holdings {
  /** What each descriptor refers to, without the numbers, sorted. */
  readonly descriptors: readonly string[];
  readonly residentBytes: number;
  /** The most since the process began. */
  readonly peakBytes: number;
}

export class SubjectProcess {
  readonly #child: ChildProcess;
  readonly #listening = deferred<Ports>();
  readonly #asked = new Map<number, Deferred<unknown>>();
  #lastId = 0;
  /** Rejects when the process ends before it is told to. */
  readonly failed: Promise<never>;
  ports: Ports = { main: 0, impatient: 0, rolling: 0 };

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (told: Told) => {
      this.#onTold(told);
    });
    this.failed = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the server ended with ${String(signal ?? code)}`);
    });
    // Whoever waits for something races it against this; in between it is nobody's.
    this.failed.catch((error: unknown) => {
      for (const { reject } of this.#asked.values()) reject(error);
    });
  }

  /** Returns when its servers listen. */
  static async start(reactors: number): Promise<SubjectProcess> {
    const subject = new SubjectProcess(
      fork(PROGRAM, [String(reactors)], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: ['--expose-gc', '--enable-source-maps'],
        env: { ...process.env, ...QUIET_MALLOC },
      }),
    );
    subject.ports = await Promise.race([subject.#listening.promise, subject.failed]);
    return subject;
  }

  ask<Q extends Question>(question: Q, argument?: Questions[Q]['with']): Promise<Questions[Q]['answer']> {
    const id = ++this.#lastId;
    const answer = deferred<unknown>();
    this.#asked.set(id, answer);
    const asked: Asked = { id, question, with: argument };
    // It may be gone already; then `failed` says how.
    this.#child.send(asked, () => undefined);
    return answer.promise as Promise<Questions[Q]['answer']>;
  }

  /** After garbage has been collected. */
  async holdings(): Promise<Holdings> {
    await this.ask('collect');
    const { pid } = this.#child;
    return {
      descriptors: [...descriptors(pid).values()].map((target) => target.replace(/\d+/, 'N')).sort(),
      residentBytes: residentBytes(pid),
      peakBytes: peakResidentBytes(pid),
    };
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #onTold(told: Told): void {
    if (told.is === 'listening') {
      this.#listening.resolve(told.ports);
      return;
    }
    const asked = this.#asked.get(told.id)!;
    this.#asked.delete(told.id);
    if (told.is === 'answer') asked.resolve(told.answer);
    else asked.reject(new Error(told.message));
  }
}
