import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, and above those of well-known services. */
const [FIRST, LAST] = [15_000, 32_000]

/**
 * Returns a port that nothing listens on, for a program that takes long to start. A port that the system chose could go to
 * the next connection of any process before the program listens, and again while the program restarts.
 */
export async function freePort(): Promise<string> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFree(port)) return String(port)
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
