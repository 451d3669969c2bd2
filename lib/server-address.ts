// server-address.ts: where a server listens, as listen() and address() say it.

/** Where a server listens, if on a TCP port. */
export interface TcpAddress {
  readonly port: number;
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly path?: undefined;
}

/** Where a server listens, if on a Unix socket. */
export interface UnixAddress {
  readonly path: string;
  readonly port?: undefined;
  readonly address?: undefined;
  readonly family?: undefined;
}

/** Where a server listens. */
export type ServerAddress = TcpAddress | UnixAddress;
