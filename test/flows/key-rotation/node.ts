import { createServer } from 'node:http'
import { join } from 'node:path'
import { toNode } from '../../../src/adapters/node.ts'
import { createAuthorizationServer, secretsFromDirectory } from '../../../src/index.ts'
import { sqlite } from '../../../src/store/sqlite.ts'
import { guardedApi } from '../../support/api.ts'
import { commonConfig } from '../../support/config.ts'
import { listen } from '../../support/server.ts'
import { shortenIntervals } from './short-intervals.ts'

shortenIntervals()

/** A second node of an issuer in another process, with the same database and secrets. */
const [folder = '', issuer = ''] = process.argv.slice(2)
const server = createAuthorizationServer({
  ...commonConfig(),
  issuer,
  secrets: secretsFromDirectory(join(folder, 'secrets')),
  store: sqlite(join(folder, 'consulate.db')),
})
await server.ready()
const http = createServer(toNode(server).routes(guardedApi(server)))
process.send?.(await listen(http))
