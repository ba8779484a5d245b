import { createServer } from 'node:http'
import { toNode } from '../../../src/adapters/node.ts'
import { createAuthorizationServer, secretsFromDirectory, secretsFromStore } from '../../../src/index.ts'
import { openStore } from '../../../src/store/url.ts'
import { guardedApi } from '../../support/api.ts'
import { commonConfig } from '../../support/config.ts'
import { listen } from '../../support/server.ts'
import type { NodeOptions } from './second-node.ts'
import { shortenIntervals } from './short-intervals.ts'

shortenIntervals()
// The test process has exited, and cannot stop this one any more.
process.on('disconnect', () => process.exit())

/** Another node of an issuer in another process, with the same database and secrets. */
const { issuer, database, directory, ahead = 0 } = JSON.parse(process.argv[2] ?? '') as NodeOptions
const server = createAuthorizationServer({
  ...commonConfig(),
  issuer,
  secrets: directory === undefined ? secretsFromStore() : secretsFromDirectory(directory),
  store: openStore(database),
  clock: { now: () => Date.now() + ahead },
})
await server.ready()
const http = createServer(toNode(server).routes(guardedApi(server)))
process.send?.(await listen(http))
