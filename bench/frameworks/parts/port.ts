import type { Server } from 'node:net'

/** Returns the port of a server that listens. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  if (typeof address === 'object' && address) return address.port
  throw new Error('The server does not listen on a port')
}
