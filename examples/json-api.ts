// json-api.ts: a JSON API with parameters, bodies, errors that are JSON too, and an end that leaves nobody without answer.
//
//   curl localhost:8080/tasks --json '{"title":"Grease the axle"}'
//   curl localhost:8080/tasks/1 -X PATCH --json '{"done":true}'
//   curl localhost:8080/tasks?done=true

import { createServer, type Handler } from 'millrace';

interface Task {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

/** What a handler throws to answer with something other than success. */
class Problem extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const tasks = new Map<number, Task>();
let lastId = 0;

const server = createServer({ limits: { bodyBytes: 16 * 1024 }, timeouts: { handlerMs: 5000 } });

server.get('/tasks', (req, res) => {
  const done = req.searchParams.get('done');
  res.json([...tasks.values()].filter((task) => done === null || String(task.done) === done));
});

server.post(
  '/tasks',
  withProblems(async (req, res) => {
    const { title, done = false } = checkFields(await req.json());
    if (title === undefined) throw new Problem(422, "'title' is missing");
    const task = { id: ++lastId, title, done };
    tasks.set(task.id, task);
    res.status(201).header('Location', `/tasks/${task.id}`).json(task);
  }),
);

server.get(
  '/tasks/:id',
  withProblems((req, res) => {
    res.json(find(req.params['id']));
  }),
);

server.patch(
  '/tasks/:id',
  withProblems(async (req, res) => {
    const changes = checkFields(await req.json());
    const task = { ...find(req.params['id']), ...changes }; // found after the await: it may have been deleted meanwhile
    tasks.set(task.id, task);
    res.json(task);
  }),
);

server.delete(
  '/tasks/:id',
  withProblems((req, res) => {
    tasks.delete(find(req.params['id']).id);
    res.status(204).end();
  }),
);

// What no handler has turned into an answer: the client has got 500, here is what to mend.
server.on('error', (error, { method, path }) => {
  console.error(`${method} ${path}:`, error);
});

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // Requests in progress get their answers, each connection ends with its last one, then the process does.
    void server.close({ graceMs: 5000 });
  });
}
console.log(`http://127.0.0.1:${port}/tasks`);

/** Errors that are the client's become answers in JSON; all others go the server's way. */
function withProblems(handler: Handler): Handler {
  return async (req, res) => {
    try {
      await handler(req, res);
    } catch (error) {
      const { status, message } = problemOf(error);
      res.status(status).json({ error: message });
    }
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if ((error as { code?: unknown }).code === 'ERR_MILLRACE_BODY_JSON')
    return new Problem(400, 'the body is not JSON');
  throw error;
}

function find(id: string | undefined): Task {
  const task = tasks.get(Number(id));
  if (task === undefined) throw new Problem(404, `there is no task ${id ?? ''}`);
  return task;
}

function checkFields(body: unknown): { title?: string; done?: boolean } {
  if (typeof body !== 'object' || body === null) throw new Problem(422, 'the body must be an object');
  const { title, done, ...others } = body as Record<string, unknown>;
  if (title !== undefined && (typeof title !== 'string' || title === '')) {
    throw new Problem(422, "'title' must be a text");
  }
  if (done !== undefined && typeof done !== 'boolean') throw new Problem(422, "'done' must be true or false");
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Problem(422, `there is no field '${unknown}'`);
  return { ...(title !== undefined && { title }), ...(done !== undefined && { done }) };
}
