import { once } from '../../load/feed.ts'
import { openLoad } from '../../load/load.ts'
import { CONNECTIONS } from '../../rows.ts'
import type { PreparedRequest } from '../../target.ts'

const LONGEST = 600_000

/** Sends each request once to a server in this process. Rejects if a response is not 200. */
export async function ask(port: number, requests: readonly PreparedRequest[]): Promise<void> {
  const load = await openLoad(port, CONNECTIONS)
  try {
    await load.fire(once(requests), LONGEST)
  } finally {
    load.close()
  }
}
