import { expect } from 'vitest'
import type { Cluster } from './cluster.ts'
import { requestToken } from './oauth-client.ts'
import type { JsonResponse, Parameters, Tokens } from './oauth-client.ts'
import type { TestClient } from './server.ts'

/**
 * Asks a hundred times for the same, twenty at a time, over all nodes, and after a third of it does whatever ends it; the
 * tokens that anybody got. Whoever got none must have been told that the grant, or the client, is invalid.
 */
export async function raceAgainst(
  { nodes }: Cluster,
  client: TestClient,
  form: Parameters,
  end: () => Promise<unknown>,
): Promise<readonly Tokens[]> {
  const answers: JsonResponse[] = []
  let ending: Promise<unknown> | undefined
  const keepAsking = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; round < 5; round += 1) {
      const node = nodes[(index + round) % nodes.length]
      if (!node) throw new Error('there is no node to ask')
      answers.push(await requestToken(node, client, form))
      if (answers.length >= 33) ending ??= end()
    }
  }
  await Promise.all(Array.from({ length: 20 }, keepAsking))
  await ending
  for (const { status, body } of answers) {
    expect([status, body['error']]).toBeOneOf([
      [200, undefined],
      [400, 'invalid_grant'],
      [401, 'invalid_client'],
    ])
  }
  const given = answers.filter(({ status }) => status === 200)
  // Where all had won or all had lost, it would not have been a race.
  expect(given.length).toBeGreaterThan(0)
  return given.map(({ body }) => body as unknown as Tokens)
}
