import { toNode } from '../../../src/adapters/node.ts'
import { guardedApi } from '../../support/api.ts'
import type { Mount } from '../../support/mount.ts'

/** `node:http` without a framework. */
export const mount: Mount = async (server, http) => {
  http.on('request', toNode(server).routes(guardedApi(server)))
  return async () => undefined
}
