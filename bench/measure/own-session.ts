// own-session.ts: how servers that are measured are kept apart from their client.

/**
 * For `spawn()`: a session of its own. Where the kernel groups tasks by session (autogroups, see sched(7)), server and client
 * of one session share what one group gets, as they never do where they are two machines, two services or two terminals.
 */
export const OWN_SESSION = { detached: true } as const;
