import { expect } from 'vitest'
import type { Cluster } from './cluster.ts'
import { dose } from './dose.ts'
import { requestToken } from './oauth-client.ts'
import type { JsonResponse, Parameters, Tokens } from './oauth-client.ts'
import type { TestClient } from './server.ts'

/** How many requests are under way at the same time, and how many follow each other. */
const [LANES, LENGTH] = [dose(8, 20), 5]

/**
 * Sends a token request many times, to all nodes, and revokes what it depends on after a third of them. Returns the issued
 * tokens. Every other response must be `invalid_grant` or `invalid_client`.
 */
export async function raceAgainst(
  { nodes }: Cluster,
  client: TestClient,
  form: Parameters,
  revoke: () => Promise<unknown>,
): Promise<readonly Tokens[]> {
  const responses: JsonResponse[] = []
  let revoking: Promise<unknown> | undefined
  const sendRequests = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; round < LENGTH; round += 1) {
      const node = nodes[(index + round) % nodes.length]
      if (!node) throw new Error('No nodes')
      responses.push(await requestToken(node, client, form))
      if (responses.length >= (LANES * LENGTH) / 3) revoking ??= revoke()
    }
  }
  await Promise.all(Array.from({ length: LANES }, sendRequests))
  await revoking
  for (const { status, body } of responses) {
    expect([status, body['error']]).toBeOneOf([
      [200, undefined],
      [400, 'invalid_grant'],
      [401, 'invalid_client'],
    ])
  }
  const successful = responses.filter(({ status }) => status === 200)
  // If none succeeded, there was no race.
  expect(successful.length).toBeGreaterThan(0)
  return successful.map(({ body }) => body as unknown as Tokens)
}
